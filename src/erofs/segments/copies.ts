/**
 * The blocks of large files, which are copied when they have their places, by whatever thread has nothing better to do:
 * one that waits for others to take its segments, or for segments to be placed.
 */

import { roundUp } from "../../core/bytes.ts";
import { Column } from "../../core/column.ts";
import type { JobContext } from "../../core/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { ChunkMap } from "../disk/chunk.ts";
import { LineCounts, type SharedLine } from "./line.ts";

/** Bytes that are copied at once. */
const COPY = 512 * 1024;
/** Bytes of a piece: as much as may keep a thread from other work. */
const PIECE = 4 << 20;
const MOST_PIECES = 2 ** 24;

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

/** Pieces in shared memory. */
export interface SharedCopies {
  counts: Int32Array;
  /** FIELDS numbers of each piece. */
  pieces: SharedArrayBuffer;
  /** By piece: 1 when it has been copied. */
  done: SharedArrayBuffer;
}

/** Nothing to copy yet. */
export function shareCopies(): SharedCopies {
  return {
    counts: new Int32Array(new SharedArrayBuffer(12)),
    pieces: Column.create(Float64Array, FIELDS * MOST_PIECES).buffer,
    done: Column.create(Uint8Array, MOST_PIECES).buffer,
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

/** The pieces as one thread sees them. */
export class Copies {
  readonly #job: JobContext;
  readonly #counts: Int32Array;
  readonly #pieces: Column<Float64Array>;
  readonly #done: Column<Uint8Array>;
  readonly #lines: LineCounts[];
  readonly #filesOf: (line: number) => LineFiles;
  readonly #image: ImageFile;
  readonly #copied = new Uint8Array(COPY + 1);
  /** Pieces that have been added, shown or not; in the thread that places segments. */
  #next = 0;
  /** All pieces before this one have been copied. */
  #doneTo = 0;
  /** By number of a segment that has large files: the piece behind its last one; in the thread that places segments. */
  readonly #endOf = new Map<number, number>();

  constructor(
    job: JobContext,
    shared: SharedCopies,
    lines: readonly SharedLine[],
    { image, filesOf }: { image: ImageFile; filesOf(line: number): LineFiles },
  ) {
    this.#job = job;
    this.#counts = shared.counts;
    this.#pieces = new Column(Float64Array, shared.pieces);
    this.#done = new Column(Uint8Array, shared.done);
    this.#lines = lines.map(({ counts }) => new LineCounts(counts));
    this.#image = image;
    this.#filesOf = filesOf;
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

  /** Adds the pieces of a file, but does not show them yet; returns how many. @param map how it is cut, where it has holes */
  add({ line, entry, size, length, imageOff }: PlacedFile, map: ChunkMap | undefined, blockSize: number): number {
    const before = this.#next;
    if (!map) this.#addRange(line, entry, 0, length, imageOff);
    else {
      const chunk = blockSize * 2 ** map.bits;
      let at = imageOff;
      for (let range = 0; range < map.ranges.length; range += 2) {
        const from = map.ranges[range]! * chunk;
        const bytes = Math.min(map.ranges[range + 1]! * chunk, size - from);
        this.#addRange(line, entry, from, bytes, at);
        at += roundUp(bytes, blockSize);
      }
    }
    return this.#next - before;
  }

  #addRange(line: number, entry: number, from: number, length: number, imageOff: number): void {
    for (let done = 0; done < length; done += PIECE) {
      const at = FIELDS * this.#next++;
      const pieces = this.#pieces.ensure(at + FIELDS);
      pieces[at + LINE] = line;
      pieces[at + ENTRY] = entry;
      pieces[at + FROM] = from + done;
      pieces[at + LENGTH] = Math.min(PIECE, length - done);
      pieces[at + IMAGE_OFF] = imageOff + done;
    }
  }

  /** Shows what has been added, all of it of one segment. */
  show(segment: number): void {
    if (this.#next === this.#added) return;
    this.#endOf.set(segment, this.#next);
    this.#done.ensure(this.#next);
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
    const done = this.#done.ensure(end);
    while (this.#doneTo < end && Atomics.load(done, this.#doneTo) !== 0) this.#doneTo++;
    return this.#doneTo >= end;
  }

  /** Copies the next pieces, if there are any: of one file, and together no more than PIECE bytes. */
  async copyNext(): Promise<boolean> {
    const run = this.#claim();
    if (run === undefined) return false;
    const { from, to } = run;
    const line = this.#pieces.view[FIELDS * from + LINE]!;
    const files = this.#filesOf(line);
    for (let piece = from; piece < to; piece++) await this.#copy(files, piece);
    // it is stated again while its entry still stands for it
    files.contents.close();
    const done = this.#done.ensure(to);
    for (let piece = from; piece < to; piece++) Atomics.store(done, piece, 1);
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
    const pieces = this.#pieces.ensure(FIELDS * added);
    const first = FIELDS * from;
    let left = PIECE - pieces[first + LENGTH]!;
    let to = from + 1;
    for (let at = FIELDS * to; to < added; to++, at += FIELDS) {
      if (pieces[at + ENTRY] !== pieces[first + ENTRY] || pieces[at + LINE] !== pieces[first + LINE]) break;
      left -= pieces[at + LENGTH]!;
      if (left < 0) break;
    }
    return to;
  }

  async #copy({ tree, contents }: LineFiles, piece: number): Promise<void> {
    const numbers = this.#pieces.view;
    const at = FIELDS * piece;
    const entry = numbers[at + ENTRY]!;
    const from = numbers[at + FROM]!;
    const length = numbers[at + LENGTH]!;
    const imageOff = numbers[at + IMAGE_OFF]!;
    const size = tree.size.view[entry]!;
    for (let done = 0; done < length; ) {
      const count = Math.min(COPY, length - done);
      const offset = from + done;
      const reading = contents.read(entry, offset, count, this.#copied, 0, offset + count === size);
      if (reading !== undefined) await reading;
      this.#image.writeAt(this.#copied.subarray(0, count), imageOff + done);
      done += count;
      const pause = this.#job.breathe(count);
      if (pause !== undefined) await pause;
    }
  }
}
