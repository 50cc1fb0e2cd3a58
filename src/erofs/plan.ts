/**
 * The plan of an uncompressed image: the place of every inode, directory block and data block, from names and sizes
 * alone. Pure; typed arrays in shared memory, so that every thread can emit any part of it.
 *
 *     | metadata: windows of inodes, see pack.ts | shared attributes | data of files, in the order of their inodes |
 */
import { roundUp, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import type { XxHash } from "../core/xxhash.ts";
import { type InodeOrder, sharedUint32 } from "../stage/order.ts";
import type { Xattr } from "../stage/source.ts";
import type { DataRuns } from "../stage/sparse.ts";
import { NONE, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../stage/tree.ts";
import { type ChunkMap, chunkUnit, countChunks, planChunks } from "./chunk.ts";
import { measureDirectory } from "./dirent.ts";
import {
  COMPAT_XATTR_FILTER,
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  INCOMPAT_CHUNKED_FILE,
  LAYOUT_CHUNK,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  MAX_LINK,
  NULL_BLOCK,
  SLOT,
  SUPER,
  SUPER_OFFSET,
} from "./disk.ts";
import { fitsCompact, measureInode } from "./inode.ts";
import type { ErofsLayout } from "./options.ts";
import { packInodes } from "./pack.ts";
import type { Superblock } from "./superblock.ts";
import { chooseTime, type ImageTime } from "./time.ts";
import { deriveUuid } from "./uuid.ts";
import { planXattrs, type XattrPlan } from "./xattr.ts";

/** A file of at least this many bytes in whole blocks is emitted apart from its window. */
const LARGE = 128 * 1024;
/** Bytes of a piece of a large file. */
const PIECE = 8 << 20;
/** Numbers of one record in {@link ErofsPlan.pieces}: entry, offset in the file, bytes, offset in the image. */
export const PIECE_FIELDS = 4;

/** Everything that is known of an image before a content byte is read. Plain data and shared memory. */
export interface ErofsPlan {
  blockSize: number;
  /** Blocks of the image. */
  blocks: number;
  /** Blocks of the metadata zone. */
  metaBlocks: number;
  superblock: Superblock;
  /** Inodes in order; see InodeOrder. */
  order: Uint32Array;
  /** The same inodes in the order of their place in the metadata zone; see pack.ts. */
  packed: Uint32Array;
  nlink: Uint32Array;
  /** By entry, further names of hard links included. */
  nids: Uint32Array;
  /** By entry: bits 0..3 of i_format. */
  formats: Uint8Array;
  /** By entry: first block of data, or NULL_BLOCK. */
  startBlk: Uint32Array;
  /** By entry: the file whose data it shares, or NONE; undefined where nothing is shared. */
  sharesWith: Uint32Array | undefined;
  /** Records of WINDOW_FIELDS, see pack.ts. */
  windows: Float64Array;
  /** Records of PIECE_FIELDS, in the order of their inodes. */
  pieces: Float64Array;
  /** How sparse files are cut, by entry. */
  chunkMaps: Map<number, ChunkMap>;
  /** log2 of blocks in a chunk of every other chunk-based file. */
  chunkBits: number;
  chunkIndexes: boolean;
  xattrs: XattrPlan;
  /** Bytes of content that will be read for the image. */
  contentBytes: number;
  savedByDedupe: number;
  savedByHoles: number;
}

/** What {@link planImage} works from. */
export interface PlanInput {
  tree: Tree;
  inodes: InodeOrder;
  layout: ErofsLayout;
  /** Build time, where one is given. */
  timestamp: number | undefined;
  sharesWith: Uint32Array | undefined;
  holes: ReadonlyMap<number, DataRuns>;
  xattrs: Xattr[][];
  xxhash: XxHash;
}

/** Plans an image. Throws `LIMIT` for what EROFS cannot hold, naming the path. */
export function planImage(input: PlanInput): ErofsPlan {
  return new Planner(input).plan();
}

class Planner {
  readonly #input: PlanInput;
  readonly #tree: Tree;
  readonly #order: Uint32Array;
  readonly #nlink: Uint32Array;
  readonly #blockSize: number;
  readonly #layout: ErofsLayout;
  readonly #time: ImageTime;
  readonly #xattrs: XattrPlan;
  readonly #packed: Uint32Array;
  readonly #nids: Uint32Array;
  readonly #formats: Uint8Array;
  readonly #startBlk: Uint32Array;
  readonly #chunkMaps = new Map<number, ChunkMap>();
  readonly #pieces: number[] = [];
  #contentBytes = 0;
  #savedByDedupe = 0;
  #savedByHoles = 0;

  constructor(input: PlanInput) {
    this.#input = input;
    this.#tree = input.tree;
    this.#order = input.inodes.order;
    this.#nlink = input.inodes.nlink;
    this.#layout = input.layout;
    this.#blockSize = input.layout.blockSize;
    this.#time = chooseTime(input.tree, input.inodes, input.timestamp, input.layout.ignoreMtime);
    this.#xattrs = this.#planXattrs();
    this.#packed = sharedUint32(this.#order.length);
    this.#nids = sharedUint32(input.tree.length);
    this.#formats = new Uint8Array(new SharedArrayBuffer(input.tree.length));
    this.#startBlk = sharedUint32(input.tree.length).fill(NULL_BLOCK);
  }

  plan(): ErofsPlan {
    this.#chooseLayouts();
    const { windows, endBlk: metaBlocks } = this.#placeInodes();
    const xattrBlocks = Math.ceil(this.#xattrs.shared.length / this.#blockSize);
    const dataEnd = this.#placeData(metaBlocks + xattrBlocks);
    const blocks = roundUp(dataEnd, this.#layout.fsAlignBlocks);
    if (blocks >= NULL_BLOCK)
      throw new ImageError("LIMIT", `the image would have ${blocks} blocks; EROFS addresses 2^32`);
    this.#nameLinks();
    return {
      blockSize: this.#blockSize,
      blocks,
      metaBlocks: metaBlocks + xattrBlocks,
      superblock: this.#describe(blocks, xattrBlocks === 0 ? 0 : metaBlocks),
      order: this.#order,
      packed: this.#packed,
      nlink: this.#nlink,
      nids: this.#nids,
      formats: this.#formats,
      startBlk: this.#startBlk,
      sharesWith: this.#input.sharesWith,
      windows: Float64Array.from(windows),
      pieces: Float64Array.from(this.#pieces),
      chunkMaps: this.#chunkMaps,
      chunkBits: this.#layout.chunkBits ?? 0,
      chunkIndexes: this.#layout.chunkIndexes,
      xattrs: this.#xattrs,
      contentBytes: this.#contentBytes,
      savedByDedupe: this.#savedByDedupe,
      savedByHoles: this.#savedByHoles,
    };
  }

  #planXattrs(): XattrPlan {
    const { xattrs, layout, xxhash } = this.#input;
    const uses = new Uint32Array(xattrs.length);
    const example = new Uint32Array(xattrs.length);
    for (const entry of this.#order) {
      const set = this.#tree.xattrs.view[entry]!;
      if (uses[set]!++ === 0) example[set] = entry;
    }
    const options = { tolerance: layout.xattrTolerance, filter: layout.xattrFilter };
    return planXattrs(xattrs, uses, options, xxhash, (set) => this.#path(example[set]!));
  }

  /** Form and layout of every inode; an equal file takes over its original's. */
  #chooseLayouts(): void {
    const shares = this.#input.sharesWith;
    const plain = shares && this.#chooseSharedLayouts(shares);
    for (const entry of this.#order) {
      const extended = this.#needsExtended(entry);
      const layout = this.#chooseLayout(entry, extended, plain);
      this.#formats[entry] = (layout << FORMAT_LAYOUT_SHIFT) | (extended ? FORMAT_EXTENDED : 0);
    }
  }

  /**
   * Originals whose group is smaller without inline tails: each of its inodes would carry the tail, while one more
   * shared block holds it once.
   */
  #chooseSharedLayouts(shares: Uint32Array): Set<number> {
    const members = new Map<number, number>();
    const plain = new Set<number>();
    for (const entry of this.#order) {
      const original = shares[entry]!;
      if (original === NONE) continue;
      members.set(original, (members.get(original) ?? 1) + 1);
      // a tail that does not fit beside one of the inodes is beside none
      const tail = this.#tree.size.view[entry]! % this.#blockSize;
      if (this.#headBytes(entry, true) + tail > this.#blockSize) plain.add(original);
    }
    for (const [original, count] of members) {
      if ((this.#tree.size.view[original]! % this.#blockSize) * count >= this.#blockSize) plain.add(original);
    }
    return plain;
  }

  #needsExtended(entry: number): boolean {
    const tree = this.#tree;
    const { inodes, ignoreMtime } = this.#layout;
    const fits = fitsCompact(tree.size.view[entry]!, tree.uid.view[entry]!, tree.gid.view[entry]!, this.#nlink[entry]!);
    if (inodes === "extended") return true;
    if (inodes === "compact" && !fits) {
      const path = this.#path(entry);
      throw new ImageError("LIMIT", `${path}: its size, owner or link count does not fit a compact inode`, { path });
    }
    if (!fits) return true;
    if (ignoreMtime) return false;
    return tree.mtime.view[entry] !== this.#time.epoch || tree.mtimeNsec.view[entry] !== this.#time.fixedNsec;
  }

  #chooseLayout(entry: number, extended: boolean, plain: ReadonlySet<number> | undefined): number {
    const size = this.#size(entry);
    const kind = this.#tree.kind(entry);
    if (kind === S_IFLNK && size > MAX_LINK) {
      const path = this.#path(entry);
      throw new ImageError("LIMIT", `${path}: a symbolic link of ${size} bytes; EROFS holds ${MAX_LINK}`, { path });
    }
    if (kind === S_IFREG && size > 0) {
      const original = this.#original(entry);
      if (original !== entry) return this.#inheritLayout(entry, original);
      if (this.#planHoles(entry, size) || this.#layout.chunkBits !== undefined) return LAYOUT_CHUNK;
      if (!this.#layout.inlineData || plain?.has(entry)) return LAYOUT_PLAIN;
    }
    const tail = size % this.#blockSize;
    const head = this.#headBytes(entry, extended);
    return tail > 0 && head + tail <= this.#blockSize ? LAYOUT_INLINE : LAYOUT_PLAIN;
  }

  #inheritLayout(entry: number, original: number): number {
    const map = this.#chunkMaps.get(original);
    if (map) this.#chunkMaps.set(entry, map);
    return this.#formats[original]! >> FORMAT_LAYOUT_SHIFT;
  }

  /** Cuts a file with holes; false where cutting saves nothing. */
  #planHoles(entry: number, size: number): boolean {
    const runs = this.#input.holes.get(entry);
    if (!runs) return false;
    const blocks = Math.ceil(size / this.#blockSize);
    const unit = chunkUnit(this.#layout.chunkIndexes);
    const map = planChunks(runs, blocks, this.#blockSize, unit, this.#layout.chunkBits);
    const saved = (blocks - map.blocks) * this.#blockSize - unit * countChunks(blocks, map.bits);
    // what saves less than a block may cost more in the packing of inodes
    if (this.#layout.chunkBits === undefined && saved < this.#blockSize) return false;
    this.#chunkMaps.set(entry, map);
    this.#savedByHoles += (blocks - map.blocks) * this.#blockSize;
    return true;
  }

  #placeInodes() {
    const order = this.#order;
    let placed = 0;
    return packInodes({
      count: order.length,
      blockSize: this.#blockSize,
      reserved: SUPER_OFFSET + SUPER.byteSize,
      measureItem: (index) => this.#itemBytes(order[index]!),
      measureRun: (index) => this.#runBlocks(order[index]!),
      placeItem: (index, offset) => {
        const nid = offset / SLOT;
        if (nid > 0xffffffff) throw new ImageError("LIMIT", "the metadata of the image would take more than 128 GiB");
        this.#nids[order[index]!] = nid;
        this.#packed[placed++] = order[index]!;
      },
      placeRun: (index, blk) => {
        this.#startBlk[order[index]!] = blk;
      },
    });
  }

  /** Gives every file's data its blocks, in order; returns the block behind the last. */
  #placeData(firstBlk: number): number {
    const { dsunit } = this.#layout;
    let blk = firstBlk;
    for (const entry of this.#order) {
      if (this.#tree.kind(entry) !== S_IFREG) continue;
      const original = this.#original(entry);
      const blocks = this.#dataBlocks(entry);
      this.#contentBytes += this.#contentOf(entry, original === entry);
      if (blocks === 0) continue;
      if (original !== entry) {
        this.#startBlk[entry] = this.#startBlk[original]!;
        this.#savedByDedupe += blocks * this.#blockSize;
        continue;
      }
      blk = roundUp(blk, dsunit);
      this.#startBlk[entry] = blk;
      this.#cutPieces(entry, blk);
      blk += blocks;
    }
    return blk;
  }

  /** Bytes that emission reads of a file. */
  #contentOf(entry: number, isOriginal: boolean): number {
    const size = this.#size(entry);
    const body = bodyBytes(size, this.#formats[entry]!, this.#blockSize);
    const map = this.#chunkMaps.get(entry);
    if (!isOriginal) return size - body;
    return map ? Math.min(map.blocks * this.#blockSize, size) : size;
  }

  #cutPieces(entry: number, startBlk: number): void {
    const size = this.#size(entry);
    const map = this.#chunkMaps.get(entry);
    if (!map) {
      const body = bodyBytes(size, this.#formats[entry]!, this.#blockSize);
      if (body >= LARGE) this.#cutRun(entry, 0, body, startBlk * this.#blockSize);
      return;
    }
    const chunk = this.#blockSize * 2 ** map.bits;
    let at = startBlk * this.#blockSize;
    for (let run = 0; run < map.runs.length; run += 2) {
      const from = map.runs[run]! * chunk;
      const length = Math.min(map.runs[run + 1]! * chunk, size - from);
      this.#cutRun(entry, from, length, at);
      at += roundUp(length, this.#blockSize);
    }
  }

  #cutRun(entry: number, from: number, length: number, imageOff: number): void {
    for (let done = 0; done < length; done += PIECE) {
      this.#pieces.push(entry, from + done, Math.min(PIECE, length - done), imageOff + done);
    }
  }

  /** The further names of a hard link lead to the one inode. */
  #nameLinks(): void {
    const { inodeOf } = this.#input.inodes;
    inodeOf?.forEach((inode, entry) => {
      if (inode !== entry) this.#nids[entry] = this.#nids[inode]!;
    });
  }

  #describe(blocks: number, xattrBlk: number): Superblock {
    const { layout, inodes, tree, sharesWith, xxhash } = this.#input;
    const optionsText = JSON.stringify([1, { ...layout, label: [...layout.label], uuid: 0 }, this.#time]);
    return {
      blockSize: this.#blockSize,
      rootNid: this.#nids[0]!,
      inodes: this.#order.length,
      epoch: this.#time.epoch,
      fixedNsec: this.#time.fixedNsec,
      buildTime: this.#time.buildTime,
      blocks,
      xattrBlk,
      uuid: layout.uuid ?? deriveUuid(tree, inodes, sharesWith, this.#xattrs, optionsText, xxhash),
      label: layout.label,
      compat: this.#xattrs.hasFilter ? COMPAT_XATTR_FILTER : 0,
      incompat: this.#chunkMaps.size > 0 || layout.chunkBits !== undefined ? INCOMPAT_CHUNKED_FILE : 0,
      hasChecksum: layout.checksum,
    };
  }

  #original(entry: number): number {
    const original = this.#input.sharesWith?.[entry] ?? NONE;
    return original === NONE ? entry : original;
  }

  #size(entry: number): number {
    const kind = this.#tree.kind(entry);
    return kind === S_IFDIR ? measureDirectory(this.#tree, entry, this.#blockSize) : this.#tree.size.view[entry]!;
  }

  #headBytes(entry: number, extended: boolean): number {
    const body = this.#xattrs.bodies[this.#tree.xattrs.view[entry]!];
    return measureInode(extended) + (body?.length ?? 0);
  }

  /** Bytes that lie together at the inode's place. */
  #itemBytes(entry: number): number {
    const format = this.#formats[entry]!;
    const head = this.#headBytes(entry, (format & FORMAT_EXTENDED) !== 0);
    const layout = format >> FORMAT_LAYOUT_SHIFT;
    if (layout === LAYOUT_PLAIN) return head;
    const size = this.#size(entry);
    if (layout === LAYOUT_INLINE) return head + (size % this.#blockSize);
    const unit = chunkUnit(this.#layout.chunkIndexes);
    const bits = this.#chunkMaps.get(entry)?.bits ?? this.#layout.chunkBits!;
    return roundUp(head, unit) + unit * countChunks(Math.ceil(size / this.#blockSize), bits);
  }

  /** Whole blocks in the metadata zone: those of directories and of symbolic links. */
  #runBlocks(entry: number): number {
    const kind = this.#tree.kind(entry);
    if (kind !== S_IFDIR && kind !== S_IFLNK) return 0;
    return Math.ceil(bodyBytes(this.#size(entry), this.#formats[entry]!, this.#blockSize) / this.#blockSize);
  }

  /** Blocks in the data zone. */
  #dataBlocks(entry: number): number {
    const map = this.#chunkMaps.get(entry);
    return (
      map?.blocks ?? Math.ceil(bodyBytes(this.#size(entry), this.#formats[entry]!, this.#blockSize) / this.#blockSize)
    );
  }

  #path(entry: number): string {
    return showBytes(this.#tree.path(entry)) || "/";
  }
}

/** Whether a file's whole blocks are emitted as pieces, apart from its window: large files, and those with holes. */
export function isCut(plan: Pick<ErofsPlan, "chunkMaps">, entry: number, body: number): boolean {
  return body >= LARGE || plan.chunkMaps.has(entry);
}

/** Bytes of content that lie in whole blocks; the rest, if any, is inline. */
export function bodyBytes(size: number, format: number, blockSize: number): number {
  return format >> FORMAT_LAYOUT_SHIFT === LAYOUT_INLINE ? size - (size % blockSize) : size;
}
