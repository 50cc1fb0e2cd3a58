/**
 * Chunk-based files: an array of block addresses behind the inode, one for each chunk of 2^bits blocks, NULL_BLOCK for
 * a hole. The array is aligned to its elements. A last chunk that is short needs only the blocks it has.
 */
import type { StructView } from "../../core/struct.ts";
import type { DataRanges } from "../../stage/tree/sparse.ts";
import { CHUNK_ADDRESS, CHUNK_INDEX, CHUNK_INDEXES, MAX_CHUNK_BITS, NULL_BLOCK } from "./format.ts";

/** How one sparse file is cut. */
export interface ChunkMap {
  /** log2 of blocks in a chunk. */
  bits: number;
  /** Ranges of chunks that are stored: first chunk, number of chunks, … */
  ranges: number[];
  /** Blocks stored in all. */
  blocks: number;
}

/** Number of chunks of a file. */
export function countChunks(blocks: number, bits: number): number {
  return Math.ceil(blocks / 2 ** bits);
}

/** Bytes of the array's elements. */
export function chunkUnit(indexes: boolean): number {
  return (indexes ? CHUNK_INDEX : CHUNK_ADDRESS).byteSize;
}

/** The field i_u of a chunk-based inode. */
export function chunkFormat(bits: number, indexes: boolean): number {
  return bits | (indexes ? CHUNK_INDEXES : 0);
}

/**
 * The chunk size that makes a sparse file smallest: small chunks cost array, large ones store zeros next to data.
 *
 * @param blocks of the file
 * @param fixedBits the chunk size, where the user has given one
 */
export function planChunks(
  ranges: DataRanges,
  blocks: number,
  blockSize: number,
  unit: number,
  fixedBits: number | undefined,
): ChunkMap {
  let best: ChunkMap | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  const last = fixedBits ?? Math.min(MAX_CHUNK_BITS, Math.ceil(Math.log2(Math.max(blocks, 1))));
  for (let bits = fixedBits ?? 0; bits <= last; bits++) {
    const map = mapChunks(ranges, blocks, bits);
    const cost = map.blocks * blockSize + countChunks(blocks, bits) * unit;
    if (cost <= bestCost) {
      best = map;
      bestCost = cost;
    }
  }
  return best!;
}

function mapChunks(data: DataRanges, blocks: number, bits: number): ChunkMap {
  const chunk = 2 ** bits;
  const ranges: number[] = [];
  let stored = 0;
  for (let at = 0; at < data.length; at += 2) {
    const first = Math.floor(data[at]! / chunk);
    const end = Math.ceil((data[at]! + data[at + 1]!) / chunk);
    const before = ranges.length < 2 ? -1 : ranges.at(-2)! + ranges.at(-1)!;
    if (first <= before) ranges[ranges.length - 1] = Math.max(before, end) - ranges.at(-2)!;
    else ranges.push(first, end - first);
  }
  for (let at = 0; at < ranges.length; at += 2) stored += rangeBlocks(ranges[at]!, ranges[at + 1]!, blocks, bits);
  return { bits, ranges, blocks: stored };
}

/** Blocks of a range of chunks, given that the file's last chunk may be short. */
function rangeBlocks(first: number, count: number, blocks: number, bits: number): number {
  return Math.min((first + count) * 2 ** bits, blocks) - first * 2 ** bits;
}

/** What addresses of chunks are like. */
export interface ChunkForm {
  /** They have eight bytes, not four. */
  indexes: boolean;
  /** The number of the device in which the blocks are; 0: the image itself. Another one needs `indexes`. */
  device: number;
}

/** Writes the address of one chunk, by its number, into the array at `at`. */
export function emitChunk(view: StructView, at: number, chunk: number, blk: number, form: ChunkForm): void {
  const low = form.indexes ? CHUNK_INDEX.startblk_lo : CHUNK_ADDRESS.startblk_lo;
  const element = at + chunkUnit(form.indexes) * chunk;
  view.setU32(element, low, blk);
  if (form.device > 0 && blk !== NULL_BLOCK) view.setU16(element, CHUNK_INDEX.device_id, form.device);
}

/**
 * Writes the array into zeroed bytes at `at`; returns the offset behind it.
 *
 * @param map of the file; what is stored of it lies one behind the other from block `startBlk`
 * @param blocks of the file
 */
export function emitChunks(
  view: StructView,
  at: number,
  { bits, ranges }: Pick<ChunkMap, "bits" | "ranges">,
  blocks: number,
  startBlk: number,
  form: ChunkForm,
): number {
  const count = countChunks(blocks, bits);
  for (let hole = 0; hole < count; hole++) emitChunk(view, at, hole, NULL_BLOCK, form);
  let block = startBlk;
  for (let range = 0; range < ranges.length; range += 2) {
    for (let chunk = 0; chunk < ranges[range + 1]!; chunk++) {
      emitChunk(view, at, ranges[range]! + chunk, block + chunk * 2 ** bits, form);
    }
    block += rangeBlocks(ranges[range]!, ranges[range + 1]!, blocks, bits);
  }
  return at + chunkUnit(form.indexes) * count;
}
