/** Contents of files by their seeds: what compresses, and what does not. */

/** Bytes below `limit`, from a seed; those below 32 compress to about five eighths. */
export function fewBytes(size: number, seed: number, limit: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % limit;
  });
}

function generator(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bytes that do not compress. */
export function incompressible(size: number, seed: number): Buffer {
  const next = generator(seed);
  return Buffer.from(Uint8Array.from({ length: size }, () => next() >>> 11));
}

/** Bytes that compress to about a third. */
export function prose(size: number, seed: number): Buffer {
  const next = generator(seed);
  const words = Array.from({ length: 400 }, (_, index) => incompressible(3 + (index % 7), index + 1).toString("hex"));
  let text = "";
  while (text.length < size) text += `${words[next() % words.length]} `;
  return Buffer.from(text.slice(0, size));
}
