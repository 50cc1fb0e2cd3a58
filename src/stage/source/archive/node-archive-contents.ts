/** Contents of files that lie in archives, at offsets that are known. */
import { showBytes } from "../../../core/bytes.ts";
import { Column } from "../../../core/column.ts";
import { ImageError } from "../../../core/error.ts";
import type { Contents } from "../../tree/contents.ts";
import type { Tree } from "../../tree/tree.ts";
import { ArchiveFile, type ArchivePlace } from "./node-archive-file.ts";

/** Where contents lie, by entry: plain data, most of it in shared memory. */
export interface ArchiveRanges {
  places: readonly ArchivePlace[];
  /** Number of the place, by entry. */
  placeOf: SharedArrayBuffer;
  /** Offset in the archive, by entry; -1 - k where `rows` has, from k on, what is stored of a file with holes. */
  offsets: SharedArrayBuffer;
  /** Numbers: of a file how many follow, the offset in the archive, and of each row of data its offset in the file and its bytes. */
  rows?: SharedArrayBuffer | undefined;
}

const MAX_ENTRIES = 2 ** 26;

/** Columns of {@link ArchiveRanges}, to be filled by all threads. */
export function createRanges(): Pick<ArchiveRanges, "placeOf" | "offsets"> {
  return {
    placeOf: Column.create(Uint32Array, MAX_ENTRIES).buffer,
    offsets: Column.create(Float64Array, MAX_ENTRIES).buffer,
  };
}

/** Notes where the contents of entries lie. */
export class RangeNotes {
  readonly #placeOf: Column<Uint32Array>;
  readonly #offsets: Column<Float64Array>;

  constructor({ placeOf, offsets }: Pick<ArchiveRanges, "placeOf" | "offsets">) {
    this.#placeOf = new Column(Uint32Array, placeOf);
    this.#offsets = new Column(Float64Array, offsets);
  }

  note(entry: number, place: number, offset: number): void {
    this.#placeOf.ensure(entry + 1)[entry] = place;
    this.#offsets.ensure(entry + 1)[entry] = offset;
  }
}

/** Where the contents of an entry begin: in which of the places, and at which offset there; negative: it has holes. */
export function archiveOffsets({ placeOf, offsets }: ArchiveRanges): (entry: number) => {
  place: number;
  offset: number;
} {
  const [places, starts] = [new Column(Uint32Array, placeOf).view, new Column(Float64Array, offsets).view];
  return (entry) => ({ place: places[entry]!, offset: starts[entry]! });
}

/** Reads contents in archives. */
export class ArchiveContents implements Contents {
  bytesRead = 0;
  readonly #tree: Tree;
  readonly #places: readonly ArchivePlace[];
  readonly #placeOf: Uint32Array;
  readonly #offsets: Float64Array;
  readonly #rows: Float64Array;
  #open: { place: number; file: ArchiveFile } | undefined;

  constructor(tree: Tree, { places, placeOf, offsets, rows }: ArchiveRanges) {
    this.#tree = tree;
    this.#places = places;
    this.#placeOf = new Column(Uint32Array, placeOf).view;
    this.#offsets = new Column(Float64Array, offsets).view;
    this.#rows = rows ? new Column(Float64Array, rows).view : new Float64Array(0);
  }

  read(entry: number, offset: number, length: number, into: Uint8Array, at: number): void {
    const place = this.#placeOf[entry]!;
    if (this.#open?.place !== place) {
      this.close();
      this.#open = { place, file: new ArchiveFile(this.#places[place]!) };
    }
    const start = this.#offsets[entry]!;
    if (start < 0) {
      this.#readRows(entry, -1 - start, offset, into.subarray(at, at + length));
      return;
    }
    this.#fill(entry, this.#open.file, into.subarray(at, at + length), start + offset);
  }

  /** Fills `into` with what lies in rows and with zeros. */
  #readRows(entry: number, from: number, offset: number, into: Uint8Array): void {
    const rows = this.#rows;
    const end = from + 2 + rows[from]!;
    let stored = rows[from + 1]!;
    into.fill(0);
    for (let row = from + 2; row < end && rows[row]! < offset + into.length; row += 2) {
      const rowStart = rows[row]!;
      const rowLength = rows[row + 1]!;
      const first = Math.max(rowStart, offset);
      const last = Math.min(rowStart + rowLength, offset + into.length);
      if (first < last)
        this.#fill(entry, this.#open!.file, into.subarray(first - offset, last - offset), stored + first - rowStart);
      stored += rowLength;
    }
  }

  #fill(entry: number, file: ArchiveFile, into: Uint8Array, offset: number): void {
    const got = file.readAt(into, offset);
    this.bytesRead += got;
    if (got === into.length) return;
    const path = showBytes(this.#tree.path(entry));
    throw new ImageError("CHANGED", `${path}: shrank while it was packed`, { path });
  }

  close(): void {
    try {
      this.#open?.file.check();
    } finally {
      this.release();
    }
  }

  release(): void {
    this.#open?.file.release();
    this.#open = undefined;
  }
}
