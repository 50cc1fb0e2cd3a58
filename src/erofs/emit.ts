/**
 * Emission: plan and contents become bytes at their offsets. Work is cut as the plan cut it, into windows (inodes, the
 * inline tails and the bodies of their small files) and pieces of large files; which thread emits which never shows.
 *
 * A small file is read once, into the data window; its tail is copied from there to its inode. Windows gather what is
 * contiguous, so that many small files leave in one write.
 */
import { roundUp, showBytes } from "../core/bytes.ts";
import type { JobContext } from "../core/control.ts";
import { ImageError } from "../core/error.ts";
import type { Sink } from "../core/sink.ts";
import type { Contents } from "../stage/contents.ts";
import { NONE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../stage/tree.ts";
import { chunkFormat, chunkUnit, emitChunks } from "./chunk.ts";
import { emitDirectory, measureDirectory } from "./dirent.ts";
import { FORMAT_EXTENDED, FORMAT_LAYOUT_SHIFT, LAYOUT_CHUNK, LAYOUT_INLINE, SLOT } from "./disk.ts";
import { emitInode } from "./inode.ts";
import { bodyBytes } from "./measure.ts";
import { WINDOW_FIELDS } from "./pack.ts";
import { type ErofsPlan, isCut, PIECE_FIELDS } from "./plan.ts";
import { emitSuperblock, sealSuperblock } from "./superblock.ts";
import { countXattrs } from "./xattr.ts";

/** Bytes gathered before they are written. */
const DATA_WINDOW = 1 << 20;
/** Largest single read of a large file. */
const READ_BYTES = 512 * 1024;

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
  for (let job = context.control.claim(); job < windows + pieces; job = context.control.claim()) {
    if (job < windows) await emitter.emitWindow(job, true);
    else await emitter.emitPiece(job - windows);
    if (job === 0) await emitter.emitSharedXattrs();
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

class Emitter {
  readonly #context: JobContext;
  readonly #plan: ErofsPlan;
  readonly #tree: Tree;
  readonly #contents: Contents;
  readonly #sink: Sink;
  readonly #data: DataWindow;
  #meta = new Uint8Array(0);
  #metaView = new DataView(this.#meta.buffer);
  /** Image offset of the current window's metadata. */
  #metaOff = 0;

  constructor(context: JobContext, plan: ErofsPlan, tree: Tree, contents: Contents, sink: Sink) {
    this.#context = context;
    this.#plan = plan;
    this.#tree = tree;
    this.#contents = contents;
    this.#sink = sink;
    this.#data = new DataWindow(sink, plan.blockSize);
  }

  /** Emits one window of metadata, inline tails among it, and on request the whole blocks of its small files. */
  async emitWindow(window: number, withBodies: boolean): Promise<void> {
    const at = window * WINDOW_FIELDS;
    const first = this.#plan.windows[at]!;
    const end = this.#plan.windows[at + 1]!;
    this.#openMeta(this.#plan.windows[at + 2]!, this.#plan.windows[at + 3]!);
    for (let index = first; index < end; index++) {
      const entry = this.#plan.packed[index]!;
      const tailAt = this.#emitInode(entry, index + 1);
      if (this.#tree.kind(entry) === S_IFREG) {
        const reading = this.#emitContents(entry, tailAt, withBodies);
        if (reading !== undefined) await reading;
      }
      if ((index & 63) === 63) await this.#breathe();
    }
    await this.#closeMeta(window === 0);
    await this.#breathe();
  }

  /** Emits the whole blocks of all files, in order. */
  async emitBodies(): Promise<void> {
    let piece = 0;
    for (const entry of this.#plan.order) {
      if (this.#tree.kind(entry) !== S_IFREG) continue;
      const reading = this.#emitContents(entry, undefined, true);
      if (reading !== undefined) await reading;
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
      const room = this.#data.reserve(imageOff + done, count);
      const into = room instanceof Promise ? await room : room;
      const isEnd = from + done + count === size;
      const reading = this.#contents.read(entry, from + done, count, this.#data.buffer, into, isEnd);
      if (reading !== undefined) await reading;
      this.#data.commit(count);
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
    await this.#sink.writeAt(blocks, this.#plan.superblock.xattrBlk * this.#plan.blockSize);
  }

  /** Writes what is still gathered, and lets go of the last file. */
  async finish(): Promise<void> {
    await this.#data.flush();
    this.#contents.close();
  }

  #openMeta(startBlk: number, endBlk: number): void {
    const length = (endBlk - startBlk) * this.#plan.blockSize;
    if (this.#meta.length === length) this.#meta.fill(0);
    else {
      this.#meta = new Uint8Array(length);
      this.#metaView = new DataView(this.#meta.buffer);
    }
    this.#metaOff = startBlk * this.#plan.blockSize;
  }

  async #closeMeta(isFirst: boolean): Promise<void> {
    if (isFirst) {
      emitSuperblock(this.#meta, this.#plan.superblock);
      if (this.#plan.superblock.hasChecksum) sealSuperblock(this.#meta, this.#plan.blockSize);
    }
    await this.#sink.writeAt(this.#meta, this.#metaOff);
  }

  /** Writes an inode with all that the tree knows of it; returns where an inline tail of contents goes. */
  #emitInode(entry: number, serial: number): number {
    const tree = this.#tree;
    const plan = this.#plan;
    const format = plan.formats[entry]!;
    const layout = format >> FORMAT_LAYOUT_SHIFT;
    const kind = tree.kind(entry);
    const listing = kind === S_IFDIR ? this.#listing(entry) : kind === S_IFLNK ? tree.target(entry) : undefined;
    const body = plan.xattrs.bodies[tree.xattrs.view[entry]!];
    const size = listing?.length ?? (kind === S_IFREG ? tree.size.view[entry]! : 0);
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
    if (listing) this.#placeListing(entry, listing, layout, at);
    else if (layout === LAYOUT_CHUNK) this.#emitChunks(entry, size, at);
    return at;
  }

  #unionOf(entry: number, kind: number, layout: number): number {
    const { chunkMaps, chunkBits, chunkIndexes, startBlk } = this.#plan;
    if (kind === S_IFCHR || kind === S_IFBLK) return this.#tree.ref.view[entry]!;
    if (layout === LAYOUT_CHUNK) return chunkFormat(chunkMaps.get(entry)?.bits ?? chunkBits, chunkIndexes);
    // FIFOs and sockets have the device number 0:0
    return kind === S_IFREG || kind === S_IFDIR || kind === S_IFLNK ? startBlk[entry]! : 0;
  }

  #listing(directory: number): Uint8Array {
    const { blockSize, nids } = this.#plan;
    const listing = new Uint8Array(measureDirectory(this.#tree, directory, blockSize));
    const view = new DataView(listing.buffer);
    const end = emitDirectory(listing, view, 0, this.#tree, directory, nids, blockSize);
    if (end !== listing.length) throw this.#broken(directory, "directory", end, listing.length);
    return listing;
  }

  /** Whole blocks go where the plan has put them, the rest behind the inode. */
  #placeListing(entry: number, listing: Uint8Array, layout: number, tailAt: number): void {
    const { blockSize, startBlk } = this.#plan;
    const tail = layout === LAYOUT_INLINE ? listing.length % blockSize : 0;
    const whole = listing.length - tail;
    if (whole > 0) this.#meta.set(listing.subarray(0, whole), startBlk[entry]! * blockSize - this.#metaOff);
    this.#meta.set(listing.subarray(whole), tailAt);
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

  /** A file's own blocks if they are not pieces, and, where `tailAt` is given, its inline tail. */
  #emitContents(entry: number, tailAt: number | undefined, withBodies: boolean): Promise<void> | undefined {
    const { blockSize, formats, sharesWith, startBlk } = this.#plan;
    const size = this.#tree.size.view[entry]!;
    const body = bodyBytes(size, formats[entry]!, blockSize);
    const isOwn = (sharesWith?.[entry] ?? NONE) === NONE;
    const emitsBody = withBodies && isOwn && body > 0 && !isCut(this.#plan, entry, body);
    const tail = tailAt === undefined ? 0 : size - body;
    // an empty file is opened too: it must be empty still
    if (!emitsBody && tail === 0 && !(size === 0 && tailAt !== undefined)) return undefined;
    const from = emitsBody ? 0 : body;
    const length = (emitsBody ? body : 0) + tail;
    const imageOff = emitsBody ? startBlk[entry]! * blockSize : undefined;
    const room = this.#data.reserve(imageOff, length);
    const read = (into: number) =>
      this.#contents.read(entry, from, length, this.#data.buffer, into, from + length === size);
    const done = (into: number) => {
      if (tail > 0) this.#meta.set(this.#data.buffer.subarray(into + length - tail, into + length), tailAt!);
      if (emitsBody) this.#data.commit(body);
      this.#context.control.advance(this.#context.thread, length);
    };
    if (room instanceof Promise) {
      return room.then(async (into) => {
        await read(into);
        done(into);
      });
    }
    const reading = read(room);
    if (reading !== undefined) return reading.then(() => done(room));
    done(room);
    return undefined;
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

/** Gathers contiguous data until a window is full, and writes it at once. */
class DataWindow {
  readonly #sink: Sink;
  readonly #blockSize: number;
  /** Room for what is gathered, the padding of a last block, and the byte that a read to the end may scribble on. */
  readonly buffer: Uint8Array;
  /** Image offset of the buffer's first byte. */
  #imageOff = 0;
  #used = 0;

  constructor(sink: Sink, blockSize: number) {
    this.#sink = sink;
    this.#blockSize = blockSize;
    this.buffer = new Uint8Array(DATA_WINDOW + blockSize + 1);
  }

  /**
   * The place in `buffer` for `length` bytes that go to `imageOff`, or, where that is undefined, to nowhere: they may
   * be looked at until the next call.
   */
  reserve(imageOff: number | undefined, length: number): number | Promise<number> {
    const follows = imageOff === undefined || imageOff === this.#imageOff + this.#used;
    if (follows && this.#used + length <= DATA_WINDOW) return this.#used;
    const flushing = this.flush();
    if (imageOff !== undefined) this.#imageOff = imageOff;
    return flushing === undefined ? 0 : flushing.then(() => 0);
  }

  /** Keeps `length` bytes of what was reserved, padded to whole blocks. */
  commit(length: number): void {
    const end = this.#used + roundUp(length, this.#blockSize);
    this.buffer.fill(0, this.#used + length, end);
    this.#used = end;
  }

  /** Writes what has been gathered. */
  flush(): Promise<void> | undefined {
    if (this.#used === 0) return undefined;
    const writing = this.#sink.writeAt(this.buffer.subarray(0, this.#used), this.#imageOff);
    this.#imageOff += this.#used;
    this.#used = 0;
    return writing ?? undefined;
  }
}
