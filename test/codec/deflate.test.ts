import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { constants, deflateRawSync, deflateSync, inflateRawSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { createDeflate } from "../../src/codec/deflate/deflate.ts";
import { createZlib } from "../../src/codec/deflate/zlib.ts";
import { cut, damaged, decode, expectBytes, noise, someBytes } from "../helpers/codec.ts";
import { decodeInto, testCodec, testIndependence } from "../helpers/codec-properties.ts";
import { data as sample } from "../helpers/codec-sample.ts";

/** One for each way of compressing; zlib's header and trailer around the quickest and the best of its levels. */
const CODECS = [...[1, 3, 6, 9, 11].map((level) => createDeflate(level)), ...[1, 9].map((level) => createZlib(level))];
const each = CODECS.map((codec) => [codec.name, codec] as const);
const isZlib = (codec: Codec) => codec.name.startsWith("zlib");

/** node:zlib's opinion; it is strict about the end of a zlib stream, and says how much of a raw one it has read. */
function inflate(codec: Codec, stream: Uint8Array): Buffer {
  if (isZlib(codec)) return inflateSync(stream);
  const { buffer, engine } = inflateRawSync(stream, { info: true }) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  expect(engine.bytesWritten).toBe(stream.length);
  return buffer;
}

/** Files with contents of all kinds, as many as the machine has of them. */
function* realFiles(): Generator<Uint8Array> {
  for (const folder of ["/usr/bin", "/usr/include", "/usr/share/doc", "/usr/lib/x86_64-linux-gnu", process.cwd()]) {
    let wanted = 12;
    let names: string[] = [];
    try {
      names = readdirSync(folder).sort();
    } catch {
      continue;
    }
    for (const name of names) {
      const path = join(folder, name);
      try {
        if (!statSync(path).isFile()) continue;
        yield readFileSync(path).subarray(0, 300_000);
      } catch {
        continue;
      }
      if (--wanted === 0) break;
    }
  }
}

test("numbers in a row, level 1: the three bytes are found that they have in common", () => {
  const numbers = new Uint8Array(Uint32Array.from({ length: 25_000 }, (_, index) => 1_000_000 + index).buffer);
  const blocks = cut(createDeflate(1), numbers, 4096);
  for (const { block, plain } of blocks) expectBytes(inflate(createDeflate(1), block), plain);
  expect(blocks.length).toBe(cut(createDeflate(2), numbers, 4096).length);
});

describe.each(each)("%s", (_, codec) => {
  const read = (stream: Uint8Array) => {
    // what EROFS finds a stream behind is zeros
    expect(stream[0]).not.toBe(0);
    return inflate(codec, stream);
  };
  testCodec(codec, { read, leastLimit: 20, overhead: 11 });

  test("what fits as a whole is filled in as a whole", () => {
    fc.assert(
      fc.property(someBytes, fc.nat(20), (data, more) => {
        codec.plain.set(data, 7);
        const all = codec.compress(7, 7 + data.length, 0, data.length + 100);
        expect(codec.compressInto(7, 7 + data.length, 0, all + more)).toBe(all);
        expect(codec.consumed).toBe(data.length);
      }),
    );
  });

  test("real files, and every limit is filled", () => {
    for (const file of realFiles()) {
      for (const limit of [100, 4096, 65536]) {
        const data = file.subarray(0, limit * 12);
        const blocks = cut(codec, data, limit);
        for (const [i, { block, plain }] of blocks.entries()) {
          expectBytes(inflate(codec, block), plain);
          // what is left unused is less than the symbol that comes next, or than a header that changes with it
          if (i < blocks.length - 1) expect(block.length).toBeGreaterThanOrEqual(limit - Math.max(12, limit / 256));
        }
      }
      codec.plain.set(file);
      const produced = codec.compress(0, file.length, 0, file.length + 100);
      const stream = codec.compressed.slice(0, produced);
      expectBytes(inflate(codec, stream), file);
      expectBytes(decode(codec, stream, file.length), file);
    }
  });

  test("a mebibyte of zeros", () => {
    const limit = 512;
    const blocks = cut(codec, new Uint8Array(1 << 20), limit);
    // two bits for 258 zeros, and a header for each 65535 bytes at level 1
    expect(blocks[0]!.plain.length).toBeGreaterThan((limit - 96) * 4 * 258);
    for (const { block, plain } of blocks) {
      expectBytes(inflate(codec, block), plain);
      expectBytes(decode(codec, block, plain.length), plain);
    }
  });

  test("what cannot be compressed is stored", () => {
    const data = noise(200_000);
    for (const limit of [4096, 65536, 70_000, 140_000]) {
      const blocks = cut(codec, data, limit);
      for (const [i, { block, plain }] of blocks.entries()) {
        // 5 bytes for each 65535, and zlib's 6
        if (i < blocks.length - 1) expect(plain.length).toBeGreaterThanOrEqual(limit - 6 - 15);
        expectBytes(inflate(codec, block), plain);
        expectBytes(decode(codec, block, plain.length), plain);
      }
    }
    codec.plain.set(data);
    expect(codec.compress(0, data.length, 0, data.length)).toBe(0);
  });

  test("contents that change: compressible, then not, then zeros", () => {
    const text = sample.subarray(0, 60_000);
    const parts = [text, noise(30_000), new Uint8Array(100_000), noise(3), text];
    const data = Buffer.concat(parts);
    for (const limit of [300, 4096, 20_000, 65536]) {
      for (const { block, plain } of cut(codec, data, limit)) expectBytes(inflate(codec, block), plain);
    }
  });

  test("matches reach back 32768 bytes and no further", () => {
    const produced = [32768, 32769].map((distance) => {
      const data = noise(distance + 200, 7);
      data.copyWithin(distance, 0, 100);
      codec.plain.set(data);
      const size = codec.compress(0, data.length, 0, data.length + 100);
      expectBytes(inflate(codec, codec.compressed.subarray(0, size)), data);
      expectBytes(decode(codec, codec.compressed.slice(0, size), data.length), data);
      return size;
    });
    // so large that it is stored, save what the match saves: which is not worth codes for all
    expect(produced[1]! - produced[0]!).toBeGreaterThanOrEqual(0);
    const sparse = [32768, 32769].map((distance) => {
      const data = new Uint8Array(distance + 100);
      data.set(noise(100), 0);
      data.set(noise(100), distance);
      codec.plain.set(data);
      return codec.compress(0, data.length, 0, data.length);
    });
    expect(sparse[1]! - sparse[0]!).toBeGreaterThan(60);
  });

  testIndependence(codec, 20_000);

  test("what stands behind the input has no influence", () => {
    const data = noise(5000, 6).map((byte) => byte & 15);
    const results = [0, 1, 255].map((byte) => {
      codec.plain.fill(byte, 0, 6000);
      codec.plain.set(data);
      return codec.compressed.slice(0, codec.compress(0, data.length, 0, 6000));
    });
    for (const result of results) expectBytes(result, results[0]!);
  });
});

describe("the decoder", () => {
  const raw = createDeflate(6);
  const zlib = createZlib(9);

  test("all that zlib writes", () => {
    const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants;
    const contents = [sample, sample.subarray(0, 1000), noise(70_000), new Uint8Array(50_000), ...realFiles()];
    for (const data of [...contents, new Uint8Array(0), Uint8Array.of(65)]) {
      for (const strategy of [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED]) {
        for (const [level, memLevel, windowBits] of [
          [0, 8, 15],
          [1, 1, 15],
          [6, 9, 15],
          [9, 8, 9],
        ] as const) {
          const options = { strategy, level, memLevel, windowBits };
          expectBytes(decodeInto(raw, deflateRawSync(data, options), data.length), data);
          expectBytes(decodeInto(zlib, deflateSync(data, options), data.length + 5), data);
        }
      }
    }
  });

  test("every level", () => {
    fc.assert(
      fc.property(
        someBytes,
        fc.nat(9),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(4),
        (data, level, memLevel, strategy) => {
          const options = { level, memLevel, strategy };
          expectBytes(decodeInto(raw, deflateRawSync(data, options), data.length), data);
          expectBytes(decodeInto(zlib, deflateSync(data, options), data.length), data);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ["nothing", []],
    ["a kind of block that does not exist", [7]],
    ["a stored block whose length is in doubt", [1, 5, 0, 0xfa, 0xfe, 1, 2, 3, 4, 5]],
    ["a stored block that is cut off", [1, 5, 0, 0xfa, 0xff, 1, 2, 3, 4]],
    ["a fixed block that is cut off", [0x4b, 0x4c]],
    ["a block behind which nothing follows", [0, 0, 0, 0xff, 0xff]],
    ["a byte behind the end", [3, 0, 0]],
    ["a match before the start", [0x4b, 0x02, 0x11, 0x00]],
    ["codes for 288 literals", [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])("%s", (_, bytes) => {
    const stream = Uint8Array.from(bytes);
    expect(() => inflate(raw, stream)).toThrow();
    expect(() => decodeInto(raw, stream, 1000)).toThrow(damaged);
  });

  test("zlib's header and checksum", () => {
    const stream = deflateSync(sample.subarray(0, 3000));
    for (const at of [0, 1, stream.length - 4, stream.length - 1]) {
      const changed = Uint8Array.from(stream);
      changed[at]! ^= 1;
      expect(() => decodeInto(zlib, changed, 4000)).toThrow(damaged);
    }
    expect(() => decodeInto(zlib, stream.subarray(0, 1), 4000)).toThrow(damaged);
    expect(() => decodeInto(zlib, new Uint8Array(0), 4000)).toThrow(damaged);
    expect(() => decodeInto(zlib, Buffer.concat([stream, Uint8Array.of(0)]), 4000)).toThrow(damaged);
    expect(() => decodeInto(zlib, deflateSync(sample, { dictionary: Buffer.from("abc") }), 600_000)).toThrow(damaged);
  });

  test("too little room", () => {
    for (const data of [sample.subarray(0, 400), new Uint8Array(400), noise(400)]) {
      const stream = deflateRawSync(data);
      for (let room = 0; room < data.length; room++) {
        expect(() => decodeInto(raw, stream, room)).toThrow(damaged);
        expectBytes(decodeInto(raw, stream, room, "decompressStart"), data.subarray(0, room));
      }
      for (const room of [400, 401, 5000]) expectBytes(decodeInto(raw, stream, room, "decompressStart"), data);
    }
  });

  test("a start needs only what stands for it", () => {
    const data = sample.subarray(0, 50_000);
    for (const [codec, stream] of [
      [raw, deflateRawSync(data)],
      [zlib, deflateSync(data)],
    ] as const) {
      for (const room of [0, 1, 100, 25_000, 49_999, 50_000]) {
        expectBytes(decodeInto(codec, stream, room, "decompressStart"), data.subarray(0, room));
      }
      const half = stream.subarray(0, stream.length / 2);
      expectBytes(decodeInto(codec, half, 15_000, "decompressStart"), data.subarray(0, 15_000));
      expect(() => decodeInto(codec, half, 50_000, "decompressStart")).toThrow(damaged);
    }
  });

  test("a stream that is cut off is refused wherever that is", () => {
    for (const level of [0, 1, 9]) {
      for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED]) {
        const stream = deflateRawSync(sample.subarray(0, 700), { level, strategy });
        for (let size = 0; size < stream.length; size++) {
          expect(() => decodeInto(raw, stream.subarray(0, size), 1000)).toThrow(damaged);
        }
      }
    }
  });

  test("damage is what it is for zlib: an error, or the same other bytes", () => {
    fc.assert(
      fc.property(
        someBytes,
        fc.nat(9),
        fc.nat(4),
        fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 }),
        (data, level, strategy, flips) => {
          const stream = deflateRawSync(data, { level, strategy });
          for (const [place, bit] of flips) stream[place % stream.length]! ^= 1 << bit;
          let expected: Buffer | undefined;
          try {
            expected = inflate(raw, stream);
          } catch {}
          const room = 100_000;
          if (expected && expected.length <= room) expectBytes(decodeInto(raw, stream, room), expected);
          else expect(() => decodeInto(raw, stream, room)).toThrow(damaged);
          try {
            decodeInto(raw, stream, data.length, "decompressStart");
          } catch (error) {
            expect(error).toEqual(damaged);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("noise", () => {
    for (let seed = 1; seed < 3000; seed++) {
      const stream = noise(60, seed * 7919);
      // half of them dynamic blocks
      if (seed % 2) stream[0] = (stream[0]! & 0xf8) | 5;
      let expected: Buffer | undefined;
      try {
        expected = inflate(raw, stream);
      } catch {}
      if (expected) expectBytes(decodeInto(raw, stream, 20_000), expected);
      else expect(() => decodeInto(raw, stream, 20_000)).toThrow(damaged);
    }
  });
});

describe("a window of zlib", () => {
  test.each([8, 9, 12, 15])("of %i bits is not looked beyond", (bits) => {
    for (const level of [1, 2, 6, 9]) {
      const codec = createZlib(level, { plainLen: sample.length, compressedLen: sample.length }, bits);
      codec.plain.set(sample);
      const length = codec.compress(0, sample.length, 0, sample.length);
      const stream = codec.compressed.slice(0, length);
      expect(stream[0]! >> 4).toBe(bits - 8);
      // it refuses distances beyond what the header says, and all headers that say more than it has been told
      expect(inflateSync(stream, { windowBits: bits }).equals(sample)).toBe(true);
    }
  });

  test.each([7, 16, 8.5])("of %d bits is not there", (bits) => {
    expect(() => createZlib(9, {}, bits)).toThrow(`zlib has windows of 8 to 15 bits, not ${bits}`);
  });
});

test("level 9 is as good as zlib's, within a hundredth", () => {
  const codec = createZlib(9);
  let ours = 0;
  let theirs = 0;
  for (const file of [sample, ...realFiles()]) {
    for (let at = 0; at < file.length; at += 131072) {
      const block = file.subarray(at, at + 131072);
      codec.plain.set(block);
      ours += codec.compress(0, block.length, 0, block.length + 100);
      theirs += deflateSync(block, { level: 9 }).length;
    }
  }
  expect(ours).toBeLessThan(theirs * 1.01);
});

test("levels and windows", () => {
  expect(createDeflate().name).toBe("deflate,1");
  expect(createDeflate(12).name).toBe("deflate,12");
  expect(createZlib().name).toBe("zlib,9");
  for (const level of [-1, 0, 13, 2.5, Number.NaN]) {
    expect(() => createDeflate(level)).toThrow(expect.objectContaining({ code: "INPUT" }));
  }
  for (const level of [0, 10]) expect(() => createZlib(level)).toThrow(expect.objectContaining({ code: "INPUT" }));
  const { plain, compressed } = createDeflate(1, { plainLen: 5, compressedLen: 70_000 });
  expect([plain.length, compressed.length]).toEqual([5, 70_000]);
  // as zlib writes it
  for (let level = 1; level <= 9; level++) {
    const codec = createZlib(level, { plainLen: 10, compressedLen: 100 });
    codec.compress(0, 10, 0, 100);
    expectBytes(codec.compressed.subarray(0, 2), deflateSync(new Uint8Array(10), { level }).subarray(0, 2));
  }
});
