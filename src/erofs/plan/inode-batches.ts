/**
 * Where inodes go. An inode with its attributes and inline tail must not cross a block, so placing inodes strictly in
 * order would leave a quarter of each block empty. The inodes are taken in their order, a mebibyte at a time, and each
 * such batch is fitted into blocks best fit, largest first. Blocks that stay badly filled are opened again, and their
 * inodes wait for the next batch, where they may find better company. Then the batch's blocks, and the inodes in each,
 * are put back in order. So nearly all neighbours stay in one batch, little is wasted, and each batch is a piece of work
 * of its own.
 *
 *     batch: | blocks of inodes | inodes larger than a block | full blocks of directories and long links |
 */
import { roundUp } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { MAX_ROOT_NID, SLOT } from "../disk/format.ts";

/** Bytes of new inodes in a batch. */
const BATCH_BYTES = 1 << 20;
/** Bytes of a batch with all that is in it; a single directory may take more. */
const BATCH_ALL_BYTES = 4 << 20;
/** Most bytes of inodes that wait for the next batch. */
const WAITING_BYTES = 1 << 20;
/** A block with at least this part of it free is badly filled. */
const BADLY_FILLED = 1 / 24;

/**
 * Numbers of one record in {@link BatchPlan.batches}: range of inodes placed, in the order of placing; range of blocks;
 * range of the order that the batch brought in.
 */
export const BATCH_FIELDS = 6;

/** Where everything goes. */
export interface BatchPlan {
  /** Records of {@link BATCH_FIELDS} numbers. */
  batches: number[];
  /** First block behind the metadata. */
  endBlk: number;
}

/** How many batches there are. */
export function countBatches({ batches }: { batches: ArrayLike<number> }): number {
  return batches.length / BATCH_FIELDS;
}

/** What the packer needs to know of the inode at an index of the order. */
export interface BatchInput {
  count: number;
  blockSize: number;
  /** First block of the metadata. */
  firstBlk: number;
  /** The block from which NIDs count: in the first ones from it the root must lie. */
  nidBlk: number;
  /** Bytes at the start of the first block that are taken. */
  reserved: number;
  /** Bytes that must lie together: inode, attributes, chunk array or inline tail. */
  measureItem(index: number): number;
  /** Full blocks of data that belong into the metadata zone. */
  measureBody(index: number): number;
  /** They have places elsewhere, batch by batch in the order of the inodes. Default: they follow each batch. */
  bodiesElsewhere?: boolean;
  /** Takes the byte at which an inode lies; calls come batch by batch, in the order of the bytes in each block. */
  placeItem(index: number, itemOff: number): void;
  /** Takes the first block of a body. */
  placeBody(index: number, bodyBlk: number): void;
}

/** A block being filled. */
interface Bin {
  freeSlots: number;
  /** Indexes into the order. */
  items: number[];
  /** Slots in front of the items: the image's head. */
  takenSlots: number;
}

/** Packs all inodes; pure but for what it places. */
export function planBatches(input: BatchInput): BatchPlan {
  const { blockSize, count, measureBody } = input;
  // measured once: each inode is looked at several times
  const slots = new Uint32Array(count);
  const hasBody = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    slots[index] = Math.ceil(input.measureItem(index) / SLOT);
    hasBody[index] = measureBody(index) > 0 ? 1 : 0;
  }
  const batches: number[] = [];
  let waiting: number[] = [];
  let placed = 0;
  let blk = input.firstBlk;
  for (let index = 0; index < count || waiting.length > 0; ) {
    const small = waiting;
    const long: number[] = [];
    const first = index;
    for (let fresh = 0, all = 0; index < count && fresh < BATCH_BYTES && all < BATCH_ALL_BYTES; index++) {
      const item = slots[index]! * SLOT;
      if (item <= blockSize) {
        fresh += item;
        small.push(index);
      } else long.push(index);
      all += item;
      if (hasBody[index] === 1) all += measureBody(index) * blockSize;
    }
    const startBlk = blk;
    const bins = fillBins(input, slots, small, first === 0);
    waiting = index < count ? openBadlyFilled(input, bins, first === 0) : [];
    for (const bin of bins) sortNumbers(bin.items);
    const head = bins.filter((bin) => bin.takenSlots > 0);
    const others = bins.filter((bin) => bin.takenSlots === 0).sort((a, b) => a.items[0]! - b.items[0]!);
    // the root follows the head: its number has 16 bits
    const longRoot = long[0] === 0 ? 1 : 0;
    blk = placeBins(input, slots, head, blk);
    blk = placeLong(input, slots, long.slice(0, longRoot), blk);
    blk = placeBins(input, slots, others, blk);
    blk = placeLong(input, slots, long.slice(longRoot), blk);
    const withBodies = long.filter((item) => hasBody[item] === 1);
    let end = placed + long.length;
    for (const bin of bins) {
      end += bin.items.length;
      for (const item of bin.items) if (hasBody[item] === 1) withBodies.push(item);
    }
    for (const item of withBodies.sort((a, b) => a - b)) {
      input.placeBody(item, blk);
      if (!input.bodiesElsewhere) blk += measureBody(item);
    }
    batches.push(placed, end, startBlk, blk, first, index);
    placed = end;
  }
  return { batches, endBlk: blk };
}

/**
 * Places all inodes in their order, each in the next block if it would cross the end of one: for a space that is compressed,
 * where neighbours that are alike save more than gaps of zeros cost. Bodies are to be elsewhere.
 */
export function planInOrder(input: BatchInput): BatchPlan {
  const { blockSize, count } = input;
  const batches: number[] = [];
  let first = 0;
  let startBlk = 0;
  let end = input.reserved;
  for (let index = 0; index < count; index++) {
    const bytes = roundUp(input.measureItem(index), SLOT);
    if ((end % blockSize) + bytes > blockSize) end = roundUp(end, blockSize);
    const blk = end / blockSize;
    if (Number.isInteger(blk) && (blk - startBlk) * blockSize >= BATCH_BYTES) {
      batches.push(first, index, startBlk, blk, first, index);
      first = index;
      startBlk = blk;
    }
    input.placeItem(index, end);
    end += bytes;
    if (input.measureBody(index) > 0) input.placeBody(index, 0);
  }
  const endBlk = Math.ceil(end / blockSize);
  batches.push(first, count, startBlk, endBlk, first, count);
  return { batches, endBlk };
}

/** Sorts in ascending order; mostly two or three numbers, for which Array's own sort costs more than all else here. */
function sortNumbers(numbers: number[]): void {
  if (numbers.length > 32) {
    numbers.sort((a, b) => a - b);
    return;
  }
  for (let end = 1; end < numbers.length; end++) {
    const number = numbers[end]!;
    let at = end;
    for (; at > 0 && numbers[at - 1]! > number; at--) numbers[at] = numbers[at - 1]!;
    numbers[at] = number;
  }
}

/** Best fit, largest first; equal ones in order. The first batch starts with the image's head, and the root behind it. */
function fillBins(input: BatchInput, slotsOf: Uint32Array, items: readonly number[], isFirst: boolean): Bin[] {
  const perBlock = input.blockSize / SLOT;
  const bins: Bin[] = [];
  const withFree: Bin[][] = Array.from({ length: perBlock + 1 }, () => []);
  for (let left = isFirst ? input.reserved / SLOT : 0; left > 0; left -= perBlock) {
    const takenSlots = Math.min(left, perBlock);
    const bin = { freeSlots: perBlock - takenSlots, items: [], takenSlots };
    bins.push(bin);
    withFree[bin.freeSlots]!.push(bin);
  }
  const bySize: number[][] = Array.from({ length: perBlock + 1 }, () => []);
  for (const item of items) bySize[slotsOf[item]!]!.push(item);
  const head = bins.at(-1);
  if (head && items[0] === 0 && slotsOf[0]! <= head.freeSlots) {
    bySize[slotsOf[0]!]!.shift();
    withFree[head.freeSlots]!.pop();
    head.items.push(0);
    head.freeSlots -= slotsOf[0]!;
    withFree[head.freeSlots]!.push(head);
  }
  for (let slots = perBlock; slots > 0; slots--) {
    for (const item of bySize[slots]!) {
      let free = slots;
      while (free <= perBlock && withFree[free]!.length === 0) free++;
      let bin = withFree[free]?.pop();
      if (!bin) {
        bin = { freeSlots: perBlock, items: [], takenSlots: 0 };
        bins.push(bin);
      }
      bin.items.push(item);
      bin.freeSlots -= slots;
      if (bin.freeSlots > 0) withFree[bin.freeSlots]!.push(bin);
    }
  }
  return bins;
}

/** Takes the worst filled blocks out of `bins`, as far as their inodes may wait; returns those inodes. */
function openBadlyFilled(input: BatchInput, bins: Bin[], isFirst: boolean): number[] {
  const perBlock = input.blockSize / SLOT;
  const waiting: number[] = [];
  const worstFirst = bins
    .filter((bin) => bin.takenSlots === 0 && bin.freeSlots >= perBlock * BADLY_FILLED)
    // the root's number has 16 bits: its block stays
    .filter((bin) => !(isFirst && bin.items.includes(0)))
    .sort((a, b) => b.freeSlots - a.freeSlots || a.items[0]! - b.items[0]!);
  const opened = new Set<Bin>();
  let slots = 0;
  for (const bin of worstFirst) {
    slots += perBlock - bin.freeSlots;
    if (slots * SLOT > WAITING_BYTES) break;
    opened.add(bin);
    for (const item of bin.items) waiting.push(item);
  }
  let kept = 0;
  for (const bin of bins) if (!opened.has(bin)) bins[kept++] = bin;
  bins.length = kept;
  return waiting.sort((a, b) => a - b);
}

/** Gives bins their blocks, one behind the other; returns the block behind them. */
function placeBins(input: BatchInput, slotsOf: Uint32Array, bins: readonly Bin[], startBlk: number): number {
  let blk = startBlk;
  for (const bin of bins) {
    let slot = (blk * input.blockSize) / SLOT + bin.takenSlots;
    for (const item of bin.items) {
      place(input, item, slot);
      slot += slotsOf[item]!;
    }
    blk++;
  }
  return blk;
}

/** Inodes larger than a block start at one each; returns the block behind the last. */
function placeLong(input: BatchInput, slotsOf: Uint32Array, items: readonly number[], startBlk: number): number {
  let blk = startBlk;
  for (const item of items) {
    place(input, item, (blk * input.blockSize) / SLOT);
    blk += Math.ceil((slotsOf[item]! * SLOT) / input.blockSize);
  }
  return blk;
}

function place(input: BatchInput, item: number, slot: number): void {
  const nid = slot - (input.nidBlk * input.blockSize) / SLOT;
  if (item === 0 && nid > MAX_ROOT_NID) throw new ImageError("INTERNAL", "the root inode is out of reach");
  input.placeItem(item, slot * SLOT);
}
