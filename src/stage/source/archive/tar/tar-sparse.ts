/**
 * Sparse files: what is stored of them, in rows of data with holes between them. GNU tar's old format has the rows in the
 * header and in blocks behind it; in POSIX archives they are records (0.0, 0.1) or stand before the contents (1.0).
 */
import { latin1FromBytes } from "../../../../core/bytes.ts";
import { BLOCK, readNumber } from "./tar-header.ts";
import { readDecimal } from "./tar-pax.ts";

/** Rows of data of a file: offset, bytes, offset, bytes, … in order, none empty, no two touching. */
export type SparseRows = readonly number[];

/** Where GNU tar's header has rows, and how many; in the blocks behind it they stand from the start. */
const OLD_ROWS = { at: 386, count: 4, more: 482 } as const;
const OLD_MORE_ROWS = { at: 0, count: 21, more: 504 } as const;
const OLD_FIELD = 12;

/** Adds the rows of a header of GNU tar, or with `isMore` of a block behind it; returns whether another block follows. */
export function readOldRows(block: Uint8Array, isMore: boolean, rows: number[]): boolean {
  const { at, count, more } = isMore ? OLD_MORE_ROWS : OLD_ROWS;
  for (let row = 0; row < count; row++) {
    const from = at + 2 * OLD_FIELD * row;
    if (block[from] === 0) break;
    rows.push(readNumber(block, [from, OLD_FIELD]), readNumber(block, [from + OLD_FIELD, OLD_FIELD]));
  }
  return block[more] !== 0;
}

/** The rows of `GNU.sparse.map`; NaN for what is no number. */
export function readMap(value: Uint8Array): number[] {
  return value.length === 0 ? [] : latin1FromBytes(value).split(",").map(toNumber);
}

/** Reads the rows that stand before the contents, a number a line. */
export class RowLines {
  readonly rows: number[] = [];
  /** Numbers that are still to come; undefined: their number itself. */
  #left: number | undefined;
  #line = "";

  /** Reads a block; true where it was the last. Throws RangeError for what is no row. */
  add(block: Uint8Array): boolean {
    const lines = (this.#line + latin1FromBytes(block, 0, BLOCK)).split("\n");
    for (const line of lines.slice(0, -1)) {
      const number = toNumber(line);
      if (!(number >= 0)) throw new RangeError("its map of data is damaged");
      if (this.#left === undefined) this.#left = 2 * number;
      else {
        this.rows.push(number);
        this.#left--;
      }
      // what is left of the block is zeros
      if (this.#left === 0) return true;
    }
    this.#line = lines.at(-1)!;
    if (this.#line.length > MOST_DIGITS) throw new RangeError("its map of data is damaged");
    return false;
  }
}

const MOST_DIGITS = 24;

function toNumber(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Rows as they are used: those that are empty are left out, those that touch are one. Returns what is wrong with them where
 * they are none of a file of so many bytes, of which so many are stored.
 */
export function arrangeRows(given: readonly number[], size: number, stored: number): SparseRows | string {
  const rows: number[] = [];
  let end = 0;
  let sum = 0;
  for (let at = 0; at < given.length; at += 2) {
    const from = given[at]!;
    const length = given[at + 1] ?? Number.NaN;
    if (!(from >= end && length >= 0 && from + length <= size)) return "its map of data is damaged";
    if (length > 0 && from === end && rows.length > 0) rows[rows.length - 1]! += length;
    else if (length > 0) rows.push(from, length);
    end = from + length;
    sum += length;
  }
  return sum === stored ? rows : `its map of data has ${sum} bytes, and ${stored} are stored`;
}

/** Bytes of a block of most filesystems. */
const DISK_BLOCK = 4096;

/** Whether a file with these rows takes less than its size on disk, by which a walk knows that there may be holes. */
export function hasHoles(rows: SparseRows, size: number): boolean {
  let blocks = 0;
  let next = 0;
  for (let at = 0; at < rows.length; at += 2) {
    const first = Math.max(next, Math.floor(rows[at]! / DISK_BLOCK));
    next = Math.ceil((rows[at]! + rows[at + 1]!) / DISK_BLOCK);
    blocks += Math.max(next - first, 0);
  }
  return blocks * DISK_BLOCK < size;
}

/** The number that a record has; NaN for none. */
export function readSize(value: Uint8Array | undefined): number {
  return value === undefined ? Number.NaN : readDecimal(value);
}
