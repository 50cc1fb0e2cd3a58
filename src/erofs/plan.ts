/**
 * The plan of an uncompressed image: the place of every inode, directory block and data block, from names and sizes
 * alone. Pure; what grows with the tree lies in shared memory, so that every thread can emit any part of it.
 *
 *     | metadata: windows of inodes, see pack.ts | shared attributes | data of files, in the order of their inodes |
 */
import { roundUp, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import type { XxHash } from "../core/xxhash.ts";
import { type InodeOrder, sharedUint32 } from "../stage/order.ts";
import type { Xattr } from "../stage/source.ts";
import type { DataRuns } from "../stage/sparse.ts";
import { NONE, S_IFREG, type Tree } from "../stage/tree.ts";
import type { ChunkMap } from "./chunk.ts";
import { COMPAT_XATTR_FILTER, INCOMPAT_CHUNKED_FILE, NULL_BLOCK, SLOT, SUPER, SUPER_OFFSET } from "./disk.ts";
import { chooseLayouts } from "./layout.ts";
import { InodeSizes } from "./measure.ts";
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

/** Everything that is known of an image before a content byte is read. Plain data, most of it in shared memory. */
export interface ErofsPlan {
  blockSize: number;
  /** Blocks of the image. */
  blocks: number;
  /** Blocks of the metadata zone. */
  metaBlocks: number;
  superblock: Superblock;
  /** Inodes in order; see InodeOrder. */
  order: Uint32Array;
  /** Indexes into `order` in the order of the inodes' places in the metadata zone; see pack.ts. */
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

/** Whether a file's whole blocks are emitted as pieces, apart from its window: large files, and those with holes. */
export function isCut(plan: Pick<ErofsPlan, "chunkMaps">, entry: number, body: number): boolean {
  return body >= LARGE || plan.chunkMaps.has(entry);
}

/** Plans an image. Throws `LIMIT` for what EROFS cannot hold, naming the path. */
export function planImage(input: PlanInput): ErofsPlan {
  return new Planner(input).plan();
}

function checkBlocks(blocks: number): void {
  if (blocks < NULL_BLOCK) return;
  throw new ImageError(
    "LIMIT",
    `the image would have more than ${NULL_BLOCK - 1} blocks, the most that EROFS addresses`,
  );
}

class Planner {
  readonly #input: PlanInput;
  readonly #tree: Tree;
  readonly #order: Uint32Array;
  readonly #blockSize: number;
  readonly #time: ImageTime;
  readonly #xattrs: XattrPlan;
  readonly #sizes: InodeSizes;
  readonly #packed: Uint32Array;
  readonly #nids: Uint32Array;
  readonly #startBlk: Uint32Array;
  readonly #uuid: Uint8Array;
  readonly #pieces: number[] = [];
  #contentBytes = 0;
  #savedByDedupe = 0;

  constructor(input: PlanInput) {
    const { tree, inodes, layout } = input;
    this.#input = input;
    this.#tree = tree;
    this.#order = inodes.order;
    this.#blockSize = layout.blockSize;
    this.#time = chooseTime(tree, inodes, input.timestamp, layout.ignoreMtime);
    this.#xattrs = this.#planXattrs();
    this.#sizes = new InodeSizes(tree, layout, this.#xattrs);
    this.#packed = sharedUint32(this.#order.length);
    this.#nids = sharedUint32(tree.length);
    this.#uuid = layout.uuid ?? this.#deriveUuid();
    this.#startBlk = sharedUint32(tree.length).fill(NULL_BLOCK);
  }

  plan(): ErofsPlan {
    const { inodes, layout, sharesWith } = this.#input;
    const savedByHoles = chooseLayouts({ ...this.#input, time: this.#time }, this.#sizes);
    const { windows, endBlk: metaBlocks } = this.#placeInodes();
    const xattrBlocks = Math.ceil(this.#xattrs.shared.length / this.#blockSize);
    const blocks = roundUp(this.#placeData(metaBlocks + xattrBlocks), layout.fsAlignBlocks);
    checkBlocks(blocks);
    this.#nameLinks();
    return {
      blockSize: this.#blockSize,
      blocks,
      metaBlocks: metaBlocks + xattrBlocks,
      superblock: this.#describe(blocks, xattrBlocks === 0 ? 0 : metaBlocks),
      order: this.#order,
      packed: this.#packed,
      nlink: inodes.nlink,
      nids: this.#nids,
      formats: this.#sizes.formats,
      startBlk: this.#startBlk,
      sharesWith,
      windows: Float64Array.from(windows),
      pieces: Float64Array.from(this.#pieces),
      chunkMaps: this.#sizes.chunkMaps,
      chunkBits: layout.chunkBits ?? 0,
      chunkIndexes: layout.chunkIndexes,
      xattrs: this.#xattrs,
      contentBytes: this.#contentBytes,
      savedByDedupe: this.#savedByDedupe,
      savedByHoles,
    };
  }

  #deriveUuid(): Uint8Array {
    const { layout, inodes, tree, sharesWith, xxhash } = this.#input;
    const optionsText = JSON.stringify([1, { ...layout, label: [...layout.label], uuid: 0 }, this.#time]);
    // the place of its inode is not known of any entry yet
    return deriveUuid(tree, inodes, sharesWith, this.#xattrs, optionsText, xxhash, this.#nids);
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
    const pathOf = (set: number) => showBytes(this.#tree.path(example[set]!)) || "/";
    return planXattrs(xattrs, uses, options, xxhash, pathOf);
  }

  #placeInodes() {
    const order = this.#order;
    let placed = 0;
    return packInodes({
      count: order.length,
      blockSize: this.#blockSize,
      reserved: SUPER_OFFSET + SUPER.byteSize,
      measureItem: (index) => this.#sizes.itemBytes(order[index]!),
      measureRun: (index) => this.#sizes.runBlocks(order[index]!),
      placeItem: (index, offset) => {
        const nid = offset / SLOT;
        if (nid > 0xffffffff) throw new ImageError("LIMIT", "the metadata of the image would take more than 128 GiB");
        this.#nids[order[index]!] = nid;
        this.#packed[placed++] = index;
      },
      placeRun: (index, blk) => {
        this.#startBlk[order[index]!] = blk;
      },
    });
  }

  /** Gives every file's data its blocks, in order; returns the block behind the last. */
  #placeData(firstBlk: number): number {
    const { layout, sharesWith } = this.#input;
    let blk = firstBlk;
    for (const entry of this.#order) {
      if (this.#tree.kind(entry) !== S_IFREG) continue;
      const blocks = this.#sizes.dataBlocks(entry);
      const size = this.#tree.size.view[entry]!;
      const original = sharesWith?.[entry] ?? NONE;
      if (original !== NONE) {
        this.#startBlk[entry] = this.#startBlk[original]!;
        this.#savedByDedupe += blocks * this.#blockSize;
        this.#contentBytes += size - this.#sizes.bodyBytes(entry);
        continue;
      }
      // of a file with holes, only what is stored is read
      this.#contentBytes += this.#sizes.chunkMaps.has(entry) ? Math.min(blocks * this.#blockSize, size) : size;
      if (blocks === 0) continue;
      blk = roundUp(blk, layout.dsunit);
      checkBlocks(blk + blocks);
      this.#startBlk[entry] = blk;
      this.#cutPieces(entry, blk * this.#blockSize);
      blk += blocks;
    }
    return blk;
  }

  #cutPieces(entry: number, imageOff: number): void {
    const size = this.#tree.size.view[entry]!;
    const map = this.#sizes.chunkMaps.get(entry);
    if (!map) {
      const body = this.#sizes.bodyBytes(entry);
      if (body >= LARGE) this.#cutRun(entry, 0, body, imageOff);
      return;
    }
    const chunk = this.#blockSize * 2 ** map.bits;
    let at = imageOff;
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
    const { layout } = this.#input;
    const isChunked = this.#sizes.chunkMaps.size > 0 || layout.chunkBits !== undefined;
    return {
      blockSize: this.#blockSize,
      rootNid: this.#nids[0]!,
      inodes: this.#order.length,
      epoch: this.#time.epoch,
      fixedNsec: this.#time.fixedNsec,
      buildTime: this.#time.buildTime,
      blocks,
      xattrBlk,
      uuid: this.#uuid,
      label: layout.label,
      compat: this.#xattrs.hasFilter ? COMPAT_XATTR_FILTER : 0,
      incompat: isChunked ? INCOMPAT_CHUNKED_FILE : 0,
      hasChecksum: layout.checksum,
    };
  }
}
