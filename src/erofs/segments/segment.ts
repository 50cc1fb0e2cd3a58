/**
 * One segment while it is made: its inodes in their order, and what their files hold, in buffers that are used again.
 *
 *     data    … | blocks of file 0 | blocks of file 1 | blocks of file 3 | …      whole blocks, zeros behind the last byte
 *     tails   … | end of 0 | end of 2 | target of link 4 | …
 */

import { Ring } from "../../core/ring.ts";
import { SEGMENT_ENTRIES, segmentRoom } from "./cuts.ts";

/** Bytes of segments that a thread may hold until it is their turn, and half as many of their ends. */
export const HELD_BYTES = 6 << 20;
/** How many times as much `data` may be held as `tails`. */
const DATA_PER_TAILS = 2;
/** About what the arrays of a segment take. */
const ITEM_BYTES = 48 * SEGMENT_ENTRIES;

/** Bytes of a file that may be read before its end is put aside, with one that must not be there. */
function readRoom(blockSize: number): number {
  return blockSize + 1;
}

/** What the segments of one thread lie in. */
export class SegmentMemory {
  readonly data: Ring;
  readonly tails: Ring;
  readonly #free: Segment[] = [];

  constructor(blockSize: number) {
    const room = segmentRoom(blockSize);
    this.data = new Ring(room.data + readRoom(blockSize), HELD_BYTES);
    this.tails = new Ring(room.tails + readRoom(blockSize), HELD_BYTES / DATA_PER_TAILS);
  }

  /** Starts a segment, when all before it have been closed and no more is held than {@link HELD_BYTES}. */
  open(): Segment {
    const segment = this.#free.pop() ?? new Segment(this.data.bytes, this.tails.bytes);
    segment.clear(this.data.open(), this.tails.open());
    return segment;
  }

  /** The segment that was started last is complete. */
  close(segment: Segment): void {
    this.data.close(segment.dataUsed);
    this.tails.close(segment.tailsUsed);
  }

  /** Takes back the oldest segment, which has been written. */
  release(segment: Segment): void {
    this.data.free();
    this.tails.free();
    this.#free.push(segment);
  }
}

/** A segment's items, each an inode, by their number. */
export class Segment {
  /** Contents of small files in whole blocks; large ones are not here. Other segments lie in it too. */
  readonly data: Uint8Array;
  /** Where the segment starts in `data`, and where it ends. */
  #dataFrom = 0;
  dataUsed = 0;
  readonly tails: Uint8Array;
  #tailsFrom = 0;
  tailsUsed = 0;
  /** Number of items. */
  count = 0;
  readonly entries = new Uint32Array(SEGMENT_ENTRIES);
  /** Where what goes behind the inode stands in `tails`, and its bytes. */
  readonly tailAt = new Uint32Array(SEGMENT_ENTRIES);
  readonly tailLen = new Uint32Array(SEGMENT_ENTRIES);
  /** Where the file's blocks stand in `data`; NOT_HERE for a file without, and for a large one. */
  readonly dataAt = new Int32Array(SEGMENT_ENTRIES);
  /** Blocks of the file in the image. */
  readonly blocks = new Float64Array(SEGMENT_ENTRIES);
  /** By what equal files are found; 0: they are not looked for. */
  readonly keys = new Uint32Array(SEGMENT_ENTRIES);
  /** Number of files that were known when equal ones were looked for. */
  readonly known = new Uint32Array(SEGMENT_ENTRIES);
  /** What the file shares its data with: see SHARES_NOTHING. */
  readonly shares = new Int32Array(SEGMENT_ENTRIES);
  /** Items in slots of the metadata: how many each takes, and the first, from the segment's start. */
  readonly slots = new Uint32Array(SEGMENT_ENTRIES);
  readonly slotAt = new Uint32Array(SEGMENT_ENTRIES);
  /** Items whose data is large. */
  readonly large: number[] = [];
  /** Items that have whole blocks behind the inodes: directories and long links. */
  readonly withBodies: number[] = [];
  /** Bytes of blocks that are holes. */
  savedByHoles = 0;
  /** Bytes of blocks that files have of others, where that has been decided before. */
  savedByDedupe = 0;
  /** Blocks of inodes, and of `withBodies`. */
  inodeBlocks = 0;
  bodyBlocks = 0;
  /** Its place, once it has one: first block, the block behind it, its number among all. */
  startBlk = 0;
  endBlk = 0;
  number = 0;
  /** Items that are known from their places on, in the order of their numbers: see KnownFiles. */
  readonly originals: number[] = [];

  /** @param data see {@link SegmentMemory}, of which segments are got */
  constructor(data: Uint8Array, tails: Uint8Array) {
    this.data = data;
    this.tails = tails;
  }

  /** Bytes of memory, as they count for {@link HELD_BYTES}. */
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
    this.shares[item] = SHARES_NOTHING;
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
    this.originals.length = 0;
    this.inodeBlocks = 0;
    this.bodyBlocks = 0;
    this.savedByHoles = 0;
    this.savedByDedupe = 0;
  }
}

/** In {@link Segment.dataAt}: no data, or such that is read when it is written. */
export const NOT_HERE = -1;

/** In {@link Segment.shares}: the file has data of its own. Other numbers are of known files: see KnownFiles. */
export const SHARES_NOTHING = -1;
