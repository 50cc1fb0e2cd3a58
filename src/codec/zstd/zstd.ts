/**
 * Zstandard: frames as EROFS and SquashFS hold them, by libzstd 1.5.7 (see module.ts). Frames tell the size of their
 * contents and have no checksum. A frame's window, which its reader needs memory for, is its contents or less.
 */
import { ImageError } from "../../core/error.ts";
import type { Codec, CodecWindows, FillNotes } from "../codec.ts";
import { WindowCodec } from "../window-codec.ts";
import { type FrameTries, fillEnd, fillFrame } from "./fill.ts";
import {
  appendStored,
  BLOCK_HEAD,
  checkFrame,
  damagedFrame,
  MAX_BLOCK,
  mostOfBlock,
  withFirstBlocks,
} from "./frame.ts";
import { QuickGuide } from "./guide.ts";
import { DEEP_LEVEL, FIRST_DEEP_LEVEL, isError, NO_ROOM, newZstdInstance, type ZstdInstance } from "./module.ts";

/** No frame has more contents. */
export const ZSTD_MAX_PLAIN = 0x800000;
/** The largest output of which there is any use: a pcluster of EROFS. */
const MAX_PACKED = 0x100000;
/** log2 of the smallest and of the largest window that can be asked for: what the kernel's EROFS reads. */
const LEAST_WINDOW_BITS = 10;
const ZSTD_WINDOW_BITS = 20;

/** Level 1 says how much will fit at other levels, many times faster than these: by how much less it compresses. */
const QUICK_LEVEL = 1;
const QUICK_LOSS = [1, 1, 1, 1.05, 1.05, 1.05, 1.05, 1.05, 1.05, 1.08, 1.08, 1.08, 1.08];
const MOST_QUICK_LOSS = 1.1;
/** From this level on it is so much faster that it is asked before each try. */
const FIRST_GUIDED_LEVEL = 10;
/** It needs so much more room: what has none is no guide. */
const QUICK_ROOM = 2;
/** Where what is in sight would come to fewer bytes, so little would be gained that it saves no block. */
const WORTH_BYTES = 32 << 10;
/** Another way is gone when it saves this part at least. */
const LEAST_GAIN = 1 / 64;
/** Contents that shrink to one of so many parts repeat themselves: then other ways of searching may find more. */
const REPEATING_RATIO = 16;
/** Where they shrink to one of so many parts at least, the level that takes the first match may do so. */
const LEAST_RATIO = 6;
const FIRST_MATCH_LEVEL = 2;
/** After so many outputs ways are tried again; sooner where they have failed once or twice. */
const MOST_REST = 16;
/** Below it the two lowest levels find less than the normal one, where contents shrink to a quarter at all. */
const GOOD_RATIO = 4;
/** These ways, for which levels, and from what ratio on: that one, a search for near matches alone, and one for long ones. */
const OTHER_LEVELS = [
  { level: 3, from: 1, to: 3, ratio: GOOD_RATIO },
  { level: FIRST_MATCH_LEVEL, from: 3, to: 23, ratio: LEAST_RATIO },
  { level: QUICK_LEVEL, from: 3, to: 23, ratio: REPEATING_RATIO },
  { level: DEEP_LEVEL, from: 1, to: FIRST_DEEP_LEVEL, ratio: REPEATING_RATIO },
];

/** What is to be compressed, and where to. */
interface FillRoom {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly limit: number;
}

/** What is known before the first try. */
type FillKnowledge = Pick<FrameTries, "estimate" | "guide" | "ratio" | "mostShare">;

class Zstd extends WindowCodec {
  readonly #instance: ZstdInstance;
  readonly #window: number;
  readonly #quickLoss: number;
  readonly #level: number;
  /** Other levels that may do better where contents repeat themselves. */
  readonly #otherLevels: typeof OTHER_LEVELS;
  /** They are tried from here on. */
  readonly #leastRatio: number;

  constructor(level: number, windows: CodecWindows, windowBits: number) {
    const otherLevels = OTHER_LEVELS.filter(({ from, to }) => level >= from && level < to);
    const instance = newZstdInstance(level, {
      highestLevel: Math.max(level, ...otherLevels.map((other) => other.level)),
      ...windows,
      mostPlain: ZSTD_MAX_PLAIN,
      mostPacked: MAX_PACKED,
      windowBits,
      plainSlack: MAX_BLOCK,
    });
    super(`zstd,${level}`, instance);
    this.#instance = instance;
    this.#window = 2 ** windowBits;
    this.#quickLoss = QUICK_LOSS[level] ?? MOST_QUICK_LOSS;
    this.#level = level;
    this.#otherLevels = otherLevels;
    this.#leastRatio = Math.min(...otherLevels.map(({ ratio }) => ratio), REPEATING_RATIO);
  }

  protected encode(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number {
    return notes ? this.#fill({ from, to, at, limit }, notes) : this.#compressAll(from, to, at, limit);
  }

  protected decode(from: number, to: number, at: number, limit: number, partial: boolean): number {
    return partial ? this.#decompressStart(from, to, at, limit) : this.#decompressAll(from, to, at, limit);
  }

  #fill(room: FillRoom, notes: FillNotes): number {
    const loss = this.#quickLoss;
    const quick = (size: number) => this.#try(room.from, size, QUICK_LEVEL);
    const estimate = loss > 1 ? (size: number) => quick(size) / loss : undefined;
    const level = notes.search || this.#level;
    const isGuided = level >= FIRST_GUIDED_LEVEL && room.limit * QUICK_ROOM <= this.#instance.scratch.length;
    const guide = isGuided ? new QuickGuide(quick, notes.share || 1 / loss) : undefined;
    let produced = this.#fillAt(room, level, { estimate, guide, ratio: notes.ratio });
    if (produced === 0) return 0;
    if (guide) notes.share = guide.share;
    const inSight = ((room.to - room.from) / this.consumed) * produced;
    const isWorth = notes.repeats || inSight >= WORTH_BYTES;
    if (!notes.repeats && this.consumed < produced * this.#leastRatio) Object.assign(notes, { search: 0, failed: 0 });
    else if (notes.search === 0 && isWorth) produced = this.#searchOtherwise(room, produced, notes);
    else if (notes.search !== 0 && --notes.rest <= 0) notes.search = 0;
    return produced;
  }

  /** Tries the other ways of searching, beginning with as many bytes as were `produced` from; notes the best. */
  #searchOtherwise(room: FillRoom, produced: number, notes: FillNotes): number {
    const ratio = notes.repeats ? REPEATING_RATIO : this.consumed / produced;
    const ways = this.#otherLevels.filter((other) => ratio >= other.ratio);
    const best = this.keepBest(room.at, produced, ways, ({ level }, ratio) =>
      this.#fillAt(room, level, { ratio, mostShare: (1 - LEAST_GAIN) / ratio }),
    );
    notes.search = best.way?.level ?? this.#level;
    notes.failed = best.way === undefined ? notes.failed + 1 : 0;
    notes.rest = best.way === undefined ? Math.min(2 ** notes.failed, MOST_REST) : MOST_REST;
    return best.produced;
  }

  #fillAt({ from, to, at, limit }: FillRoom, level: number, known: FillKnowledge): number {
    const { plain, compressed } = this;
    const { scratch } = this.#instance;
    const most = Math.min(to - from, ZSTD_MAX_PLAIN);
    let produced = 0;
    this.consumed = fillFrame(most, limit, {
      ...known,
      measure: (size) => this.#try(from, size, level),
      keep: (size) => {
        compressed.set(scratch.subarray(0, size), at);
        produced = size;
      },
    });
    if (produced === 0) return 0;
    const end = at + produced;
    // a frame that holds no more than the window is all window
    const longest = this.consumed <= this.#window ? Math.min(most, this.#window) : most;
    const rest = plain.subarray(from + this.consumed, from + longest);
    const added = appendStored(compressed, at, end, at + fillEnd(produced, limit), this.consumed, rest);
    if (added === 0) return produced;
    this.consumed += added;
    return produced + BLOCK_HEAD + added;
  }

  #compressAll(from: number, to: number, at: number, limit: number): number {
    const { plain, compressed } = this;
    if (to - from > ZSTD_MAX_PLAIN) {
      throw new ImageError("INTERNAL", `zstd compresses at most ${ZSTD_MAX_PLAIN} bytes at once, not ${to - from}`);
    }
    const produced = this.#instance.compress(plain.byteOffset + from, to - from, compressed.byteOffset + at, limit);
    if (produced === NO_ROOM) return 0;
    this.consumed = to - from;
    return checkSize(produced);
  }

  /** Compresses to the scratch, where all that can be a pcluster has room; gives the size, or infinity. */
  #try(from: number, size: number, level?: number): number {
    const { scratch, compress } = this.#instance;
    const produced = compress(this.plain.byteOffset + from, size, scratch.byteOffset, scratch.length, level);
    return produced === NO_ROOM ? Number.POSITIVE_INFINITY : checkSize(produced);
  }

  #decompressAll(from: number, to: number, at: number, limit: number): number {
    checkFrame(this.compressed, from, to);
    return this.#decompress(from, to, at, limit);
  }

  #decompressStart(from: number, to: number, at: number, limit: number): number {
    const { plain, compressed } = this;
    if (limit === 0) return 0;
    // whole blocks are decoded: so what the last one has over is written behind the range, and put back
    const slackAt = plain.byteOffset + at + limit;
    const behind = new Uint8Array(plain.buffer, slackAt, MAX_BLOCK);
    const saved = behind.slice();
    try {
      const mostBlock = mostOfBlock(compressed, from, to);
      for (let blocks = Math.ceil(limit / mostBlock); ; ) {
        const { result, isAll } = withFirstBlocks(compressed, from, to, blocks, (start, end) =>
          this.#decompress(start, end, at, limit + MAX_BLOCK),
        );
        if (result >= limit) return limit;
        if (isAll) break;
        blocks += Math.ceil((limit - result) / mostBlock);
      }
    } finally {
      behind.set(saved);
    }
    // it has less: then it must be as good as if all had been asked for
    return this.#decompressAll(from, to, at, limit);
  }

  #decompress(from: number, to: number, at: number, capacity: number): number {
    const { plain, compressed } = this;
    const size = this.#instance.decompress(compressed.byteOffset + from, to - from, plain.byteOffset + at, capacity);
    if (size === NO_ROOM) throw damagedFrame("it is too long");
    if (isError(size)) throw damagedFrame(`libzstd's error ${-size}`);
    return size;
  }
}

function checkSize(produced: number): number {
  if (isError(produced)) throw new ImageError("INTERNAL", `libzstd cannot compress: error ${-produced}`);
  return produced;
}

/**
 * Zstandard as `mkfs.erofs -zzstd,level` and `mksquashfs -comp zstd` do it. A fixed output is found by trying, two or
 * three times as a rule, until no more than 1/64 is left, from level 10 on 1/256, of what shrinks to a quarter 1/1024, or
 * a dozen tries have come no nearer; what is left is filled with bytes as they are. From level 9 on an instance takes up to 20 MiB.
 *
 * The decoder decodes whole blocks: {@link Codec.decompressStart} needs the block in which its last byte is.
 *
 * @param level 1 to 22; 0 is 3
 * @param windowBits log2 of how far matches reach back, 10 to 20
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createZstd(level = 3, windows: CodecWindows = {}, windowBits = ZSTD_WINDOW_BITS): Codec {
  if (!Number.isInteger(level) || level < 0 || level > 22) {
    throw new ImageError("INPUT", `zstd has levels 0 to 22, not ${level}`);
  }
  if (!Number.isInteger(windowBits) || windowBits < LEAST_WINDOW_BITS || windowBits > ZSTD_WINDOW_BITS) {
    throw new ImageError("INPUT", `zstd has no window of 2^${windowBits} bytes here`);
  }
  return new Zstd(level || 3, windows, windowBits);
}
