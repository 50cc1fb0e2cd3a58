/** Contents by their seeds for trees of any size: noise, and text that compresses. */

/** mulberry32: the next value in 0..1. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const POOL_BYTES = 11 << 20;
let pool: Buffer | undefined;

/** `size` (at most 10 MiB) bytes that do not compress: a window of one fixed noise, moved by `seed`. Never NUL. */
export function noise(seed: number, size: number): Buffer {
  if (pool === undefined) {
    const values = new Uint32Array(POOL_BYTES / 4);
    const random = generator(0x5eed);
    for (let index = 0; index < values.length; index++) values[index] = random() * 2 ** 32;
    pool = Buffer.from(values.buffer);
    for (let index = 0; index < pool.length; index++) if (pool[index] === 0) pool[index] = 1;
  }
  const start = (Math.imul(seed, 0x9e3779b1) >>> 0) % (POOL_BYTES - size);
  return Buffer.from(pool.subarray(start, start + size));
}

/** `size` bytes of text that compresses about as source code does. */
export function words(seed: number, size: number): Buffer {
  const random = generator(seed);
  const vocabulary = Array.from({ length: 300 }, (_, index) => (index * 7919 + 11).toString(36));
  const pieces: string[] = [];
  for (let length = 0; length < size; ) {
    const word = `${vocabulary[Math.floor(random() ** 2 * vocabulary.length)]}${random() < 0.1 ? "\n" : " "}`;
    pieces.push(word);
    length += word.length;
  }
  return Buffer.from(pieces.join(""), "latin1").subarray(0, size);
}
