/** A database that is read: its header is checked, and pages come from the log where it has newer ones. */
import type { SyncSource } from "../../../core/byte-source.ts";
import { latin1FromBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { HEADER, MAGIC, UTF8 } from "./format.ts";
import type { WalPages } from "./wal.ts";

/** Bytes of pages that are kept. */
const CACHE_BYTES = 1 << 24;

/** Pages by number. */
export class SqliteDatabase {
  readonly #name: string;
  readonly #file: SyncSource;
  readonly #wal: (WalPages & { file: SyncSource }) | undefined;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #pageSize: number;
  readonly #pageCount: number;
  /** Bytes of a page that trees use. */
  readonly usable: number;

  /**
   * @param name what messages call it
   * @param wal its log, if that says anything
   * @throws ImageError `INPUT` for what is no database
   */
  constructor(name: string, file: SyncSource, wal: (WalPages & { file: SyncSource }) | undefined) {
    this.#name = name;
    this.#file = file;
    this.#wal = wal;
    const header = new Uint8Array(HEADER.byteSize);
    const first = wal?.places.get(1);
    const got = first === undefined ? file.readAt(header, 0) : wal!.file.readAt(header, first);
    if (got < header.length || latin1FromBytes(header, 0, MAGIC.length) !== MAGIC)
      throw new ImageError("INPUT", `${name}: is no SQLite database`, { path: name });
    const view = new DataView(header.buffer);
    const size = view.getUint16(HEADER.page_size);
    this.#pageSize = size === 1 ? 65536 : size;
    this.usable = this.#pageSize - view.getUint8(HEADER.reserved_bytes);
    if (this.#pageSize < 512 || (this.#pageSize & (this.#pageSize - 1)) !== 0 || this.usable < 480)
      throw this.damaged(1, `pages of ${this.#pageSize} bytes`);
    if (wal && wal.pageSize !== this.#pageSize) throw this.damaged(1, `its log has pages of ${wal.pageSize} bytes`);
    if (view.getUint8(HEADER.read_version) > 2) throw this.#refuse("is of a version of SQLite to come");
    if (view.getUint32(HEADER.text_encoding) !== UTF8) throw this.#refuse("its text is not in UTF-8");
    this.#pageCount = wal?.pageCount ?? this.#countPages(view);
  }

  /** Bytes of all pages, as far as they are there. */
  get size(): number {
    const inLog = (this.#wal?.places.size ?? 0) * this.#pageSize;
    return Math.min(this.#pageCount * this.#pageSize, this.#file.size + inLog);
  }

  /** The bytes of a page; not to be changed. */
  page(nr: number): Uint8Array {
    const known = this.#pages.get(nr);
    if (known) return known;
    if (nr < 1 || nr > this.#pageCount) throw this.damaged(nr, `is not there, of ${this.#pageCount}`);
    const page = new Uint8Array(this.#pageSize);
    const place = this.#wal?.places.get(nr);
    const got =
      place === undefined ? this.#file.readAt(page, (nr - 1) * this.#pageSize) : this.#wal!.file.readAt(page, place);
    if (got < page.length) throw this.damaged(nr, "is cut off");
    if (this.#pages.size * this.#pageSize >= CACHE_BYTES) this.#pages.clear();
    this.#pages.set(nr, page);
    return page;
  }

  /** What is said of a page that does not hold together. */
  damaged(nr: number, why: string): ImageError {
    return this.#refuse(`the database is damaged: page ${nr}: ${why}`);
  }

  #refuse(why: string): ImageError {
    return new ImageError("INPUT", `${this.#name}: ${why}`, { path: this.#name });
  }

  /** As SQLite does: what the header says counts where the last one that wrote the file knew of it. */
  #countPages(view: DataView): number {
    const inFile = Math.floor(this.#file.size / this.#pageSize);
    const said = view.getUint32(HEADER.page_count);
    const isKnown = view.getUint32(HEADER.change_counter) === view.getUint32(HEADER.version_valid_for);
    if (!isKnown || said === 0) return inFile;
    if (said > inFile) throw this.damaged(said, `is not there: the file is cut off behind ${inFile}`);
    return said;
  }
}
