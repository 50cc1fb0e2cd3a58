/** The row that segments stand in: where the next one starts, and what is known of all. One thread has it. */
import { Column } from "../../../core/column.ts";
import { sharedFloat64 } from "../../../core/shared.ts";
import { type InodeCounts, noInodes } from "../../../stage/tree/counts.ts";
import { checkBlocks } from "../../disk/limits.ts";

const NEXT_BLK = 0;
const SEGMENTS = 1;
const META_BLOCKS = 2;
const SAVED = 3;
const HOLES = 4;
/** From here on: inodes by kind. */
const COUNTS = 5;
const KINDS = ["files", "directories", "symlinks", "devices", "fifos", "sockets", "hardLinks"] as const;

/** Most segments. */
const MOST = 2 ** 26;

/** The row for other threads. */
export interface SharedRow {
  totals: Float64Array;
  /** By segment: a hash of its metadata, in two halves. */
  hashes: SharedArrayBuffer;
}

/** An empty row that starts at block `firstBlk`. */
export function shareRow(firstBlk: number): SharedRow {
  const totals = sharedFloat64(COUNTS + KINDS.length);
  totals[NEXT_BLK] = firstBlk;
  return {
    totals,
    hashes: Column.create(Uint32Array, 2 * MOST).buffer,
  };
}

/** The row as one thread sees it. */
export class SegmentRow {
  readonly #totals: Float64Array;
  readonly #hashes: Column<Uint32Array>;

  constructor(shared: SharedRow) {
    this.#totals = shared.totals;
    this.#hashes = new Column(Uint32Array, shared.hashes);
  }

  /** First block behind all segments that have places. */
  get nextBlk(): number {
    return this.#totals[NEXT_BLK]!;
  }

  /** Number of segments that have places. */
  get length(): number {
    return this.#totals[SEGMENTS]!;
  }

  /** Blocks of inodes and directories. */
  get metaBlocks(): number {
    return this.#totals[META_BLOCKS]!;
  }

  /** Inodes of all segments by kind. */
  get counts(): InodeCounts {
    const counts = noInodes();
    for (const [index, kind] of KINDS.entries()) counts[kind] = this.#totals[COUNTS + index]!;
    return counts;
  }

  /** Bytes of blocks that equal files share. */
  get savedByDedupe(): number {
    return this.#totals[SAVED]!;
  }

  /** Bytes of blocks that are holes. */
  get savedByHoles(): number {
    return this.#totals[HOLES]!;
  }

  /** Ends the turn of a segment: the next one starts at `endBlk`. */
  take(endBlk: number, metaBlocks: number, counts: InodeCounts): void {
    checkBlocks(endBlk);
    this.#totals[NEXT_BLK] = endBlk;
    this.#totals[META_BLOCKS]! += metaBlocks;
    for (const [index, kind] of KINDS.entries()) this.#totals[COUNTS + index]! += counts[kind];
    this.#totals[SEGMENTS]!++;
  }

  /** Blocks before `endBlk`, behind all segments, are of no segment. */
  extend(endBlk: number): void {
    checkBlocks(endBlk);
    this.#totals[NEXT_BLK] = endBlk;
  }

  /** Counts bytes that are not stored; within a segment's turn. */
  countSaved(byDedupe: number, byHoles: number): void {
    this.#totals[SAVED]! += byDedupe;
    this.#totals[HOLES]! += byHoles;
  }

  /** Notes the hash of a segment's metadata. */
  setHash(segment: number, hash: bigint): void {
    const hashes = this.#hashes.ensure(2 * segment + 2);
    hashes[2 * segment] = Number(hash & 0xffffffffn);
    hashes[2 * segment + 1] = Number(hash >> 32n);
  }

  /** The hashes of all segments, in order. */
  get hashes(): Uint8Array {
    const hashes = this.#hashes.ensure(2 * this.length);
    return new Uint8Array(hashes.buffer, 0, 8 * this.length).slice();
  }
}
