/**
 * Sketches of bytes: the more cells of two sketches are equal, the more short strings of bytes their originals have in
 * common. One cell is the smallest of the hashes that fall to it ("minwise hashing" in one permutation: Li, Owen and
 * Zhang, 2012).
 */

/** Cells of a sketch; a power of two. */
const CELLS = 16;
/** 32-bit words of a sketch: a cell is a byte. */
export const SKETCH_WORDS = CELLS / 4;

/** Bytes of the original that are looked at: the first ones tell enough. */
const SEEN_BYTES = 2048;
/** Bytes that are hashed together. */
const STRING_BYTES = 6;

const least = new Uint32Array(CELLS);

/** Writes the sketch of `bytes` to the words of `into` from `at` on. */
export function sketch(bytes: Uint8Array, into: Uint32Array, at: number): void {
  least.fill(0xffffffff);
  const end = Math.min(bytes.length, SEEN_BYTES);
  let first = 0;
  let last = 0;
  for (let i = 0; i < end; i++) {
    // the newest four bytes, and the two in front of them
    first = (first << 8) | (last >>> 24);
    last = (last << 8) | bytes[i]!;
    if (i < STRING_BYTES - 1) continue;
    let hash = Math.imul(last, 0x9e3779b1) ^ Math.imul(first & 0xffff, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) >>> 0;
    const cell = hash % CELLS;
    if (hash < least[cell]!) least[cell] = hash;
  }
  for (let word = 0; word < SKETCH_WORDS; word++) {
    let cells = 0;
    for (let cell = 4 * word; cell < 4 * word + 4; cell++) cells = (cells << 8) | ((least[cell]! >>> 4) & 0xff);
    into[at + word] = cells;
  }
}

/** How many cells of two sketches are equal. */
export function countEqualCells(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  let counts = 0;
  for (let word = 0; word < SKETCH_WORDS; word++) counts += zeroBytes(a[atA + word]! ^ b[atB + word]!);
  // each byte has counted one cell of each word
  return Math.imul(counts, 0x01010101) >>> 24;
}

/** One in each byte that is zero in `word`, zero in the others. */
function zeroBytes(word: number): number {
  return ~(((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f) >>> 7;
}
