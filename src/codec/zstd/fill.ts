/**
 * Fixed output by trying: how much of the input has to be compressed for a frame to fill, and not to exceed, so many
 * bytes. libzstd has no such function, and a frame cannot be shortened. The size of a frame grows with its input,
 * almost in proportion: so two tries say where the third has to be.
 */

/** The first try, in bytes of input for each byte of output: what programs and libraries come to. */
const FIRST_RATIO = 3;
/** A frame is full when no more than this part of the limit is left. */
const SPARE = 1 / 64;
/** A shorter input compresses worse: of what it is shorter by, this much. */
const LOSS = 1 / 20;
/** After so many tries the best of them is taken. */
const MAX_TRIES = 10;
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
}

/**
 * Finds how much of an input of `most` bytes fits into `limit` bytes.
 *
 * @returns how many bytes of input were in the best try, 0 if nothing fits
 */
export function fillFrame(most: number, limit: number, { measure, keep, estimate }: FrameTries): number {
  const spare = Math.floor(limit * SPARE);
  // between the middle of what is enough and the end of it
  const target = limit - Math.floor(spare / 2);
  let fits: Try = NOTHING;
  let exceeds: Try = { plain: most + 1, compressed: Number.POSITIVE_INFINITY };
  let before: Try = NOTHING;
  let plain = Math.min(most, Math.ceil(limit * FIRST_RATIO));
  if (estimate && plain < most) {
    const compressed = estimate(plain);
    if (compressed !== Number.POSITIVE_INFINITY) plain = Math.min(most, scaled({ plain, compressed }, target));
  }
  for (let tries = 1; tries <= MAX_TRIES || fits === NOTHING; tries++) {
    const last = { plain, compressed: measure(plain) };
    if (last.compressed <= limit) {
      fits = last;
      keep(last.compressed);
      if (last.compressed >= limit - spare) break;
    } else exceeds = last;
    if (fits.plain + 1 >= exceeds.plain) break;
    plain = before === NOTHING ? scaled(last, target) : between(before, last, target);
    // it is between what is known of both sides; not far behind what is known at all, as a long try takes its time
    if (plain <= fits.plain || plain >= exceeds.plain) plain = between(fits, exceeds, target);
    if (exceeds.compressed === Number.POSITIVE_INFINITY && exceeds.plain > most) plain = Math.min(plain, most);
    // sizes are not on a line everywhere: there are steps where libzstd changes its ways
    else if (tries >= PATIENCE) plain = 0;
    if (plain <= fits.plain || plain >= exceeds.plain) plain = (fits.plain + exceeds.plain) >> 1;
    plain = Math.min(plain, Math.max(4 * fits.plain, exceeds.plain >> 1));
    before = last;
  }
  return fits.plain;
}

/** Where the frame will have the size of `target`, going by one try; 0 if that says nothing. */
function scaled({ plain, compressed }: Try, target: number): number {
  if (plain === 0 || compressed === Number.POSITIVE_INFINITY) return 0;
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
