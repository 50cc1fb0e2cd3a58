/** LZMA as EROFS and as SquashFS hold it: what is true of every codec, and of this one. */
import { describe, expect, test } from "vitest";
import { type Codec, MAX_WINDOW } from "../../../src/codec/codec.ts";
import { createLzma } from "../../../src/codec/lzma/lzma.ts";
import { createLzmaAlone } from "../../../src/codec/lzma/lzma-alone.ts";
import { cut, damaged, decode, expectBytes, noise } from "../../helpers/codec.ts";
import { decodeInto, testCodec, testDamage } from "../../helpers/codec-properties.ts";
import { data as sample } from "../../helpers/codec-sample.ts";

/** One for each way: chains, trees, other contexts, the longest search, a dictionary that is smaller than the window. */
const MICRO = [
  createLzma(0),
  createLzma(1, {}, { lc: 0, lp: 2, pb: 4 }),
  createLzma(6),
  createLzma(6, {}, { dictSize: 4096, lc: 4 }),
  createLzma(109),
];
const ALONE = [createLzmaAlone(1), createLzmaAlone(5)];

describe.each(MICRO.map((codec) => [codec.name, codec] as const))("%s", (_, codec) => {
  testCodec(codec, { leastLimit: 40, overhead: 20, slack: 4 });
  testDamage(codec);

  test("limits are filled but for what another symbol takes", () => {
    for (const limit of [300, 4096, 65536]) {
      const blocks = cut(codec, sample, limit);
      for (const { block } of blocks.slice(0, -1)) expect(limit - block.length).toBeLessThan(24);
      for (const { block, plain } of blocks) expectBytes(decode(codec, block, plain.length), plain);
    }
  });

  test("begins with no zero, and is as long as asked for", () => {
    codec.plain.set(sample);
    const block = codec.compressed.slice(0, codec.compress(0, 5000, 0, 5000));
    expect(block[0]).not.toBe(0);
    for (const room of [0, 1, 4999]) {
      expectBytes(decodeInto(codec, block, room, "decompressStart"), sample.subarray(0, room));
      expect(() => decodeInto(codec, block, room)).toThrow(damaged);
    }
    expect(() => decodeInto(codec, block, 5001)).toThrow(damaged);
    expect(() => decodeInto(codec, block.subarray(0, block.length - 1), 5000)).toThrow(damaged);
    expect(() => decodeInto(codec, Buffer.concat([block, Buffer.alloc(1)]), 5000)).toThrow(damaged);
  });
});

describe.each(ALONE.map((codec) => [codec.name, codec] as const))("%s", (_, codec) => {
  testCodec(codec, { leastLimit: 110, overhead: 110, slack: 4 });
  testDamage(codec);

  test("has the header that lzma writes, and tells its length", () => {
    codec.plain.set(sample);
    const block = codec.compressed.slice(0, codec.compress(0, 5000, 0, 5000));
    expect(Buffer.from(block.subarray(0, 13)).toString("hex")).toBe("5d000020008813000000000000");
    expectBytes(decodeInto(codec, block, 9000), sample.subarray(0, 5000));
    expectBytes(decodeInto(codec, block, 10, "decompressStart"), sample.subarray(0, 10));
    expect(() => decodeInto(codec, block, 4999)).toThrow(damaged);
    // a length that is not told
    block.fill(0xff, 5, 13);
    expectBytes(decodeInto(codec, block, 9000), sample.subarray(0, 5000));
  });
});

test("matches reach no further than the dictionary", () => {
  const period = noise(10_000);
  const data = Buffer.concat([period, period]);
  const sizeWith = (dictSize: number) => {
    const codec = createLzma(6, {}, { dictSize });
    codec.plain.set(data);
    return codec.compress(0, data.length, 0, 40_000);
  };
  expect(sizeWith(9999)).toBeGreaterThan(20_000);
  expect(sizeWith(10_000)).toBeLessThan(10_500);
});

test("earlier calls have no influence", () => {
  const make = () => createLzma(6, { plainLen: 400_000 }, { dictSize: 65_536 });
  const run = (codec: Codec) => {
    codec.plain.set(sample.subarray(0, 400_000));
    return [4096, 65_536, 100_000].map((limit) => codec.compressed.slice(0, codec.compressInto(7, 400_000, 0, limit)));
  };
  const used = make();
  const first = run(used);
  for (let from = 0; from < 3000; from++) used.compressInto(from, from + 100_000, 0, 100);
  for (const results of [run(used), run(make())]) {
    for (const [at, result] of results.entries()) expectBytes(result, first[at]!);
  }
});

test("every length up to 300, and a MiB of one byte", () => {
  const codec = createLzma(6);
  for (let length = 0; length <= 300; length++) {
    for (const data of [sample.subarray(0, length), noise(length), new Uint8Array(length)]) {
      codec.plain.set(data);
      const block = codec.compressed.slice(0, codec.compress(0, length, 0, 1000));
      expectBytes(decode(codec, block, length), data);
    }
  }
  const ones = new Uint8Array(1 << 20).fill(1);
  codec.plain.set(ones);
  const block = codec.compressed.slice(0, codec.compress(0, ones.length, 0, 1000));
  expect(block.length).toBeGreaterThan(0);
  expectBytes(decode(codec, block, ones.length), ones);
});

test.each([
  [-1, {}, "lzma has levels 0 to 9 and 100 to 109, not -1"],
  [10, {}, "lzma has levels 0 to 9 and 100 to 109, not 10"],
  [6, { lc: 5 }, "lzma: lc is 0 to 4, not 5"],
  [6, { lc: 3, lp: 2 }, "lzma: lc + lp is 0 to 4, not 5"],
  [6, { dictSize: 100 }, "lzma: a dictionary has 4096 bytes or more, not 100"],
])("level %i with %j is refused", (level, settings, message) => {
  expect(() => createLzma(level, {}, settings)).toThrow(expect.objectContaining({ code: "INPUT", message }));
});

test.each([1, 6])("the largest windows, and the largest dictionary, at level %i", (level) => {
  for (const windows of [{ plainLen: MAX_WINDOW, compressedLen: MAX_WINDOW }, { plainLen: (8 << 20) + 9 }]) {
    const codec = createLzma(level, windows, { dictSize: 8 << 20 });
    const { length } = codec.plain;
    const size = codec.compressInto(0, length, 0, 100_000);
    expect(codec.consumed).toBe(length);
    codec.plain.fill(1);
    expect(codec.decompress(0, size, 0, length)).toBe(length);
    expect(codec.plain.every((byte) => byte === 0)).toBe(true);
  }
});
