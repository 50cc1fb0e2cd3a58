/** One page of a tree, as it is read. Whatever a damaged one says, nothing outside of it is looked at. */
import type { SqliteDatabase } from "./database.ts";
import {
  HEADER,
  INTERIOR_INDEX,
  INTERIOR_TABLE,
  LEAF_HEADER,
  LEAF_INDEX,
  LEAF_TABLE,
  localLength,
  PAGE,
  type SqliteValue,
} from "./format.ts";
import { readPayload, readVarint } from "./record.ts";

/** Its cells, and the pages between and around them. */
export class TreePage {
  readonly #database: SqliteDatabase;
  readonly #nr: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where its own header stands: of page 1 behind the file's. */
  readonly #header: number;
  readonly #isIndex: boolean;
  /** Whether it has no pages below it. */
  readonly isLeaf: boolean;
  /** Cells. */
  readonly count: number;

  constructor(database: SqliteDatabase, nr: number, kind: "table" | "index") {
    this.#database = database;
    this.#nr = nr;
    this.#bytes = database.page(nr);
    this.#view = new DataView(this.#bytes.buffer);
    this.#header = nr === 1 ? HEADER.byteSize : 0;
    this.#isIndex = kind === "index";
    const type = this.#view.getUint8(this.#header + PAGE.type);
    this.isLeaf = type === (this.#isIndex ? LEAF_INDEX : LEAF_TABLE);
    if (!this.isLeaf && type !== (this.#isIndex ? INTERIOR_INDEX : INTERIOR_TABLE))
      throw this.damaged(`is no page of ${this.#isIndex ? "an index" : "a table"}`);
    this.count = this.#view.getUint16(this.#header + PAGE.cell_count);
    if (this.#pointer(this.count) > database.usable) throw this.damaged(`has no room for ${this.count} cells`);
  }

  /** The page before a cell; that before none, but behind all, is the last one's. */
  child(cell: number): number {
    const at = cell < this.count ? this.#start(cell) : this.#header + PAGE.right_child;
    return this.#view.getUint32(at);
  }

  /** The number of a row: of a leaf its own, else the largest of the page before the cell. */
  row(cell: number): number {
    const at = this.#start(cell);
    return this.#read(() => readVarint(this.#bytes, this.isLeaf ? readVarint(this.#bytes, at).end : at + 4).value);
  }

  /** The first `limit` values of a cell: of a row of a table's leaf, or of a key. */
  values(cell: number, limit?: number): SqliteValue[] {
    return this.#read(() => {
      const start = this.#start(cell) + (this.isLeaf ? 0 : 4);
      const { value: length, end } = readVarint(this.#bytes, start);
      const at = this.#isIndex ? end : readVarint(this.#bytes, end).end;
      return readPayload(this.#payload(at, length), limit);
    });
  }

  /** What is said of a page that does not hold together. */
  damaged(why: string): Error {
    return this.#database.damaged(this.#nr, why);
  }

  #payload(at: number, length: number): Uint8Array {
    const { usable, size } = this.#database;
    const local = localLength(length, usable, this.#isIndex);
    const isWhole = local === length;
    if (length > size || at + local + (isWhole ? 0 : 4) > usable) throw new RangeError("a cell is cut off");
    if (isWhole) return this.#bytes.subarray(at, at + length);
    const payload = new Uint8Array(length);
    payload.set(this.#bytes.subarray(at, at + local));
    let next = this.#view.getUint32(at + local);
    for (let done = local; done < length; ) {
      const page = this.#database.page(next);
      const part = page.subarray(4, Math.min(usable, 4 + length - done));
      payload.set(part, done);
      done += part.length;
      next = new DataView(page.buffer).getUint32(0);
    }
    return payload;
  }

  #pointer(cell: number): number {
    return this.#header + (this.isLeaf ? LEAF_HEADER : PAGE.byteSize) + 2 * cell;
  }

  #start(cell: number): number {
    const at = this.#view.getUint16(this.#pointer(cell));
    if (at + 4 > this.#database.usable) throw this.damaged("a cell lies outside");
    return at;
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof RangeError) throw this.damaged(error.message);
      throw error;
    }
  }
}
