/**
 * The plan of a compressed image's metadata: the place of every inode and directory block. Pure; what grows with the tree
 * lies in shared memory, so that every thread can emit any part of it.
 *
 *     | batches of inodes, see inode-batches.ts | shared attributes |
 *
 * With a metabox there are two of these: one in the image, of the inodes that no directory names, and one that is the
 * metabox's contents; see box.ts.
 */
import { roundUp } from "../../core/bytes.ts";
import type { XxHash } from "../../core/hash/xxhash.ts";
import { sharedUint32 } from "../../core/shared.ts";
import type { FileOrder, SortRule } from "../../stage/tree/file-order.ts";
import type { InodeOrder } from "../../stage/tree/order.ts";
import type { DataRanges } from "../../stage/tree/sparse.ts";
import { NONE, type Tree } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { compresses } from "../compress-options.ts";
import type { ChunkMap } from "../disk/chunk.ts";
import type { Fingerprints } from "../disk/fingerprint.ts";
import {
  INCOMPAT_48BIT,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_METABOX,
  INCOMPAT_XATTR_PREFIXES,
  NULL_BLOCK,
  SLOT,
} from "../disk/format.ts";
import { checkBlocks, checkNid, countBlocks } from "../disk/limits.ts";
import type { Device, PrefixPlace, Superblock, SuperCompression } from "../disk/superblock.ts";
import { placePrefixes, takeTable, type XattrPlan } from "../disk/xattr.ts";
import type { ErofsSettings } from "../options.ts";
import { planTreeXattrs, xattrCompat } from "./attributes.ts";
import { type BoxPlace, type BoxXattrs, boxXattrs, placeBox } from "./box.ts";
import { BATCH_FIELDS, type BatchPlan, planBatches } from "./inode-batches.ts";
import { chooseLayouts } from "./layouts.ts";
import { InodeSizes } from "./measure.ts";
import type { SharedStored } from "./stored.ts";
import { chooseTime, type ImageTime } from "./time.ts";
import { deriveUuid } from "./uuid.ts";
import { uuidText } from "./uuid-text.ts";

/** Everything that is known of inodes when they are emitted. Plain data, most of it in shared memory. */
export interface InodePlan {
  blockSize: number;
  /** Block from which NIDs count. */
  nidBlk: number;
  /** They lie in the metabox: blocks count from its start, but for those of `startBlk`. */
  inBox: boolean;
  /** Inodes in order; see InodeOrder. */
  order: Uint32Array;
  /** Indexes into `order` in the order of the inodes' places; see inode-batches.ts. */
  packed: Uint32Array;
  nlink: Uint32Array;
  /** By entry, further names of hard links included. */
  nids: Uint32Array;
  /** By entry: bits 0..3 of i_format. */
  formats: Uint8Array;
  /** By entry: first block of data, or NULL_BLOCK. */
  startBlk: Uint32Array;
  /** Records of BATCH_FIELDS, see inode-batches.ts. */
  batches: Float64Array;
  /** How sparse files are cut, by entry. */
  chunkMaps: Map<number, ChunkMap>;
  /** log2 of blocks in a chunk of every other chunk-based file. */
  chunkBits: number;
  chunkIndexes: boolean;
  /** The number of the device that data of files lies in; 0: the image itself. */
  device: number;
  /** Directories have no entry for themselves. */
  omitsDot: boolean;
  xattrs: XattrPlan;
  /** How files are stored. */
  stored: SharedStored;
  /** What lies in front of the inodes of the metabox: shared attributes, and the table of long prefixes. */
  head?: Uint8Array | undefined;
}

/** Everything that is known of an image when the last of its metadata is emitted: the head, and what is not in a metabox. */
export interface ErofsPlan extends InodePlan {
  superblock: Superblock;
  /** Blocks of the image. */
  blocks: number;
  /** Blocks of the metadata zone. */
  metaBlocks: number;
  /** First block of what lies in the image of shared attributes and the table of long prefixes, or 0. */
  xattrBlk: number;
  savedByDedupe: number;
  savedByHoles: number;
}

/** What {@link ImagePlanner} works from. */
export interface PlanInput {
  tree: Tree;
  inodes: InodeOrder;
  /** All files, in the order of their contents. */
  files: FileOrder;
  /** The rules that this order comes from. */
  sort: readonly SortRule[];
  settings: ErofsSettings;
  /** Build time, where one is given. */
  timestamp: number | undefined;
  sharesWith: Uint32Array | undefined;
  holes: ReadonlyMap<number, DataRanges>;
  xattrs: Xattr[][];
  xxhash: XxHash;
}

/** The file whose data `entry` has: its own, or that of an equal file. */
export function ownerOf(entry: number, sharesWith: Uint32Array | undefined): number {
  const original = sharesWith?.[entry] ?? NONE;
  return original === NONE ? entry : original;
}

/** The files whose data is stored, each once, however many share it: those that do are where the first of them stands. */
export function listOwners({ files: { files }, sharesWith }: Pick<PlanInput, "files" | "sharesWith">): Uint32Array {
  if (!sharesWith) return files;
  const seen = new Uint8Array(sharesWith.length);
  const listed = files.map((entry) => ownerOf(entry, sharesWith)).filter((owner) => !seen[owner] && ++seen[owner]!);
  const owners = sharedUint32(listed.length);
  owners.set(listed);
  return owners;
}

/** Where the metadata lies; see {@link InodePlan}. */
export interface MetadataPlace {
  order: Uint32Array;
  packed: Uint32Array;
  batches: BatchPlan["batches"];
  /** Blocks, the shared attributes' included. */
  metaBlocks: number;
  /** Block from which NIDs count. */
  nidBlk: number;
  /** First block of the shared attributes, or 0. */
  xattrBlk: number;
  /** First block behind it all. */
  endBlk: number;
}

/** What a plan has of compression. */
export interface CompressedPlan {
  /** For the superblock; undefined where nothing has become compressed. */
  description: SuperCompression | undefined;
  stored: SharedStored;
  /** Blocks of the metabox. */
  boxBlocks: number;
  /** NID of the metabox, or 0. */
  metaboxNid: number;
  /** What data lies in besides the image, if in anything. */
  devices: readonly Device[] | undefined;
  savedByDedupe: number;
}

/** In an image of more inodes a block more or less is nothing. */
const FEW_INODES = 10_000;

/** Makes the plan of an image, step by step. */
export class ImagePlanner {
  readonly #input: PlanInput;
  readonly #blockSize: number;
  #xattrs: XattrPlan;
  /** Where the table of long prefixes lies in the packed inode or the metabox; undefined: in neither. */
  #table: PrefixPlace | undefined;
  /** The attributes in front of the inodes of the metabox. */
  #boxed: BoxXattrs | undefined;
  readonly #uuid: Uint8Array;
  /** NIDs by entry, once they are placed. */
  readonly nids: Uint32Array;
  readonly #savedByHoles: number;
  /** The time that compact inodes have. */
  readonly time: ImageTime;
  readonly sizes: InodeSizes;
  readonly startBlk: Uint32Array;
  /** Inodes that no directory names. */
  readonly #unnamed: number[] = [];
  readonly #isBoxed: boolean;
  /** Where inodes lie in the metabox, if they do. */
  #box: BoxPlace | undefined;

  constructor(input: PlanInput) {
    const { tree, inodes, settings, xxhash } = input;
    this.#input = input;
    this.#isBoxed = settings.compression?.metabox !== undefined;
    this.#blockSize = settings.blockSize;
    this.time = chooseTime(tree, inodes, input.timestamp, settings.ignoreMtime);
    this.#xattrs = planTreeXattrs(tree, inodes.order, input.xattrs, settings, xxhash);
    this.sizes = new InodeSizes(tree, settings, this.#xattrs);
    this.nids = sharedUint32(tree.length);
    this.startBlk = sharedUint32(tree.length).fill(NULL_BLOCK);
    this.#savedByHoles = chooseLayouts({ ...input, time: this.time }, this.sizes);
    const optionsText = uuidText(settings, this.time, input.sort);
    const { sharesWith } = input;
    this.#uuid = settings.uuid ?? deriveUuid({ tree, inodes, sharesWith, xattrs: this.#xattrs, optionsText }, xxhash);
  }

  /** Digests of files, which are to be there when inodes are emitted; undefined: no files have any. */
  get fingerprints(): Fingerprints | undefined {
    return this.#xattrs.fingerprints;
  }

  /** Adds an inode that no directory names, behind all others; it is never in the metabox. */
  addInode(entry: number): void {
    this.#unnamed.push(entry);
  }

  /** Has the table of prefixes lie at `off` in the packed inode, where readers look for it, or options say no; returns it. */
  moveTable(off: number): Uint8Array {
    const { prefixes } = this.#xattrs;
    if (prefixes === undefined || this.#input.settings.plainXattrPrefixes) return new Uint8Array(0);
    const { plan, table } = takeTable(this.#xattrs);
    this.#xattrs = plan;
    this.#table = { ...prefixes, off };
    return table;
  }

  /**
   * Gives all inodes that have names their places in the metabox, and what they have of whole blocks of directories and
   * links theirs in the image; what they hold must be decided.
   *
   * @param firstBlk where there is room for blocks
   */
  placeBox(firstBlk: number): BoxPlace {
    const { inodes, settings } = this.#input;
    const { nids, sizes, startBlk } = this;
    const { compression, plainXattrPrefixes } = settings;
    const isCompressed = compression !== undefined && compresses(compression);
    this.#boxed = boxXattrs(this.#xattrs, plainXattrPrefixes);
    ({ left: this.#xattrs, table: this.#table } = this.#boxed);
    const reserved = roundUp(this.#boxed.head.length, SLOT);
    const input = { order: inodes.order, sizes, nids, startBlk, blockSize: this.#blockSize, isCompressed, reserved };
    this.#box = placeBox(input, firstBlk);
    this.#nameLinks();
    return this.#box;
  }

  /** Inodes outside of the metabox. */
  #listOrder(): Uint32Array {
    const named = this.#isBoxed ? [] : this.#input.inodes.order;
    if (this.#unnamed.length === 0) return this.#input.inodes.order;
    const order = sharedUint32(named.length + this.#unnamed.length);
    order.set(named);
    order.set(this.#unnamed, named.length);
    return order;
  }

  /**
   * Gives all inodes outside of a metabox, directories and shared attributes their places; what they hold must be decided.
   * Of an image with few inodes some are behind the image's head, if that saves a block.
   *
   * @param firstBlk where there is room for them
   * @param headBytes what the image's head takes
   */
  placeMetadata(firstBlk: number, headBytes: number): MetadataPlace {
    const order = this.#listOrder();
    // NIDs count from the block in front of the first inode: 0 would be no number for some readers
    const usual = () => this.#place(order, firstBlk, firstBlk - 1);
    const place = usual();
    if (order.length > FEW_INODES || headBytes > this.#blockSize) return place;
    const other = this.#place(order, firstBlk, 0, roundUp(headBytes, SLOT));
    return other.endBlk < place.endBlk && this.#isInReach(order) ? other : usual();
  }

  /** Whether the root is in the block from which NIDs count, and what is there has nothing in other blocks. */
  #isInReach(order: Uint32Array): boolean {
    const inHead = (entry: number) => this.nids[entry]! < this.#blockSize / SLOT;
    const hasRoot = this.#isBoxed || inHead(0);
    return hasRoot && order.every((entry) => !inHead(entry) || this.sizes.metaBodyBlocks(entry) === 0);
  }

  /** Places all that is metadata: from `firstBlk` on, or if its head has `reserved` bytes, in block 0 and there. */
  #place(order: Uint32Array, firstBlk: number, nidBlk: number, reserved = 0): MetadataPlace {
    const blockSize = this.#blockSize;
    const packed = sharedUint32(order.length);
    let placed = 0;
    let inHead = 0;
    // blocks behind block 0 are where there is room
    const shift = reserved > 0 ? firstBlk - 1 : 0;
    const planned = planBatches({
      count: order.length,
      blockSize,
      firstBlk: reserved > 0 ? 0 : firstBlk,
      nidBlk,
      reserved,
      measureItem: (index) => this.sizes.itemBytes(order[index]!),
      measureBody: (index) => this.sizes.metaBodyBlocks(order[index]!),
      placeItem: (index, offset) => {
        const isInHead = reserved > 0 && offset < blockSize;
        if (isInHead) inHead++;
        this.nids[order[index]!] = checkNid((offset + ((isInHead ? 0 : shift) - nidBlk) * blockSize) / SLOT);
        packed[placed++] = index;
      },
      placeBody: (index, blk) => {
        this.startBlk[order[index]!] = blk + shift;
      },
    });
    this.#nameLinks();
    const batches = reserved > 0 ? splitHead(planned.batches, inHead, shift) : planned.batches;
    const xattrBlocks = Math.ceil(this.#xattrs.shared.length / blockSize);
    const xattrBlk = planned.endBlk + shift;
    const endBlk = xattrBlk + xattrBlocks;
    const metaBlocks = endBlk - firstBlk + (reserved > 0 ? 1 : 0);
    return { order, packed, batches, metaBlocks, nidBlk, xattrBlk: xattrBlocks === 0 ? 0 : xattrBlk, endBlk };
  }

  /** The further names of a hard link lead to the one inode. */
  #nameLinks(): void {
    const { inodeOf } = this.#input.inodes;
    inodeOf?.forEach((inode, entry) => {
      if (inode !== entry) this.nids[entry] = this.nids[inode]!;
    });
  }

  /** What the inodes of the metabox are emitted from. */
  planBox(stored: SharedStored): InodePlan {
    const { packed, batches } = this.#box!;
    const { order } = this.#input.inodes;
    const places = { nidBlk: 0, inBox: true, order, packed, batches: Float64Array.from(batches) };
    return { ...this.#planInodes(stored), ...places, head: this.#boxed?.head };
  }

  #planInodes(stored: SharedStored) {
    const { inodes, settings } = this.#input;
    return {
      blockSize: this.#blockSize,
      nlink: inodes.nlink,
      nids: this.nids,
      formats: this.sizes.formats,
      startBlk: this.startBlk,
      chunkMaps: this.sizes.chunkMaps,
      chunkBits: settings.chunkBits ?? 0,
      chunkIndexes: settings.chunkIndexes,
      device: settings.hasBlobDevice ? 1 : 0,
      omitsDot: settings.omitsDot,
      xattrs: this.#xattrs,
      stored,
    };
  }

  /** The whole plan, of an image that ends with block `endBlk`. */
  finish(metadata: MetadataPlace, endBlk: number, incompat: number, compressed: CompressedPlan): ErofsPlan {
    const { inodes, settings } = this.#input;
    const blocks = roundUp(endBlk, settings.fsAlignBlocks);
    checkBlocks(countBlocks(blocks, compressed.devices));
    const { order, packed, nidBlk, batches } = metadata;
    const prefixes = this.#table ?? placePrefixes(this.#xattrs, metadata.xattrBlk * this.#blockSize);
    const superblock: Superblock = {
      blockSize: this.#blockSize,
      rootNid: this.nids[0]!,
      inodes: inodes.order.length + this.#unnamed.length,
      epoch: this.time.epoch,
      fixedNsec: this.time.fixedNsec,
      buildTime: this.time.buildTime,
      blocks,
      nidBlk,
      // numbers of those in the metabox count from its start
      xattrBlk: this.#boxed?.compat ? 0 : metadata.xattrBlk,
      uuid: this.#uuid,
      label: settings.label,
      compat: xattrCompat(this.#xattrs, prefixes, this.#table === undefined, settings) | (this.#boxed?.compat ?? 0),
      incompat: incompat | this.#plainFeatures() | (prefixes ? INCOMPAT_XATTR_PREFIXES : 0),
      compression: compressed.description,
      metaboxNid: compressed.metaboxNid,
      devices: compressed.devices,
      prefixes,
      hasChecksum: settings.checksum,
    };
    return {
      ...this.#planInodes(compressed.stored),
      ...{ nidBlk, inBox: false, order, packed, batches: Float64Array.from(batches) },
      superblock,
      blocks,
      xattrBlk: metadata.xattrBlk,
      metaBlocks: metadata.metaBlocks + compressed.boxBlocks + (this.#box?.bodyBlocks ?? 0),
      savedByDedupe: compressed.savedByDedupe,
      savedByHoles: this.#savedByHoles,
    };
  }

  /** INCOMPAT_ bits of what is not compression. A root in the metabox has a number of 64 bits. */
  #plainFeatures(): number {
    const { chunkBits, omitsDot } = this.#input.settings;
    const isChunked = this.sizes.chunkMaps.size > 0 || chunkBits !== undefined;
    return (
      (isChunked ? INCOMPAT_CHUNKED_FILE : 0) |
      (omitsDot ? INCOMPAT_48BIT : 0) |
      (this.#isBoxed ? INCOMPAT_48BIT | INCOMPAT_METABOX : 0)
    );
  }
}

/** Has block 0, with its `inHead` inodes, be a batch of its own, and the other blocks `shift` blocks behind. */
function splitHead(batches: readonly number[], inHead: number, shift: number): number[] {
  const split = [0, inHead, 0, 1, ...batches.slice(4, BATCH_FIELDS)];
  for (let at = 0; at < batches.length; at += BATCH_FIELDS) {
    const [place = 0, endPlace = 0, startBlk = 0, endBlk = 0, first = 0, end = 0] = batches.slice(at);
    if (at > 0) split.push(place, endPlace, startBlk + shift, endBlk + shift, first, end);
    else if (endBlk > 1) split.push(inHead, endPlace, 1 + shift, endBlk + shift, end, end);
  }
  return split;
}
