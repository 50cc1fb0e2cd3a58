/**
 * Where bytes that look random are there again not much later, as those of an archive that a file holds several times. Only
 * what stands behind one value of a byte is looked at, so at one place in 256.
 *
 *     file   | noise | 5e 7f c0 … | noise | 5e 7f c0 … |
 *                    ^ start, 7f is looked at ^ and found again
 */

/** What is looked at stands behind this byte. */
const ANCHOR = 0x7f;
/** As many bytes must be equal there. */
const EQUAL_BYTES = 32;
/** Log2 of how many places are remembered, by the four bytes behind them. */
const SLOT_BITS = 14;

/** Looks through one part of a file after another, each byte once. */
export class RepeatFinder {
  /** Offset of an anchor in the file, and one more. */
  readonly #places = new Float64Array(1 << SLOT_BITS);
  /** Places of the part are remembered. */
  #isUsed = false;
  /** Up to where the part has been looked through. */
  #seen = 0;
  /** Where the bytes are for the first time that have been found again last. */
  #start = -1;

  /** Starts a part of a file. */
  open(from: number): void {
    // most parts are never asked about
    if (this.#isUsed) this.#places.fill(0);
    this.#isUsed = false;
    this.#seen = from;
    this.#start = -1;
  }

  /**
   * The offset from which on bytes of [at, end) are there again in it, at most `distance` behind; infinity if there are
   * none. To be asked in ascending order.
   *
   * @param bytes has byte `at` of the file at `place`
   */
  find(bytes: Uint8Array, place: number, at: number, end: number, distance: number): number {
    if (this.#start >= at) return this.#start;
    this.#isUsed = true;
    const shift = place - at;
    const stop = end + shift - EQUAL_BYTES;
    const looked = bytes.subarray(0, Math.max(0, stop));
    for (let next = Math.max(this.#seen, at) + shift; ; next++) {
      next = looked.indexOf(ANCHOR, next);
      if (next < 0) break;
      const slot = slotOf(bytes, next);
      const earlier = this.#places[slot]! - 1 + shift;
      this.#places[slot] = next - shift + 1;
      const isNear = earlier >= place && next - earlier <= distance;
      if (!isNear || !isEqual(bytes, earlier, next)) continue;
      this.#seen = next - shift + 1;
      let start = earlier;
      for (const back = next - earlier; start > place && bytes[start - 1] === bytes[start - 1 + back]; ) start--;
      this.#start = start - shift;
      return this.#start;
    }
    this.#seen = Math.max(this.#seen, stop - shift);
    return Number.POSITIVE_INFINITY;
  }
}

function slotOf(bytes: Uint8Array, at: number): number {
  const word = bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 24);
  return Math.imul(word, 0x9e3779b1) >>> (32 - SLOT_BITS);
}

function isEqual(bytes: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < EQUAL_BYTES; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
