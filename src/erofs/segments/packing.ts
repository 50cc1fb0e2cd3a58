/**
 * How threads make an image of segments together. All of them read files and make segments of them, each piece of the work
 * in one thread; what is made stands in line for the main thread, which alone places segments, in the order of the pieces,
 * and writes them. Whoever has nothing else to do copies large files.
 *
 *     helper   piece 1 → | segment | … | line 1 ─┐
 *     main     piece 0 → | segment | … | line 0 ─┴→ place, write      large files: any thread
 *
 * So the code of each half is run, and compiled, mostly by one thread, no thread waits for another's turn, and the image is
 * written by one thread at a time but for large files: Linux has others wait that write to one file.
 */

import { loadXxHash } from "../../core/hash/xxhash.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { XattrBodies } from "../disk/xattr.ts";
import type { ErofsSettings } from "../options.ts";
import type { ImageTime } from "../plan/time.ts";
import { Copies, type ImageFile, type LineFiles, type SharedCopies, shareCopies } from "./copies.ts";
import { LineEnd, LineStart, type SharedLine, shareLine } from "./line.ts";
import { FileSharing } from "./place/file-sharing.ts";
import { placedOf } from "./place/placed.ts";
import { type LineMatter, PlacedLine } from "./place/placed-line.ts";
import { SegmentPlacer } from "./place/placer.ts";
import { SegmentRow, type SharedRow } from "./place/row.ts";
import type { Segment } from "./segment.ts";
import { Signal } from "./signal.ts";

/** Most threads that are of use: one writes all segments. */
const MOST_THREADS = 8;

/** What all segments of an image have in common; plain data, most of it in shared memory. */
export interface SegmentCommons {
  settings: ErofsSettings;
  time: ImageTime;
  /** See XattrPlan. */
  xattrs: XattrBodies;
  row: SharedRow;
}

/** How long the main thread waits for others' segments before it makes some itself, unless that takes them long anyway. */
const IDLE_MS = 8;

/** Where threads meet; in shared memory. */
export interface SharedPacking {
  /** By thread. */
  lines: SharedLine[];
  /** Counts helpers that make segments. */
  makers: Int32Array;
  copies: SharedCopies;
  signal: Int32Array;
}

/** What so many threads, or fewer, need to pack so many pieces together. */
export function sharePacking(threads: number, pieces: number, blockSize: number): SharedPacking {
  const lines = Math.max(1, Math.min(threads, pieces, MOST_THREADS));
  return {
    lines: Array.from({ length: lines }, () => shareLine(blockSize)),
    makers: new Int32Array(new SharedArrayBuffer(4)),
    copies: shareCopies(),
    signal: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** What is packed, as a thread sees it. */
export interface PackedMatter {
  image: ImageFile;
  /** Equal files are looked for. */
  dedupes: boolean;
  /** Number of pieces. */
  pieces: number;
  /** To make segments takes much longer than to place them. Default: false. */
  isSlow?: boolean;
  /** What the segments of a line are of; in the main thread. */
  matterOf(line: number): LineMatter;
  /** The files of a line; asked for whenever some of one are copied. */
  filesOf(line: number): LineFiles;
  /** All of a piece has its place; in the main thread. */
  placed(piece: number, line: PlacedLine): void;
}

/** Makes the segments of one piece after another, and puts them in line. */
export interface PieceMaker {
  make(piece: number): Promise<void>;
  /** There are no further pieces. */
  finish(): void;
}

/** One thread's part. */
export class SegmentPacking {
  /** Where this thread's segments go. */
  readonly line: LineStart;
  readonly #job: JobContext;
  readonly #matter: PackedMatter;
  readonly #makers: Int32Array;
  readonly #signal: Signal;
  readonly #copies: Copies;
  /** In the main thread. */
  #placing: Placing | undefined;

  private constructor(job: JobContext, shared: SharedPacking, matter: PackedMatter, blockSize: number) {
    this.#job = job;
    this.#matter = matter;
    this.line = new LineStart(shared.lines[job.thread]!, blockSize);
    this.#makers = shared.makers;
    this.#signal = new Signal(shared.signal);
    const until = (isSo: () => boolean) => this.#untilCopied(isSo);
    const { image, filesOf } = matter;
    this.#copies = new Copies(job, shared.copies, shared.lines, { image, filesOf, until });
  }

  /** Undefined in a thread that is one too many. */
  static async create(
    job: JobContext,
    shared: SharedPacking,
    commons: SegmentCommons,
    matter: PackedMatter,
  ): Promise<SegmentPacking | undefined> {
    if (job.thread >= shared.lines.length) return undefined;
    const packing = new SegmentPacking(job, shared, matter, commons.settings.blockSize);
    if (job.thread === 0) packing.#placing = await packing.#createPlacing(shared, commons);
    return packing;
  }

  async #createPlacing({ lines }: SharedPacking, commons: SegmentCommons): Promise<Placing> {
    const { settings } = commons;
    const { image, dedupes, matterOf, placed } = this.#matter;
    const xxhash = await loadXxHash();
    const before = placedOf(commons.row);
    const known = dedupes ? before.known : undefined;
    const written = {
      readAt: (into: Uint8Array, offset: number) => image.readAt(into, offset),
      finish: (segment: number) => this.#untilCopied(() => this.#copies.isCopied(segment)),
    };
    const files = known && new FileSharing(this.#job, known, written, xxhash, settings.blockSize);
    const placer = new SegmentPlacer(this.#job, {
      settings,
      sharing: known && files && { known, files },
      row: new SegmentRow(commons.row),
      late: before.late,
      image,
      copies: this.#copies,
      xxhash,
    });
    const lineOf = (index: number) => new PlacedLine(index, matterOf(index), commons);
    return new Placing(lines, placer, lineOf, placed);
  }

  /** To be called when a segment has been put in line; what it returns is awaited until there is room for another. */
  readonly afterPut = (): Promise<void> | undefined => {
    this.#signal.raise();
    return this.#placing || !this.line.hasRoom ? this.until(() => this.line.hasRoom) : undefined;
  };

  /** Does what there is to do until something is so. */
  async until(isSo: () => boolean): Promise<void> {
    for (;;) {
      const state = this.#signal.state;
      if (await this.#place()) continue;
      if (isSo()) return;
      if (!(await this.#copy())) this.#signal.wait(state);
      await this.#job.breathe();
    }
  }

  /** Makes pieces, in whatever thread; ends when all of them are in the image. */
  async run(maker: PieceMaker): Promise<void> {
    const { pieces } = this.#matter;
    const placing = this.#placing;
    if (!placing) Atomics.add(this.#makers, 0, 1);
    for (const piece of this.#job.pieces(pieces)) {
      await maker.make(piece);
      if (placing) await this.#placeWhileOthersMake(placing);
    }
    maker.finish();
    if (placing) {
      await this.until(() => placing.piece === pieces);
      this.#copies.end();
      this.#signal.raise();
    }
    await this.until(() => this.#copies.isOver);
    if (placing) await this.until(() => this.#copies.areAllDone);
  }

  /**
   * In the main thread, once others make segments: places them, until there is nothing to be done for so long that making
   * some too is of more use. That is when files come slowly; otherwise it would have the code for it compiled once more.
   */
  async #placeWhileOthersMake(placing: Placing): Promise<void> {
    const { isSlow = false } = this.#matter;
    let isIdle = false;
    while (!isIdle && placing.piece < this.#matter.pieces) {
      const state = this.#signal.state;
      if ((await this.#place()) || (await this.#copy())) continue;
      if (Atomics.load(this.#makers, 0) === 0) return;
      isIdle = !this.#signal.wait(state, isSlow ? 0 : IDLE_MS);
      await this.#job.breathe();
    }
  }

  async #place(): Promise<boolean> {
    const placing = this.#placing?.next();
    if (placing === undefined) return false;
    await placing;
    this.#signal.raise();
    return true;
  }

  async #copy(): Promise<boolean> {
    if (!(await this.#copies.copyNext())) return false;
    this.#signal.raise();
    return true;
  }

  /** Copies large files, or waits while others do, until something is so. */
  async #untilCopied(isSo: () => boolean): Promise<void> {
    // there may be some that were not there before
    this.#signal.raise();
    for (;;) {
      const state = this.#signal.state;
      if (isSo()) return;
      if (!(await this.#copy())) this.#signal.wait(state);
      await this.#job.breathe();
    }
  }
}

/** Takes segments out of all lines in the order of their pieces, for the main thread. */
class Placing {
  readonly #ends: LineEnd[];
  readonly #placer: SegmentPlacer;
  readonly #lineOf: (index: number) => PlacedLine;
  readonly #placed: (piece: number, line: PlacedLine) => void;
  readonly #lines: PlacedLine[] = [];
  /** The piece whose segments come next: all before have been placed. */
  piece = 0;

  constructor(
    lines: readonly SharedLine[],
    placer: SegmentPlacer,
    lineOf: (index: number) => PlacedLine,
    placed: (piece: number, line: PlacedLine) => void,
  ) {
    this.#ends = lines.map((line) => new LineEnd(line));
    this.#placer = placer;
    this.#lineOf = lineOf;
    this.#placed = placed;
  }

  /** Places the next segment; undefined where it is not there yet. */
  next(): Promise<void> | undefined {
    for (let index = 0; index < this.#ends.length; index++) {
      const segment = this.#ends[index]!.first;
      if (segment !== undefined && segment.piece === this.piece) return this.#place(segment, index);
    }
    return undefined;
  }

  async #place(segment: Segment, index: number): Promise<void> {
    this.#lines[index] ??= this.#lineOf(index);
    const line = this.#lines[index];
    const placing = this.#placer.place(segment, line);
    const copies = typeof placing === "number" ? placing : await placing;
    const { piece, isLast } = segment;
    if (isLast) {
      this.#placed(piece, line);
      this.piece++;
    }
    this.#ends[index]!.release(copies);
  }
}
