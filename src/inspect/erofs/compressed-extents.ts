/** Extents of compressed files, from the entries of their indexes or from records. Source: Linux fs/erofs/zmap.c. */
import {
  EXTENT,
  EXTENT_FORMAT_SHIFT,
  EXTENT_START,
  LCLUSTER_NONHEAD,
  LCLUSTER_PLAIN,
} from "../../erofs/disk/format.ts";
import { type Extent, holeExtent, packedExtent } from "./extent.ts";
import type { FileIndex } from "./file-index.ts";
import type { ErofsImage } from "./image.ts";
import type { ErofsInode } from "./inode.ts";
import { type Lcluster, readLclusters } from "./lclusters.ts";

/** plen: bytes that are stored. */
const PLEN_BYTES = 0x1fffff;

/** A head whose extent ends where the next one starts. */
interface OpenExtent extends Lcluster {
  readonly start: number;
}

/** The extents that the entries of lclusters tell. */
export async function* indexExtents(image: ErofsImage, inode: ErofsInode, index: FileIndex): AsyncGenerator<Extent> {
  let open: OpenExtent | undefined;
  let blocks = 1;
  let start = 0;
  const lcluster = 2 ** index.lclusterBits;
  let number = 0;
  for await (const entry of readLclusters(index)) {
    const from = number++ * lcluster + entry.clusterOfs;
    if (entry.type === LCLUSTER_NONHEAD) {
      if (open === undefined) throw index.space.damaged(index.at, "the first lcluster has no head");
      blocks = entry.blocks ?? blocks;
    } else if (from < inode.size) {
      if (open !== undefined) yield closeExtent(image, index, open, blocks, from);
      else if (from !== 0) throw index.space.damaged(index.at, `the first extent starts at byte ${from}`);
      open = { ...entry, start: from };
      blocks = 1;
      start = from;
    }
  }
  if (open === undefined) throw index.space.damaged(index.at, "there is no extent");
  if (index.fragmentOff !== undefined) {
    const high = index.kind === "full" ? open.blk * 2 ** 32 : 0;
    yield packedExtent(start, inode.size - start, index.fragmentOff + high);
  } else if (index.inlineBytes !== undefined) {
    const { end: at, inlineBytes: stored, space } = index;
    space.check(at, stored);
    yield {
      ...closeExtent(image, index, { ...open, blk: 0 }, 1, inode.size),
      source: "inode",
      space,
      at,
      stored,
      isTurned: false,
    };
  } else yield closeExtent(image, index, open, blocks, inode.size);
}

function closeExtent(image: ErofsImage, index: FileIndex, open: OpenExtent, blocks: number, end: number): Extent {
  const { blockSize } = image;
  const isPlain = open.type === LCLUSTER_PLAIN;
  const [at, stored] = [open.blk * blockSize, blocks * blockSize];
  image.bytes.check(at, stored);
  return {
    start: open.start,
    length: end - open.start,
    source: "blocks",
    at,
    stored,
    // the types of heads are 1 and 3
    algorithm: isPlain ? undefined : index.algorithms[open.type >> 1],
    isTurned: isPlain && index.isTurned,
  };
}

/** The extents that records list. */
export async function* recordExtents(image: ErofsImage, inode: ErofsInode, index: FileIndex): AsyncGenerator<Extent> {
  const { entries, recordBytes } = index;
  let next = recordBytes > 4 ? 0 : Number(await readStart(index));
  let open: Extent = holeExtent(0, 0);
  for (let entry = 0; entry < entries; entry++) {
    const record = await readRecord(image, index, entry, next);
    next += record.stored;
    const length = record.start - open.start;
    if (length < (entry > 0 ? 1 : 0) || record.start >= inode.size) {
      throw index.space.damaged(index.at, `an extent starts at byte ${record.start} of a file of ${inode.size}`);
    }
    if (length > 0) yield { ...open, length };
    open = record;
  }
  const length = inode.size - open.start;
  if (index.fragmentOff === undefined || entries === 0) {
    yield { ...open, length };
    return;
  }
  const view = await index.space.view(index.end - recordBytes, recordBytes);
  const [low, high] = [view.getU32(0, EXTENT.plen), recordBytes > 4 ? view.getU32(0, EXTENT.pstart_lo) : 0];
  yield packedExtent(open.start, length, low + high * 2 ** 32);
}

async function readStart({ at, space }: FileIndex): Promise<bigint> {
  return (await space.view(at - EXTENT_START.byteSize, EXTENT_START.byteSize)).getU64(0, EXTENT_START.pstart);
}

/** One record; what it has no field for follows from its place, or from the record before it, which ends at `next`. */
async function readRecord(image: ErofsImage, index: FileIndex, entry: number, next: number): Promise<Extent> {
  const { recordBytes, lclusterBits } = index;
  const view = await index.space.view(index.at + entry * recordBytes, recordBytes);
  const plen = view.getU32(0, EXTENT.plen);
  const field = (offset: typeof EXTENT.plen) => (offset < recordBytes ? view.getU32(0, offset) : 0);
  const at = recordBytes === 4 ? next : field(EXTENT.pstart_lo) + field(EXTENT.pstart_hi) * 2 ** 32;
  const listed = field(EXTENT.lstart_lo) + field(EXTENT.lstart_hi) * 2 ** 32;
  const start = recordBytes > 8 ? listed : entry * 2 ** lclusterBits;
  if (plen === 0) return holeExtent(start, 0);
  const stored = plen & PLEN_BYTES;
  const isLastFragment = index.fragmentOff !== undefined && entry === index.entries - 1;
  if (!isLastFragment) image.bytes.check(at, stored);
  const format = plen >>> EXTENT_FORMAT_SHIFT;
  const isTurned = format === 0 && index.isTurned && at % image.blockSize === 0;
  const algorithm = format === 0 ? undefined : format - 1;
  return { start, length: 0, source: "blocks", at, stored, algorithm, isTurned };
}
