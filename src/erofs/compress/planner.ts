/**
 * The plan of a compressed image. How long compressed data gets is known only when it is there, so planning goes in
 * steps: what is to be compressed, and with what room; then, when that has its place, the metadata behind it; then the
 * packed inode, whose contents are the ends of files, behind that.
 *
 *     | superblock | data of files, in the order of their inodes, or of a sort file | metadata | data of the packed inode |
 */
import { latin1FromBytes, roundUp } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { sharedUint32 } from "../../core/shared.ts";
import { StructView } from "../../core/struct.ts";
import { compileEre } from "../../stage/text/ere.ts";
import { FILE_RAW } from "../../stage/tree/file-order.ts";
import { NONE, S_IFDIR, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import { type Compression, hasPackedInode } from "../compress-options.ts";
import { DirectoryBlocks } from "../disk/dirent.ts";
import {
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  INCOMPAT_48BIT,
  INCOMPAT_COMPR_CFGS,
  INCOMPAT_FRAGMENTS,
  INCOMPAT_ZERO_PADDING,
  INCOMPAT_ZTAILPACKING,
  isCompressed,
  LAYOUT_COMPRESSED_COMPACT,
  LAYOUT_COMPRESSED_FULL,
  MAX_COMPACT_BITS,
} from "../disk/format.ts";
import { mapHeaderAt, measureIndex } from "../disk/lcluster.ts";
import { measureHead, type SuperCompression } from "../disk/superblock.ts";
import { type GrainWork, planGrains } from "../links/grains.ts";
import { planLinks } from "../links/links.ts";
import type { ErofsLayout } from "../options.ts";
import { PieceList } from "../plan/pieces.ts";
import { type ErofsPlan, ImagePlanner, listOwners, type MetadataPlace, ownerOf, type PlanInput } from "../plan/plan.ts";
import { type Method, PACKED, SCATTERED, type SharedStored, StoredFiles, shareStored } from "../plan/stored.ts";
import { type Arrangement, arrangeFragments } from "./arrange.ts";
import type { CompressWork } from "./compress.ts";
import { describeMethods, needsConfigurations } from "./configurations.ts";
import { shareFound } from "./found.ts";
import { SKETCH_WORDS } from "./sketch.ts";
import type { PartInput } from "./squeeze.ts";

/** Permissions of the packed inode, which nobody sees. */
const PACKED_MODE = S_IFREG | 0o644;

/** Smaller files are not looked through for what others hold too. */
const MIN_GRAIN_FILE = 8192;

/** Makes room in the tree for the packed inode, before inodes are ordered; NONE where there will be none. */
export function allocatePackedInode(tree: Tree, compression: Compression | undefined): number {
  return compression && hasPackedInode(compression) ? tree.allocate(1) : NONE;
}

/** Plans a compressed image, step by step. */
export class CompressedPlanner {
  readonly #input: PlanInput;
  readonly #tree: Tree;
  readonly #layout: ErofsLayout;
  readonly #compression: Compression;
  readonly #planner: ImagePlanner;
  readonly #packedEntry: number;
  readonly #methods: Method[];
  readonly #stored: SharedStored;
  readonly #files: Uint32Array;
  /** Readers of fragments also read pclusters that several files share. */
  readonly #found: CompressWork["found"];
  #metadata: MetadataPlace | undefined;
  #arrangement: Arrangement | undefined;
  /** Bytes that are read and compressed. */
  contentBytes = 0;

  /** @param packedEntry what {@link allocatePackedInode} has returned */
  constructor(input: PlanInput, compression: Compression, packedEntry: number) {
    const { tree, layout } = input;
    this.#input = input;
    this.#tree = tree;
    this.#layout = layout;
    this.#compression = compression;
    this.#packedEntry = packedEntry;
    this.#planner = new ImagePlanner(input);
    const { hints, pclusterSize } = compression;
    this.#methods = [
      { algorithm: 0, pclusterSize },
      ...hints.map((hint) => ({ algorithm: hint.algorithm, pclusterSize: hint.pclusterSize })),
      { algorithm: 0, pclusterSize: compression.packedPclusterSize },
      { algorithm: 0, pclusterSize: 0 },
    ];
    if (this.#methods.length > 256) throw new ImageError("INPUT", "compress hints: more than 253");
    this.#stored = shareStored({
      entries: tree.length,
      blockSize: layout.blockSize,
      firstBlk: Math.ceil(measureHead(this.#describe(0, this.#methods)) / layout.blockSize),
      unit: compression.extentRecords ? 1 : layout.blockSize,
      fullIndexes: compression.fullIndexes,
      methods: this.#methods,
      formats: this.#planner.sizes.formats,
      startBlk: this.#planner.startBlk,
      sketchWords: compression.fragments === "none" ? 0 : SKETCH_WORDS,
    });
    this.#files = listOwners(input);
    this.#found =
      layout.dedupe && compression.fragments !== "none"
        ? { pclusters: shareFound(), fragments: shareFound() }
        : undefined;
  }

  /** The first step: all files. */
  planFiles(): CompressWork {
    const { fragments, tailPacking } = this.#compression;
    const ends = { none: tailPacking ? "inline" : "block", tails: "fragment", all: "whole" } as const;
    return this.#planWork(this.#files, ends[fragments], this.#chooseMethods());
  }

  /** Plans the search for equal runs of bytes in what is to be compressed. */
  planGrains({ files, methods, pieces, end }: CompressWork): GrainWork {
    const size = this.#tree.size.view;
    const { blockSize } = this.#layout;
    const classes = new Uint8Array(new SharedArrayBuffer(files.length));
    let bytes = 0;
    files.forEach((entry, index) => {
      const { algorithm, pclusterSize } = this.#methods[methods[index]!]!;
      if (pclusterSize === 0 || end === "whole" || size[entry]! < MIN_GRAIN_FILE) return;
      // an index names one algorithm, and may have pclusters of several blocks or not
      classes[index] = 1 + 2 * algorithm + Number(pclusterSize > blockSize);
      bytes += size[entry]!;
    });
    return planGrains(files, classes, pieces, bytes);
  }

  /** Has files refer to what is equal in others, as `runs` say. */
  link(work: CompressWork, runs: Float64Array): void {
    const { blockSize } = this.#layout;
    work.links = planLinks(
      this.#tree,
      work.files,
      work.pieces,
      runs,
      blockSize,
      (index) => this.#methods[work.methods[index]!]!.pclusterSize,
    );
    if (!work.links) return;
    const { linkAt } = work.links;
    const heads = this.#findHeads();
    work.files.forEach((entry, index) => {
      if (linkAt[index] !== linkAt[index + 1])
        work.inlineRoom[index] = this.#inlineRoom(entry, heads, LAYOUT_COMPRESSED_FULL);
    });
  }

  /** The second step, after the first has been done: inodes and directories. */
  placeMetadata(): void {
    const { inodes, sharesWith } = this.#input;
    const stored = new StoredFiles(this.#stored);
    // behind 4 GiB a fragment's offset takes more room, which has been given away by now
    if (stored.fragmentBytes > 0 && stored.fragmentBytes <= 0xffffffff) {
      this.#arrangement = arrangeFragments(this.#stored, this.#files);
    }
    for (const entry of sharesWith ? inodes.order : []) {
      const original = sharesWith![entry]!;
      if (original !== NONE) stored.copy(entry, original);
    }
    if (this.#compression.directories) {
      for (const entry of inodes.order) {
        if (this.#tree.kind(entry) === S_IFDIR) stored.addDirectory(entry, this.#planner.sizes.size(entry));
      }
    }
    if (this.#hasPacked(stored)) this.#preparePacked(stored);
    const { sizes } = this.#planner;
    sizes.stored = stored;
    const first = stored.endBlk;
    // NIDs count from the block in front of the first inode: 0 would be no number for some readers
    this.#metadata = this.#planner.placeMetadata(first, first - 1, 0);
    stored.endBlk = this.#metadata.endBlk;
  }

  #hasPacked(stored: StoredFiles): boolean {
    return this.#packedEntry !== NONE && stored.fragmentBytes > 0;
  }

  #preparePacked(stored: StoredFiles): void {
    const entry = this.#packedEntry;
    const tree = this.#tree;
    tree.mode.view[entry] = PACKED_MODE;
    tree.mtime.view[entry] = this.#planner.time.epoch;
    tree.mtimeNsec.view[entry] = this.#planner.time.fixedNsec;
    tree.size.view[entry] = stored.fragmentBytes;
    const { nlink, inodeOf } = this.#input.inodes;
    nlink[entry] = 1;
    if (inodeOf) inodeOf[entry] = entry;
    const isExtended = this.#layout.inodes === "extended" || stored.fragmentBytes > 0xffffffff;
    const layout = this.#indexLayout();
    this.#stored.formats[entry] = (isExtended ? FORMAT_EXTENDED : 0) | (layout << FORMAT_LAYOUT_SHIFT);
    this.#planner.addInode(entry);
  }

  /** The layout of a file whose pclusters lie one behind the other. */
  #indexLayout(): number {
    const isFull = this.#compression.fullIndexes || Math.log2(this.#layout.blockSize) > MAX_COMPACT_BITS;
    return isFull ? LAYOUT_COMPRESSED_FULL : LAYOUT_COMPRESSED_COMPACT;
  }

  /** Writes the directories that the packed inode holds, now that all inodes have their numbers. */
  writeDirectories(writeAt: (bytes: Uint8Array, offset: number) => void): void {
    if (!this.#compression.directories) return;
    const { blockSize, fragmentLen, fragmentOff } = this.#stored;
    for (const entry of this.#input.inodes.order) {
      if (this.#tree.kind(entry) !== S_IFDIR) continue;
      const bytes = new Uint8Array(roundUp(fragmentLen[entry]!, blockSize));
      const view = new StructView(bytes.buffer);
      const blocks = new DirectoryBlocks(this.#tree, entry, this.#planner.nids, blockSize);
      for (let at = 0; at < bytes.length; at += blockSize) blocks.emit(bytes, view, at);
      writeAt(bytes.subarray(0, fragmentLen[entry]!), fragmentOff[entry]!);
    }
  }

  /**
   * The third step: the contents of the packed inode, and in which order it has what was gathered, if that is another;
   * undefined where there is none.
   */
  planPacked(): { work: CompressWork; arrangement: Arrangement | undefined } | undefined {
    if (!this.#hasPacked(new StoredFiles(this.#stored))) return undefined;
    const methods = new Uint8Array(new SharedArrayBuffer(1)).fill(this.#methods.length - 2);
    const files = sharedUint32(1);
    files[0] = this.#packedEntry;
    // its inode has its place already, with room for a compact index
    const work = { ...this.#planWork(files, "indexed", methods), found: undefined };
    return { work, arrangement: this.#arrangement };
  }

  /** The last step: everything has its place. */
  finish(): ErofsPlan {
    const stored = new StoredFiles(this.#stored);
    const packedEntry = this.#hasPacked(stored) ? this.#packedEntry : NONE;
    const used = this.#usedMethods();
    const hasCompressed = used.length > 0;
    const packedNid = packedEntry === NONE ? 0 : this.#planner.nids[packedEntry]!;
    return this.#planner.finish(this.#metadata!, stored.endBlk, hasCompressed ? this.#incompat(used) : 0, {
      description: hasCompressed ? this.#describe(packedNid, used) : undefined,
      stored: this.#stored,
      packedEntry,
      contentBytes: this.contentBytes,
      savedByDedupe: this.#savedByDedupe(),
    });
  }

  #planWork(files: Uint32Array, end: PartInput["end"], methods: Uint8Array): CompressWork {
    const { blockSize } = this.#layout;
    const inlineRoom = new Uint16Array(new SharedArrayBuffer(2 * files.length));
    const flatRoom = new Uint16Array(new SharedArrayBuffer(2 * files.length));
    const heads = this.#findHeads();
    const pieces = new PieceList(blockSize);
    const layout = this.#indexLayout();
    files.forEach((entry, index) => {
      const size = this.#tree.size.view[entry]!;
      const map = this.#planner.sizes.chunkMaps.get(entry);
      pieces.add(size, this.#methods[methods[index]!]!.pclusterSize, map);
      this.contentBytes += map ? Math.min(map.blocks * blockSize, size) : size;
      if (map) return;
      const head = Math.max(...this.#headsOf(entry, heads));
      inlineRoom[index] = this.#inlineRoom(entry, heads, layout);
      if (this.#layout.inlineData) flatRoom[index] = Math.max(0, Math.min(blockSize - 1, blockSize - head));
    });
    return {
      compression: this.#compression,
      files,
      methods,
      inlineRoom,
      flatRoom,
      pieces: pieces.end(),
      end,
      stored: this.#stored,
      found: this.#found,
      links: undefined,
    };
  }

  /** Most bytes behind the index of a file, and of those that are equal to it. */
  #inlineRoom(entry: number, heads: ReadonlyMap<number, Set<number>> | undefined, layout: number): number {
    const { blockSize } = this.#layout;
    const size = this.#tree.size.view[entry]!;
    // where packs of entries start makes a difference: the index behind a larger inode may end earlier
    const ends = this.#headsOf(entry, heads).map((head) =>
      measureIndex(mapHeaderAt(head), size, layout, Math.log2(blockSize)),
    );
    return Math.max(0, blockSize - Math.max(...ends));
  }

  #headBytes(entry: number): number {
    return this.#planner.sizes.headBytes(entry, (this.#stored.formats[entry]! & FORMAT_EXTENDED) !== 0);
  }

  #headsOf(entry: number, heads: ReadonlyMap<number, Set<number>> | undefined): number[] {
    return [...(heads?.get(entry) ?? [this.#headBytes(entry)])];
  }

  /** What is inline is so in every file of a group of equals: there must be room beside each of their inodes. */
  #findHeads(): Map<number, Set<number>> | undefined {
    const { inodes, sharesWith } = this.#input;
    if (!sharesWith) return undefined;
    const heads = new Map<number, Set<number>>();
    for (const entry of inodes.order) {
      const original = sharesWith[entry]!;
      if (original === NONE) continue;
      const group = heads.get(original) ?? new Set([this.#headBytes(original)]);
      heads.set(original, group.add(this.#headBytes(entry)));
    }
    return heads;
  }

  /** The first hint that matches decides, unless the sort file says that a file, or an equal one, stays plain. */
  #chooseMethods(): Uint8Array {
    const { files, sharesWith } = this.#input;
    const isRaw = (entry: number) => ((files.flags?.[entry] ?? 0) & FILE_RAW) !== 0;
    const raw = new Set([...files.files.filter(isRaw)].map((entry) => ownerOf(entry, sharesWith)));
    const isPlain = (entry: number) => raw.has(entry) || this.#planner.sizes.chunkMaps.has(entry);
    const methods = new Uint8Array(new SharedArrayBuffer(this.#files.length));
    const hints = this.#compression.hints.map(({ pattern }) => compileEre(pattern));
    this.#files.forEach((entry, index) => {
      if (isPlain(entry)) methods[index] = this.#methods.length - 1;
      else if (hints.length > 0) {
        const path = latin1FromBytes(this.#tree.path(entry));
        methods[index] = hints.findIndex((matches) => matches(path)) + 1;
      }
    });
    return methods;
  }

  #savedByDedupe(): number {
    const { inodes, sharesWith } = this.#input;
    let blocks = 0;
    for (const entry of sharesWith ? inodes.order : []) {
      if (sharesWith![entry] !== NONE) blocks += this.#stored.blocks[entry]!;
    }
    return blocks * this.#layout.blockSize + new StoredFiles(this.#stored).savedBytes;
  }

  /** What a reader must know, given that something is compressed. */
  #incompat(used: readonly Method[]): number {
    const { formats, inlineLen, packed } = this.#stored;
    const isScattered = packed.some((flags) => (flags & SCATTERED) !== 0);
    const hasTails = inlineLen.some((length, entry) => length > 0 && isCompressed(formats[entry]!));
    return (
      INCOMPAT_ZERO_PADDING |
      (needsConfigurations(this.#compression, used, this.#layout.blockSize) ? INCOMPAT_COMPR_CFGS : 0) |
      (hasTails ? INCOMPAT_ZTAILPACKING : 0) |
      (this.#compression.extentRecords ? INCOMPAT_48BIT : 0) |
      // it also tells that uncompressed blocks are interlaced, and that several extents may be one pcluster
      (hasPackedInode(this.#compression) || isScattered ? INCOMPAT_FRAGMENTS : 0)
    );
  }

  /** The methods by which something has been compressed. */
  #usedMethods(): Method[] {
    const { blocks, inlineLen, method, packed } = this.#stored;
    const used = new Set<number>();
    packed.forEach((flags, entry) => {
      // a file that is a fragment as a whole is compressed in the packed inode's way
      const isOwn = blocks[entry]! > 0 || inlineLen[entry]! > 0;
      if (isOwn && (flags & PACKED) !== 0) used.add(method[entry]!);
    });
    return [...used].map((index) => this.#methods[index]!);
  }

  #describe(packedNid: number, methods: readonly Method[]): SuperCompression {
    return describeMethods(this.#compression, methods, this.#layout.blockSize, packedNid);
  }
}
