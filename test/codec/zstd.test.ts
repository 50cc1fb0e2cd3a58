import { describe, expect, test } from "vitest";
import { blankNotes, type Codec } from "../../src/codec/codec.ts";
import { createZstd, ZSTD_MAX_PLAIN } from "../../src/codec/zstd/zstd.ts";
import { cut, damaged, decode, expectBytes, noise } from "../helpers/codec.ts";
import { type DecodeMethod, decodeInto, testCodec, testDamage } from "../helpers/codec-properties.ts";
import { data as sample } from "../helpers/codec-sample.ts";

const CODECS = [createZstd(1), createZstd(3), createZstd(9), createZstd(15)];
const each = CODECS.map((codec) => [codec.name, codec] as const);

/** A frame's window, as its header tells it: that of the contents where it tells none. */
function windowOf(frame: Uint8Array, size: number): number {
  return (frame[4]! & 0x20) !== 0 ? size : 2 ** (10 + (frame[5]! >> 3)) * (1 + (frame[5]! & 7) / 8);
}

const levelOf = (codec: Codec) => Number(codec.name.split(",")[1]);

describe.each(each)("%s", (_, codec) => {
  // libzstd wants some bytes more than it needs
  testCodec(codec, { leastLimit: 20, overhead: 13, slack: 20 });

  test("limits are filled", () => {
    for (const limit of [300, 4096, 65536]) {
      const blocks = cut(codec, sample, limit);
      // a block's header and a byte; more where the header of the frame cannot tell more contents
      const lost = blocks.slice(0, -1).map(({ block }) => limit - block.length);
      expect(lost.filter((bytes) => bytes > 3).length).toBeLessThan(blocks.length / 8 + 1);
    }
  });

  test("what cannot be compressed, and what can be very well", () => {
    const data = noise(100_000);
    const blocks = cut(codec, data, 4096);
    for (const { block, plain } of blocks) expectBytes(decode(codec, block, plain.length), plain);
    for (const { plain } of blocks.slice(0, -1)) expect(plain.length).toBeGreaterThan(4096 - 64 - 20);
    codec.plain.set(data);
    expect(codec.compress(0, data.length, 0, data.length)).toBe(0);
    const wide = createZstd(levelOf(codec), { plainLen: ZSTD_MAX_PLAIN + 4096 });
    const zeros = cut(wide, new Uint8Array(ZSTD_MAX_PLAIN + 4096), 4096);
    expect(zeros.map(({ plain }) => plain.length)).toEqual([ZSTD_MAX_PLAIN, 4096]);
    for (const { block, plain } of zeros) expectBytes(decode(wide, block, plain.length), plain);
  });

  test("no frame needs a larger window than was asked for, and what is there again further back is not found", () => {
    const period = noise(50_000);
    const data = Buffer.concat([period, period, period, period, new Uint8Array(100_000)]);
    for (const bits of [10, 15, 16, 20]) {
      const narrow = createZstd(levelOf(codec), {}, bits);
      for (const limit of [4096, 65_536]) {
        const blocks = cut(narrow, data, limit);
        for (const { block, plain } of blocks) {
          expect(windowOf(block, plain.length)).toBeLessThanOrEqual(2 ** bits);
          expectBytes(decode(narrow, block, plain.length), plain);
        }
        if (limit === 65_536) expect(blocks.some(({ plain }) => plain.length > 150_000)).toBe(bits > 15);
      }
    }
  });

  test("contents that change: zeros, then noise, then text", () => {
    const data = Buffer.concat([new Uint8Array(200_000), noise(30_000), sample.subarray(0, 60_000), new Uint8Array(9)]);
    for (const limit of [300, 4096, 20_000]) {
      for (const { block, plain } of cut(codec, data, limit)) expectBytes(decode(codec, block, plain.length), plain);
    }
  });

  test("earlier calls have no influence, and no call needs more memory than there is", () => {
    const other = createZstd(levelOf(codec), { plainLen: ZSTD_MAX_PLAIN });
    const run = (one: Codec) => {
      one.plain.set(sample);
      const results: Uint8Array[] = [];
      for (const [from, to, limit] of [
        [0, 200_000, 4096],
        [100, 300_000, 65536],
        [200_000, 205_000, 1000],
      ] as const) {
        results.push(one.compressed.slice(0, one.compressInto(from, to, 0, limit)));
        results.push(one.compressed.slice(0, one.compress(from, to, 0, 400_000)));
      }
      return results;
    };
    const first = run(other);
    // an encoder that is used for little things gives memory back, and must get it again
    other.plain.set(sample.subarray(300_000));
    for (let i = 0; i < 300; i++) other.compress(i, 100 + i * 20, 0, 100_000);
    for (let size = 1000; size <= ZSTD_MAX_PLAIN; size = Math.ceil(size * 1.7)) other.compress(0, size, 0, 1 << 20);
    other.compress(0, ZSTD_MAX_PLAIN, 0, 1 << 20);
    for (let i = 0; i < 300; i++) other.compressInto(i, 100 + i * 20, 0, 1000);
    const again = run(other);
    for (const [i, result] of again.entries()) expectBytes(result, first[i]!);
    const fresh = run(createZstd(levelOf(codec), { plainLen: ZSTD_MAX_PLAIN }));
    for (const [i, result] of fresh.entries()) expectBytes(result, first[i]!);
    expect(other.plain.length).toBe(ZSTD_MAX_PLAIN);
  });

  test("notes save tries, and nothing but them comes from calls before", () => {
    codec.plain.set(sample);
    const cutAll = () => {
      const notes = blankNotes();
      const ends: [number, number][] = [];
      for (let at = 0; at < 200_000; at += codec.consumed) {
        const size = codec.compressInto(at, sample.length, 0, 4096, notes);
        expect(size).toBeLessThanOrEqual(4096);
        expect(notes.ratio).toBe(codec.consumed / size);
        ends.push([codec.consumed, size]);
      }
      return ends;
    };
    const ends = cutAll();
    codec.compressInto(100_000, 300_000, 0, 65_536);
    expect(cutAll()).toEqual(ends);
  });

  test("more than a frame holds is refused", () => {
    const wide = createZstd(levelOf(codec), { plainLen: ZSTD_MAX_PLAIN + 1 });
    expect(() => wide.compress(0, ZSTD_MAX_PLAIN + 1, 0, 1000)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});

describe("the decoder", () => {
  const codec = createZstd(3);
  const run = (frame: Uint8Array, room: number, method?: DecodeMethod) => decodeInto(codec, frame, room, method);

  testDamage(codec);
  const compress = (data: Uint8Array) => {
    codec.plain.set(data);
    return codec.compressed.slice(0, codec.compress(0, data.length, 0, 1 << 20));
  };

  test("too little room", () => {
    for (const data of [sample.subarray(0, 400), new Uint8Array(400), noise(400)]) {
      const frame = compress(data);
      for (let room = 0; room < data.length; room++) {
        expect(() => run(frame, room)).toThrow(damaged);
        expectBytes(run(frame, room, "decompressStart"), data.subarray(0, room));
      }
      for (const room of [400, 401, 5000]) expectBytes(run(frame, room, "decompressStart"), data);
    }
  });

  test("a start needs only the blocks for it", () => {
    const data = sample.subarray(0, 500_000);
    const frame = compress(data);
    for (const room of [1, 100, 131_071, 131_072, 131_073, 300_000, 499_999, 500_000, 600_000]) {
      expectBytes(run(frame, room, "decompressStart"), data.subarray(0, room));
    }
    const most = frame.subarray(0, frame.length * 0.8);
    expectBytes(run(most, 100_000, "decompressStart"), data.subarray(0, 100_000));
    expect(() => run(most, 500_000, "decompressStart")).toThrow(damaged);
    expect(() => run(most, 500_000)).toThrow(damaged);
    // at the end of the window
    codec.compressed.set(frame);
    const at = codec.plain.length - 1000;
    expect(codec.decompressStart(0, frame.length, at, 1000)).toBe(1000);
    expectBytes(codec.plain.subarray(at), data.subarray(0, 1000));
  });

  test.each([
    ["nothing", []],
    ["another magic", [0x27, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0]],
    ["a dictionary", [0x28, 0xb5, 0x2f, 0xfd, 0x21, 5, 0, 1, 0, 0]],
    ["a reserved bit", [0x28, 0xb5, 0x2f, 0xfd, 0x28, 0, 1, 0, 0]],
    ["no block", [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0]],
    ["half a header", [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0]],
    ["a block of no type", [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 7, 0, 0]],
    ["a block that is cut off", [0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, 65]],
    ["bytes behind the end", [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0, 9]],
    ["another size than it says", [0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 9, 0, 0, 65]],
    ["a skippable frame", [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]],
  ])("%s", (_, bytes) => {
    expect(() => run(Uint8Array.from(bytes), 1000)).toThrow(damaged);
    expect(() => run(Uint8Array.from(bytes), 1000, "decompressStart")).toThrow(damaged);
  });

  test("two frames are not one", () => {
    const frame = compress(sample.subarray(0, 100));
    expect(() => run(Buffer.concat([frame, frame]), 1000)).toThrow(damaged);
    expect(() => run(Buffer.concat([frame, frame]), 1000, "decompressStart")).toThrow(damaged);
  });
});

test("levels and windows", () => {
  expect(createZstd().name).toBe("zstd,3");
  expect(createZstd(0).name).toBe("zstd,3");
  for (const level of [-1, 23, 2.5, Number.NaN]) {
    expect(() => createZstd(level)).toThrow(expect.objectContaining({ code: "INPUT" }));
  }
  const { plain, compressed } = createZstd(3, { plainLen: 5, compressedLen: 70_000 });
  expect([plain.length, compressed.length]).toEqual([5, 70_000]);
  for (const bits of [9, 21, 16.5]) {
    expect(() => createZstd(3, {}, bits)).toThrow(expect.objectContaining({ code: "INPUT" }));
  }
  for (const plainLen of [-1, 0x1000001, 0.5]) {
    expect(() => createZstd(3, { plainLen })).toThrow(expect.objectContaining({ code: "INPUT" }));
  }
  const best = createZstd(22);
  best.plain.set(sample.subarray(0, best.plain.length));
  for (const size of [1000, 1 << 20]) {
    const made = best.compress(0, size, 0, 1 << 20);
    best.plain.fill(0);
    expect(best.decompress(0, made, 0, size)).toBe(size);
    best.plain.set(sample.subarray(0, best.plain.length));
  }
});

test("the lowest levels are as small as the normal one where contents shrink to a quarter", () => {
  let seed = 1;
  const next = (below: number) => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed % below;
  };
  const roles = ["admin", "user", "guest", "ops"];
  const rows = Array.from({ length: 5000 }, (_, id) => {
    const user = { id, name: `user-${id}`, email: `user-${id}@example.org`, roles: [roles[next(4)], roles[next(4)]] };
    return JSON.stringify({ ...user, active: next(2) === 1, score: next(1000) }, undefined, 2);
  });
  const bytes = new TextEncoder().encode(rows.join(""));
  const outputs = (level: number) => {
    const codec = createZstd(level);
    codec.plain.set(bytes);
    const notes = blankNotes();
    let count = 0;
    for (let at = 0; at < bytes.length; count++) {
      codec.compressInto(at, bytes.length, 0, 4096, notes);
      at += codec.consumed;
    }
    return count;
  };
  const normal = outputs(3);
  expect(outputs(1)).toBeLessThanOrEqual(normal);
  expect(outputs(2)).toBeLessThanOrEqual(normal);
});
