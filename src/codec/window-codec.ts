/** What all codecs have in common: the windows, and the check that stands between callers and a codec's memory. */
import { ImageError } from "../core/error.ts";
import { blankNotes, type Codec, type FillNotes } from "./codec.ts";

/** The two windows of a codec. */
export interface WindowPair {
  /** Window of contents. */
  readonly plain: Uint8Array;
  /** Window of compressed data. */
  readonly compressed: Uint8Array;
}

/** A codec whose ranges are checked before `encode` and `decode`, which are the codec's own, get to see them. */
export abstract class WindowCodec implements Codec {
  readonly name: string;
  readonly plain: Uint8Array;
  readonly compressed: Uint8Array;
  consumed = 0;

  constructor(name: string, { plain, compressed }: WindowPair) {
    this.name = name;
    this.plain = plain;
    this.compressed = compressed;
  }

  compressInto(from: number, to: number, at: number, limit: number, notes: FillNotes = blankNotes()): number {
    return this.#compress(from, to, at, limit, notes);
  }

  compress(from: number, to: number, at: number, limit: number): number {
    return this.#compress(from, to, at, limit, undefined);
  }

  decompress(from: number, to: number, at: number, limit: number): number {
    return this.#decompress(from, to, at, limit, false);
  }

  decompressStart(from: number, to: number, at: number, limit: number): number {
    return this.#decompress(from, to, at, limit, true);
  }

  /**
   * Compresses `plain[from, to)` to `compressed` at `at`: as much as fits into `limit` bytes if there are `notes`, else all
   * or nothing.
   *
   * @returns how many bytes it gave; 0 if nothing fits, else `consumed` has been set
   */
  protected abstract encode(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number;

  /** Decompresses `compressed[from, to)` to `plain` at `at`: the first `limit` bytes if `partial`, else all of it. */
  protected abstract decode(from: number, to: number, at: number, limit: number, partial: boolean): number;

  /**
   * Compresses in other ways too, and keeps the output at `at` that has most contents for each byte; `produced` is the size
   * of the one that is there.
   *
   * @param compress puts another output there; it is told how much it has to be better than
   * @returns the size of the best, and its way if that is one of `ways`
   */
  protected keepBest<Way>(
    at: number,
    produced: number,
    ways: readonly Way[],
    compress: (way: Way, ratio: number) => number,
  ): { produced: number; way: Way | undefined } {
    const { compressed } = this;
    const best: { produced: number; way: Way | undefined } = { produced, way: undefined };
    for (const way of ways) {
      const { consumed } = this;
      const kept = compressed.slice(at, at + best.produced);
      const ratio = consumed / best.produced;
      const other = compress(way, ratio);
      if (other > 0 && this.consumed / other > ratio) {
        best.produced = other;
        best.way = way;
      } else {
        compressed.set(kept, at);
        this.consumed = consumed;
      }
    }
    return best;
  }

  #compress(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number {
    checkRanges(this.plain, from, to, this.compressed, at, limit);
    const produced = this.encode(from, to, at, limit, notes);
    if (produced === 0) this.consumed = 0;
    if (notes) notes.ratio = produced === 0 ? 0 : this.consumed / produced;
    return produced;
  }

  #decompress(from: number, to: number, at: number, limit: number, partial: boolean): number {
    checkRanges(this.compressed, from, to, this.plain, at, limit);
    return this.decode(from, to, at, limit, partial);
  }
}

/** Refuses ranges outside of their windows: inside a module there is nothing to stop an address that is wrong. */
function checkRanges(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
  limit: number,
): void {
  if (isRange(source, from, to - from) && isRange(target, at, limit)) return;
  throw new ImageError("INTERNAL", `a codec was called for ${from}+${to - from}, ${at}+${limit}: not in its windows`);
}

function isRange(window: Uint8Array, at: number, length: number): boolean {
  return Number.isInteger(at) && Number.isInteger(length) && at >= 0 && length >= 0 && at + length <= window.length;
}
