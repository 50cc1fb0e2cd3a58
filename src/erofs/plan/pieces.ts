/**
 * How compression is cut into pieces of work: groups of small files, and parts of large ones. The cuts follow from sizes
 * alone, so they are the same for any number of threads.
 */
import { roundUp } from "../../core/bytes.ts";
import { shareFloat64 } from "../../core/shared.ts";
import type { ChunkMap } from "../disk/chunk.ts";

/** Numbers of one record of pieces: first file and the one behind the last, offset and bytes of a part of one file. */
export const COMPRESS_FIELDS = 4;

/** Files up to this size are taken together, as many as have this many bytes in all. */
const GROUP_BYTES = 1 << 20;
/** Files of a group: each costs something besides its bytes. */
const GROUP_FILES = 512;
/** Most bytes of a part of a large file: of two parts, the first one's end is a short pcluster. */
export const FILE_PART_BYTES = 16 << 20;
/** The same of a row of chunks: equal ones are found in parts before, not in their own. */
export const CHUNKS_PART_BYTES = 4 << 20;
/** The same of the packed inode and the metabox, for which all threads wait. */
const PACKED_PART_BYTES = 12 << 20;
/** Parts are multiples of this, so that no chunk is cut. */
const PART_UNIT = 1 << 20;
/** There are so many pclusters in front of a part's short one at least. */
const PCLUSTERS_OF_PART = 16;

/** How many pieces there are. */
export function countCompressPieces(pieces: Float64Array): number {
  return pieces.length / COMPRESS_FIELDS;
}

/** How many bytes a piece has; a group as many as most have. */
export function pieceBytes(pieces: Float64Array, piece: number): number {
  return pieces[piece * COMPRESS_FIELDS + COMPRESS_FIELDS - 1] || GROUP_BYTES;
}

/** The same of all pieces. */
export function weighPieces(pieces: Float64Array): number {
  let bytes = 0;
  for (let piece = 0; piece < countCompressPieces(pieces); piece++) bytes += pieceBytes(pieces, piece);
  return bytes;
}

/**
 * Most bytes of a part of the packed inode or the metabox, where its pclusters have `pclusterSize` at most; up to those of a
 * file's.
 */
export function packedPartBytes(pclusterSize: number): number {
  return Math.max(PACKED_PART_BYTES, PCLUSTERS_OF_PART * pclusterSize);
}

/** Most bytes of blocks that a piece can become. */
export function pieceRoom(blockSize: number): number {
  return FILE_PART_BYTES + blockSize;
}

/** Collects the records of pieces, file by file in their order. */
export class PieceList {
  readonly #blockSize: number;
  readonly #records: number[] = [];
  #first = 0;
  #groupBytes = 0;
  #files = 0;

  constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /** Adds the next file, which is cut into equal parts of so many bytes at most if it is large. */
  add(size: number, part: number, chunks: ChunkMap | undefined): void {
    const index = this.#files++;
    const bytes = roundUp(size, this.#blockSize);
    if (chunks === undefined && bytes <= GROUP_BYTES) {
      this.#groupBytes += bytes;
      if (this.#groupBytes >= GROUP_BYTES || index + 1 - this.#first >= GROUP_FILES) this.#endGroup();
      return;
    }
    this.#endGroup(index);
    if (chunks === undefined) this.#addParts(index, 0, size, part);
    else {
      const chunk = this.#blockSize * 2 ** chunks.bits;
      const { ranges } = chunks;
      for (let range = 0; range < ranges.length; range += 2) {
        const from = ranges[range]! * chunk;
        this.#addParts(index, from, Math.min(ranges[range + 1]! * chunk, size - from), part);
      }
    }
    this.#first = this.#files;
  }

  /** All records, in shared memory. */
  end(): Float64Array {
    this.#endGroup();
    return shareFloat64(this.#records);
  }

  #endGroup(end: number = this.#files): void {
    if (end > this.#first) this.#records.push(this.#first, end, 0, 0);
    this.#first = end;
    this.#groupBytes = 0;
  }

  #addParts(index: number, from: number, length: number, part: number): void {
    const step = roundUp(Math.ceil(length / Math.ceil(length / part)), PART_UNIT);
    for (let done = 0; done < length; done += step) {
      this.#records.push(index, index + 1, from + done, Math.min(step, length - done));
    }
  }
}
