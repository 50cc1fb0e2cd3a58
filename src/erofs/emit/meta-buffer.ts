/**
 * A stretch of metadata: inodes with what lies behind them, directory blocks and long links, as the plan has placed
 * them. What comes from files' contents is for the caller to fill in.
 */
import { roundUp, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { StructView } from "../../core/struct.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import { chunkFormat, chunkUnit, countChunks, emitChunks } from "../disk/chunk.ts";
import { DirectoryBlocks, measureDirectory } from "../disk/dirent.ts";
import { digestOf } from "../disk/fingerprint.ts";
import { FORMAT_EXTENDED, FORMAT_LAYOUT_SHIFT, isCompressed, LAYOUT_CHUNK, SLOT } from "../disk/format.ts";
import { blankInode, emitInode } from "../disk/inode.ts";
import { countXattrs, type XattrBodies } from "../disk/xattr.ts";
import { bodyBytes } from "../plan/measure.ts";
import type { InodePlan } from "../plan/plan.ts";
import type { SharedStored } from "../plan/stored.ts";

/** Whole blocks of directories are written so many bytes at a time; a multiple of every block size. */
const BODY_BYTES = 256 * 1024;

/** What is known of inodes that have their places, by entry. */
export interface InodePlaces
  extends Pick<
    InodePlan,
    "blockSize" | "nidBlk" | "startBlk" | "nlink" | "formats" | "chunkMaps" | "chunkBits" | "chunkIndexes" | "omitsDot"
  > {
  stored: SharedStored | undefined;
  nids: Uint32Array | Float64Array;
  /** See InodePlan. Default: 0. */
  device?: number;
  xattrs: XattrBodies;
  /** They lie in the metabox: places count from its start, whole blocks of directories are in the image. Default: false. */
  inBox?: boolean;
  /** Where parents of directories may have no places yet. */
  parents?: {
    /** What ".." of a directory names; 0 where it is not known yet. */
    nid(directory: number): number;
    /** Takes the image offset of the entry. */
    note(directory: number, direntOff: number): void;
  };
}

/** Holds one such stretch after another. */
export class MetaBuffer {
  readonly #plan: InodePlaces;
  readonly #tree: Tree;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Covers the same bytes, and maybe more. */
  #view = new StructView(this.#bytes.buffer);
  #withBodies: number[] = [];
  /** Where the whole blocks behind the stretch end. */
  #endBlk = 0;
  /** Image offset of the stretch. */
  #imageOff = 0;
  /** What the inode that is being written says. */
  readonly #inode = blankInode();

  constructor(plan: InodePlaces, tree: Tree) {
    this.#plan = plan;
    this.#tree = tree;
  }

  /** The bytes of the stretch, without the whole blocks behind it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get view(): StructView {
    return this.#view;
  }

  /** Image offset of the stretch. */
  get imageOff(): number {
    return this.#imageOff;
  }

  /**
   * Starts a stretch, all zeros.
   *
   * @param withBodies directories and links that have whole blocks behind its inodes, in the order of these
   */
  open(startBlk: number, endBlk: number, withBodies: number[]): void {
    const { blockSize, inBox = false } = this.#plan;
    this.#withBodies = withBodies;
    this.#endBlk = inBox ? this.#bodiesEnd(withBodies) : endBlk;
    const firstBody = inBox ? undefined : withBodies[0];
    const length = ((firstBody === undefined ? endBlk : this.#plan.startBlk[firstBody]!) - startBlk) * blockSize;
    // one buffer for all of them: others would stay in memory until the collector sees them
    if (this.#view.byteLength < length) this.#view = new StructView(new ArrayBuffer(length));
    this.#bytes = new Uint8Array(this.#view.buffer, 0, length).fill(0);
    this.#imageOff = startBlk * blockSize;
  }

  /** The block behind the last of the bodies, which lie one behind the other. */
  #bodiesEnd(withBodies: readonly number[]): number {
    const last = withBodies.at(-1);
    if (last === undefined) return 0;
    const { blockSize, formats, omitsDot, startBlk } = this.#plan;
    const isLink = this.#tree.kind(last) === S_IFLNK;
    const size = isLink ? this.#tree.size.view[last]! : measureDirectory(this.#tree, last, blockSize, !omitsDot);
    return startBlk[last]! + Math.ceil(bodyBytes(size, formats[last]!, blockSize) / blockSize);
  }

  /**
   * Writes whole blocks of directories and links, which follow the stretch, some at a time: those of a store may
   * be larger than all inodes.
   */
  async emitBodies(write: (bytes: Uint8Array, imageOff: number) => void | Promise<void>): Promise<void> {
    const withBodies = this.#withBodies;
    if (withBodies.length === 0) return;
    const { blockSize, startBlk } = this.#plan;
    const bytes = new Uint8Array(BODY_BYTES);
    const view = new StructView(bytes.buffer);
    let imageOff = startBlk[withBodies[0]!]! * blockSize;
    let used = 0;
    for (const [index, entry] of withBodies.entries()) {
      const end = startBlk[withBodies[index + 1] ?? -1] ?? this.#endBlk;
      const isLink = this.#tree.kind(entry) === S_IFLNK;
      const blocks = isLink ? undefined : this.#openDirectory(entry);
      for (let blk = startBlk[entry]!; blk < end; blk++) {
        if (used === BODY_BYTES) {
          await write(bytes, imageOff);
          bytes.fill(0);
          imageOff += used;
          used = 0;
        }
        const at = (blk - startBlk[entry]!) * blockSize;
        if (!blocks) bytes.set(this.#tree.target(entry).subarray(at, at + blockSize), used);
        else {
          if (blocks.emit(bytes, view, used) === 0) throw this.#broken(entry, "directory", blk, end);
          if (blocks.parentAt >= 0) this.#plan.parents?.note(entry, imageOff + blocks.parentAt);
        }
        used += blockSize;
      }
    }
    await write(bytes.subarray(0, used), imageOff);
  }

  /** Whether an inode lies in this stretch. */
  holds(entry: number): boolean {
    const at = this.#inodeAt(entry);
    return at >= 0 && at < this.#bytes.length;
  }

  #inodeAt(entry: number): number {
    return this.#plan.nids[entry]! * SLOT + this.#plan.nidBlk * this.#plan.blockSize - this.#imageOff;
  }

  /**
   * Writes an inode with all that the tree knows of it: everything but contents. Returns where the inode and its attributes
   * end in the stretch: what the file's layout needs follows.
   */
  emitInode(entry: number, serial: number): number {
    const tree = this.#tree;
    const plan = this.#plan;
    const format = plan.formats[entry]!;
    const layout = format >> FORMAT_LAYOUT_SHIFT;
    const kind = tree.kind(entry);
    const body = plan.xattrs.ibodies[tree.xattrs.view[entry]!];
    const isDirectory = kind === S_IFDIR;
    const size = isDirectory ? measureDirectory(tree, entry, plan.blockSize, !plan.omitsDot) : tree.size.view[entry]!;
    const head = this.#inodeAt(entry);
    const inode = this.#inode;
    inode.isExtended = (format & FORMAT_EXTENDED) !== 0;
    inode.layout = layout;
    inode.omitsDot = isDirectory && plan.omitsDot;
    inode.xattrCount = countXattrs(body);
    inode.mode = tree.mode.view[entry]!;
    inode.nlink = plan.nlink[entry]!;
    inode.size = size;
    inode.union = this.#unionOf(entry, kind, layout);
    inode.serial = serial;
    inode.uid = tree.uid.view[entry]!;
    inode.gid = tree.gid.view[entry]!;
    inode.mtime = tree.mtime.view[entry]!;
    inode.mtimeNsec = tree.mtimeNsec.view[entry]!;
    let at = emitInode(this.#view, head, inode);
    if (body) {
      this.#bytes.set(body, at);
      this.#emitDigest(entry, at);
      at += body.length;
    }
    // what is compressed is for the caller
    if (isCompressed(format)) return at;
    if (isDirectory) this.#emitListing(entry, size, at);
    else if (kind === S_IFLNK) this.#emitTarget(entry, size, at);
    else if (layout === LAYOUT_CHUNK) this.#emitChunks(entry, size, at);
    return at;
  }

  /** Fills in the digest of a file, where its attributes are to have one. */
  #emitDigest(entry: number, bodyAt: number): void {
    const { fingerprints } = this.#plan.xattrs;
    const at = fingerprints?.at[this.#tree.xattrs.view[entry]!] ?? -1;
    if (at >= 0) this.#bytes.set(digestOf(fingerprints!, entry), bodyAt + at);
  }

  #unionOf(entry: number, kind: number, layout: number): number {
    const { chunkIndexes, formats, startBlk, stored } = this.#plan;
    if (isCompressed(formats[entry]!)) return stored!.blocks[entry]!;
    if (kind === S_IFCHR || kind === S_IFBLK) return this.#tree.ref.view[entry]!;
    if (layout === LAYOUT_CHUNK) return chunkFormat(this.#chunkBitsOf(entry), chunkIndexes);
    // FIFOs and sockets have the device number 0:0
    return kind === S_IFREG || kind === S_IFDIR || kind === S_IFLNK ? startBlk[entry]! : 0;
  }

  /** Writes what is inline of a directory; whole blocks follow the inodes, see {@link emitBodies}. */
  #emitListing(directory: number, size: number, at: number): void {
    const { blockSize, formats } = this.#plan;
    const whole = bodyBytes(size, formats[directory]!, blockSize);
    const blocks = this.#openDirectory(directory);
    for (let done = 0; done < whole; done += blockSize) blocks.skip();
    const end = whole + (whole < size ? blocks.emit(this.#bytes, this.#view, at) : 0);
    if (end !== size) throw this.#broken(directory, "directory", end, size);
    if (blocks.parentAt >= 0) this.#plan.parents?.note(directory, this.#imageOff + blocks.parentAt);
  }

  #openDirectory(directory: number): DirectoryBlocks {
    const { blockSize, nids, omitsDot, parents, inBox = false } = this.#plan;
    const parentNid = parents?.nid(directory);
    return new DirectoryBlocks(this.#tree, directory, nids, blockSize, { hasDot: !omitsDot, parentNid, inBox });
  }

  #emitTarget(link: number, size: number, at: number): void {
    const whole = bodyBytes(size, this.#plan.formats[link]!, this.#plan.blockSize);
    if (whole < size) this.#bytes.set(this.#tree.target(link).subarray(whole), at);
  }

  /** log2 of blocks in a chunk of a file. */
  #chunkBitsOf(entry: number): number {
    const { chunkBits, chunkMaps, stored } = this.#plan;
    return chunkMaps.get(entry)?.bits ?? stored?.chunkBits?.[entry] ?? chunkBits;
  }

  #emitChunks(entry: number, size: number, at: number): void {
    const { blockSize, chunkIndexes: indexes, chunkMaps, startBlk, stored } = this.#plan;
    const device = stored?.devices?.[entry] ?? this.#plan.device ?? 0;
    const blocks = Math.ceil(size / blockSize);
    const bits = this.#chunkBitsOf(entry);
    const map = chunkMaps.get(entry) ?? { bits, ranges: [0, countChunks(blocks, bits)] };
    const array = roundUp(at, chunkUnit(indexes));
    emitChunks(this.#view, array, map, blocks, startBlk[entry]!, { indexes, device });
  }

  #broken(entry: number, what: string, end: number, planned: number): ImageError {
    const path = showBytes(this.#tree.path(entry));
    return new ImageError("INTERNAL", `${path}: ${what} ends at ${end}, planned ${planned}`, { path });
  }
}
