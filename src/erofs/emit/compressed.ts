/**
 * Emission of a compressed image's metadata, when its data has its place: inodes with their indexes, which are made from
 * the extents in the spill file.
 */
import { roundUp, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { Sink } from "../../core/sink.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import { S_IFDIR, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import { ExtentReader } from "../compress/extent-log.ts";
import { type Compression, isInterlaced } from "../compress-options.ts";
import { ALGORITHMS } from "../disk/algorithms.ts";
import { chunkUnit, emitChunk } from "../disk/chunk.ts";
import {
  ADVISE_BIG_PCLUSTERS,
  ADVISE_COMPACTED_2B,
  ADVISE_FRAGMENT_PCLUSTER,
  ADVISE_INLINE_PCLUSTER,
  ADVISE_INTERLACED_PCLUSTER,
  FORMAT_LAYOUT_SHIFT,
  isCompressed,
  LAYOUT_CHUNK,
  LAYOUT_COMPRESSED_COMPACT,
  MAP_HEADER,
  MAP_HEADER_FRAGMENT,
  MAP_HEADER_IDATA,
  MAX_COMPACT_2B_BITS,
  NULL_BLOCK,
  WHOLE_FRAGMENT,
} from "../disk/format.ts";
import { emitExtents, emitIndex, mapHeaderAt } from "../disk/lcluster.ts";
import { emitSuperblock, measureHead, sealSuperblock } from "../disk/superblock.ts";
import { BATCH_FIELDS, countBatches } from "../plan/inode-batches.ts";
import type { ErofsPlan, InodePlan } from "../plan/plan.ts";
import { StoredFiles } from "../plan/stored.ts";
import { MetaBuffer } from "./meta-buffer.ts";

/** Where metadata goes. */
export interface MetadataSinks {
  image: Pick<Sink, "writeAt">;
  /** The contents of the metabox, which inodes go to that lie in it. */
  box: Pick<Sink, "writeAt"> | undefined;
}

/**
 * Emits batches until none is left; run by every thread at once. The image's head is emitted with the inodes that are in
 * no metabox.
 *
 * @param readRecords reads the spill file: see StoredFiles.recordOff
 */
export async function emitMetadata(
  job: JobContext,
  plan: InodePlan | ErofsPlan,
  compression: Compression,
  tree: Tree,
  readRecords: (into: Uint8Array, offset: number) => number,
  { image, box }: MetadataSinks,
): Promise<void> {
  const emitter = new StoredEmitter(plan, compression, tree, readRecords);
  const whole = "superblock" in plan ? plan : undefined;
  for (const batch of job.pieces(countBatches(plan))) {
    const meta = emitter.emitBatch(batch);
    // the image's head may be in front of the metadata, in its block
    if (whole && meta.imageOff === 0) fillHead(meta.bytes, whole);
    if (plan.head && meta.imageOff === 0) meta.bytes.set(plan.head);
    await (plan.inBox ? box! : image).writeAt(meta.bytes, meta.imageOff);
    await meta.emitBodies((bytes, imageOff) => image.writeAt(bytes, imageOff));
    if (whole && batch === 0) await emitEnds(whole, meta.imageOff > 0, image);
    await job.breathe();
  }
}

/** Emits what is no inode: the image's head, if it is not there yet, and the shared attributes. */
async function emitEnds(plan: ErofsPlan, head: boolean, sink: Pick<Sink, "writeAt">): Promise<void> {
  const { blockSize, superblock, xattrBlk, xattrs } = plan;
  if (head) {
    const length = measureHead(superblock.compression, superblock.metaboxNid > 0, superblock.devices?.length);
    const bytes = new Uint8Array(Math.ceil(length / blockSize) * blockSize);
    fillHead(bytes, plan);
    await sink.writeAt(bytes, 0);
  }
  if (xattrs.shared.length > 0) await sink.writeAt(xattrs.shared, xattrBlk * blockSize);
}

/** Fills in the superblock; `head` is complete but for it. */
function fillHead(head: Uint8Array, { blockSize, superblock }: ErofsPlan): void {
  emitSuperblock(head, superblock);
  if (superblock.hasChecksum) sealSuperblock(head, blockSize);
}

class StoredEmitter {
  readonly #plan: InodePlan;
  readonly #compression: Compression;
  readonly #tree: Tree;
  readonly #meta: MetaBuffer;
  readonly #stored: StoredFiles;
  readonly #extents: ExtentReader;

  constructor(
    plan: InodePlan,
    compression: Compression,
    tree: Tree,
    readRecords: (into: Uint8Array, offset: number) => number,
  ) {
    this.#plan = plan;
    this.#compression = compression;
    this.#tree = tree;
    this.#meta = new MetaBuffer(plan, tree);
    this.#stored = new StoredFiles(plan.stored);
    this.#extents = new ExtentReader(readRecords);
  }

  emitBatch(batch: number): MetaBuffer {
    const { order, packed, batches } = this.#plan;
    const at = batch * BATCH_FIELDS;
    const withBodies = listBodies(this.#plan, this.#tree, batches[at]!, batches[at + 1]!);
    this.#meta.open(batches[at + 2]!, batches[at + 3]!, withBodies);
    for (let place = batches[at]!; place < batches[at + 1]!; place++) {
      const entry = order[packed[place]!]!;
      const headEnd = this.#meta.emitInode(entry, this.#plan.inBox ? 0 : place + 1);
      const kind = this.#tree.kind(entry);
      if (kind === S_IFREG || kind === S_IFDIR) this.#emitStored(entry, headEnd);
    }
    return this.#meta;
  }

  /** Emits what is behind an inode of what has been stored: an uncompressed directory has nothing of that kind. */
  #emitStored(entry: number, headEnd: number): void {
    const { startBlk } = this.#plan;
    const { inlineLen, recordOff } = this.#stored.shared;
    const format = this.#plan.formats[entry]!;
    const length = inlineLen[entry]!;
    if (isCompressed(format)) {
      const header = mapHeaderAt(headEnd);
      if (this.#stored.isFragment(entry)) this.#emitWholeFragment(entry, header);
      else {
        this.#extents.seek(recordOff[entry]!, startBlk[entry]!);
        const end = this.#emitMap(entry, header, format >> FORMAT_LAYOUT_SHIFT);
        this.#extents.copy(this.#meta.bytes.subarray(end, end + length));
      }
    } else if (this.#stored.shared.sharesChunks && format >> FORMAT_LAYOUT_SHIFT === LAYOUT_CHUNK) {
      if (!this.#plan.chunkMaps.has(entry)) this.#emitChunks(entry, headEnd);
    } else if (length > 0) {
      this.#extents.seek(recordOff[entry]!, 0);
      this.#extents.copy(this.#meta.bytes.subarray(headEnd, headEnd + length));
    }
  }

  /** Writes where each chunk of a file is: the array leads to a row of them so far. */
  #emitChunks(entry: number, headEnd: number): void {
    const { chunkIndexes: indexes, startBlk } = this.#plan;
    const { blockSize, chunkBits, chunkBytes, devices, recordOff } = this.#stored.shared;
    const device = devices?.[entry] ?? this.#plan.device;
    const bytes = chunkBits ? blockSize * 2 ** chunkBits[entry]! : chunkBytes;
    this.#extents.seek(recordOff[entry]!, startBlk[entry]!);
    const array = roundUp(headEnd, chunkUnit(indexes));
    const listed = chunkBytes || bytes;
    // as many as have become one
    const joined = bytes / listed;
    const chunks = Math.ceil(this.#tree.size.view[entry]! / listed);
    for (let chunk = 0; chunk < chunks; chunk++) {
      this.#extents.next();
      if (chunk % joined === 0)
        emitChunk(this.#meta.view, array, chunk / joined, this.#extents.blk, { indexes, device });
    }
  }

  #emitWholeFragment(entry: number, header: number): void {
    const { view } = this.#meta;
    view.setU64(header, MAP_HEADER_FRAGMENT.h_fragmentoff, this.#stored.shared.fragmentOff[entry]!);
    const last = view.getU8(header, MAP_HEADER.h_clusterbits);
    view.setU8(header, MAP_HEADER.h_clusterbits, last | WHOLE_FRAGMENT);
  }

  /** Emits the map header and the index; returns the offset behind them. */
  #emitMap(entry: number, header: number, layout: number): number {
    const { view } = this.#meta;
    const { blockSize, extents, fragmentLen, fragmentOff, inlineLen, method, methods } = this.#stored.shared;
    const { algorithm, pclusterSize } = methods[method[entry]!]!;
    const blockBits = Math.log2(blockSize);
    const big = pclusterSize > blockSize;
    const size = this.#tree.size.view[entry]!;
    const number = ALGORITHMS[this.#compression.algorithms[algorithm]!.algorithm].id;
    const fragment = fragmentLen[entry]!;
    const inline = inlineLen[entry]!;
    const at = fragmentOff[entry]!;
    if (this.#stored.hasRecords(entry)) {
      const input = { size, count: extents[entry]!, algorithm: number, fragmentLen: fragment, fragmentOff: at };
      return emitExtents(view, header, input, this.#extents);
    }
    const wide = layout === LAYOUT_COMPRESSED_COMPACT && blockBits <= MAX_COMPACT_2B_BITS;
    view.setU16(
      header,
      MAP_HEADER.h_advise,
      (wide ? ADVISE_COMPACTED_2B : 0) |
        (big ? ADVISE_BIG_PCLUSTERS : 0) |
        (inline > 0 ? ADVISE_INLINE_PCLUSTER : 0) |
        (fragment > 0 ? ADVISE_FRAGMENT_PCLUSTER : 0) |
        (isInterlaced(this.#compression) ? ADVISE_INTERLACED_PCLUSTER : 0),
    );
    if (fragment > 0) view.setU32(header, MAP_HEADER.h_fragmentoff, at % 2 ** 32);
    if (inline > 0) view.setU16(header, MAP_HEADER_IDATA.h_idata_size, inline);
    view.setU8(header, MAP_HEADER.h_algorithmtype, number);
    const end = emitIndex(
      view,
      header,
      {
        size,
        layout,
        blockBits,
        big,
        startBlk: this.#plan.startBlk[entry]!,
        fragmentLen: fragment,
        fragmentHigh: Math.floor(at / 2 ** 32),
      },
      this.#extents,
    );
    if (end > this.#meta.bytes.length) throw this.#broken(entry, end);
    return end;
  }

  #broken(entry: number, end: number): ImageError {
    const path = showBytes(this.#tree.path(entry));
    return new ImageError("INTERNAL", `${path}: its index ends at ${end}, behind its batch`, { path });
  }
}

/** Directories and links of a batch that have whole blocks behind its inodes, in the order of these. */
function listBodies(
  { order, packed, startBlk }: InodePlan,
  tree: Tree,
  firstPlaced: number,
  endPlaced: number,
): number[] {
  const withBodies: number[] = [];
  for (let place = firstPlaced; place < endPlaced; place++) {
    const entry = order[packed[place]!]!;
    if (startBlk[entry] !== NULL_BLOCK && tree.kind(entry) !== S_IFREG) withBodies.push(entry);
  }
  return withBodies.sort((a, b) => startBlk[a]! - startBlk[b]!);
}
