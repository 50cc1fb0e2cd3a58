/**
 * One segment on its way from the thread that makes it to the one that places it: its inodes in their order, and what their
 * files hold. Everything lies in shared memory, which is used again and again.
 *
 *     data    … | blocks of file 0 | blocks of file 1 | blocks of file 3 | …      whole blocks, zeros behind the last byte
 *     tails   … | end of 0 | end of 2 | target of link 4 | …
 */
import type { ChunkMap } from "../disk/chunk.ts";
import { SEGMENT_ENTRIES } from "./cuts.ts";

/** How many times as much `data` may be held as `tails`. */
export const DATA_PER_TAILS = 2;
/** About what the arrays of a segment take. */
const ITEM_BYTES = 32 * SEGMENT_ENTRIES;

/** Numbers of a segment in shared memory, by their place. */
const NUMBERS = ["count", "piece", "isLast", "inodeBlocks", "bodyBlocks", "savedByHoles", "savedByDedupe"] as const;
const LARGE = NUMBERS.length;
const BODIES = LARGE + 1;
const MAPS_FROM = LARGE + 2;
const MAPS_TO = LARGE + 3;
const HEAD_BYTES = 8 * (LARGE + 4);
/** Bytes of an item in all arrays. */
const ARRAY_BYTES = 8 + 4 * 6 + 2 * 2;

/** Memory for a segment's arrays. */
export function shareSegment(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + ARRAY_BYTES * SEGMENT_ENTRIES);
}

/** A segment's items, each an inode, by their number; as one thread sees them. */
export class Segment {
  readonly #numbers: Float64Array;
  readonly #largeItems: Uint16Array;
  readonly #bodyItems: Uint16Array;
  /** Contents of small files in whole blocks; large ones are not here. Other segments lie in it too. */
  readonly data: Uint8Array;
  /** Where the segment starts in `data`, and where it ends; for the thread that makes it. */
  #dataFrom = 0;
  dataUsed = 0;
  readonly tails: Uint8Array;
  #tailsFrom = 0;
  tailsUsed = 0;
  /** Number of items. */
  count = 0;
  readonly entries: Uint32Array;
  /** Where what goes behind the inode stands in `tails`, and its bytes. */
  readonly tailAt: Uint32Array;
  readonly tailLen: Uint32Array;
  /** Where the file's blocks stand in `data`; NOT_HERE for a file without, and for a large one. */
  readonly dataAt: Int32Array;
  /** Blocks of the file in the image. */
  readonly blocks: Float64Array;
  /** By what equal files are found; 0: they are not looked for. */
  readonly keys: Uint32Array;
  /** The first slot of each item in the metadata, from the segment's start. */
  readonly slotAt: Uint32Array;
  /** Items whose data is large. */
  readonly large: number[] = [];
  /** Items that have whole blocks behind the inodes: directories and long links. */
  readonly withBodies: number[] = [];
  /** How files with holes are cut, by entry. */
  readonly maps: [entry: number, map: ChunkMap][] = [];
  /** Bytes of blocks that are holes. */
  savedByHoles = 0;
  /** Bytes of blocks that files have of others, where that has been decided before. */
  savedByDedupe = 0;
  /** Blocks of inodes, and of `withBodies`. */
  inodeBlocks = 0;
  bodyBlocks = 0;
  /** The piece that it is of, and whether it is the last one of that. */
  piece = 0;
  isLast = 0;
  /** Its place, once it has one: first block, the block behind it, its number among all. */
  startBlk = 0;
  endBlk = 0;
  number = 0;

  /**
   * @param shared see {@link shareSegment}
   * @param data in which contents lie
   */
  constructor(shared: SharedArrayBuffer, data: Uint8Array, tails: Uint8Array) {
    this.data = data;
    this.tails = tails;
    let at = 0;
    const next = (bytes: number) => {
      at += bytes;
      return at - bytes;
    };
    this.#numbers = new Float64Array(shared, next(HEAD_BYTES), HEAD_BYTES / 8);
    this.blocks = new Float64Array(shared, next(8 * SEGMENT_ENTRIES), SEGMENT_ENTRIES);
    const words = () => new Uint32Array(shared, next(4 * SEGMENT_ENTRIES), SEGMENT_ENTRIES);
    this.entries = words();
    this.tailAt = words();
    this.tailLen = words();
    this.keys = words();
    this.slotAt = words();
    this.dataAt = new Int32Array(shared, next(4 * SEGMENT_ENTRIES), SEGMENT_ENTRIES);
    this.#largeItems = new Uint16Array(shared, next(2 * SEGMENT_ENTRIES), SEGMENT_ENTRIES);
    this.#bodyItems = new Uint16Array(shared, next(2 * SEGMENT_ENTRIES), SEGMENT_ENTRIES);
  }

  /** Bytes of memory that it holds. */
  get heldBytes(): number {
    const data = this.dataUsed - this.#dataFrom;
    return ITEM_BYTES + Math.max(data, DATA_PER_TAILS * (this.tailsUsed - this.#tailsFrom));
  }

  /** Adds an item, which has no contents yet; returns its number. */
  add(entry: number): number {
    const item = this.count++;
    this.entries[item] = entry;
    this.tailLen[item] = 0;
    this.dataAt[item] = NOT_HERE;
    this.blocks[item] = 0;
    this.keys[item] = 0;
    return item;
  }

  /** Empties it; what it will hold starts at `dataFrom` and `tailsFrom`. */
  clear(dataFrom: number, tailsFrom: number): void {
    this.count = 0;
    this.#dataFrom = dataFrom;
    this.dataUsed = dataFrom;
    this.#tailsFrom = tailsFrom;
    this.tailsUsed = tailsFrom;
    this.large.length = 0;
    this.withBodies.length = 0;
    this.maps.length = 0;
    this.inodeBlocks = 0;
    this.bodyBlocks = 0;
    this.savedByHoles = 0;
    this.savedByDedupe = 0;
  }

  /** Leaves what is not in shared memory to the other thread; the maps lie in a table from `mapsFrom` to `mapsTo`. */
  leave(mapsFrom: number, mapsTo: number): void {
    const numbers = this.#numbers;
    for (const [at, name] of NUMBERS.entries()) numbers[at] = this[name];
    numbers[LARGE] = this.large.length;
    numbers[BODIES] = this.withBodies.length;
    numbers[MAPS_FROM] = mapsFrom;
    numbers[MAPS_TO] = mapsTo;
    this.#largeItems.set(this.large);
    this.#bodyItems.set(this.withBodies);
  }

  /** Takes over what the other thread has left; returns where its maps lie. */
  take(): { mapsFrom: number; mapsTo: number } {
    const numbers = this.#numbers;
    for (const [at, name] of NUMBERS.entries()) this[name] = numbers[at]!;
    fill(this.large, this.#largeItems, numbers[LARGE]!);
    fill(this.withBodies, this.#bodyItems, numbers[BODIES]!);
    return { mapsFrom: numbers[MAPS_FROM]!, mapsTo: numbers[MAPS_TO]! };
  }
}

function fill(list: number[], items: Uint16Array, count: number): void {
  list.length = 0;
  for (let at = 0; at < count; at++) list.push(items[at]!);
}

/** In {@link Segment.dataAt}: no data, or such that is read when it is written. */
export const NOT_HERE = -1;
