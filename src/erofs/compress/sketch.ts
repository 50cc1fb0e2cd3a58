/**
 * Sketches of bytes: the more cells of two sketches are equal, the more short strings of bytes their originals have in
 * common. One cell is the smallest of the hashes that fall to it ("minwise hashing" in one permutation: Li, Owen and
 * Zhang, 2012).
 */

/** Cells of a sketch; a power of two. */
const CELLS = 16;
/** 32-bit words of a sketch: a cell is a byte. */
export const SKETCH_WORDS = CELLS / 4;

/** Bytes of the original that are looked at: the first ones tell enough, if they are more than a licence. */
const SEEN_BYTES = 4096;
/** Bytes that are hashed together. */
const STRING_BYTES = 6;
/** Of more bytes than these only strings count that start with one byte in eight: what is alike has the same ones. */
const SHORT = 256;
const [START_MASK, START] = [7, 2] as const;

const least = new Uint32Array(CELLS);

/** Writes the sketch of `bytes` to the words of `into` from `at` on. */
export function sketch(bytes: Uint8Array, into: Uint32Array, at: number): void {
  least.fill(0xffffffff);
  const end = Math.min(bytes.length, SEEN_BYTES);
  const takesAll = bytes.length <= SHORT;
  for (let i = 0; i <= end - STRING_BYTES; i++) {
    const byte = bytes[i]!;
    if (!takesAll && (byte & START_MASK) !== START) continue;
    const first = byte | (bytes[i + 1]! << 8);
    const last = bytes[i + 2]! | (bytes[i + 3]! << 8) | (bytes[i + 4]! << 16) | (bytes[i + 5]! << 24);
    let hash = Math.imul(last, 0x9e3779b1) ^ Math.imul(first, 0x85ebca6b);
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

/** How many cells of two sketches are equal; those that no string falls to, or the largest of all hashes, say nothing. */
export function countEqualCells(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  let counts = 0;
  for (let word = 0; word < SKETCH_WORDS; word++) {
    const cells = a[atA + word]!;
    counts += zeroBytes(cells ^ b[atB + word]!) & ~zeroBytes(~cells);
  }
  // each byte has counted one cell of each word
  return Math.imul(counts, 0x01010101) >>> 24;
}

/** One in each byte that is zero in `word`, zero in the others. */
function zeroBytes(word: number): number {
  return ~(((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f) >>> 7;
}
