/**
 * Whether it is worth the time to compress what comes next in a file: not where its bytes look random, nothing near
 * repeats, and nothing farther away that one pcluster could hold.
 */
import type { Codec } from "../../../codec/codec.ts";
import { looksRandom } from "./entropy.ts";
import { RepeatFinder } from "./repeats.ts";

/** Bytes that are looked at together. */
export const NOISE_BYTES = 32 * 1024;
/** What looks random is there again later: one pcluster may hold far more of it than usual. */
export const REPEATS = -1;

/** Looks at the contents of files, one part after another. */
export class NoiseLook {
  readonly #plain: Uint8Array;
  readonly #quick: Codec;
  readonly #blockSize: number;
  readonly #distance: number;
  readonly #repeats = new RepeatFinder();

  /**
   * @param plain where the contents lie
   * @param quick a fast codec
   * @param distance so far back the codec that is to be spared sees what repeats
   */
  constructor(plain: Uint8Array, quick: Codec, blockSize: number, distance: number) {
    this.#plain = plain;
    this.#quick = quick;
    this.#blockSize = blockSize;
    this.#distance = distance;
  }

  /** Starts a part that begins at an offset of its file. */
  open(from: number): void {
    this.#repeats.open(from);
  }

  /**
   * How many bytes, of the `reach` that lie at `place` and are those of offset `at`, are to be stored as they are: whole
   * blocks, which may be more than there are. 0 or {@link REPEATS}: an attempt is worth it.
   */
  measure(place: number, at: number, reach: number, pclusterSize: number): number {
    const blockSize = this.#blockSize;
    if (!this.#isNoise(place, Math.min(reach, NOISE_BYTES))) return 0;
    // a smaller pcluster holds nothing that is there again farther away than where has been looked
    if (pclusterSize <= blockSize) return NOISE_BYTES;
    const end = at + Math.min(reach, NOISE_BYTES + pclusterSize);
    const start = this.#repeats.find(this.#plain, place, at, end, Math.min(pclusterSize, this.#distance));
    const before = Math.min(start - at, NOISE_BYTES);
    return before < blockSize ? REPEATS : before - (before % blockSize);
  }

  #isNoise(place: number, length: number): boolean {
    const blockSize = this.#blockSize;
    const plain = this.#plain;
    if (!looksRandom(plain, place, length)) return false;
    const quick = this.#quick;
    quick.plain.set(plain.subarray(place, place + length));
    for (let at = 0; at + blockSize < length; at += blockSize) {
      quick.compressInto(at, length, 0, blockSize);
      if (quick.consumed > blockSize) return false;
    }
    return true;
  }
}
