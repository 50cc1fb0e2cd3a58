/** What is decided of inodes while segments are made, by entry. */
import { Column } from "../../core/column.ts";
import { sharedFloat64, sharedUint32 } from "../../core/shared.ts";
import { NULL_BLOCK } from "../disk/format.ts";

/** The columns; plain data, in shared memory where several threads make segments of one tree. */
export interface InodeColumns {
  /** 0: the inode has no place yet. */
  nids: Float64Array;
  /** First block of its data, or NULL_BLOCK. */
  startBlk: Uint32Array;
  /** Names of a file, 2 + subdirectories of a directory. */
  nlink: Uint32Array;
  /** Bits 0..3 of i_format. */
  formats: Uint8Array;
  /** Where they grow: makes the views cover `length` entries that there is room for. */
  cover?(length: number): void;
}

/** Columns for all threads. */
export function shareColumns(entries: number, nlink: Uint32Array): InodeColumns {
  return {
    nids: sharedFloat64(entries),
    startBlk: sharedUint32(entries).fill(NULL_BLOCK),
    nlink,
    formats: new Uint8Array(new SharedArrayBuffer(entries)),
  };
}

/** The columns of a line that grow. */
export type SharedLineColumns = Record<"nids" | "startBlk" | "nlink" | "formats", SharedArrayBuffer>;

/** Most entries of a line that is emptied now and then. */
const MOST_ENTRIES = 2 ** 26;

/** Columns for the two threads at the ends of a line. */
export function shareLineColumns(): SharedLineColumns {
  return {
    nids: Column.create(Float64Array, MOST_ENTRIES).buffer,
    startBlk: Column.create(Uint32Array, MOST_ENTRIES).buffer,
    nlink: Column.create(Uint32Array, MOST_ENTRIES).buffer,
    formats: Column.create(Uint8Array, MOST_ENTRIES).buffer,
  };
}

/** Columns that grow as entries come, and are used again. */
export class LineColumns implements InodeColumns {
  readonly #nids: Column<Float64Array>;
  readonly #startBlk: Column<Uint32Array>;
  readonly #nlink: Column<Uint32Array>;
  readonly #formats: Column<Uint8Array>;
  nids: Float64Array = new Float64Array(0);
  startBlk: Uint32Array = new Uint32Array(0);
  nlink: Uint32Array = new Uint32Array(0);
  formats: Uint8Array = new Uint8Array(0);

  constructor(shared: SharedLineColumns) {
    this.#nids = new Column(Float64Array, shared.nids);
    this.#startBlk = new Column(Uint32Array, shared.startBlk);
    this.#nlink = new Column(Uint32Array, shared.nlink);
    this.#formats = new Column(Uint8Array, shared.formats);
  }

  /** In the thread that makes segments: makes room for `length` entries. */
  ensure(length: number): void {
    const old = this.nids.length;
    if (length <= old) return;
    this.#view(Math.max(length, 2 * old, 4096));
    this.startBlk.fill(NULL_BLOCK, old);
  }

  /** In another thread: makes the views cover `length` entries that there is room for. */
  cover(length: number): void {
    if (length > this.nids.length) this.#view(length);
  }

  #view(length: number): void {
    this.nids = this.#nids.ensure(length);
    this.startBlk = this.#startBlk.ensure(length);
    this.nlink = this.#nlink.ensure(length);
    this.formats = this.#formats.ensure(length);
  }

  /** Forgets the first `length` entries, which are all. */
  clear(length: number): void {
    this.nids.fill(0, 0, length);
    this.startBlk.fill(NULL_BLOCK, 0, length);
    this.nlink.fill(0, 0, length);
    this.formats.fill(0, 0, length);
  }
}
