/**
 * One window of metadata: inodes with what lies behind them, directory blocks and long links, as the plan has placed
 * them. What comes from files' contents is for the caller to fill in.
 */
import { roundUp, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../stage/tree.ts";
import { chunkFormat, chunkUnit, emitChunks } from "./chunk.ts";
import { emitDirectory, measureDirectory } from "./dirent.ts";
import { FORMAT_EXTENDED, FORMAT_LAYOUT_SHIFT, isCompressed, LAYOUT_CHUNK, LAYOUT_INLINE, SLOT } from "./disk.ts";
import { emitInode, measureInode } from "./inode.ts";
import type { ErofsPlan } from "./plan.ts";
import { countXattrs } from "./xattr.ts";

/** The bytes of a window, one after another. */
export class MetaWindow {
  readonly #plan: ErofsPlan;
  readonly #tree: Tree;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** Image offset of the window. */
  #imageOff = 0;

  constructor(plan: ErofsPlan, tree: Tree) {
    this.#plan = plan;
    this.#tree = tree;
  }

  /** The window's bytes. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Image offset of the window. */
  get imageOff(): number {
    return this.#imageOff;
  }

  /** Starts a window of zeros. */
  open(startBlk: number, endBlk: number): void {
    const length = (endBlk - startBlk) * this.#plan.blockSize;
    if (this.#bytes.length === length) this.#bytes.fill(0);
    else {
      this.#bytes = new Uint8Array(length);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#imageOff = startBlk * this.#plan.blockSize;
  }

  /** Whether an inode lies in this window. */
  holds(entry: number): boolean {
    const at = this.#inodeAt(entry);
    return at >= 0 && at < this.#bytes.length;
  }

  #inodeAt(entry: number): number {
    return this.#plan.nids[entry]! * SLOT + this.#plan.nidBlk * this.#plan.blockSize - this.#imageOff;
  }

  /** Where the inode and its attributes end in the window: what the file's layout needs follows. */
  headEnd(entry: number): number {
    const { formats, xattrs } = this.#plan;
    const inode = measureInode((formats[entry]! & FORMAT_EXTENDED) !== 0);
    const body = xattrs.bodies[this.#tree.xattrs.view[entry]!];
    return this.#inodeAt(entry) + inode + (body?.length ?? 0);
  }

  /** Writes an inode with all that the tree knows of it: everything but contents. */
  emitInode(entry: number, serial: number): void {
    const tree = this.#tree;
    const plan = this.#plan;
    const format = plan.formats[entry]!;
    const layout = format >> FORMAT_LAYOUT_SHIFT;
    const kind = tree.kind(entry);
    const body = plan.xattrs.bodies[tree.xattrs.view[entry]!];
    const isDirectory = kind === S_IFDIR;
    const size = isDirectory ? measureDirectory(tree, entry, plan.blockSize) : tree.size.view[entry]!;
    const head = this.#inodeAt(entry);
    let at = emitInode(
      this.#view,
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
      this.#bytes.set(body, at);
      at += body.length;
    }
    if (at !== this.headEnd(entry)) throw this.#broken(entry, "inode", at, this.headEnd(entry));
    // what is compressed is for the caller
    if (isCompressed(format)) return;
    if (isDirectory) this.#emitListing(entry, size, layout, at);
    else if (kind === S_IFLNK) this.#emitTarget(entry, layout, at);
    else if (layout === LAYOUT_CHUNK) this.#emitChunks(entry, size, at);
  }

  #unionOf(entry: number, kind: number, layout: number): number {
    const { chunkMaps, chunkBits, chunkIndexes, formats, startBlk, stored } = this.#plan;
    if (isCompressed(formats[entry]!)) return stored!.blocks[entry]!;
    if (kind === S_IFCHR || kind === S_IFBLK) return this.#tree.ref.view[entry]!;
    if (layout === LAYOUT_CHUNK) return chunkFormat(chunkMaps.get(entry)?.bits ?? chunkBits, chunkIndexes);
    // FIFOs and sockets have the device number 0:0
    return kind === S_IFREG || kind === S_IFDIR || kind === S_IFLNK ? startBlk[entry]! : 0;
  }

  /** Whole blocks of a directory or a long link go where the plan has put them, the rest behind the inode. */
  #runAt(entry: number): number {
    return this.#plan.startBlk[entry]! * this.#plan.blockSize - this.#imageOff;
  }

  #emitListing(directory: number, size: number, layout: number, at: number): void {
    const { blockSize, nids } = this.#plan;
    const tailAt = layout === LAYOUT_INLINE ? at : undefined;
    const runAt = this.#runAt(directory);
    const end = emitDirectory(this.#bytes, this.#view, runAt, tailAt, this.#tree, directory, nids, blockSize);
    if (end !== size) throw this.#broken(directory, "directory", end, size);
  }

  #emitTarget(link: number, layout: number, at: number): void {
    const target = this.#tree.target(link);
    const tail = layout === LAYOUT_INLINE ? target.length % this.#plan.blockSize : 0;
    const whole = target.length - tail;
    if (whole > 0) this.#bytes.set(target.subarray(0, whole), this.#runAt(link));
    if (tail > 0) this.#bytes.set(target.subarray(whole), at);
  }

  #emitChunks(entry: number, size: number, at: number): void {
    const { blockSize, chunkBits, chunkIndexes, chunkMaps, startBlk } = this.#plan;
    const blocks = Math.ceil(size / blockSize);
    const map = chunkMaps.get(entry);
    const bits = map?.bits ?? chunkBits;
    const runs = map?.runs ?? [0, Math.ceil(blocks / 2 ** bits)];
    const array = roundUp(at, chunkUnit(chunkIndexes));
    emitChunks(this.#view, array, runs, blocks, bits, startBlk[entry]!, chunkIndexes);
  }

  #broken(entry: number, what: string, end: number, planned: number): ImageError {
    const path = showBytes(this.#tree.path(entry));
    return new ImageError("INTERNAL", `${path}: ${what} ends at ${end}, planned ${planned}`, { path });
  }
}
