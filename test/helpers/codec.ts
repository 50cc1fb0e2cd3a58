/** What tests of all codecs share: guarded windows, and contents with and without patterns. */
import fc from "fast-check";
import { expect } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";

/** A byte that a guarded range must still have afterwards. */
export const GUARD = 0xa5;
/** How long such a range is. */
export const GUARD_LEN = 32;

/** Fails unless the bytes are the same; toEqual() takes its time with many. */
export function expectBytes(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  if (Buffer.compare(Uint8Array.from(actual), Uint8Array.from(expected)) !== 0) expect(actual).toEqual(expected);
}

/** Whether a guarded range is untouched. */
export function isGuard(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === GUARD);
}

/** Runs a compression, checking that nothing is written next to its range; gives the bytes. */
export function guarded(codec: Codec, limit: number, compress: (at: number) => number): Uint8Array {
  const { compressed } = codec;
  const end = GUARD_LEN + limit;
  compressed.fill(GUARD, 0, GUARD_LEN);
  compressed.fill(GUARD, end, end + GUARD_LEN);
  const produced = compress(GUARD_LEN);
  expect(produced).toBeLessThanOrEqual(limit);
  expect(isGuard(compressed.subarray(0, GUARD_LEN)) && isGuard(compressed.subarray(end, end + GUARD_LEN))).toBe(true);
  return compressed.slice(GUARD_LEN, GUARD_LEN + produced);
}

/** Cuts `data` into blocks of at most `limit` bytes; gives them with what each must decode to. */
export function cut(codec: Codec, data: Uint8Array, limit: number): { block: Uint8Array; plain: Uint8Array }[] {
  const blocks: { block: Uint8Array; plain: Uint8Array }[] = [];
  codec.plain.set(data);
  for (let at = 0; at < data.length; at += codec.consumed) {
    const block = guarded(codec, limit, (to) => codec.compressInto(at, data.length, to, limit));
    expect(codec.consumed).toBeGreaterThan(0);
    blocks.push({ block, plain: data.subarray(at, at + codec.consumed) });
  }
  expectBytes(codec.plain.subarray(0, data.length), data);
  return blocks;
}

/** Decodes a block into a range that is exactly as large as it must be. */
export function decode(codec: Codec, block: Uint8Array, size: number): Uint8Array {
  codec.compressed.set(block);
  const end = GUARD_LEN + size;
  const { plain } = codec;
  plain.fill(GUARD, 0, end + GUARD_LEN);
  expect(codec.decompress(0, block.length, GUARD_LEN, size)).toBe(size);
  expect(isGuard(plain.subarray(0, GUARD_LEN)) && isGuard(plain.subarray(end, end + GUARD_LEN))).toBe(true);
  return plain.slice(GUARD_LEN, end);
}

/** Bytes with repetitions near and far, runs, and noise. */
export const someBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((noise) => ({ noise })),
      fc.record({ byte: fc.nat(255), run: fc.nat(700) }),
      fc.record({ back: fc.integer({ min: 1, max: 3000 }), size: fc.nat(300) }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => {
    const bytes: number[] = [];
    for (const part of parts) {
      if ("noise" in part) bytes.push(...part.noise);
      else if ("run" in part) for (let i = 0; i < part.run; i++) bytes.push(part.byte);
      else for (let i = 0; i < part.size; i++) bytes.push(bytes[bytes.length - part.back] ?? i & 3);
    }
    return Uint8Array.from(bytes);
  });

/** Bytes without any pattern (xorshift). */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}

/** What a decoder must throw. */
export const damaged = expect.objectContaining({ code: "DAMAGED" });
