/**
 * Emission: plan and contents become bytes at their offsets. Work is cut as the plan cut it, into windows (inodes, the
 * inline tails and the bodies of their small files) and pieces of large files; which thread emits which never shows.
 *
 * A small file is read once, into the data window; its tail is copied from there to its inode. Many small files leave
 * in one write (see window.ts).
 */
import { roundUp, showBytes } from "../core/bytes.ts";
import type { JobContext } from "../core/control.ts";
import { ImageError } from "../core/error.ts";
import type { Sink } from "../core/sink.ts";
import type { Contents } from "../stage/contents.ts";
import { NONE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../stage/tree.ts";
import { chunkFormat, chunkUnit, emitChunks } from "./chunk.ts";
import { DirectoryBlocks, measureDirectory } from "./dirent.ts";
import { FORMAT_EXTENDED, FORMAT_LAYOUT_SHIFT, LAYOUT_CHUNK, NULL_BLOCK, SLOT } from "./disk.ts";
import { emitInode, measureInode } from "./inode.ts";
import { bodyBytes } from "./measure.ts";
import { WINDOW_FIELDS } from "./pack.ts";
import { type ErofsPlan, isCut, PIECE_FIELDS } from "./plan.ts";
import { emitSuperblock, sealSuperblock } from "./superblock.ts";
import { DataWindow } from "./window.ts";
import { countXattrs } from "./xattr.ts";

/** Largest single read of a large file. */
const READ_BYTES = 512 * 1024;
/** Whole blocks of directories are written so many bytes at a time; a multiple of every block size. */
const RUN_BYTES = 256 * 1024;

/** Emits windows and pieces until none is left, in whatever order threads take them; needs a sink with random access. */
export async function emitParallel(
  context: JobContext,
  plan: ErofsPlan,
  tree: Tree,
  contents: Contents,
  sink: Sink,
): Promise<void> {
  const emitter = new Emitter(context, plan, tree, contents, sink);
  const windows = plan.windows.length / WINDOW_FIELDS;
  const pieces = plan.pieces.length / PIECE_FIELDS;
  const emitWindows = async () => {
    for (let window = context.control.claim(0); window < windows; window = context.control.claim(0)) {
      await emitter.emitWindow(window, true);
      if (window === 0) await emitter.emitSharedXattrs();
    }
  };
  const emitPieces = async () => {
    for (let piece = context.control.claim(1); piece < pieces; piece = context.control.claim(1)) {
      await emitter.emitPiece(piece);
    }
  };
  // windows keep a thread busy between its writes, pieces are nearly all writing: threads start at different ends
  if (context.thread % 2 === 0) {
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
  context: JobContext,
  plan: ErofsPlan,
  tree: Tree,
  contents: Contents,
  sink: Sink,
): Promise<void> {
  const emitter = new Emitter(context, plan, tree, contents, sink);
  const windows = plan.windows.length / WINDOW_FIELDS;
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
  readonly #context: JobContext;
  readonly #plan: ErofsPlan;
  readonly #tree: Tree;
  readonly #contents: Contents;
  readonly #data: DataWindow;
  #meta = new Uint8Array(0);
  /** Covers the same bytes, and maybe more. */
  #metaView = new DataView(this.#meta.buffer);
  /** Image offset of the current window's metadata. */
  #metaOff = 0;

  constructor(context: JobContext, plan: ErofsPlan, tree: Tree, contents: Contents, sink: Sink) {
    this.#context = context;
    this.#plan = plan;
    this.#tree = tree;
    this.#contents = contents;
    this.#data = new DataWindow(sink, context.control, plan.blockSize);
  }

  /**
   * Emits one window of metadata, inline tails among it, and on request the whole blocks of the small files that the
   * window brought in. Those that are placed in it too, nearly all, are read once for both.
   */
  async emitWindow(window: number, withBodies: boolean): Promise<void> {
    const { order, packed, windows } = this.#plan;
    const record = windows.subarray(window * WINDOW_FIELDS, (window + 1) * WINDOW_FIELDS);
    const [firstPlaced, endPlaced, startBlk, endBlk, first, end] = record as unknown as WindowRecord;
    const runs = this.#findRuns(firstPlaced, endPlaced);
    this.#openMeta(startBlk, runs.length > 0 ? this.#plan.startBlk[runs[0]!]! : endBlk);
    for (let place = firstPlaced; place < endPlaced; place++) this.#emitInode(order[packed[place]!]!, place + 1);
    for (let place = firstPlaced; place < endPlaced; place++) {
      // an inode that has waited brings its tail only: its blocks went with the window it came from
      if (withBodies && packed[place]! >= first) continue;
      const emitting = this.#emitFile(order[packed[place]!]!, true, false);
      if (emitting !== undefined) await emitting;
      if ((place & 63) === 63) await this.#breathe();
    }
    for (let index = first; withBodies && index < end; index++) {
      const emitting = this.#emitFile(order[index]!, this.#isPlacedHere(order[index]!), true);
      if (emitting !== undefined) await emitting;
      if ((index & 63) === 63) await this.#breathe();
    }
    await this.#closeMeta(window === 0);
    await this.#emitRuns(runs, endBlk);
    await this.#breathe();
  }

  /** Emits the whole blocks of all files, in order. */
  async emitBodies(): Promise<void> {
    let piece = 0;
    for (const entry of this.#plan.order) {
      const emitting = this.#emitFile(entry, false, true);
      if (emitting !== undefined) await emitting;
      while (this.#plan.pieces[piece * PIECE_FIELDS] === entry) await this.emitPiece(piece++);
      await this.#breathe();
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
      this.#context.control.advance(this.#context.thread, count);
      done += count;
      await this.#breathe();
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

  #openMeta(startBlk: number, endBlk: number): void {
    const length = (endBlk - startBlk) * this.#plan.blockSize;
    // one buffer for all windows: others would stay in memory until the collector sees them
    if (this.#metaView.byteLength < length) this.#metaView = new DataView(new ArrayBuffer(length));
    this.#meta = new Uint8Array(this.#metaView.buffer, 0, length).fill(0);
    this.#metaOff = startBlk * this.#plan.blockSize;
  }

  async #closeMeta(isFirst: boolean): Promise<void> {
    if (isFirst) {
      emitSuperblock(this.#meta, this.#plan.superblock);
      if (this.#plan.superblock.hasChecksum) sealSuperblock(this.#meta, this.#plan.blockSize);
    }
    await this.#data.writeAt(this.#meta, this.#metaOff);
  }

  /** Directories and links of a window that have whole blocks behind its inodes, in the order of these. */
  #findRuns(firstPlaced: number, endPlaced: number): number[] {
    const { order, packed, startBlk } = this.#plan;
    const runs: number[] = [];
    for (let place = firstPlaced; place < endPlaced; place++) {
      const entry = order[packed[place]!]!;
      if (startBlk[entry] !== NULL_BLOCK && this.#tree.kind(entry) !== S_IFREG) runs.push(entry);
    }
    return runs.sort((a, b) => startBlk[a]! - startBlk[b]!);
  }

  /** Writes whole blocks of directories and links, a piece at a time: those of a store may be larger than all inodes. */
  async #emitRuns(runs: readonly number[], endBlk: number): Promise<void> {
    if (runs.length === 0) return;
    const { blockSize, nids, startBlk } = this.#plan;
    const bytes = new Uint8Array(RUN_BYTES);
    const view = new DataView(bytes.buffer);
    let imageOff = startBlk[runs[0]!]! * blockSize;
    let used = 0;
    for (const [index, entry] of runs.entries()) {
      const end = startBlk[runs[index + 1] ?? -1] ?? endBlk;
      const isLink = this.#tree.kind(entry) === S_IFLNK;
      const blocks = isLink ? undefined : new DirectoryBlocks(this.#tree, entry, nids, blockSize);
      for (let blk = startBlk[entry]!; blk < end; blk++) {
        if (used === RUN_BYTES) {
          await this.#data.writeAt(bytes, imageOff);
          await this.#breathe();
          bytes.fill(0);
          imageOff += used;
          used = 0;
        }
        const at = (blk - startBlk[entry]!) * blockSize;
        if (!blocks) bytes.set(this.#tree.target(entry).subarray(at, at + blockSize), used);
        else if (blocks.emit(bytes, view, used) === 0) throw this.#broken(entry, "directory", blk, end);
        used += blockSize;
      }
    }
    await this.#data.writeAt(bytes.subarray(0, used), imageOff);
  }

  #isPlacedHere(entry: number): boolean {
    const at = this.#plan.nids[entry]! * SLOT - this.#metaOff;
    return at >= 0 && at < this.#meta.length;
  }

  /** Where an inode's inline tail goes in the window. */
  #tailAt(entry: number): number {
    const { formats, nids, xattrs } = this.#plan;
    const inode = measureInode((formats[entry]! & FORMAT_EXTENDED) !== 0);
    const body = xattrs.bodies[this.#tree.xattrs.view[entry]!];
    return nids[entry]! * SLOT - this.#metaOff + inode + (body?.length ?? 0);
  }

  /** Writes an inode with all that the tree knows of it: everything but contents. */
  #emitInode(entry: number, serial: number): void {
    const tree = this.#tree;
    const plan = this.#plan;
    const format = plan.formats[entry]!;
    const layout = format >> FORMAT_LAYOUT_SHIFT;
    const kind = tree.kind(entry);
    const body = plan.xattrs.bodies[tree.xattrs.view[entry]!];
    const isDirectory = kind === S_IFDIR;
    const size = isDirectory ? measureDirectory(tree, entry, plan.blockSize) : tree.size.view[entry]!;
    const head = plan.nids[entry]! * SLOT - this.#metaOff;
    let at = emitInode(
      this.#metaView,
      head,
      (format & FORMAT_EXTENDED) !== 0,
      layout,
      countXattrs(body),
      tree.mode.view[entry]!,
      plan.nlink[entry]!,
      size,
      this.#unionOf(entry, kind, layout),
      serial,
      tree.uid.view[entry]!,
      tree.gid.view[entry]!,
      tree.mtime.view[entry]!,
      tree.mtimeNsec.view[entry]!,
    );
    if (body) {
      this.#meta.set(body, at);
      at += body.length;
    }
    if (at !== this.#tailAt(entry)) throw this.#broken(entry, "inode", at, this.#tailAt(entry));
    if (isDirectory) this.#emitListing(entry, size, at);
    else if (kind === S_IFLNK) this.#emitTarget(entry, size, at);
    else if (layout === LAYOUT_CHUNK) this.#emitChunks(entry, size, at);
  }

  #unionOf(entry: number, kind: number, layout: number): number {
    const { chunkMaps, chunkBits, chunkIndexes, startBlk } = this.#plan;
    if (kind === S_IFCHR || kind === S_IFBLK) return this.#tree.ref.view[entry]!;
    if (layout === LAYOUT_CHUNK) return chunkFormat(chunkMaps.get(entry)?.bits ?? chunkBits, chunkIndexes);
    // FIFOs and sockets have the device number 0:0
    return kind === S_IFREG || kind === S_IFDIR || kind === S_IFLNK ? startBlk[entry]! : 0;
  }

  /** Writes what is inline of a directory; whole blocks follow the window's inodes, see {@link #emitRuns}. */
  #emitListing(directory: number, size: number, at: number): void {
    const { blockSize, formats, nids } = this.#plan;
    const whole = bodyBytes(size, formats[directory]!, blockSize);
    const blocks = new DirectoryBlocks(this.#tree, directory, nids, blockSize);
    for (let done = 0; done < whole; done += blockSize) blocks.skip();
    const end = whole + (whole < size ? blocks.emit(this.#meta, this.#metaView, at) : 0);
    if (end !== size) throw this.#broken(directory, "directory", end, size);
  }

  #emitTarget(link: number, size: number, at: number): void {
    const whole = bodyBytes(size, this.#plan.formats[link]!, this.#plan.blockSize);
    if (whole < size) this.#meta.set(this.#tree.target(link).subarray(whole), at);
  }

  #emitChunks(entry: number, size: number, at: number): void {
    const { blockSize, chunkBits, chunkIndexes, chunkMaps, startBlk } = this.#plan;
    const blocks = Math.ceil(size / blockSize);
    const map = chunkMaps.get(entry);
    const bits = map?.bits ?? chunkBits;
    const runs = map?.runs ?? [0, Math.ceil(blocks / 2 ** bits)];
    const array = roundUp(at, chunkUnit(chunkIndexes));
    emitChunks(this.#metaView, array, runs, blocks, bits, startBlk[entry]!, chunkIndexes);
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
    if (tail > 0) this.#meta.set(this.#data.buffer.subarray(into + body, into + length), this.#tailAt(entry));
    if (body > 0) this.#data.commit(startBlk[entry]! * blockSize, body);
    this.#context.control.advance(this.#context.thread, length);
  }

  async #breathe(): Promise<void> {
    this.#context.control.check();
    const paused = this.#context.pause();
    if (paused !== undefined) await paused;
  }

  #broken(entry: number, what: string, end: number, planned: number): ImageError {
    const path = showBytes(this.#tree.path(entry));
    return new ImageError("INTERNAL", `${path}: ${what} ends at ${end}, planned ${planned}`, { path });
  }
}
