import { describe, expect, test } from "vitest";
import { createFastLzo, createLzo } from "../../src/codec/lzo/lzo.ts";
import { cut, damaged, decode, expectBytes, noise } from "../helpers/codec.ts";
import { type DecodeMethod, decodeInto, testCodec, testDamage, testIndependence } from "../helpers/codec-properties.ts";
import { data as sample } from "../helpers/codec-sample.ts";

/** The smallest and the largest table; the parser without pairs, with them, and with all that it can. */
const CODECS = [createFastLzo("lzo1x_1_11"), createFastLzo("lzo1x_1_15"), createLzo(1), createLzo(5), createLzo(9)];
const each = CODECS.map((codec) => [codec.name, codec] as const);

/** The kinds of instructions that a block has, and what they say. */
interface Reading {
  kinds: Set<string>;
  bytes: number[];
}

/** Reads a block the slow way, as Linux's lzo.rst describes it. */
function readBlock(block: ArrayLike<number>): Reading {
  const bytes: number[] = [];
  const kinds = new Set<string>();
  let at = 0;
  let state = 0;
  const next = () => {
    if (at >= block.length) throw new Error("the block is cut off");
    return block[at++]!;
  };
  const copy = (count: number) => {
    for (let i = 0; i < count; i++) bytes.push(next());
  };
  const length = (bits: number, value: number) => {
    if (value > 0) return value;
    let sum = 2 ** bits - 1;
    let byte = next();
    for (; byte === 0; byte = next()) sum += 255;
    return sum + byte;
  };
  // 17 at the start would say that it is LZO-RLE
  if (block.length > 3) expect(block[0]).not.toBe(17);
  if (block[0]! > 17) {
    const count = next() - 17;
    copy(count);
    state = Math.min(count, 4);
  }
  for (;;) {
    const byte = next();
    let size: number;
    let distance: number;
    let literals = byte & 3;
    if (byte >= 64) {
      kinds.add("near");
      size = (byte >> 5) + 1;
      distance = (next() << 3) + ((byte >> 2) & 7) + 1;
    } else if (byte >= 16) {
      const isMiddle = byte >= 32;
      size = (isMiddle ? length(5, byte & 31) : length(3, byte & 7)) + 2;
      const word = next() | (next() << 8);
      literals = word & 3;
      distance = isMiddle ? (word >> 2) + 1 : 16384 + ((byte & 8) << 11) + (word >> 2);
      if (distance === 16384 && !isMiddle) {
        expect([size, at]).toEqual([3, block.length]);
        return { kinds, bytes };
      }
      kinds.add(isMiddle ? "middle" : "far");
    } else if (state === 0) {
      kinds.add("run");
      copy(length(4, byte) + 3);
      state = 4;
      continue;
    } else {
      kinds.add(state === 4 ? "triple" : "pair");
      size = state === 4 ? 3 : 2;
      distance = (next() << 2) + (byte >> 2) + 1 + (state === 4 ? 2048 : 0);
    }
    if (distance > bytes.length) throw new Error(`a match from ${distance} back at ${bytes.length}`);
    for (let i = 0; i < size; i++) bytes.push(bytes[bytes.length - distance]!);
    copy(literals);
    state = literals;
  }
}

describe.each(each)("%s", (_, codec) => {
  const compress = (data: Uint8Array) => {
    codec.plain.set(data);
    const size = codec.compress(0, data.length, 0, Math.min(data.length + 1000, codec.compressed.length));
    expect(codec.consumed).toBe(data.length);
    return codec.compressed.slice(0, size);
  };

  // a literal, what tells their number, and the end
  testCodec(codec, { read: (block) => readBlock(block).bytes, leastLimit: 5, overhead: 4 });

  test("every length up to 300, of bytes alike and of noise, and what is between", () => {
    for (let size = 0; size <= 300; size++) {
      for (const mask of [0, 1, 3, 255]) {
        const data = noise(size, 7 + size).map((byte) => byte & mask);
        const block = compress(data);
        expectBytes(readBlock(block).bytes, data);
        expectBytes(decode(codec, block, size), data);
      }
    }
  });

  test("a mebibyte of one byte", () => {
    const data = new Uint8Array(1 << 20).fill(7);
    const block = compress(data);
    // 255 a byte
    expect(block.length).toBeLessThan(4130);
    expectBytes(decode(codec, block, data.length), data);
    const blocks = cut(codec, data, 4096);
    expect(blocks.length).toBe(2);
    for (const { block, plain } of blocks) expectBytes(decode(codec, block, plain.length), plain);
  });

  test("what cannot be compressed", () => {
    const data = noise(100_000);
    const blocks = cut(codec, data, 4096);
    for (const [i, { block, plain }] of blocks.entries()) {
      // what is left for the last one is a matter of luck; the others lose 18 bytes of length, the end, and what is too
      // little for an instruction
      if (i < blocks.length - 1) expect(plain.length).toBeGreaterThanOrEqual(4096 - 24);
      expectBytes(decode(codec, block, plain.length), plain);
    }
    codec.plain.set(data);
    expect(codec.compress(0, data.length, 0, data.length)).toBe(0);
  });

  test("matches reach back 49151 bytes and no further", () => {
    const sizes = [1, 2048, 2049, 16384, 16385, 49151, 49152].map((distance) => {
      const data = new Uint8Array(distance + 200);
      // a row of numbers has nothing twice but what is put there twice
      for (let at = 0; at + 2 < data.length; at += 3) data.set([at >> 16, at >> 8, at], at);
      data.set(noise(100, 3));
      data.set(data.subarray(0, 100), distance);
      const block = compress(data);
      const { bytes } = readBlock(block);
      expectBytes(bytes, data);
      expectBytes(decode(codec, block, data.length), data);
      return block.length;
    });
    expect(sizes[6]! - sizes[5]!).toBeGreaterThan(90);
  });

  test("what is behind the contents has no influence", () => {
    for (const size of [1, 2, 3, 4, 5, 9, 100, 3000, 40_000]) {
      const data = sample.subarray(5, 5 + size);
      const blocks = [0, 1, 255].map((fill) => {
        codec.plain.fill(fill, size, size + 64);
        // as if what is there went on
        if (fill === 1) codec.plain.set(sample.subarray(5 + size, 69 + size), size);
        return compress(data);
      });
      expectBytes(blocks[1]!, blocks[0]!);
      expectBytes(blocks[2]!, blocks[0]!);
    }
  });

  testIndependence(codec, 25_000);
});

test("every kind of instruction is written", () => {
  const codec = createLzo(9);
  const data = new Uint8Array(120_000);
  // letters, few enough that two and three of them meet again everywhere
  data.set(noise(60_000, 11).map((byte) => byte % 48));
  data.set(data.subarray(0, 60_000), 60_000);
  codec.plain.set(data);
  const block = codec.compressed.subarray(0, codec.compress(0, data.length, 0, data.length));
  expect([...readBlock(block).kinds].sort()).toEqual(["far", "middle", "near", "pair", "run", "triple"]);
});

test("a higher level is smaller", () => {
  const data = sample.subarray(0, 200_000);
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => {
    const codec = createLzo(level);
    codec.plain.set(data);
    return codec.compress(0, data.length, 0, data.length);
  });
  expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes);
});

describe("the decoder", () => {
  const codec = createLzo(8);
  const run = (block: ArrayLike<number>, room: number, method?: DecodeMethod) => decodeInto(codec, block, room, method);

  testDamage(codec);
  const END = [17, 0, 0];
  // "abcd", 8 bytes from 4 before and "v" behind them, a pair from there with "xyz"
  const block = [21, 97, 98, 99, 100, 0xe0 + (3 << 2) + 1, 0, 118, (3 << 2) + 3, 0, 120, 121, 122, ...END];
  const text = "abcdabcdabcdvbcxyz";

  test("a block made by hand", () => {
    expect(String.fromCharCode(...run(block, 18))).toBe(text);
    expect(String.fromCharCode(...run(block, 100))).toBe(text);
    expect(run(END, 0)).toEqual(new Uint8Array(0));
    // overlapping matches of each distance
    for (let distance = 1; distance <= 20; distance++) {
      for (let size = 3; size <= 33; size++) {
        const literals = Array.from({ length: 20 }, (_, i) => i + 1);
        const made = [37, ...literals, 32 + size - 2, (distance - 1) << 2, 0, ...END];
        for (const room of [20 + size, 200]) expectBytes(run(made, room), readBlock(made).bytes);
      }
    }
  });

  test("literals at the start and what may stand behind them", () => {
    const literals = Array.from({ length: 238 }, (_, i) => i);
    for (const count of [1, 2, 3, 4, 238]) {
      // a pair behind up to three, a near match, and a run behind that
      const match = count < 4 ? [0, 0] : [64, 0];
      const made = [17 + count, ...literals.slice(0, count), ...match, 1, 9, 9, 9, 9, ...END];
      expectBytes(run(made, 300), readBlock(made).bytes);
    }
  });

  test.each([
    ["nothing", []],
    ["no end", [18, 1]],
    ["half an end", [18, 1, 17, 0]],
    ["bytes behind the end", [18, 1, ...END, 0]],
    ["an end of another length", [18, 1, 18, 0, 0]],
    ["first literals that are not there", [20, 1, 2]],
    ["a run that is not there", [1, 1, 2, 3]],
    ["a length of literals that does not end", [0, 0, 0]],
    ["a length of a match that does not end", [18, 1, 32, 0, 0]],
    ["half a near match", [18, 1, 64]],
    ["half a middle match", [18, 1, 33, 0]],
    ["half a pair", [18, 1, 0]],
    ["literals behind a match that are not there", [18, 1, 65, 0]],
    ["a match at the start", [64, 0, ...END]],
    ["a near match before the start", [18, 1, 68, 0, ...END]],
    ["a middle match before the start", [18, 1, 33, 4, 0, ...END]],
    ["a far match before the start", [18, 1, 17, 4, 0, ...END]],
    ["a pair before the start", [18, 1, 4, 0, ...END]],
    ["a triple before the start", [21, 1, 2, 3, 4, 0, 0, ...END]],
    ["LZO-RLE", [17, 1, 1, 1, 1, ...END]],
  ])("%s", (_, bytes) => {
    expect(() => run(bytes, 1000)).toThrow(damaged);
  });

  test("too little room", () => {
    for (let room = 0; room < text.length; room++) {
      expect(() => run(block, room)).toThrow(damaged);
      expect(String.fromCharCode(...run(block, room, "decompressStart"))).toBe(text.slice(0, room));
    }
    expect(String.fromCharCode(...run(block, 100, "decompressStart"))).toBe(text);
    // a gibibyte of match, told in 4 MiB of lengths
    const bomb = createLzo(1, { plainLen: 1000, compressedLen: 0x400100 });
    bomb.compressed.fill(0, 0, 0x400100);
    bomb.compressed.set([18, 1, 32]);
    bomb.compressed.set([1, 0, 0, ...END], 0x400000);
    expect(() => bomb.decompress(0, 0x400006, 0, 1000)).toThrow(damaged);
    expect(bomb.decompressStart(0, 0x400006, 0, 1000)).toBe(1000);
  });

  test("a start needs only what stands for it", () => {
    const data = noise(5000, 9).map((byte) => byte & 7);
    codec.plain.set(data);
    const made = codec.compressed.slice(0, codec.compress(0, data.length, 0, 5000));
    for (const room of [0, 1, 100, 2500, 4999, 5000]) {
      expectBytes(run(made, room, "decompressStart"), data.subarray(0, room));
    }
    expectBytes(run(made.subarray(0, made.length / 2), 1000, "decompressStart"), data.subarray(0, 1000));
    expect(() => run(made.subarray(0, made.length / 2), 5000, "decompressStart")).toThrow(damaged);
    // nothing but the literals in front, and not all of them
    expectBytes(run([30, 1, 2, 3], 3, "decompressStart"), [1, 2, 3]);
    expect(() => run([30, 1, 2, 3], 4, "decompressStart")).toThrow(damaged);
  });
});

test("windows that contents and block fill to their ends", () => {
  for (const size of [1, 17, 300, 5000, 70_000]) {
    const data = sample.subarray(0, size);
    const large = createLzo(8);
    large.plain.set(data);
    const compressedLen = large.compress(0, size, 0, large.compressed.length);
    const codec = createLzo(8, { plainLen: size, compressedLen });
    codec.plain.set(data);
    expect(codec.compress(0, size, 0, compressedLen - 1)).toBe(0);
    expect(codec.compress(0, size, 0, compressedLen)).toBe(compressedLen);
    expectBytes(codec.compressed, large.compressed.subarray(0, compressedLen));
    codec.plain.fill(0);
    expect(codec.decompress(0, compressedLen, 0, size)).toBe(size);
    expectBytes(codec.plain, data);
  }
});

test("levels and windows", () => {
  expect(createLzo(9).name).toBe("lzo,9");
  for (const level of [-1, 0, 10, 2.5, Number.NaN]) {
    expect(() => createLzo(level)).toThrow(expect.objectContaining({ code: "INPUT" }));
  }
  const { plain, compressed } = createFastLzo("lzo1x_1", { plainLen: 5, compressedLen: 70_000 });
  expect([plain.length, compressed.length]).toEqual([5, 70_000]);
  for (const plainLen of [-1, 0x1000001, 0.5]) {
    expect(() => createLzo(1, { plainLen })).toThrow(expect.objectContaining({ code: "INPUT" }));
  }
});
