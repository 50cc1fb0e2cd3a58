/** A quick look at bytes, so that what is compressed or encrypted already costs no time. */

/** Fewer bytes tell too little. */
const MIN_BYTES = 4096;
/** The first bytes, by which nearly all that can be compressed is told, and what they have of random ones at least. */
const FIRST_BYTES = 1024;
const FIRST_BITS = 7.7;
/** Bits a byte from which nothing is to be gained: a pcluster would have to shrink by 1 in 64 at least. */
const RANDOM_BITS = 7.9;

const counts = new Uint32Array(256);

/** Whether each byte value is nearly as frequent as any other in `bytes[from, from + length)`. */
export function looksRandom(bytes: Uint8Array, from: number, length: number): boolean {
  if (length < MIN_BYTES) return false;
  return hasRandomBits(bytes, from, FIRST_BYTES, FIRST_BITS) && hasRandomBits(bytes, from, length, RANDOM_BITS);
}

function hasRandomBits(bytes: Uint8Array, from: number, length: number, bits: number): boolean {
  counts.fill(0);
  for (let at = from; at < from + length; at++) counts[bytes[at]!]!++;
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log2(count);
  // few bytes look less random than their source is: by about 255 / (2 n ln 2) bits
  return Math.log2(length) - sum / length + 184 / length >= bits;
}
