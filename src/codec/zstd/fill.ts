/**
 * Fixed output by trying: how much of the input has to be compressed for a frame to fill, and not to exceed, so many
 * bytes. libzstd has no such function, and a frame cannot be shortened. The size of a frame grows with its input,
 * almost in proportion: so two tries say where the third has to be.
 */

import { roundUp } from "../../core/bytes.ts";
import { FAR_MORE, NOTHING, type QuickGuide, type Try } from "./guide.ts";

/** The first try, in bytes of input for each byte of output: what programs and libraries come to. */
const FIRST_RATIO = 3;
/** What is known of contents before says no more than so many bytes of input for each of output: they may change. */
const MOST_KNOWN_RATIO = 64;
/** A frame is full when no more than this part of the limit is left, up to it or up to the end of a block. */
const SPARE = 1 / 64;
/** With a guide, tries come near so soon that it is this part. */
const GUIDED_SPARE = 1 / 256;
/** Where a byte of output holds so many of input, what is left would hold so many too: this part of the limit, or so little. */
const GOOD_RATIO = 4;
const GOOD_SPARE = 1 / 1024;
const LEAST_SPARE = 4;
/** The end of a block that counts: outputs are stored in whole blocks, and as far in a large one the rest is none. */
const BLOCK = 4096;
const LEAST_SHARE = 3 / 4;
/** A shorter input compresses worse: of what it is shorter by, this much. */
const LOSS = 1 / 20;
/** After so many tries the best of them is taken; after more where it leaves half of the room, which is a quick one. */
const MAX_TRIES = 10;
const MORE_TRIES = 24;
/** After more than so many tries on one side the next one is in the middle: sizes are not on a line everywhere. */
const PATIENCE = 2;

/** How {@link fillFrame} compresses. */
export interface FrameTries {
  /** Gives the size of the frame of the first `plain` bytes; infinity if that is far more than the limit. */
  measure(plain: number): number;
  /** Called when the last try has been the best so far. */
  keep(compressed: number): void;
  /** About the same as `measure`, much faster: for the first try, if given. */
  estimate?: ((plain: number) => number) | undefined;
  /** Says where each try may fill the frame; in place of `estimate`. */
  guide?: QuickGuide | undefined;
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
  const { measure, keep, estimate, guide, ratio = 0, mostShare = Number.POSITIVE_INFINITY } = tries;
  const spare = guide ? GUIDED_SPARE : SPARE;
  let fits: Try = NOTHING;
  let exceeds: Try = { plain: most + 1, compressed: Number.POSITIVE_INFINITY };
  // what is only estimated may end anywhere
  const aim = targetOf(limit, guide ? ratio : 0, spare);
  const first = ratio > 0 ? aim * Math.min(ratio, MOST_KNOWN_RATIO) : limit * FIRST_RATIO;
  let plain = Math.min(most, Math.ceil(first));
  if (guide) plain = guide.seek(aim, plain, 1, most);
  else if (estimate && ratio === 0 && plain < most) {
    const compressed = estimate(plain);
    if (compressed !== Number.POSITIVE_INFINITY) plain = Math.min(most, scaled({ plain, compressed }, aim));
  }
  /** So many tries have been on the same side. */
  let inRow = 0;
  for (let count = 1; count <= MORE_TRIES || fits === NOTHING; count++) {
    const last = { plain, compressed: measure(plain) };
    if (count === 1 && last.compressed > plain * mostShare) return 0;
    if (last.compressed <= limit) {
      inRow = inRow < 0 ? 1 : inRow + 1;
      fits = last;
      keep(last.compressed);
      if (isFull(last, limit, spare)) {
        if (exceeds.plain > most && mayTakeRest(last, most, limit)) {
          const whole = { plain: most, compressed: measure(most) };
          if (whole.compressed <= limit) {
            fits = whole;
            keep(whole.compressed);
          }
        }
        break;
      }
    } else {
      inRow = inRow > 0 ? -1 : inRow - 1;
      exceeds = last;
    }
    if (fits.plain + 1 >= exceeds.plain || (count >= MAX_TRIES && 2 * fits.compressed >= limit)) break;
    if (Math.abs(inRow) > PATIENCE && exceeds.compressed !== Number.POSITIVE_INFINITY) {
      plain = 0;
      inRow = 0;
    } else plain = nextTry(fits, exceeds, limit, spare);
    // where tries stay on one side, contents are not what the guide takes them for
    const isGuided = guide && inRow !== 0 && Math.abs(inRow) <= PATIENCE;
    if (isGuided && last.compressed !== Number.POSITIVE_INFINITY) {
      guide.learn(last);
      const target = targetOf(limit, last.plain / last.compressed, spare);
      plain = guide.seek(target, plain, fits.plain + 1, exceeds.plain - 1);
    }
    if (exceeds.plain > most) plain = Math.min(plain, most);
    if (plain <= fits.plain || plain >= exceeds.plain) plain = (fits.plain + exceeds.plain) >> 1;
    // not far behind what is known at all, as a long try takes its time
    if (exceeds.compressed > 2 * limit) plain = Math.min(plain, Math.max(4 * fits.plain, exceeds.plain >> 1));
  }
  if (fits !== NOTHING) guide?.learn(fits);
  return fits.plain;
}

/** Where a frame may be full, going by what fits into `limit` bytes and what exceeds them. */
function nextTry(fits: Try, exceeds: Try, limit: number, spare: number): number {
  const target = targetOf(limit, fits.plain / fits.compressed, spare);
  if (fits === NOTHING) return scaled(exceeds, target);
  if (exceeds.compressed === Number.POSITIVE_INFINITY) return Math.max(fits.plain + 1, scaled(fits, target));
  // what compresses well goes on to what does not
  if (2 * fits.compressed < limit) return exceeds.plain - (exceeds.compressed - target);
  const slope = (exceeds.plain - fits.plain) / (exceeds.compressed - fits.compressed);
  return Math.floor(fits.plain + slope * (target - fits.compressed));
}

/** How many bytes may be left where one of output holds `ratio` of input. */
function spareOf(limit: number, ratio: number, spare: number): number {
  return ratio >= GOOD_RATIO ? Math.max(LEAST_SPARE, limit * GOOD_SPARE) : limit * spare;
}

/** The middle between what is enough and the limit. */
function targetOf(limit: number, ratio: number, spare: number): number {
  return limit - Math.floor(spareOf(limit, ratio, spare) / 2);
}

/** Whether a frame leaves so little room that another try would be too much for it. */
function isFull({ plain, compressed }: Try, limit: number, spare: number): boolean {
  return fillEnd(compressed, limit) - compressed <= spareOf(limit, plain / compressed, spare);
}

/** Whether so little of the input is left behind a full frame that it may have room there: else it takes an output of its own. */
function mayTakeRest({ plain, compressed }: Try, most: number, limit: number): boolean {
  return plain < most && (most - plain) * compressed <= (limit - compressed) * plain;
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
