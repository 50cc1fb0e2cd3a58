/**
 * What of an image of segments is no segment: the head with the superblock and the root's inode, the shared attributes
 * behind it, and at the end the root's names, which tell where everything else is.
 *
 *     | head | shared attributes | segment | segment | … | root's names |
 */
import { roundUp } from "../../core/bytes.ts";
import type { XxHash } from "../../core/hash/xxhash.ts";
import type { InodeCounts } from "../../stage/tree/counts.ts";
import type { SortRule } from "../../stage/tree/file-order.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import {
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  INCOMPAT_48BIT,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_XATTR_PREFIXES,
  LAYOUT_INLINE,
  SLOT,
} from "../disk/format.ts";
import { checkBlocks } from "../disk/limits.ts";
import { emitSuperblock, measureHead, type Superblock, sealSuperblock } from "../disk/superblock.ts";
import { placePrefixes, type XattrPlan } from "../disk/xattr.ts";
import { MetaBuffer } from "../emit/meta-buffer.ts";
import type { ErofsSettings } from "../options.ts";
import { xattrCompat } from "../plan/attributes.ts";
import { FormatChooser } from "../plan/layouts.ts";
import { InodeSizes } from "../plan/measure.ts";
import type { ImageTime } from "../plan/time.ts";
import { uuidText } from "../plan/uuid-text.ts";
import type { ImageFile } from "./copies.ts";
import type { InodeColumns } from "./inode-columns.ts";
import type { SegmentRow } from "./place/row.ts";

/** Where the parts of an image that are no segments lie. */
export interface ImageHead {
  /** Offset of the root's inode, and its number. */
  rootOff: number;
  rootNid: number;
  /** Block of the shared attributes, or 0. */
  xattrBlk: number;
  /** First block of the segments. */
  firstBlk: number;
}

/** Places the head. @param rootHead most bytes of the root's inode with its attributes */
export function placeHead(blockSize: number, rootHead: number, xattrs: Pick<XattrPlan, "shared">): ImageHead {
  const head = measureHead(undefined);
  const fits = (head % blockSize) + rootHead <= blockSize;
  const rootOff = fits ? head : roundUp(head, blockSize);
  const end = Math.ceil((rootOff + rootHead) / blockSize);
  const xattrBlocks = Math.ceil(xattrs.shared.length / blockSize);
  return { rootOff, rootNid: rootOff / SLOT, xattrBlk: xattrBlocks === 0 ? 0 : end, firstBlk: end + xattrBlocks };
}

/** What the end of an image is made of. */
export interface EndInput {
  tree: Tree;
  columns: InodeColumns;
  settings: ErofsSettings;
  time: ImageTime;
  xattrs: XattrPlan;
  head: ImageHead;
  row: SegmentRow;
  image: ImageFile;
  xxhash: XxHash;
  sort: readonly SortRule[];
}

/** Writes it; returns the superblock. The nids of the root's children are known. */
export async function writeEnd(input: EndInput): Promise<{ superblock: Superblock; metaBlocks: number }> {
  const { tree, columns, settings, time, xattrs, head, row, image, xxhash, sort } = input;
  const { blockSize } = settings;
  const sizes = new InodeSizes(tree, settings, xattrs, columns.formats);
  new FormatChooser({ tree, settings, time, inodes: columns }, sizes).choose(0, undefined);
  // the root's end may not fit behind the superblock
  const isExtended = (columns.formats[0]! & FORMAT_EXTENDED) !== 0;
  const isInline = columns.formats[0]! >> FORMAT_LAYOUT_SHIFT === LAYOUT_INLINE;
  if (isInline && (head.rootOff % blockSize) + sizes.itemBytes(0) > blockSize)
    columns.formats[0] = isExtended ? FORMAT_EXTENDED : 0;
  const bodyBlk = row.nextBlk;
  const bodyBlocks = sizes.metaBodyBlocks(0);
  if (bodyBlocks > 0) columns.startBlk[0] = bodyBlk;
  const meta = new MetaBuffer(
    {
      ...columns,
      blockSize,
      nidBlk: 0,
      chunkMaps: sizes.chunkMaps,
      chunkBits: 0,
      chunkIndexes: false,
      omitsDot: settings.omitsDot,
      xattrs,
      stored: undefined,
    },
    tree,
  );
  const hashes = [xxhash.create64(0n), xxhash.create64(1n)];
  const hash = (bytes: Uint8Array) => {
    for (const half of hashes) half.update(bytes);
  };
  hash(new TextEncoder().encode(uuidText(settings, time, sort)));
  hash(xattrs.shared);
  hash(row.hashes);
  meta.open(bodyBlk, bodyBlk + bodyBlocks, bodyBlocks > 0 ? [0] : []);
  await meta.emitBodies((bytes, imageOff) => {
    hash(bytes);
    image.writeAt(bytes, imageOff);
  });
  const headBlocks = Math.ceil((head.rootOff + sizes.itemBytes(0)) / blockSize);
  meta.open(0, headBlocks, []);
  meta.emitInode(0, columns.nids[0]!);
  hash(meta.bytes);
  const uuid = settings.uuid ?? toUuid(hashes.map((half) => half.digest()));
  const superblock = fillSuperblock(input, uuid, roundUp(bodyBlk + bodyBlocks, settings.fsAlignBlocks));
  emitSuperblock(meta.bytes, superblock);
  if (settings.checksum) sealSuperblock(meta.bytes, blockSize);
  image.writeAt(meta.bytes, 0);
  if (xattrs.shared.length > 0) image.writeAt(xattrs.shared, head.xattrBlk * blockSize);
  return { superblock, metaBlocks: head.firstBlk + row.metaBlocks + bodyBlocks };
}

/** The superblock of an image that ends at block `blocks`. */
function fillSuperblock(
  { columns, settings, time, xattrs, head, row }: EndInput,
  uuid: Uint8Array,
  blocks: number,
): Superblock {
  checkBlocks(blocks);
  const prefixes = placePrefixes(xattrs, head.xattrBlk * settings.blockSize);
  const isChunked = settings.chunkBits !== undefined || row.savedByHoles > 0;
  return {
    blockSize: settings.blockSize,
    rootNid: columns.nids[0]!,
    inodes: countAll(row.counts) + 1,
    ...time,
    blocks,
    nidBlk: 0,
    xattrBlk: head.xattrBlk,
    uuid,
    label: settings.label,
    compat: xattrCompat(xattrs, prefixes, true, settings),
    incompat:
      (isChunked ? INCOMPAT_CHUNKED_FILE : 0) |
      (settings.omitsDot ? INCOMPAT_48BIT : 0) |
      (prefixes ? INCOMPAT_XATTR_PREFIXES : 0),
    compression: undefined,
    metaboxNid: 0,
    prefixes,
    hasChecksum: settings.checksum,
  };
}

/** 16 bytes, marked as UUID version 8: application defined. */
function toUuid(halves: readonly bigint[]): Uint8Array {
  const uuid = new Uint8Array(16);
  const view = new DataView(uuid.buffer);
  halves.forEach((half, index) => {
    view.setBigUint64(8 * index, half);
  });
  uuid[6] = (uuid[6]! & 0x0f) | 0x80;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}

function countAll({ hardLinks: _, ...kinds }: InodeCounts): number {
  return Object.values(kinds).reduce((sum, count) => sum + count, 0);
}
