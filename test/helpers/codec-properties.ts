/** What is true of every codec, whatever it writes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { ImageError } from "../../src/core/error.ts";
import { cut, damaged, decode, expectBytes, GUARD, GUARD_LEN, guarded, isGuard, noise, someBytes } from "./codec.ts";

/** What codecs differ in. */
export interface CodecTraits {
  /** What a block of `size` bytes of contents holds, by another reader than the codec's own; checks the block too. */
  read?(block: Uint8Array, size: number): ArrayLike<number>;
  /** The smallest limit by which something can always be taken in. */
  leastLimit: number;
  /** By how many bytes what does not shrink can grow, at sizes up to 20. */
  overhead: number;
  /** By how many bytes a limit must be larger than a block, where it is not enough that the block fits. */
  slack?: number;
}

/** Declares the tests of one codec, to be called inside describe(). */
export function testCodec(codec: Codec, { read, leastLimit, overhead, slack = 0 }: CodecTraits): void {
  const expectHolds = (block: Uint8Array, plain: Uint8Array) => {
    if (read) expectBytes(read(block, plain.length), plain);
    expectBytes(decode(codec, block, plain.length), plain);
  };

  test("what is cut into blocks decodes to what it was", () => {
    fc.assert(
      fc.property(someBytes, fc.integer({ min: leastLimit, max: 600 }), (data, limit) => {
        for (const { block, plain } of cut(codec, data, limit)) expectHolds(block, plain);
      }),
      { numRuns: 200 },
    );
  });

  test("all or nothing", () => {
    fc.assert(
      fc.property(someBytes, fc.integer({ min: -20, max: 20 }), (data, more) => {
        codec.plain.set(data, 7);
        const all = codec.compress(7, 7 + data.length, 0, data.length + 100);
        expect(all).toBeGreaterThan(0);
        expect(codec.consumed).toBe(data.length);
        const limit = Math.max(0, all + more);
        const block = guarded(codec, limit, (at) => codec.compress(7, 7 + data.length, at, limit));
        expect(codec.consumed).toBe(block.length > 0 ? data.length : 0);
        if (limit < all) expect(block.length).toBe(0);
        if (limit >= all + slack) expect(block.length).toBe(all);
        if (block.length === 0) return;
        // decode() overwrites the window
        expectHolds(block, data);
      }),
      { numRuns: 200 },
    );
  });

  test("tiny inputs and limits", () => {
    for (let size = 0; size <= 20; size++) {
      for (const data of [new Uint8Array(size), noise(size)]) {
        for (let limit = 0; limit <= 40; limit++) {
          codec.plain.set(data);
          const block = guarded(codec, limit, (at) => codec.compressInto(0, size, at, limit));
          const { consumed } = codec;
          if (block.length === 0) expect(consumed).toBe(0);
          else expectHolds(block, data.subarray(0, consumed));
          if (limit >= size + overhead) expect(consumed).toBe(size);
        }
      }
    }
  });

  test("ranges outside the windows are refused", () => {
    const { plain, compressed } = codec;
    for (const [from, to, at, limit] of [
      [-1, 10, 0, 100],
      [0, plain.length + 1, 0, 100],
      [10, 9, 0, 100],
      [0, 10, compressed.length - 99, 100],
      [0, 10, 0, -1],
      [0, 10, Number.NaN, 100],
      [0, 0.5, 0, 100],
    ] as const) {
      expect(() => codec.compressInto(from, to, at, limit)).toThrow(ImageError);
      expect(() => codec.compress(from, to, at, limit)).toThrow(ImageError);
      expect(() => codec.decompress(at, at + limit, from, to - from)).toThrow(ImageError);
      expect(() => codec.decompressStart(at, at + limit, from, to - from)).toThrow(ImageError);
    }
  });
}

/** Declares the test that earlier calls, so many that positions start from zero again, have no influence. */
export function testIndependence(codec: Codec, calls: number): void {
  test("earlier calls have no influence", () => {
    const data = noise(9000, 5).map((byte) => byte & 3);
    codec.plain.set(data, 100);
    const run = () => codec.compressed.slice(0, codec.compressInto(100, 9100, 0, 4096));
    const first = run();
    for (let call = 0; call < calls; call++) {
      codec.compressInto(100 + (call % 1000), 120 + (call % 1000), 10_000, 40);
    }
    expectBytes(run(), first);
    codec.plain.set(data, 200_001);
    const elsewhere = codec.compressInto(200_001, 209_001, 777, 4096);
    expectBytes(codec.compressed.slice(777, 777 + elsewhere), first);
  });
}

/** How a block is read: as a whole, or its first bytes. */
export type DecodeMethod = "decompress" | "decompressStart";

/** Decodes a block into `room` bytes between guards; checks that neither they nor the block change. */
export function decodeInto(codec: Codec, block: ArrayLike<number>, room: number, method: DecodeMethod = "decompress") {
  codec.compressed.set(block, 3);
  // what is behind it must not matter
  codec.compressed.fill(GUARD, 3 + block.length, 3 + block.length + GUARD_LEN);
  codec.plain.fill(GUARD, 0, room + 2 * GUARD_LEN);
  try {
    const size = codec[method](3, 3 + block.length, GUARD_LEN, room);
    return codec.plain.slice(GUARD_LEN, GUARD_LEN + size);
  } finally {
    const { plain } = codec;
    const end = GUARD_LEN + room;
    expect(isGuard(plain.subarray(0, GUARD_LEN)) && isGuard(plain.subarray(end, end + GUARD_LEN))).toBe(true);
    expectBytes(codec.compressed.subarray(3, 3 + block.length), block);
  }
}

/** Declares the test that damaged blocks of a codec are refused, or give other bytes in the room there is. */
export function testDamage(codec: Codec): void {
  test("damage is an error or other bytes, never more than that", () => {
    fc.assert(
      fc.property(
        someBytes,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(10),
        (data, changes, cutOff) => {
          codec.plain.set(data);
          const block = codec.compressed.slice(0, codec.compress(0, data.length, 0, data.length + 100));
          for (const [place, byte] of changes) block[place % block.length] = byte;
          const damage = block.subarray(0, block.length - Math.min(cutOff, block.length));
          for (const method of ["decompress", "decompressStart"] as const) {
            try {
              decodeInto(codec, damage, data.length, method);
            } catch (error) {
              expect(error).toEqual(damaged);
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
}
