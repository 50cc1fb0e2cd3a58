/**
 * Emission: plan and contents become bytes at their offsets. Work is cut as the plan cut it, into windows (inodes, the
 * inline tails and the bodies of their small files) and pieces of large files; which thread emits which never shows.
 *
 * A small file is read once, into the data window; its tail is copied from there to its inode. Many small files leave
 * in one write (see window.ts).
 */
import { roundUp } from "../../core/bytes.ts";
import type { Sink } from "../../core/sink.ts";
import type { JobContext } from "../../core/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import { NONE, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import { emitSuperblock, sealSuperblock } from "../disk/superblock.ts";
import { countWindows, WINDOW_FIELDS } from "../plan/inode-windows.ts";
import { bodyBytes } from "../plan/measure.ts";
import { type ErofsPlan, isCut, PIECE_FIELDS } from "../plan/plan.ts";
import { MetaWindow } from "./meta-window.ts";
import { DataWindow } from "./write-buffer.ts";

/** Largest single read of a large file. */
const READ_BYTES = 512 * 1024;

/** How many windows and pieces {@link emitParallel} has. */
export function countEmitPieces(plan: ErofsPlan): number {
  return countWindows(plan) + plan.pieces.length / PIECE_FIELDS;
}

/** Emits windows and pieces until none is left, in whatever order threads take them; needs a sink with random access. */
export async function emitParallel(
  job: JobContext,
  plan: ErofsPlan,
  tree: Tree,
  contents: Contents,
  sink: Sink,
): Promise<void> {
  const emitter = new Emitter(job, plan, tree, contents, sink);
  const pieces = plan.pieces.length / PIECE_FIELDS;
  const emitWindows = async () => {
    for (const window of job.pieces(countWindows(plan), 0)) {
      await emitter.emitWindow(window, true);
      if (window === 0) await emitter.emitSharedXattrs();
    }
  };
  const emitPieces = async () => {
    for (const piece of job.pieces(pieces, 1)) await emitter.emitPiece(piece);
  };
  // windows keep a thread busy between its writes, pieces are nearly all writing: threads start at different ends
  if (job.thread % 2 === 0) {
    await emitWindows();
    await emitPieces();
  } else {
    await emitPieces();
    await emitWindows();
  }
  await emitter.finish();
}

/** Emits the image front to back, by one thread; for pipes and streams. */
export async function emitSequential(
  job: JobContext,
  plan: ErofsPlan,
  tree: Tree,
  contents: Contents,
  sink: Sink,
): Promise<void> {
  const emitter = new Emitter(job, plan, tree, contents, sink);
  const windows = countWindows(plan);
  for (let window = 0; window < windows; window++) await emitter.emitWindow(window, false);
  await emitter.emitSharedXattrs();
  await emitter.emitBodies();
  await emitter.finish();
}

/** One record of {@link ErofsPlan.windows}. */
type WindowRecord = [
  firstPlaced: number,
  endPlaced: number,
  startBlk: number,
  endBlk: number,
  first: number,
  end: number,
];

class Emitter {
  readonly #job: JobContext;
  readonly #plan: ErofsPlan;
  readonly #tree: Tree;
  readonly #contents: Contents;
  readonly #data: DataWindow;
  readonly #meta: MetaWindow;

  constructor(job: JobContext, plan: ErofsPlan, tree: Tree, contents: Contents, sink: Sink) {
    this.#job = job;
    this.#plan = plan;
    this.#tree = tree;
    this.#contents = contents;
    this.#meta = new MetaWindow(plan, tree);
    this.#data = new DataWindow(sink, job.control, plan.blockSize);
  }

  /**
   * Emits one window of metadata, inline tails among it, and on request the whole blocks of the small files that the
   * window brought in. Those that are placed in it too, nearly all, are read once for both.
   */
  async emitWindow(window: number, withBodies: boolean): Promise<void> {
    const { order, packed, windows } = this.#plan;
    const record = windows.subarray(window * WINDOW_FIELDS, (window + 1) * WINDOW_FIELDS);
    const [firstPlaced, endPlaced, startBlk, endBlk, first, end] = record as unknown as WindowRecord;
    this.#meta.open(firstPlaced, endPlaced, startBlk, endBlk);
    for (let place = firstPlaced; place < endPlaced; place++) this.#meta.emitInode(order[packed[place]!]!, place + 1);
    for (let place = firstPlaced; place < endPlaced; place++) {
      // an inode that has waited brings its tail only: its blocks went with the window it came from
      if (withBodies && packed[place]! >= first) continue;
      const emitting = this.#emitFile(order[packed[place]!]!, true, false);
      if (emitting !== undefined) await emitting;
      if ((place & 63) === 63) await this.#job.breathe();
    }
    for (let index = first; withBodies && index < end; index++) {
      const emitting = this.#emitFile(order[index]!, this.#meta.holds(order[index]!), true);
      if (emitting !== undefined) await emitting;
      if ((index & 63) === 63) await this.#job.breathe();
    }
    await this.#closeMeta(window === 0);
    await this.#meta.emitRuns(async (bytes, imageOff) => {
      await this.#data.writeAt(bytes, imageOff);
      await this.#job.breathe();
    });
    await this.#job.breathe();
  }

  /** Emits the whole blocks of all files, in order. */
  async emitBodies(): Promise<void> {
    let piece = 0;
    for (const entry of this.#plan.owners) {
      const emitting = this.#emitFile(entry, false, true);
      if (emitting !== undefined) await emitting;
      while (this.#plan.pieces[piece * PIECE_FIELDS] === entry) await this.emitPiece(piece++);
      await this.#job.breathe();
    }
  }

  /** Emits one piece of a large file. */
  async emitPiece(piece: number): Promise<void> {
    const at = piece * PIECE_FIELDS;
    const entry = this.#plan.pieces[at]!;
    const from = this.#plan.pieces[at + 1]!;
    const length = this.#plan.pieces[at + 2]!;
    const imageOff = this.#plan.pieces[at + 3]!;
    const size = this.#tree.size.view[entry]!;
    for (let done = 0; done < length; ) {
      const count = Math.min(READ_BYTES, length - done);
      const room = this.#data.reserve(count);
      const into = room instanceof Promise ? await room : room;
      const isEnd = from + done + count === size;
      const reading = this.#contents.read(entry, from + done, count, this.#data.buffer, into, isEnd);
      if (reading !== undefined) await reading;
      this.#data.commit(imageOff + done, count);
      done += count;
      await this.#job.breathe(count);
    }
  }

  /** Emits the shared attributes, behind the metadata windows. */
  async emitSharedXattrs(): Promise<void> {
    const { shared } = this.#plan.xattrs;
    if (shared.length === 0) return;
    const blocks = new Uint8Array(roundUp(shared.length, this.#plan.blockSize));
    blocks.set(shared);
    await this.#data.writeAt(blocks, this.#plan.superblock.xattrBlk * this.#plan.blockSize);
  }

  /** Writes what is still gathered, and lets go of the last file. */
  async finish(): Promise<void> {
    await this.#data.finish();
    this.#contents.close();
  }

  async #closeMeta(isFirst: boolean): Promise<void> {
    const { bytes, imageOff } = this.#meta;
    if (isFirst) {
      emitSuperblock(bytes, this.#plan.superblock);
      if (this.#plan.superblock.hasChecksum) sealSuperblock(bytes, this.#plan.blockSize);
    }
    await this.#data.writeAt(bytes, imageOff);
  }

  /**
   * Emits of a regular file its inline tail, and whole blocks that are its own and no pieces. Undefined where nothing
   * needs to be awaited: most files are read at once.
   */
  #emitFile(entry: number, withTail: boolean, withBody: boolean): Promise<void> | undefined {
    if (this.#tree.kind(entry) !== S_IFREG) return undefined;
    const { blockSize, formats, sharesWith } = this.#plan;
    const size = this.#tree.size.view[entry]!;
    const whole = bodyBytes(size, formats[entry]!, blockSize);
    const isOwn = (sharesWith?.[entry] ?? NONE) === NONE;
    const body = withBody && isOwn && !isCut(this.#plan, entry, whole) ? whole : 0;
    const tail = withTail ? size - whole : 0;
    // an empty file is opened too: it must be empty still
    if (body + tail === 0 && !(withTail && size === 0)) return undefined;
    const from = body > 0 ? 0 : whole;
    const room = this.#data.reserve(body + tail);
    if (room instanceof Promise) return room.then((into) => this.#readFile(entry, from, body, tail, into));
    return this.#readFile(entry, from, body, tail, room);
  }

  #readFile(entry: number, from: number, body: number, tail: number, into: number): Promise<void> | undefined {
    const length = body + tail;
    const isEnd = from + length === this.#tree.size.view[entry]!;
    const reading = this.#contents.read(entry, from, length, this.#data.buffer, into, isEnd);
    if (reading !== undefined) return reading.then(() => this.#keepFile(entry, body, tail, into));
    this.#keepFile(entry, body, tail, into);
    return undefined;
  }

  #keepFile(entry: number, body: number, tail: number, into: number): void {
    const { blockSize, startBlk } = this.#plan;
    const length = body + tail;
    if (tail > 0)
      this.#meta.bytes.set(this.#data.buffer.subarray(into + body, into + length), this.#meta.headEnd(entry));
    if (body > 0) this.#data.commit(startBlk[entry]! * blockSize, body);
    this.#job.advance(length);
  }
}
