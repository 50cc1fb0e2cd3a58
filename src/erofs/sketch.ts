/**
 * Sketches of bytes: the more cells of two sketches are equal, the more short runs of bytes their originals have in
 * common. One cell is the smallest of the hashes that fall to it ("minwise hashing" in one permutation: Li, Owen and
 * Zhang, 2012).
 */

/** Cells of a sketch, one byte each; a power of two. */
export const SKETCH_BYTES = 16;

/** Bytes of the original that are looked at: the first ones tell enough. */
const SEEN_BYTES = 2048;
/** Bytes that are hashed together. */
const RUN_BYTES = 6;

const least = new Uint32Array(SKETCH_BYTES);

/** Writes the sketch of `bytes` to `into` from `at` on. */
export function sketch(bytes: Uint8Array, into: Uint8Array, at: number): void {
  least.fill(0xffffffff);
  const end = Math.min(bytes.length, SEEN_BYTES);
  let first = 0;
  let last = 0;
  for (let i = 0; i < end; i++) {
    // the newest four bytes, and the two in front of them
    first = (first << 8) | (last >>> 24);
    last = (last << 8) | bytes[i]!;
    if (i < RUN_BYTES - 1) continue;
    let hash = Math.imul(last, 0x9e3779b1) ^ Math.imul(first & 0xffff, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) >>> 0;
    const cell = hash % SKETCH_BYTES;
    if (hash < least[cell]!) least[cell] = hash;
  }
  for (let cell = 0; cell < SKETCH_BYTES; cell++) into[at + cell] = least[cell]! >>> 4;
}

/** How many cells of two sketches are equal. */
export function countEqualCells(a: Uint8Array, atA: number, b: Uint8Array, atB: number): number {
  let count = 0;
  for (let cell = 0; cell < SKETCH_BYTES; cell++) if (a[atA + cell] === b[atB + cell]) count++;
  return count;
}
