/**
 * Where inodes go. An inode with its attributes and inline tail must not cross a block, so packing inodes in order
 * would leave a quarter of each block empty. The inodes are cut, in their order, into windows of about a mebibyte;
 * inside a window they are packed best fit, largest first, and then the blocks, and the inodes in each, are put back
 * in order. So neighbours stay in one window, and each window is a piece of work of its own.
 *
 *     window: | blocks of packed inodes | inodes larger than a block | full blocks of directories and long links |
 */
import { ImageError } from "../core/error.ts";
import { MAX_ROOT_NID, SLOT } from "./disk.ts";

/** Bytes of packed inodes in a window. */
const WINDOW_BYTES = 1 << 20;
/** Bytes of a window with all that is in it; a single directory may take more. */
const WINDOW_ALL_BYTES = 4 << 20;
const NOWHERE = -1;

/** Numbers of one window in {@link Packing.windows}: first and end index into the order, first and end block. */
export const WINDOW_FIELDS = 4;

/** The outcome of packing. */
export interface Packing {
  /** Records of {@link WINDOW_FIELDS} numbers. */
  windows: number[];
  /** First block behind the metadata. */
  endBlk: number;
}

/** What the packer needs to know of the inode at an index of the order. */
export interface PackInput {
  count: number;
  blockSize: number;
  /** Bytes at the image's head that are taken. */
  reserved: number;
  /** Bytes that must lie together: inode, attributes, chunk array or inline tail. */
  measureItem(index: number): number;
  /** Full blocks of data that belong into the metadata zone. */
  measureRun(index: number): number;
  /** Takes the byte at which an inode lies. */
  placeItem(index: number, itemOff: number): void;
  /** Takes the first block of a run. */
  placeRun(index: number, runBlk: number): void;
}

/** Packs all inodes; pure but for what it places. */
export function packInodes(input: PackInput): Packing {
  const packer = new Packer(input);
  const windows: number[] = [];
  let blk = 0;
  for (let first = 0; first < input.count; ) {
    const end = packer.cut(first);
    const endBlk = packer.pack(first, end, blk);
    windows.push(first, end, blk, endBlk);
    first = end;
    blk = endBlk;
  }
  return { windows, endBlk: blk };
}

class Packer {
  readonly #input: PackInput;
  readonly #slotsPerBlock: number;
  /** Of the current window, by position: slots of the item, and the block it is put in. */
  #slots = new Uint32Array(1024);
  #binOf = new Int32Array(1024);
  /** By bin: free slots; and a list of bins for each number of free slots. */
  #free: number[] = [];
  #next: number[] = [];
  readonly #withFree: Int32Array;

  constructor(input: PackInput) {
    this.#input = input;
    this.#slotsPerBlock = input.blockSize / SLOT;
    this.#withFree = new Int32Array(this.#slotsPerBlock + 1);
  }

  /** The end of the window that starts at an index. */
  cut(first: number): number {
    const { count, blockSize, measureItem, measureRun } = this.#input;
    let packed = 0;
    let all = 0;
    let index = first;
    for (; index < count && packed < WINDOW_BYTES && all < WINDOW_ALL_BYTES; index++) {
      const item = measureItem(index);
      if (item <= blockSize) packed += item;
      all += item + measureRun(index) * blockSize;
    }
    return index;
  }

  /** Packs one window from block `startBlk`; returns the block behind it. */
  pack(first: number, end: number, startBlk: number): number {
    const { blockSize, measureItem, measureRun, placeItem, placeRun, reserved } = this.#input;
    const perBlock = this.#slotsPerBlock;
    this.#measure(first, end);
    this.#free = [];
    this.#next = [];
    this.#withFree.fill(NOWHERE);
    if (startBlk === 0) this.#reserve(reserved / SLOT);
    this.#assign(first, end);
    const blockOf = this.#numberBins(end - first, startBlk);
    let blk = startBlk + this.#free.length;
    const used = new Uint32Array(this.#free.length);
    if (startBlk === 0) for (let slot = 0; slot < reserved / SLOT; slot++) used[Math.floor(slot / perBlock)]!++;
    for (let index = first; index < end; index++) {
      const slots = this.#slots[index - first]!;
      const bin = this.#binOf[index - first]!;
      let offset = blk * blockSize;
      if (bin === NOWHERE) blk += Math.ceil(measureItem(index) / blockSize);
      else {
        offset = blockOf[bin]! * blockSize + used[bin]! * SLOT;
        used[bin]! += slots;
      }
      if (index === 0 && offset / SLOT > MAX_ROOT_NID)
        throw new ImageError("INTERNAL", "the root inode is out of reach");
      placeItem(index, offset);
    }
    for (let index = first; index < end; index++) {
      const run = measureRun(index);
      if (run === 0) continue;
      placeRun(index, blk);
      blk += run;
    }
    return blk;
  }

  #measure(first: number, end: number): void {
    if (end - first > this.#slots.length) {
      this.#slots = new Uint32Array(2 * (end - first));
      this.#binOf = new Int32Array(2 * (end - first));
    }
    for (let index = first; index < end; index++) {
      this.#slots[index - first] = Math.ceil(this.#input.measureItem(index) / SLOT);
    }
  }

  /** The head of the image: full bins that nothing is put into, and the rest of the last. */
  #reserve(slots: number): void {
    for (let left = slots; left > 0; left -= this.#slotsPerBlock) {
      this.#addBin(this.#slotsPerBlock - Math.min(left, this.#slotsPerBlock));
    }
  }

  /** Best fit, largest first; equal ones in order. */
  #assign(first: number, end: number): void {
    const perBlock = this.#slotsPerBlock;
    const starts = new Uint32Array(perBlock + 2);
    const count = end - first;
    for (let i = 0; i < count; i++) if (this.#slots[i]! <= perBlock) starts[perBlock - this.#slots[i]! + 1]!++;
    for (let size = 0; size <= perBlock; size++) starts[size + 1]! += starts[size]!;
    const sorted = new Uint32Array(starts[perBlock + 1]!);
    for (let i = 0; i < count; i++) {
      this.#binOf[i] = NOWHERE;
      if (this.#slots[i]! <= perBlock) sorted[starts[perBlock - this.#slots[i]!]!++] = i;
    }
    for (const i of sorted) {
      const slots = this.#slots[i]!;
      let free = slots;
      while (free <= perBlock && this.#withFree[free] === NOWHERE) free++;
      let bin = this.#free.length;
      if (free <= perBlock) bin = this.#takeBin(free);
      else this.#free.push(perBlock);
      this.#binOf[i] = bin;
      this.#putBin(bin, this.#free[bin]! - slots);
    }
  }

  #addBin(free: number): void {
    this.#free.push(free);
    this.#putBin(this.#free.length - 1, free);
  }

  #takeBin(free: number): number {
    const bin = this.#withFree[free]!;
    this.#withFree[free] = this.#next[bin]!;
    return bin;
  }

  #putBin(bin: number, free: number): void {
    this.#free[bin] = free;
    this.#next[bin] = this.#withFree[free]!;
    if (free > 0) this.#withFree[free] = bin;
  }

  /** Block numbers for the bins, in the order in which the inodes first use them; reserved ones stay in front. */
  #numberBins(count: number, startBlk: number): number[] {
    const blockOf: number[] = [];
    let blk = startBlk;
    if (startBlk === 0)
      for (let left = this.#input.reserved; left > 0; left -= this.#input.blockSize) blockOf.push(blk++);
    for (let i = 0; i < count; i++) {
      const bin = this.#binOf[i]!;
      if (bin !== NOWHERE && blockOf[bin] === undefined) blockOf[bin] = blk++;
    }
    return blockOf;
  }
}
