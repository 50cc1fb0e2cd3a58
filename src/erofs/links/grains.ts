/**
 * The contents of files as grains, which follow from the contents, each with a hash: equal runs of bytes show as
 * equal grains, and neither the bytes nor the files have to be kept. The table has a budget: the more contents, the
 * longer the grains; when it is full nevertheless, the grains of further pieces are left out.
 */

import { loadXxHash } from "../../core/hash/xxhash.ts";
import { sharedUint32 } from "../../core/shared.ts";
import { OrderedOutput, type PieceResult } from "../../core/threads/ordered.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import { SlidingWindow } from "../../stage/tree/sliding.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { COMPRESS_FIELDS, countCompressPieces } from "../plan/pieces.ts";
import { type GearSettings, nextCut } from "./gear.ts";

/** Most grains. */
const GRAINS = 1 << 21;
/** Least bits of {@link GearSettings}. */
const MIN_BITS = 10;
/** Grains have this many times 2^bits at most. */
const MAX_TIMES = 16;
/** Bytes of a file that are looked at together. */
const PLAIN_BYTES = 1 << 20;
/** Bytes of results that may wait in a thread. */
const WAITING_BYTES = 1 << 20;
/** What a grain takes of them. */
const GRAIN_BYTES = 24;

/** In the length of a grain: it is the first of a file, or of a part. */
const STARTS = 0x80000000;

/** What is to be cut, and what comes of it; plain data in shared memory. */
export interface GrainWork {
  /** Files in the order in which they are stored. */
  files: Uint32Array;
  /** By index into `files`: only files of one class are compared; 0: not at all. */
  classes: Uint8Array;
  /** Records of COMPRESS_FIELDS. */
  pieces: Float64Array;
  settings: GearSettings;
  /** By grain: both halves of a hash, bytes and STARTS. */
  low: Uint32Array;
  high: Uint32Array;
  lengths: Uint32Array;
  /** By piece: its first grain; the last number is that of all grains. */
  firsts: Uint32Array;
}

/** Plans grains for `bytes` bytes in files of some class. */
export function planGrains(files: Uint32Array, classes: Uint8Array, pieces: Float64Array, bytes: number): GrainWork {
  let bits = MIN_BITS;
  while (bytes / 2 ** bits > GRAINS) bits++;
  const min = 2 ** (bits - 1);
  const room = Math.min(GRAINS, Math.ceil(bytes / min) + files.length + pieces.length);
  return {
    files,
    classes,
    pieces,
    settings: { min, max: MAX_TIMES * 2 ** bits, bits },
    low: sharedUint32(room),
    high: sharedUint32(room),
    lengths: sharedUint32(room),
    firsts: sharedUint32(countCompressPieces(pieces) + 1),
  };
}

/** Cuts pieces into grains until none is left; run by every thread at once. */
export async function cutGrains(job: JobContext, tree: Tree, work: GrainWork, contents: Contents): Promise<void> {
  const { files, classes, pieces } = work;
  const bytes = new Uint8Array(PLAIN_BYTES + 1);
  const sliding = new SlidingWindow(bytes, contents);
  const { h64Raw } = await loadXxHash();
  const ordered = new OrderedOutput(job, WAITING_BYTES);
  for (const piece of job.pieces(countCompressPieces(pieces))) {
    const output = new PieceGrains(work, piece);
    const record = piece * COMPRESS_FIELDS;
    const from = pieces[record + 2]!;
    for (let index = pieces[record]!; index < pieces[record + 1]!; index++) {
      const seed = classes[index]!;
      if (seed === 0) continue;
      const entry = files[index]!;
      const size = tree.size.view[entry]!;
      const end = pieces[record + 3]! === 0 ? size : from + pieces[record + 3]!;
      sliding.open(entry, from, end, end === size);
      for (let at = from; at < end; ) {
        const reach = Math.min(end, at + work.settings.max);
        const covering = sliding.cover(at, reach);
        if (covering !== undefined) await covering;
        const place = sliding.placeOf(at);
        const cut = nextCut(bytes, place, place + reach - at, work.settings);
        output.add(h64Raw(bytes.subarray(place, cut), BigInt(seed)), cut - place, at === from);
        at += cut - place;
      }
      await job.breathe(end - from);
    }
    await ordered.add(piece, output);
  }
  await ordered.finish();
  contents.close();
}

/** The grains of one piece. */
class PieceGrains implements PieceResult {
  readonly #work: GrainWork;
  readonly #piece: number;
  readonly #low: number[] = [];
  readonly #high: number[] = [];
  readonly #lengths: number[] = [];

  constructor(work: GrainWork, piece: number) {
    this.#work = work;
    this.#piece = piece;
  }

  get heldBytes(): number {
    return this.#lengths.length * GRAIN_BYTES;
  }

  add(hash: bigint, length: number, starts: boolean): void {
    this.#low.push(Number(hash & 0xffffffffn));
    this.#high.push(Number(hash >> 32n));
    this.#lengths.push(starts ? length + STARTS : length);
  }

  place(): void {
    const { low, high, lengths, firsts } = this.#work;
    const first = firsts[this.#piece]!;
    const fits = first + this.#lengths.length <= lengths.length;
    if (fits) {
      low.set(this.#low, first);
      high.set(this.#high, first);
      lengths.set(this.#lengths, first);
    }
    firsts[this.#piece + 1] = fits ? first + this.#lengths.length : first;
  }

  write(): void {
    // the table is in memory
  }
}

/** Where a grain lies. */
export class GrainPlace {
  readonly #work: GrainWork;
  /** The grain, or one behind the last of its piece. */
  grain = 0;
  /** Index of its file. */
  index = 0;
  offset = 0;
  length = 0;
  /** Where the part of the file starts that lies in the same piece of work, and how long it is; 0: to the end. */
  partFrom = 0;
  partLength = 0;
  #piece = 0;

  constructor(work: GrainWork) {
    this.#work = work;
  }

  /** Goes in front of the first grain of a piece. */
  open(piece: number): void {
    const { pieces, firsts } = this.#work;
    this.#piece = piece;
    this.grain = firsts[piece]! - 1;
    this.index = pieces[piece * COMPRESS_FIELDS]! - 1;
    this.partFrom = pieces[piece * COMPRESS_FIELDS + 2]!;
    this.partLength = pieces[piece * COMPRESS_FIELDS + 3]!;
  }

  /** Goes to the next grain of the piece; false: there is none. */
  next(): boolean {
    const { classes, firsts, lengths } = this.#work;
    this.grain++;
    if (this.grain >= firsts[this.#piece + 1]!) return false;
    const word = lengths[this.grain]!;
    if (word >= STARTS) {
      do this.index++;
      while (classes[this.index] === 0);
      this.offset = this.partFrom;
      this.length = word - STARTS;
    } else {
      this.offset += this.length;
      this.length = word;
    }
    return true;
  }

  /** Goes to any grain. */
  find(grain: number): void {
    const { firsts } = this.#work;
    let low = 0;
    for (let high = firsts.length - 1; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (firsts[middle]! <= grain) low = middle;
      else high = middle;
    }
    this.open(low);
    while (this.next() && this.grain < grain);
  }
}

/** Whether two grains are equal, as far as their hashes tell. */
export function sameGrains({ low, high, lengths }: GrainWork, a: number, b: number): boolean {
  return low[a] === low[b] && high[a] === high[b] && lengths[a]! % STARTS === lengths[b]! % STARTS;
}

/** Whether a grain starts a file, or a part of one. */
export function startsPart({ lengths }: GrainWork, grain: number): boolean {
  return lengths[grain]! >= STARTS;
}
