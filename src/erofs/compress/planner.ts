/**
 * The plan of a compressed image. How long compressed data gets is known only when it is there, so planning goes in
 * steps: what is to be compressed, and with what room; then, when that has its place, the metadata behind it; then the
 * packed inode, whose contents are the ends of files, behind that.
 *
 *     | superblock | data of files, in the order of their inodes, or of a sort file | metadata | data of the packed inode |
 *
 * With a metabox the metadata are blocks of directories and the inodes that no directory names; all others are its data,
 * which comes last.
 *
 * Where the data goes to a device of its own, its blocks count from there, and the metadata follows the superblock.
 *
 * Of few inodes, those that have room behind the superblock are there if that saves a block.
 */
import { roundUp } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { NONE, S_IFDIR } from "../../stage/tree/tree.ts";
import { type Compression, compresses } from "../compress-options.ts";
import { copyDigest, type Fingerprints } from "../disk/fingerprint.ts";
import {
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  INCOMPAT_DEVICE_TABLE,
  LAYOUT_PLAIN,
  PREFIX_UNIT,
  SLOT,
} from "../disk/format.ts";
import { measureHead } from "../disk/superblock.ts";
import type { GrainWork } from "../links/grains.ts";
import {
  type ErofsPlan,
  ImagePlanner,
  type InodePlan,
  listOwners,
  type MetadataPlace,
  type PlanInput,
} from "../plan/plan.ts";
import { type SharedStored, StoredFiles, shareStored } from "../plan/stored.ts";
import type { ImageTime } from "../plan/time.ts";
import { type Arrangement, arrangeFragments } from "./arrange.ts";
import type { CompressWork } from "./compress.ts";
import { describeMethods, listUsedMethods, requiredFeatures } from "./configurations.ts";
import { shareFound, shareFoundChunks } from "./found.ts";
import { stageUnnamed, type UnnamedInodes } from "./packed-inode.ts";
import { SKETCH_WORDS } from "./sketch.ts";
import { indexLayout, listMethods, WorkPlanner } from "./work-planner.ts";

/** Whoever mounts the image names its device. */
const NO_TAG = new Uint8Array(0);

/** Plans a compressed image, step by step. */
export class CompressedPlanner {
  readonly #input: PlanInput;
  readonly #compression: Compression;
  readonly #planner: ImagePlanner;
  readonly #work: WorkPlanner;
  readonly #packedEntry: number;
  readonly #boxEntry: number;
  readonly #shared: SharedStored;
  readonly #stored: StoredFiles;
  readonly #files: Uint32Array;
  /** Most bytes that the image's head takes. */
  readonly #headBytes: number;
  /** Blocks of the device that files have their data in, once they have. */
  #deviceBlocks = 0;
  #metadata: MetadataPlace | undefined;
  #arrangement: Arrangement | undefined;
  #packedTable: { at: number; bytes: Uint8Array } | undefined;

  /** @param unnamed what `allocatePackedInode` and `allocateMetabox` have returned */
  constructor(input: PlanInput, compression: Compression, { packedEntry, boxEntry }: UnnamedInodes) {
    const { tree, settings } = input;
    this.#input = input;
    this.#compression = compression;
    this.#packedEntry = packedEntry;
    this.#boxEntry = boxEntry;
    this.#planner = new ImagePlanner(input);
    const methods = listMethods(compression);
    if (methods.length > 256) throw new ImageError("INPUT", "compress hints: more than 253");
    const mostDescribed = describeMethods(compression, methods, settings.blockSize, 0);
    const devices = settings.hasBlobDevice ? 1 : 0;
    this.#headBytes = measureHead(mostDescribed, compression.metabox !== undefined, devices);
    this.#shared = shareStored({
      entries: tree.length,
      blockSize: settings.blockSize,
      firstBlk: settings.hasBlobDevice ? 0 : this.#headBlocks,
      unit: compression.extentRecords ? 1 : settings.blockSize,
      packedEntry,
      boxEntry,
      fullIndexes: compression.fullIndexes,
      chunkBytes: settings.chunkBits === undefined ? 0 : settings.blockSize * 2 ** settings.chunkBits,
      sharesChunks: compression.dedupeChunks === true,
      methods,
      formats: this.#planner.sizes.formats,
      startBlk: this.#planner.startBlk,
      joinsChunks: settings.hasBlobDevice,
      sketchWords: compression.fragments === "none" ? 0 : SKETCH_WORDS,
    });
    this.#stored = new StoredFiles(this.#shared);
    this.#work = new WorkPlanner(input, compression, this.#planner.sizes, this.#shared);
    this.#files = listOwners(input);
  }

  get #headBlocks(): number {
    return Math.ceil(this.#headBytes / this.#input.settings.blockSize);
  }

  /** Blocks of the device that files have their data in; 0 where that is the image. */
  get deviceBlocks(): number {
    return this.#deviceBlocks;
  }

  /** Bytes that are read and compressed. */
  get contentBytes(): number {
    return this.#work.contentBytes;
  }

  /** Digests of files, which are to be there when inodes are emitted; undefined: no files have any. */
  get fingerprints(): Fingerprints | undefined {
    return this.#planner.fingerprints;
  }

  /** The time that compact inodes have. */
  get time(): ImageTime {
    return this.#planner.time;
  }

  /** NIDs by entry, once the metadata has its place. */
  get nids(): Uint32Array {
    return this.#planner.nids;
  }

  /** How files have been stored. */
  get stored(): SharedStored {
    return this.#shared;
  }

  /** The first step: all files. */
  planFiles(): CompressWork {
    // readers of fragments, or of links, also read pclusters that several files share
    const { fragments: kind, dedupeChunks, dedupeExtents } = this.#compression;
    const findsAgain = this.#input.settings.dedupe && (kind !== "none" || dedupeExtents === true);
    const findsFragments = kind !== "none" && this.#compression.dedupeFragments !== false;
    const pclusters = dedupeChunks ? shareFoundChunks() : findsAgain ? shareFound() : undefined;
    const found = pclusters && { pclusters, fragments: findsFragments ? shareFound() : undefined };
    return this.#work.planFiles(this.#files, found);
  }

  /** Plans the search for equal runs of bytes in what is to be compressed. */
  planGrains(work: CompressWork): GrainWork {
    return this.#work.planGrains(work);
  }

  /** Has files refer to what is equal in others, as `runs` say. */
  link(work: CompressWork, runs: Float64Array): void {
    this.#work.link(work, runs);
  }

  /**
   * The second step, when all files have been compressed: what is stored of equal files and of directories. Returns the
   * bytes that the packed inode holds, 0 where there will be none; it is to be staged then.
   */
  gather(): number {
    const { tree, inodes, sharesWith } = this.#input;
    const stored = this.#stored;
    if (this.#input.settings.hasBlobDevice) {
      this.#deviceBlocks = stored.endBlk;
      stored.endBlk = this.#headBlocks;
    }
    // behind 4 GiB a fragment's offset takes more room, which has been given away by now
    if (stored.fragmentBytes > 0 && stored.fragmentBytes <= 0xffffffff) {
      this.#arrangement = arrangeFragments(this.#shared, this.#files, this.#compression.packedPclusterSize);
    }
    for (const entry of sharesWith ? inodes.order : []) {
      const original = sharesWith![entry]!;
      if (original === NONE) continue;
      stored.copy(entry, original);
      if (this.fingerprints) copyDigest(this.fingerprints, entry, original);
    }
    if (this.#compression.directories) {
      for (const entry of inodes.order) {
        if (tree.kind(entry) === S_IFDIR) stored.addDirectory(entry, this.#planner.sizes.size(entry));
      }
    }
    if (!this.#hasPacked) return 0;
    // a metabox has the table of prefixes itself
    if (this.#boxEntry === NONE) this.#placeTable();
    return stored.fragmentBytes;
  }

  /** The table of prefixes lies behind all else that the packed inode holds. */
  #placeTable(): void {
    const at = roundUp(this.#stored.fragmentBytes, PREFIX_UNIT);
    const bytes = this.#planner.moveTable(at);
    if (bytes.length === 0) return;
    this.#stored.take(0, 0, at + bytes.length - this.#stored.fragmentBytes);
    this.#packedTable = { at, bytes };
  }

  /** What the packed inode holds of the table of prefixes, and where; undefined: nothing. */
  get packedTable(): { at: number; bytes: Uint8Array } | undefined {
    return this.#packedTable;
  }

  get #hasPacked(): boolean {
    return this.#packedEntry !== NONE && this.#stored.fragmentBytes > 0;
  }

  /** The third step: inodes and directories, and the metabox with the inodes in it. */
  placeMetadata(): void {
    const chosen = indexLayout(this.#compression, this.#input.settings.blockSize);
    if (this.#hasPacked) this.#addUnnamed(this.#packedEntry, this.#stored.fragmentBytes, chosen);
    this.#planner.sizes.stored = this.#stored;
    if (this.#boxEntry !== NONE) this.#placeBox(chosen);
    this.#metadata = this.#planner.placeMetadata(this.#stored.endBlk, this.#headBytes);
    this.#stored.endBlk = this.#metadata.endBlk;
  }

  #placeBox(chosen: number): void {
    const { tree, inodes } = this.#input;
    const { bytes, endBlk } = this.#planner.placeBox(this.#stored.endBlk);
    this.#stored.endBlk = endBlk;
    stageUnnamed(tree, inodes, this.#boxEntry, bytes, this.time);
    this.#addUnnamed(this.#boxEntry, bytes, compresses(this.#compression) ? chosen : LAYOUT_PLAIN);
  }

  #addUnnamed(entry: number, bytes: number, layout: number): void {
    const isExtended = this.#input.settings.inodes === "extended" || bytes > 0xffffffff;
    this.#shared.formats[entry] = (isExtended ? FORMAT_EXTENDED : 0) | (layout << FORMAT_LAYOUT_SHIFT);
    this.#planner.addInode(entry);
  }

  /**
   * The fourth step: the contents of the packed inode, and in which order it has what was gathered, if that is another;
   * undefined where there is none.
   */
  planPacked(): { work: CompressWork; arrangement: Arrangement | undefined } | undefined {
    if (!this.#hasPacked) return undefined;
    const inodeOff = this.nids[this.#packedEntry]! * SLOT;
    return { work: this.#work.planPacked(this.#packedEntry, inodeOff), arrangement: this.#arrangement };
  }

  /**
   * The fifth step: what the inodes of the metabox are emitted from, and how its contents are compressed when they are
   * there; undefined where there is none.
   */
  planBox(): { inodes: InodePlan; work: CompressWork } | undefined {
    if (this.#boxEntry === NONE) return undefined;
    return { inodes: this.#planner.planBox(this.#shared), work: this.#work.planBox(this.#boxEntry) };
  }

  /** The last step: everything has its place. */
  finish(): ErofsPlan {
    const packedEntry = this.#hasPacked ? this.#packedEntry : NONE;
    const used = listUsedMethods(this.#shared);
    const hasCompressed = used.length > 0;
    const { blockSize } = this.#shared;
    const packedNid = packedEntry === NONE ? 0 : this.nids[packedEntry]!;
    const { hasBlobDevice } = this.#input.settings;
    const compressed = hasCompressed ? requiredFeatures(this.#compression, used, this.#shared) : 0;
    const incompat = compressed | (hasBlobDevice ? INCOMPAT_DEVICE_TABLE : 0);
    return this.#planner.finish(this.#metadata!, this.#stored.endBlk, incompat, {
      description: hasCompressed ? describeMethods(this.#compression, used, blockSize, packedNid) : undefined,
      stored: this.#shared,
      boxBlocks: this.#boxEntry === NONE ? 0 : this.#shared.blocks[this.#boxEntry]!,
      metaboxNid: this.#boxEntry === NONE ? 0 : this.nids[this.#boxEntry]!,
      devices: hasBlobDevice ? [{ blocks: this.#deviceBlocks, tag: NO_TAG }] : undefined,
      savedByDedupe: this.#savedByDedupe(),
    });
  }

  #savedByDedupe(): number {
    const { inodes, sharesWith } = this.#input;
    let blocks = 0;
    for (const entry of sharesWith ? inodes.order : []) {
      if (sharesWith![entry] !== NONE) blocks += this.#shared.blocks[entry]!;
    }
    return blocks * this.#shared.blockSize + this.#stored.savedBytes;
  }
}
