/** What is to be compressed, how, in which pieces, and how much room there is beside each inode; pure. */
import { latin1FromBytes, roundUp } from "../../core/bytes.ts";
import { shareUint32 } from "../../core/shared.ts";
import { compileEre } from "../../stage/text/ere.ts";
import { FILE_RAW } from "../../stage/tree/file-order.ts";
import { NONE } from "../../stage/tree/tree.ts";
import type { Compression } from "../compress-options.ts";
import {
  FORMAT_EXTENDED,
  LAYOUT_COMPRESSED_COMPACT,
  LAYOUT_COMPRESSED_FULL,
  MAX_COMPACT_BITS,
} from "../disk/format.ts";
import { mapHeaderAt, measureIndex } from "../disk/lcluster.ts";
import { type GrainWork, planGrains } from "../links/grains.ts";
import { planLinks } from "../links/links.ts";
import type { InodeSizes } from "../plan/measure.ts";
import { CHUNKS_PART_BYTES, FILE_PART_BYTES, PieceList, packedPartBytes } from "../plan/pieces.ts";
import { ownerOf, type PlanInput } from "../plan/plan.ts";
import type { Method, SharedStored } from "../plan/stored.ts";
import type { CompressWork } from "./compress.ts";
import type { PartInput } from "./squeeze/part-input.ts";

/** Files with the same contents. */
interface EqualFiles {
  count: number;
  /** Bytes of their inodes and attributes: the lengths that there are. */
  heads: Set<number>;
}

/** Smaller files are not looked through for what others hold too. */
const MIN_GRAIN_FILE = 8192;

/** The ways to compress, by number: that of most files, those of the hints, of the metabox, of the packed inode, none. */
export function listMethods({ hints, metabox, pclusterSize, packedPclusterSize }: Compression): Method[] {
  return [
    { algorithm: 0, pclusterSize },
    ...hints.map((hint) => ({ algorithm: hint.algorithm, pclusterSize: hint.pclusterSize })),
    ...(metabox ? [{ algorithm: metabox.algorithm, pclusterSize: metabox.pclusterSize }] : []),
    { algorithm: 0, pclusterSize: packedPclusterSize },
    { algorithm: 0, pclusterSize: 0 },
  ];
}

/** The layout of a file whose pclusters lie one behind the other. */
export function indexLayout({ fullIndexes }: Compression, blockSize: number): number {
  const isFull = fullIndexes || Math.log2(blockSize) > MAX_COMPACT_BITS;
  return isFull ? LAYOUT_COMPRESSED_FULL : LAYOUT_COMPRESSED_COMPACT;
}

/** Plans the compression of files. */
export class WorkPlanner {
  readonly #input: PlanInput;
  readonly #compression: Compression;
  readonly #sizes: InodeSizes;
  readonly #stored: SharedStored;
  /** Bytes that are read and compressed by all that has been planned. */
  contentBytes = 0;

  constructor(input: PlanInput, compression: Compression, sizes: InodeSizes, stored: SharedStored) {
    this.#input = input;
    this.#compression = compression;
    this.#sizes = sizes;
    this.#stored = stored;
  }

  /** Plans the files of the tree that have data of their own; readers of fragments also read what is `found` again. */
  planFiles(files: Uint32Array, found: CompressWork["found"]): CompressWork {
    const { fragments, tailPacking } = this.#compression;
    const ends = { none: tailPacking ? "inline" : "block", tails: "fragment", all: "whole" } as const;
    return this.#plan(files, ends[fragments], this.#chooseMethods(files), found);
  }

  /**
   * Plans the packed inode, whose own inode has its place already, with room for an index.
   *
   * @param inodeOff where that is
   */
  planPacked(packedEntry: number, inodeOff: number): CompressWork {
    const work = this.#planIndexed(shareUint32([packedEntry]), this.#stored.methods.length - 2);
    const { tailPacking, metabox } = this.#compression;
    // the last inode of all is the last one of its block
    if (tailPacking && !metabox) work.inlineRoom[0] = this.#roomBehindIndex(packedEntry, inodeOff);
    return work;
  }

  /** Bytes that are left behind an index up to the end of its block. */
  #roomBehindIndex(entry: number, inodeOff: number): number {
    const { blockSize } = this.#stored;
    const size = this.#input.tree.size.view[entry]!;
    const layout = indexLayout(this.#compression, blockSize);
    const end = inodeOff + measureIndex(mapHeaderAt(this.#headBytes(entry)), size, layout, Math.log2(blockSize));
    return roundUp(end, blockSize) - end;
  }

  /** The same for the metabox. */
  planBox(boxEntry: number): CompressWork {
    return this.#planIndexed(shareUint32([boxEntry]), this.#stored.methods.length - 3);
  }

  #planIndexed(files: Uint32Array, method: number): CompressWork {
    const methods = new Uint8Array(new SharedArrayBuffer(1)).fill(method);
    return { ...this.#plan(files, "indexed", methods, undefined), unit: this.#stored.blockSize };
  }

  /** Plans the search for equal runs of bytes in what is to be compressed. */
  planGrains({ files, methods, pieces, end }: CompressWork): GrainWork {
    const size = this.#input.tree.size.view;
    const { blockSize } = this.#stored;
    const classes = new Uint8Array(new SharedArrayBuffer(files.length));
    let bytes = 0;
    files.forEach((entry, index) => {
      const { algorithm, pclusterSize } = this.#stored.methods[methods[index]!]!;
      if (pclusterSize === 0 || end === "whole" || size[entry]! < MIN_GRAIN_FILE) return;
      // an index names one algorithm, and may have pclusters of several blocks or not
      classes[index] = 1 + 2 * algorithm + Number(pclusterSize > blockSize);
      bytes += size[entry]!;
    });
    return planGrains(files, classes, pieces, bytes);
  }

  /** Has files refer to what is equal in others, as `runs` say. */
  link(work: CompressWork, runs: Float64Array): void {
    const { blockSize, methods } = this.#stored;
    const pclusterSizeOf = (index: number) => methods[work.methods[index]!]!.pclusterSize;
    work.links = planLinks(this.#input.tree, work.files, work.pieces, runs, blockSize, pclusterSizeOf);
  }

  #plan(files: Uint32Array, end: PartInput["end"], methods: Uint8Array, found: CompressWork["found"]): CompressWork {
    const { tree, settings } = this.#input;
    const { blockSize } = this.#stored;
    const inlineRoom = new Uint16Array(new SharedArrayBuffer(2 * files.length));
    const flatRoom = new Uint16Array(new SharedArrayBuffer(2 * files.length));
    const heads = this.#findHeads();
    const pieces = new PieceList(blockSize);
    const { methods: kinds, sharesChunks } = this.#stored;
    const isIndexed = end === "indexed";
    const usual = isIndexed ? packedPartBytes(kinds[methods[0]!]!.pclusterSize) : FILE_PART_BYTES;
    const part = sharesChunks ? CHUNKS_PART_BYTES : usual;
    const layouts = new Set([indexLayout(this.#compression, blockSize)]);
    // whether others have some of it already shows later on, and then not all pclusters lie one behind the other
    if (this.#compression.dedupeExtents) layouts.add(LAYOUT_COMPRESSED_FULL);
    files.forEach((entry, index) => {
      const size = tree.size.view[entry]!;
      const map = this.#sizes.chunkMaps.get(entry);
      pieces.add(size, part, map);
      this.contentBytes += map ? Math.min(map.blocks * blockSize, size) : size;
      if (map) return;
      if (end === "inline") inlineRoom[index] = this.#inlineRoom(entry, heads, layouts);
      if (settings.inlineData && this.#stored.chunkBytes === 0) {
        const group = heads?.get(entry);
        const head = group === undefined ? this.#headBytes(entry) : Math.max(...group.heads);
        flatRoom[index] = Math.max(0, Math.min(blockSize - 1, blockSize - head, this.#mostInline(group)));
      }
    });
    return {
      compression: this.#compression,
      files,
      methods,
      inlineRoom,
      flatRoom,
      pieces: pieces.end(),
      end,
      unit: this.#stored.unit,
      stored: this.#stored,
      found,
      links: undefined,
    };
  }

  /** Most bytes behind the index of a file, and of those that are equal to it, in each of the layouts that it may have. */
  #inlineRoom(entry: number, heads: ReadonlyMap<number, EqualFiles> | undefined, layouts: ReadonlySet<number>): number {
    const { blockSize } = this.#stored;
    const size = this.#input.tree.size.view[entry]!;
    // where packs of entries start makes a difference: the index behind a larger inode may end earlier
    const ends = this.#headsOf(entry, heads).flatMap((head) =>
      [...layouts].map((layout) => measureIndex(mapHeaderAt(head), size, layout, Math.log2(blockSize))),
    );
    // an inode that is longer than a block starts with one
    return Math.min(this.#mostInline(heads?.get(entry)), ...ends.map((end) => roundUp(end, blockSize) - end));
  }

  /** Most bytes beside each inode of a group: if there are more of them in all, a block that these share is less. */
  #mostInline(group: EqualFiles | undefined): number {
    const { blockSize } = this.#stored;
    return Math.floor(blockSize / (group?.count ?? 1));
  }

  #headBytes(entry: number): number {
    return this.#sizes.headBytes(entry, (this.#stored.formats[entry]! & FORMAT_EXTENDED) !== 0);
  }

  #headsOf(entry: number, heads: ReadonlyMap<number, EqualFiles> | undefined): number[] {
    return [...(heads?.get(entry)?.heads ?? [this.#headBytes(entry)])];
  }

  /** What is inline is so in every file of a group of equals: there must be room beside each of their inodes. */
  #findHeads(): Map<number, EqualFiles> | undefined {
    const { inodes, sharesWith } = this.#input;
    if (!sharesWith) return undefined;
    const heads = new Map<number, EqualFiles>();
    for (const entry of inodes.order) {
      const original = sharesWith[entry]!;
      if (original === NONE) continue;
      const group = heads.get(original) ?? { count: 1, heads: new Set([this.#headBytes(original)]) };
      group.count++;
      group.heads.add(this.#headBytes(entry));
      heads.set(original, group);
    }
    return heads;
  }

  /** The first hint that matches decides, unless the sort file says that a file, or an equal one, stays plain. */
  #chooseMethods(owners: Uint32Array): Uint8Array {
    const { files, sharesWith, tree } = this.#input;
    const isRaw = (entry: number) => ((files.flags?.[entry] ?? 0) & FILE_RAW) !== 0;
    const raw = new Set([...files.files.filter(isRaw)].map((entry) => ownerOf(entry, sharesWith)));
    const isPlain = (entry: number) => raw.has(entry) || this.#sizes.chunkMaps.has(entry);
    const methods = new Uint8Array(new SharedArrayBuffer(owners.length));
    const hints = this.#compression.hints.map(({ pattern }) => compileEre(pattern));
    owners.forEach((entry, index) => {
      if (isPlain(entry)) methods[index] = this.#stored.methods.length - 1;
      else if (hints.length > 0) {
        const path = latin1FromBytes(tree.path(entry));
        methods[index] = hints.findIndex((matches) => matches(path)) + 1;
      }
    });
    return methods;
  }
}
