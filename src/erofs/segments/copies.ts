/**
 * The blocks of large files, which are copied when they have their places, by whatever thread has nothing better to do:
 * one that waits for others to take its segments, or for segments to be placed.
 */

import { roundUp } from "../../core/bytes.ts";
import { sharedFloat64 } from "../../core/shared.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { ChunkMap } from "../disk/chunk.ts";
import { LineCounts, type SharedLine } from "./line.ts";

/** Bytes that are copied at once. */
const COPY = 512 * 1024;
/** Bytes of a piece: as much as may keep a thread from other work. */
const PIECE = 4 << 20;
/** Pieces that may wait to be copied: a file with holes has one for each range. */
const MOST_PIECES = 1 << 14;

/** Numbers of a piece: the line and the entry of its file, where it starts there, its bytes, where in the image they go. */
const LINE = 0;
const ENTRY = 1;
const FROM = 2;
const LENGTH = 3;
const IMAGE_OFF = 4;
const FIELDS = 5;

const ADDED = 0;
const CLAIMED = 1;
const OVER = 2;

/** A file that can be written and read at any offset. */
export interface ImageFile {
  writeAt(bytes: Uint8Array, offset: number): void;
  readAt(into: Uint8Array, offset: number): number;
}

/** Pieces in shared memory, in a ring: what is known of one is overwritten when all before it have been copied. */
export interface SharedCopies {
  counts: Int32Array;
  /** FIELDS numbers of each piece. */
  pieces: Float64Array;
  /** By piece: 1 when it has been copied. */
  done: Uint8Array;
}

/** Nothing to copy yet. */
export function shareCopies(): SharedCopies {
  return {
    counts: new Int32Array(new SharedArrayBuffer(12)),
    pieces: sharedFloat64(FIELDS * MOST_PIECES),
    done: new Uint8Array(new SharedArrayBuffer(MOST_PIECES)),
  };
}

/** A large file that has its place. */
export interface PlacedFile {
  line: number;
  entry: number;
  size: number;
  /** Bytes that lie in blocks, from the file's start, holes among them. */
  length: number;
  imageOff: number;
}

/** The files of a line, as a thread sees them: views cover what there is, and nothing is known of what was there before. */
export interface LineFiles {
  tree: Tree;
  contents: Contents;
}

/** What is copied, and where to. */
export interface CopyMatter {
  image: ImageFile;
  filesOf(line: number): LineFiles;
  /** Copies, or waits while others do, until something is so. */
  until(isSo: () => boolean): Promise<void>;
}

/** The pieces as one thread sees them. */
export class Copies {
  readonly #job: JobContext;
  readonly #counts: Int32Array;
  readonly #pieces: Float64Array;
  readonly #done: Uint8Array;
  readonly #lines: LineCounts[];
  readonly #matter: CopyMatter;
  readonly #copied = new Uint8Array(COPY + 1);
  /** Pieces that have been added, shown or not; in the thread that places segments. */
  #next = 0;
  /** All pieces before this one have been copied. */
  #doneTo = 0;
  /** By number of a segment that has large files: the piece behind its last one; in the thread that places segments. */
  readonly #endOf = new Map<number, number>();

  constructor(job: JobContext, shared: SharedCopies, lines: readonly SharedLine[], matter: CopyMatter) {
    this.#job = job;
    this.#counts = shared.counts;
    this.#pieces = shared.pieces;
    this.#done = shared.done;
    this.#lines = lines.map(({ counts }) => new LineCounts(counts));
    this.#matter = matter;
  }

  /** Whether no further piece will be added, and all have been taken. */
  get isOver(): boolean {
    return Atomics.load(this.#counts, OVER) !== 0 && Atomics.load(this.#counts, CLAIMED) === this.#added;
  }

  get #added(): number {
    return Atomics.load(this.#counts, ADDED);
  }

  /** No further piece will be added. */
  end(): void {
    Atomics.store(this.#counts, OVER, 1);
  }

  /**
   * Adds the pieces of a file; returns how many. They are shown with all others of the segment, or before where there is no
   * room for all: then some are copied meanwhile.
   *
   * @param map how it is cut, where it has holes
   */
  async add(file: PlacedFile, map: ChunkMap | undefined, blockSize: number): Promise<number> {
    const before = this.#next;
    for (const { from, length, imageOff } of rangesOf(file, map, blockSize)) {
      for (let done = 0; done < length; done += PIECE) {
        if (!this.#hasRoom()) await this.#makeRoom();
        this.#put(file, from + done, Math.min(PIECE, length - done), imageOff + done);
      }
    }
    return this.#next - before;
  }

  #put({ line, entry }: PlacedFile, from: number, length: number, imageOff: number): void {
    const slot = this.#next++ % MOST_PIECES;
    const pieces = this.#pieces;
    const at = FIELDS * slot;
    pieces[at + LINE] = line;
    pieces[at + ENTRY] = entry;
    pieces[at + FROM] = from;
    pieces[at + LENGTH] = length;
    pieces[at + IMAGE_OFF] = imageOff;
    Atomics.store(this.#done, slot, 0);
  }

  #hasRoom(): boolean {
    const least = this.#next + 1 - MOST_PIECES;
    return this.#doneTo >= least || this.#areDone(least);
  }

  #makeRoom(): Promise<void> {
    Atomics.store(this.#counts, ADDED, this.#next);
    return this.#matter.until(() => this.#hasRoom());
  }

  /** Shows what has been added, all of it of one segment. */
  show(segment: number): void {
    if (this.#next === this.#added) return;
    this.#endOf.set(segment, this.#next);
    Atomics.store(this.#counts, ADDED, this.#next);
  }

  /** Whether all large files of a segment have been copied. */
  isCopied(segment: number): boolean {
    const end = this.#endOf.get(segment);
    if (end === undefined) return true;
    if (this.#areDone(end)) this.#endOf.delete(segment);
    return !this.#endOf.has(segment);
  }

  /** Whether all that was added has been copied. */
  get areAllDone(): boolean {
    return this.#areDone(this.#added);
  }

  /** Whether all pieces before `end` have been copied. */
  #areDone(end: number): boolean {
    while (this.#doneTo < end && Atomics.load(this.#done, this.#doneTo % MOST_PIECES) !== 0) this.#doneTo++;
    return this.#doneTo >= end;
  }

  /** Copies the next pieces, if there are any: of one file, and together no more than PIECE bytes. */
  async copyNext(): Promise<boolean> {
    const run = this.#claim();
    if (run === undefined) return false;
    const { from, to } = run;
    const line = this.#field(from, LINE);
    const files = this.#matter.filesOf(line);
    for (let piece = from; piece < to; piece++) await this.#copy(files, piece);
    // it is stated again while its entry still stands for it
    files.contents.close();
    for (let piece = from; piece < to; piece++) Atomics.store(this.#done, piece % MOST_PIECES, 1);
    this.#lines[line]!.countCopies(from - to);
    return true;
  }

  #claim(): { from: number; to: number } | undefined {
    for (;;) {
      const from = Atomics.load(this.#counts, CLAIMED);
      const added = this.#added;
      if (from === added) return undefined;
      const to = this.#runEnd(from, added);
      if (Atomics.compareExchange(this.#counts, CLAIMED, from, to) === from) return { from, to };
    }
  }

  /**
   * Where the pieces end that are copied together with one: a file with many holes would be opened for each of them. The
   * number of an entry is not used for another one before all pieces of it have been copied.
   */
  #runEnd(from: number, added: number): number {
    let left = PIECE - this.#field(from, LENGTH);
    let to = from + 1;
    for (; to < added; to++) {
      if (this.#field(to, ENTRY) !== this.#field(from, ENTRY) || this.#field(to, LINE) !== this.#field(from, LINE))
        break;
      left -= this.#field(to, LENGTH);
      if (left < 0) break;
    }
    return to;
  }

  #field(piece: number, field: number): number {
    return this.#pieces[FIELDS * (piece % MOST_PIECES) + field]!;
  }

  async #copy({ tree, contents }: LineFiles, piece: number): Promise<void> {
    const entry = this.#field(piece, ENTRY);
    const from = this.#field(piece, FROM);
    const length = this.#field(piece, LENGTH);
    const imageOff = this.#field(piece, IMAGE_OFF);
    const size = tree.size.view[entry]!;
    for (let done = 0; done < length; ) {
      const count = Math.min(COPY, length - done);
      const offset = from + done;
      const reading = contents.read(entry, offset, count, this.#copied, 0, offset + count === size);
      if (reading !== undefined) await reading;
      this.#matter.image.writeAt(this.#copied.subarray(0, count), imageOff + done);
      done += count;
      const pause = this.#job.breathe(count);
      if (pause !== undefined) await pause;
    }
  }
}

/** What of a file is stored: bytes in a row, and where in the image they go. */
function* rangesOf(
  { size, length, imageOff }: PlacedFile,
  map: ChunkMap | undefined,
  blockSize: number,
): Generator<Pick<PlacedFile, "length" | "imageOff"> & { from: number }> {
  if (!map) {
    yield { from: 0, length, imageOff };
    return;
  }
  const chunk = blockSize * 2 ** map.bits;
  let at = imageOff;
  for (let range = 0; range < map.ranges.length; range += 2) {
    const from = map.ranges[range]! * chunk;
    const bytes = Math.min(map.ranges[range + 1]! * chunk, size - from);
    yield { from, length: bytes, imageOff: at };
    at += roundUp(bytes, blockSize);
  }
}
