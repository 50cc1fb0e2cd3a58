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
  /** Offset in the archive, by entry. */
  offsets: SharedArrayBuffer;
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

/** Reads contents in archives. */
export class ArchiveContents implements Contents {
  bytesRead = 0;
  readonly #tree: Tree;
  readonly #places: readonly ArchivePlace[];
  readonly #placeOf: Uint32Array;
  readonly #offsets: Float64Array;
  #open: { place: number; file: ArchiveFile } | undefined;

  constructor(tree: Tree, { places, placeOf, offsets }: ArchiveRanges) {
    this.#tree = tree;
    this.#places = places;
    this.#placeOf = new Column(Uint32Array, placeOf).view;
    this.#offsets = new Column(Float64Array, offsets).view;
  }

  read(entry: number, offset: number, length: number, into: Uint8Array, at: number): void {
    const place = this.#placeOf[entry]!;
    if (this.#open?.place !== place) {
      this.close();
      this.#open = { place, file: new ArchiveFile(this.#places[place]!) };
    }
    const got = this.#open.file.readAt(into.subarray(at, at + length), this.#offsets[entry]! + offset);
    this.bytesRead += got;
    if (got === length) return;
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
