/** The pages of a database that is being written. */
import { writeLatin1 } from "../../../core/bytes.ts";
import { HEADER, MAGIC, UTF8 } from "./format.ts";

/** Bytes of a page: SQLite's own default. All of it is in use. */
export const PAGE_SIZE = 4096;
/** What SQLite would have written the file: fixed, as bytes must not depend on what is installed. Debian 12's 3.40.1. */
const SQLITE_VERSION = 3_040_001;

/** Pages in a row, which grows. */
export class DatabasePages {
  #bytes = new Uint8Array(64 * PAGE_SIZE);
  #count: number;

  /** @param reserved pages that are there from the start: page 1, and roots of trees, which have their places before all else */
  constructor(reserved: number) {
    this.#count = reserved;
  }

  /** Adds a page of zeros; returns its number. */
  allocate(): number {
    if (++this.#count * PAGE_SIZE > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#bytes.length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return this.#count;
  }

  /** The bytes of a page: to be written before the next one is added. */
  page(nr: number): Uint8Array {
    return this.#bytes.subarray((nr - 1) * PAGE_SIZE, nr * PAGE_SIZE);
  }

  /** Writes the header; returns the file. */
  finish(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#count * PAGE_SIZE);
    const view = new DataView(bytes.buffer);
    writeLatin1(MAGIC, bytes, HEADER.magic);
    view.setUint16(HEADER.page_size, PAGE_SIZE);
    // 1: a rollback journal. 2 would be a write-ahead log, whose files a reader has to be able to make
    view.setUint8(HEADER.write_version, 1);
    view.setUint8(HEADER.read_version, 1);
    view.setUint8(HEADER.max_payload_fraction, 64);
    view.setUint8(HEADER.min_payload_fraction, 32);
    view.setUint8(HEADER.leaf_payload_fraction, 32);
    // the number of pages is taken for true only where these two are equal
    view.setUint32(HEADER.change_counter, 1);
    view.setUint32(HEADER.version_valid_for, 1);
    view.setUint32(HEADER.page_count, this.#count);
    view.setUint32(HEADER.schema_cookie, 1);
    view.setUint32(HEADER.schema_format, 4);
    view.setUint32(HEADER.text_encoding, UTF8);
    view.setUint32(HEADER.sqlite_version, SQLITE_VERSION);
    return bytes;
  }
}
