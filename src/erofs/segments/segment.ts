/**
 * One segment while it is made: its inodes in their order, and what their files hold, in buffers that are used again.
 *
 *     data    | blocks of file 0 | blocks of file 1 | blocks of file 3 | …      whole blocks, zeros behind the last byte
 *     tails   | end of 0 | end of 2 | target of link 4 | …
 */
import { SEGMENT_ENTRIES, segmentRoom } from "./cuts.ts";

/** Bytes of a file that may be read before its end is put aside, with one that must not be there. */
function readRoom(blockSize: number): number {
  return blockSize + 1;
}

/** A segment's items, each an inode, by their number. */
export class Segment {
  /** Contents of small files in whole blocks; large ones are not here. */
  readonly data: Uint8Array;
  dataUsed = 0;
  readonly tails: Uint8Array;
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

  constructor(blockSize: number) {
    const room = segmentRoom(blockSize);
    this.data = new Uint8Array(room.data + readRoom(blockSize));
    this.tails = new Uint8Array(room.tails + readRoom(blockSize));
  }

  /** Bytes of memory. */
  get heldBytes(): number {
    return this.data.length + this.tails.length;
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

  /** Empties it. */
  clear(): void {
    this.count = 0;
    this.dataUsed = 0;
    this.tailsUsed = 0;
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
