/**
 * The plan of the data: which blocks there are, in which order, and how they are cut into pieces of work. It follows from
 * sizes and from what is shared; where a block lies is known only when all before it have been compressed.
 *
 *     items   | blocks of file a | fragment 0: ends of x, a, y | blocks of file b        | …
 *     pieces  |<-- about 1 MiB -->|<-- about 1 MiB -->|<-- …
 *
 * A file's blocks stand one behind the other; its end is in a fragment block or is a short block of its own. Fragment
 * blocks are filled in the order of the files, and stand before the file whose end no longer fitted. Two are filled at a
 * time, one with files that have no other blocks and one with the ends of those that have, since like compresses better
 * with like.
 */
import { roundUp } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { sharedUint32 } from "../core/shared.ts";
import { FILE_NO_FRAGMENT, type FileOrder } from "../stage/tree/file-order.ts";
import { NONE, type Tree } from "../stage/tree/tree.ts";
import type { SquashfsLayout } from "./options.ts";

/** Raw bytes after which a piece is full. */
export const PIECE_BYTES = 1 << 20;
/** Each block of a piece begins at a multiple of this in the window that it is read into. */
export const BLOCK_ALIGN = 8;
/** Numbers of one record in {@link DataPlan.pieces}: item, block in it, word of that block, number of blocks. */
export const PIECE_FIELDS = 4;
/** Items from here on are fragment blocks; below, entries. */
export const FRAGMENT_ITEM = 0x80000000;

/** Everything about data blocks; what grows with the tree lies in shared memory, results included. */
export interface DataPlan {
  blockSize: number;
  /** Entries with blocks of their own, and FRAGMENT_ITEM + number of a fragment block. */
  items: Uint32Array;
  /** By item: the index of its first word. */
  itemWord: Uint32Array;
  /** Records of PIECE_FIELDS. */
  pieces: Float64Array;
  /** Files whose ends lie in fragments, fragment by fragment. */
  tails: Uint32Array;
  /** By fragment: its first in `tails`; one more for the end. */
  fragmentTails: Uint32Array;
  /** Files without contents: they must have none still when the image is made. */
  empty: Uint32Array;
  /** FILE_ bits by entry, see sort-file.ts; undefined where none is set. */
  flags: Uint8Array | undefined;
  /** By entry: bytes at its end that lie in a fragment. */
  tailLen: Uint32Array;
  /** By entry: the fragment that its end lies in, or NONE. */
  fragment: Uint32Array;
  /** By entry: where in the fragment. */
  fragmentOff: Uint32Array;
  /** By entry: the item of its blocks, shared ones too, or NONE. */
  item: Uint32Array;
  /** Result: the word of each block. */
  words: Uint32Array;
  /** Result, by item: where its first block lies. */
  itemOff: Float64Array;
  /** Result: where the next block goes. */
  position: Float64Array;
  /** Bytes that will be read. */
  contentBytes: number;
  savedByDedupe: number;
}

/** Whose data is stored once; by entry, undefined where nothing is shared. */
export interface SharedData {
  /** The file that has the same blocks. */
  blocks: Uint32Array | undefined;
  /** The file that has the same end. */
  tails: Uint32Array | undefined;
}

/** Bytes at the end of a file of `size`, with these FILE_ bits, that go into a fragment. */
export function tailBytes(
  { blockSize, fragments }: Pick<SquashfsLayout, "blockSize" | "fragments">,
  size: number,
  flags = 0,
): number {
  if (fragments === "none" || (fragments === "small" && size >= blockSize)) return 0;
  return (flags & FILE_NO_FRAGMENT) !== 0 ? 0 : size % blockSize;
}

/** Plans the data of an image, the first block of which goes to `firstOff`. Throws `LIMIT` where there is too much. */
export function planData(
  tree: Tree,
  { files, flags }: FileOrder,
  layout: SquashfsLayout,
  shared: SharedData,
  firstOff: number,
): DataPlan {
  const { blockSize } = layout;
  const size = tree.size.view;
  const items: number[] = [];
  const itemWord: number[] = [];
  const tails: number[] = [];
  const empty: number[] = [];
  const fragmentTails: number[] = [0];
  const tailLen = sharedUint32(tree.length);
  const fragment = sharedUint32(tree.length).fill(NONE);
  const fragmentOff = sharedUint32(tree.length);
  const item = sharedUint32(tree.length).fill(NONE);
  const cutter = new PieceCutter();
  const whole: OpenFragment = { entries: [], bytes: 0 };
  const ends: OpenFragment = { entries: [], bytes: 0 };
  let words = 0;
  let contentBytes = 0;
  let savedByDedupe = 0;

  const addItem = (what: number, bytes: number) => {
    items.push(what);
    itemWord.push(words);
    cutter.add(items.length - 1, words, bytes, blockSize);
    words += Math.ceil(bytes / blockSize);
  };
  const seal = (open: OpenFragment) => {
    if (open.bytes === 0) return;
    const number = fragmentTails.length - 1;
    for (const entry of open.entries) {
      fragment[entry] = number;
      tails.push(entry);
    }
    addItem(FRAGMENT_ITEM + number, open.bytes);
    fragmentTails.push(tails.length);
    open.entries.length = 0;
    open.bytes = 0;
  };

  for (const entry of files) {
    const tail = tailBytes(layout, size[entry]!, flags?.[entry]);
    const body = size[entry]! - tail;
    tailLen[entry] = tail;
    if (size[entry] === 0) empty.push(entry);
    if (tail > 0) {
      const original = shared.tails?.[entry] ?? NONE;
      if (original !== NONE) savedByDedupe += tail;
      else {
        const open = body === 0 ? whole : ends;
        if (open.bytes + tail > blockSize) seal(open);
        fragmentOff[entry] = open.bytes;
        open.entries.push(entry);
        open.bytes += tail;
        contentBytes += tail;
      }
    }
    if (body > 0) {
      if ((shared.blocks?.[entry] ?? NONE) !== NONE) savedByDedupe += body;
      else {
        item[entry] = items.length;
        addItem(entry, body);
        contentBytes += body;
      }
    }
  }
  seal(whole);
  seal(ends);
  if (words > 0xffffffff) throw new ImageError("LIMIT", "the image would have more than 2^32 blocks");

  for (const entry of files) {
    const blocksOf = shared.blocks?.[entry] ?? NONE;
    if (blocksOf !== NONE) item[entry] = item[blocksOf]!;
    const tailOf = shared.tails?.[entry] ?? NONE;
    if (tailOf === NONE) continue;
    fragment[entry] = fragment[tailOf]!;
    fragmentOff[entry] = fragmentOff[tailOf]!;
  }
  const position = sharedFloat64([firstOff]);
  return {
    blockSize,
    items: share(items),
    itemWord: share(itemWord),
    pieces: sharedFloat64(cutter.finish()),
    tails: share(tails),
    fragmentTails: share(fragmentTails),
    empty: share(empty),
    flags,
    tailLen,
    fragment,
    fragmentOff,
    item,
    words: sharedUint32(words),
    itemOff: sharedFloat64(items.length),
    position,
    contentBytes,
    savedByDedupe,
  };
}

/** A fragment block that is being filled, with the ends of these files. */
interface OpenFragment {
  entries: number[];
  bytes: number;
}

/** Cuts the row of all blocks into pieces. */
class PieceCutter {
  readonly #pieces: number[] = [];
  /** Bytes of the last piece; the first block opens one. */
  #bytes = PIECE_BYTES;

  /** Adds an item of `bytes` whose first word is `word`. */
  add(item: number, word: number, bytes: number, blockSize: number): void {
    for (let done = 0, block = 0; done < bytes; done += blockSize, block++) {
      const length = Math.min(blockSize, bytes - done);
      if (this.#bytes + length > PIECE_BYTES) {
        this.#pieces.push(item, block, word + block, 0);
        this.#bytes = 0;
      }
      this.#pieces[this.#pieces.length - 1]!++;
      this.#bytes += roundUp(length, BLOCK_ALIGN);
    }
  }

  finish(): readonly number[] {
    return this.#pieces;
  }
}

function share(numbers: readonly number[]): Uint32Array {
  const array = sharedUint32(numbers.length);
  array.set(numbers);
  return array;
}

function sharedFloat64(from: number | readonly number[]): Float64Array {
  const length = typeof from === "number" ? from : from.length;
  const array = new Float64Array(new SharedArrayBuffer(8 * length));
  if (typeof from !== "number") array.set(from);
  return array;
}
