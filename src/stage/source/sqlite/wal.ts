/**
 * A database's write-ahead log: pages that are newer than those of the database itself, until they are copied there.
 *
 *   | header | frame | frame | …        frame: | number of the page, pages in all (of a commit), salts, checksums | page |
 *
 * What is behind the last commit, or behind a frame whose salts or checksums are wrong, is none of it: rests of a
 * transaction that did not end, and of an earlier log in the same file.
 */
import type { SyncSource } from "../../../core/byte-source.ts";
import { struct, u32 } from "../../../core/struct.ts";

/** What the file begins with. */
const WAL_HEADER = struct("WAL header", 32, {
  magic: u32,
  format: u32,
  page_size: u32,
  checkpoint: u32,

  salt1: u32,
  salt2: u32,
  checksum1: u32,
  checksum2: u32,
});
const FRAME = struct("WAL frame header", 24, {
  page: u32,
  page_count: u32,
  salt1: u32,
  salt2: u32,

  checksum1: u32,
  checksum2: u32,
});

/** Of logs whose checksums are those of little-endian words; of big-endian ones it is 1 more. */
const MAGIC = 0x377f0682;
const FORMAT = 3_007_000;

/** What a log says. */
export interface WalPages {
  pageSize: number;
  /** Pages of the database. */
  pageCount: number;
  /** Where in the log the newest version of a page begins, by its number. */
  places: ReadonlyMap<number, number>;
}

/** Reads a log up to its last commit; undefined where nothing has been committed to it. */
export function readWal(file: SyncSource): WalPages | undefined {
  const header = new Uint8Array(WAL_HEADER.byteSize);
  if (file.readAt(header, 0) < header.length) return undefined;
  const start = new DataView(header.buffer);
  const magic = start.getUint32(WAL_HEADER.magic);
  const pageSize = start.getUint32(WAL_HEADER.page_size);
  const isPower = pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0;
  if (magic >>> 1 !== MAGIC >>> 1 || start.getUint32(WAL_HEADER.format) !== FORMAT || !isPower) return undefined;
  const sums = new Checksums(magic === MAGIC);
  sums.add(start, 0, WAL_HEADER.checksum1);
  if (!sums.are(start, WAL_HEADER.checksum1)) return undefined;

  const frame = new Uint8Array(FRAME.byteSize + pageSize);
  const view = new DataView(frame.buffer);
  const places = new Map<number, number>();
  let pageCount = 0;
  let pending: [number, number][] = [];
  for (let at = header.length; file.readAt(frame, at) === frame.length; at += frame.length) {
    const page = view.getUint32(FRAME.page);
    if (page === 0 || [0, 4].some((i) => view.getUint32(FRAME.salt1 + i) !== start.getUint32(WAL_HEADER.salt1 + i)))
      break;
    sums.add(view, 0, FRAME.salt1);
    sums.add(view, FRAME.byteSize, frame.length);
    if (!sums.are(view, FRAME.checksum1)) break;
    pending.push([page, at + FRAME.byteSize]);
    const committed = view.getUint32(FRAME.page_count);
    if (committed === 0) continue;
    pageCount = committed;
    for (const [nr, place] of pending) places.set(nr, place);
    pending = [];
  }
  return pageCount > 0 ? { pageSize, pageCount, places } : undefined;
}

/** Sums that go on from frame to frame. */
class Checksums {
  readonly #isLittle: boolean;
  #first = 0;
  #second = 0;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  add(view: DataView, from: number, to: number): void {
    let [first, second] = [this.#first, this.#second];
    for (let at = from; at < to; at += 8) {
      first = (first + view.getUint32(at, this.#isLittle) + second) >>> 0;
      second = (second + view.getUint32(at + 4, this.#isLittle) + first) >>> 0;
    }
    [this.#first, this.#second] = [first, second];
  }

  are(view: DataView, at: number): boolean {
    return view.getUint32(at) === this.#first && view.getUint32(at + 4) === this.#second;
  }
}
