/**
 * A quicker way of compressing says where a slow one fills its output: what both give for one input is mostly in the same
 * proportion as what they give for one that is a little longer.
 */

/** What was compressed, and the size that it came to. */
export interface Try {
  readonly plain: number;
  readonly compressed: number;
}

/** No try yet. */
export const NOTHING: Try = { plain: 0, compressed: 0 };

/** What compresses to far more than the limit, by no known number, is taken for so many times it. */
export const FAR_MORE = 4 / 3;
/** How often the quick way is asked for one answer, and what part of the size may be left for it to be near enough. */
const MOST_QUESTIONS = 3;
const NEAR = 1 / 256;
/** Sizes that are so near each other say nothing of how they grow. */
const LEAST_STEP = 16;

/** Knows how both ways go together in what is being compressed. */
export class QuickGuide {
  /** Bytes that the slow way gives for each of the quick one. */
  share: number;
  readonly #measure: (plain: number) => number;
  #last = NOTHING;

  /** @param measure the size in the quick way; infinity if that is far more than any output */
  constructor(measure: (plain: number) => number, share: number) {
    this.#measure = measure;
    this.share = share;
  }

  /** Learns from what the slow way gave. */
  learn({ plain, compressed }: Try): void {
    const quick = this.#ask(plain);
    if (compressed !== Number.POSITIVE_INFINITY && quick !== Number.POSITIVE_INFINITY) this.share = compressed / quick;
  }

  /**
   * How much of the input, from `low` to `high`, the slow way will compress to `target` bytes.
   *
   * @param start where that may be
   */
  seek(target: number, start: number, low: number, high: number): number {
    const wanted = target / this.share;
    let near = this.#last;
    let plain = clamp(start, low, high);
    for (let questions = 0; questions < MOST_QUESTIONS && plain !== near.plain; questions++) {
      const compressed = this.#ask(plain);
      if (compressed === Number.POSITIVE_INFINITY) {
        plain = clamp(plain / FAR_MORE, low, high);
        continue;
      }
      const step = compressed - near.compressed;
      const isFar = near.plain > 0 && Math.abs(step) >= LEAST_STEP;
      const slope = isFar ? Math.abs((plain - near.plain) / step) : plain / compressed;
      near = { plain, compressed };
      // what is far too much has gone on to what does not shrink
      plain = clamp(plain + (wanted - compressed) * (compressed > 2 * wanted ? 1 : slope), low, high);
      if (Math.abs(wanted - compressed) <= wanted * NEAR) break;
    }
    return plain;
  }

  #ask(plain: number): number {
    if (plain !== this.#last.plain) this.#last = { plain, compressed: this.#measure(plain) };
    return this.#last.compressed;
  }
}

function clamp(plain: number, low: number, high: number): number {
  return Math.min(Math.max(Math.round(plain), low), high);
}
