/**
 * One segment on its way from the thread that makes it to the one that places it: its inodes in their order, and what their
 * files hold. Everything lies in shared memory, which is used again and again.
 *
 *     data    … | blocks of file 0 | blocks of file 1 | blocks of file 3 | …      whole blocks, zeros behind the last byte
 *     tails   … | end of 0 | end of 2 | target of link 4 | …
 */
import type { ChunkMap } from "../disk/chunk.ts";
import { SEGMENT_ENTRIES } from "./cuts.ts";

/** Where an end stands in `tails` is a multiple of this: V8 copies shared memory byte by byte unless both sides are aligned. */
export const TAIL_UNIT = 8;
/** How many times as much `data` may be held as `tails`. */
export const DATA_PER_TAILS = 2;
/** About what the arrays of a segment take. */
const ITEM_BYTES = 32 * SEGMENT_ENTRIES;

/** Sums of a segment in shared memory, and behind them words, by their place. */
const SAVED_BY_HOLES = 0;
const SAVED_BY_DEDUPE = 1;
const SUMS = 2;
const COUNT = 0;
const PIECE = 1;
const IS_LAST = 2;
const INODE_BLOCKS = 3;
const BODY_BLOCKS = 4;
const LARGE = 5;
const BODIES = 6;
const MAPS_FROM = 7;
const MAPS_TO = 8;
const WORDS = 10;
const HEAD_BYTES = 8 * SUMS + 4 * WORDS;
/** Bytes of an item in all arrays. */
const ARRAY_BYTES = 8 + 4 * 6 + 2 * 2;

/** Bytes of a segment's arrays; a multiple of 8. */
export const SEGMENT_BYTES = HEAD_BYTES + ARRAY_BYTES * SEGMENT_ENTRIES;

/** A segment's items, each an inode, by their number; as one thread sees them. */
export class Segment {
  readonly #sums: Float64Array;
  readonly #words: Int32Array;
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
  /** Blocks of inodes, and of `withBodies`. */
  inodeBlocks = 0;
  bodyBlocks = 0;
  /** The piece that it is of, and whether it is the last one of that. */
  piece = 0;
  isLast = false;

  /**
   * @param shared has {@link SEGMENT_BYTES} from `offset` on
   * @param data in which contents lie
   */
  constructor(shared: SharedArrayBuffer, offset: number, data: Uint8Array, tails: Uint8Array) {
    this.data = data;
    this.tails = tails;
    let at = offset;
    const next = (bytes: number) => {
      at += bytes;
      return at - bytes;
    };
    this.#sums = new Float64Array(shared, next(8 * SUMS), SUMS);
    this.#words = new Int32Array(shared, next(4 * WORDS), WORDS);
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

  /** Bytes of blocks that are holes. */
  get savedByHoles(): number {
    return this.#sums[SAVED_BY_HOLES]!;
  }

  /** Bytes of blocks that files have of others, where that has been decided before. */
  get savedByDedupe(): number {
    return this.#sums[SAVED_BY_DEDUPE]!;
  }

  /** Counts bytes that are not stored. */
  countSaved(byHoles: number, byDedupe: number): void {
    this.#sums[SAVED_BY_HOLES]! += byHoles;
    this.#sums[SAVED_BY_DEDUPE]! += byDedupe;
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
    this.#sums.fill(0);
  }

  /** Leaves what is not in shared memory to the other thread; the maps lie in a table from `mapsFrom` to `mapsTo`. */
  leave(mapsFrom: number, mapsTo: number): void {
    const words = this.#words;
    words[COUNT] = this.count;
    words[PIECE] = this.piece;
    words[IS_LAST] = Number(this.isLast);
    words[INODE_BLOCKS] = this.inodeBlocks;
    words[BODY_BLOCKS] = this.bodyBlocks;
    words[LARGE] = this.large.length;
    words[BODIES] = this.withBodies.length;
    words[MAPS_FROM] = mapsFrom;
    words[MAPS_TO] = mapsTo;
    this.#largeItems.set(this.large);
    this.#bodyItems.set(this.withBodies);
  }

  /** Takes over what the other thread has left; returns where its maps lie. */
  take(): { mapsFrom: number; mapsTo: number } {
    const words = this.#words;
    this.count = words[COUNT]!;
    this.piece = words[PIECE]!;
    this.isLast = words[IS_LAST] !== 0;
    this.inodeBlocks = words[INODE_BLOCKS]!;
    this.bodyBlocks = words[BODY_BLOCKS]!;
    fill(this.large, this.#largeItems, words[LARGE]!);
    fill(this.withBodies, this.#bodyItems, words[BODIES]!);
    return { mapsFrom: words[MAPS_FROM]!, mapsTo: words[MAPS_TO]! };
  }
}

function fill(list: number[], items: Uint16Array, count: number): void {
  list.length = 0;
  for (let at = 0; at < count; at++) list.push(items[at]!);
}

/** In {@link Segment.dataAt}: no data, or such that is read when it is written. */
export const NOT_HERE = -1;
