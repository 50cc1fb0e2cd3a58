/**
 * Fixed output by trying: how much of the input has to be compressed for a frame to fill, and not to exceed, so many
 * bytes. libzstd has no such function, and a frame cannot be shortened. The size of a frame grows with its input,
 * almost in proportion: so two tries say where the third has to be.
 */

import { roundUp } from "../../core/bytes.ts";

/** The first try, in bytes of input for each byte of output: what programs and libraries come to. */
const FIRST_RATIO = 3;
/** What is known of contents before says no more than so many bytes of input for each of output: they may change. */
const MOST_KNOWN_RATIO = 64;
/** A frame is full when no more than this part of the limit is left, up to it or up to the end of a block. */
const SPARE = 1 / 64;
/** The end of a block that counts: outputs are stored in whole blocks, and as far in a large one the rest is none. */
const BLOCK = 4096;
const LEAST_SHARE = 3 / 4;
/** What compresses to far more than the limit is taken for so many times it. */
const FAR_MORE = 4 / 3;
/** A shorter input compresses worse: of what it is shorter by, this much. */
const LOSS = 1 / 20;
/** After so many tries the best of them is taken; after more where it leaves half of the room, which is a quick one. */
const MAX_TRIES = 10;
const MORE_TRIES = 24;
/** After so many the next one is in the middle between what fits and what does not. */
const PATIENCE = 5;

/** A try: what was compressed, and the size that it came to. */
interface Try {
  readonly plain: number;
  readonly compressed: number;
}

const NOTHING: Try = { plain: 0, compressed: 0 };

/** How {@link fillFrame} compresses. */
export interface FrameTries {
  /** Gives the size of the frame of the first `plain` bytes; infinity if that is far more than the limit. */
  measure(plain: number): number;
  /** Called when the last try has been the best so far. */
  keep(compressed: number): void;
  /** About the same as `measure`, much faster: for the first try, if given. */
  estimate?: ((plain: number) => number) | undefined;
  /** Bytes of input for each of output, as far as is known: then nothing is estimated. */
  ratio?: number | undefined;
  /** If the first try has more bytes for each of input than this, it stays the only one, and gives nothing. */
  mostShare?: number | undefined;
}

/**
 * Finds how much of an input of `most` bytes fits into `limit` bytes.
 *
 * @returns how many bytes of input were in the best try, 0 if nothing fits
 */
export function fillFrame(most: number, limit: number, tries: FrameTries): number {
  const { measure, keep, estimate, ratio = 0, mostShare = Number.POSITIVE_INFINITY } = tries;
  const spare = Math.floor(limit * SPARE);
  // between the middle of what is enough and the end of it
  const target = limit - Math.floor(spare / 2);
  let fits: Try = NOTHING;
  let exceeds: Try = { plain: most + 1, compressed: Number.POSITIVE_INFINITY };
  let before: Try = NOTHING;
  const first = ratio > 0 ? target * Math.min(ratio, MOST_KNOWN_RATIO) : limit * FIRST_RATIO;
  let plain = Math.min(most, Math.ceil(first));
  if (estimate && ratio === 0 && plain < most) {
    const compressed = estimate(plain);
    if (compressed !== Number.POSITIVE_INFINITY) plain = Math.min(most, scaled({ plain, compressed }, target));
  }
  for (let count = 1; count <= MORE_TRIES || fits === NOTHING; count++) {
    const last = { plain, compressed: measure(plain) };
    if (count === 1 && last.compressed > plain * mostShare) return 0;
    if (last.compressed <= limit) {
      fits = last;
      keep(last.compressed);
      if (isFull(last.compressed, limit)) break;
    } else exceeds = last;
    if (fits.plain + 1 >= exceeds.plain || (count >= MAX_TRIES && 2 * fits.compressed >= limit)) break;
    plain = before === NOTHING ? scaled(last, target) : between(before, last, target);
    // it is between what is known of both sides; not far behind what is known at all, as a long try takes its time
    if (plain <= fits.plain || plain >= exceeds.plain) plain = between(fits, exceeds, target);
    if (exceeds.compressed === Number.POSITIVE_INFINITY && exceeds.plain > most) plain = Math.min(plain, most);
    // sizes are not on a line everywhere: there are steps where libzstd changes its ways
    else if (count >= PATIENCE) plain = 0;
    // what compresses well goes on to what does not
    else if (count > 1 && 2 * fits.compressed < limit) plain = exceeds.plain - (exceeds.compressed - target);
    if (plain <= fits.plain || plain >= exceeds.plain) plain = (fits.plain + exceeds.plain) >> 1;
    plain = Math.min(plain, Math.max(4 * fits.plain, exceeds.plain >> 1));
    before = last;
  }
  return fits.plain;
}

/** Whether a frame of so many bytes leaves so little room that another try would be too much for it. */
function isFull(compressed: number, limit: number): boolean {
  return fillEnd(compressed, limit) - compressed <= limit * SPARE;
}

/** Up to where a frame of so many bytes is to be filled: the end of its block, or the limit. */
export function fillEnd(compressed: number, limit: number): number {
  return compressed < limit * LEAST_SHARE ? limit : Math.min(roundUp(compressed, BLOCK), limit);
}

/** Where the frame will have the size of `target`, going by one try; 0 if that says nothing. */
function scaled({ plain, compressed }: Try, target: number): number {
  if (plain === 0) return 0;
  if (compressed === Number.POSITIVE_INFINITY) return Math.floor(plain / FAR_MORE);
  const ratio = target / compressed;
  return Math.max(1, Math.floor(plain * Math.min(ratio, ratio * (1 + LOSS * (ratio - 1)))));
}

/** The same by the line through two tries. */
function between(one: Try, other: Try, target: number): number {
  if (other.compressed === Number.POSITIVE_INFINITY) return scaled(one, target);
  if (one.compressed === Number.POSITIVE_INFINITY) return scaled(other, target);
  const slope = (other.plain - one.plain) / (other.compressed - one.compressed);
  return slope > 0 ? Math.floor(other.plain + slope * (target - other.compressed)) : 0;
}
