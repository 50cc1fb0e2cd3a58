/**
 * Tables and indices as trees of pages, from rows that come in their order: pages are filled one after the other, from the
 * leaves up. What parts two pages goes up: of a table the number of the last row before, of an index, and of every page
 * above the leaves, the cell between them itself.
 *
 *   table    [ . 4 . 7 . ]                     index    [ . d . h . ]
 *            /     |     \                              /     |     \
 *     1 2 3 4    5 6 7    8 9                      a b c    e f g    i j
 */
import { ImageError } from "../../../core/error.ts";
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
import { type DatabasePages, PAGE_SIZE } from "./pages.ts";
import { measurePayload, varintLength, writePayload, writeVarint } from "./record.ts";

/** Cells of one level of a tree, as ranges of bytes, and the pages between and around them. */
interface Level {
  from: number[];
  to: number[];
  /** One more than cells; undefined for leaves. */
  children: number[] | undefined;
}

/** A table, or an index, to which rows are added in the order of their numbers, or of their keys. */
export class TreeWriter {
  readonly #pages: DatabasePages;
  readonly #isIndex: boolean;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  readonly #leaves: Level = { from: [], to: [], children: undefined };

  constructor(pages: DatabasePages, kind: "table" | "index") {
    this.#pages = pages;
    this.#isIndex = kind === "index";
  }

  /** Adds a table's next row, whose number is one more than the last one's, from 1; or an index's next key. */
  add(values: readonly SqliteValue[]): void {
    const payload = measurePayload(values);
    const row = this.#isIndex ? 0 : this.#leaves.from.length + 1;
    const from = this.#reserve(payload + 24);
    let at = writeVarint(this.#bytes, from, payload);
    if (!this.#isIndex) at = writeVarint(this.#bytes, at, row);
    const end = writePayload(this.#bytes, at, values);
    const local = at + localLength(payload, PAGE_SIZE, this.#isIndex);
    this.#length = local < end ? this.#overflow(local, end) : end;
    this.#leaves.from.push(from);
    this.#leaves.to.push(this.#length);
  }

  /** Writes the tree, whose root is a page that is there already. */
  finish(root: number): void {
    let level = this.#leaves;
    for (;;) {
      const above = this.#writeLevel(level, root);
      if (above.children?.length === 1) break;
      level = above;
    }
  }

  /** Room for some bytes more; returns where. */
  #reserve(length: number): number {
    if (this.#length + length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#length;
  }

  /** Puts the rest of a payload into pages of its own, and the number of the first one in its place; returns where that ends. */
  #overflow(from: number, end: number): number {
    const first = this.#pages.allocate();
    for (let at = from, nr = first; at < end; ) {
      const next = Math.min(end, at + PAGE_SIZE - 4);
      const following = next < end ? this.#pages.allocate() : 0;
      const page = this.#pages.page(nr);
      setU32(page, 0, following);
      page.set(this.#bytes.subarray(at, next), 4);
      [at, nr] = [next, following];
    }
    setU32(this.#bytes, from, first);
    return from + 4;
  }

  /** Fills pages with a level's cells; gives the level above it, of one page if this was the root. */
  #writeLevel(level: Level, root: number): Level {
    const { from, to, children } = level;
    const above = { from: [] as number[], to: [] as number[], children: [] as number[] };
    const goesUp = this.#isIndex || children !== undefined;
    for (let first = 0; ; ) {
      let end = this.#fill(level, first, root);
      const isLast = end === from.length;
      // a page behind the cell that goes up needs one of its own
      if (goesUp && end === from.length - 1) end--;
      const nr = isLast && first === 0 ? root : this.#pages.allocate();
      this.#writePage(level, first, end, nr);
      above.children.push(nr);
      if (isLast) return above;
      // rows have the numbers from 1 on
      const at = goesUp ? from[end]! : this.#reserve(9);
      if (!goesUp) this.#length = writeVarint(this.#bytes, at, end);
      above.from.push(at);
      above.to.push(goesUp ? to[end]! : at + varintLength(end));
      first = goesUp ? end + 1 : end;
    }
  }

  /** How far the cells from `first` on fit into a page. */
  #fill({ from, to, children }: Level, first: number, root: number): number {
    let used = startOf(root) + (children ? PAGE.byteSize : LEAF_HEADER);
    let end = first;
    for (; end < from.length; end++) {
      used += 2 + (children ? 4 : 0) + to[end]! - from[end]!;
      if (used > PAGE_SIZE) break;
    }
    if (root === 1 && end < from.length) throw new ImageError("INTERNAL", "a schema takes more than a page");
    return end;
  }

  #writePage({ from, to, children }: Level, first: number, end: number, nr: number): void {
    const page = this.#pages.page(nr);
    const header = startOf(nr);
    const leafType = this.#isIndex ? LEAF_INDEX : LEAF_TABLE;
    page[header + PAGE.type] = children ? (this.#isIndex ? INTERIOR_INDEX : INTERIOR_TABLE) : leafType;
    setU16(page, header + PAGE.cell_count, end - first);
    if (children) setU32(page, header + PAGE.right_child, children[end]!);
    let pointer = header + (children ? PAGE.byteSize : LEAF_HEADER);
    let top = PAGE_SIZE;
    for (let cell = first; cell < end; cell++) {
      top -= to[cell]! - from[cell]!;
      const cellFrom = from[cell]!;
      // nearly all cells have a few bytes, for which set() takes four times as long
      for (let at = cellFrom; at < to[cell]!; at++) page[top + at - cellFrom] = this.#bytes[at]!;
      if (children) {
        top -= 4;
        setU32(page, top, children[cell]!);
      }
      setU16(page, pointer, top);
      pointer += 2;
    }
    setU16(page, header + PAGE.content_start, top);
  }
}

/** Where the header of a page stands: of the first one behind the file's. */
function startOf(nr: number): number {
  return nr === 1 ? HEADER.byteSize : 0;
}

function setU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function setU32(bytes: Uint8Array, at: number, value: number): void {
  setU16(bytes, at, value >>> 16);
  setU16(bytes, at + 2, value);
}
