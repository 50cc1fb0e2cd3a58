/** .xz as SquashFS holds it: what is true of every codec, and of this one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BranchKind, DECODE, ENCODE } from "../../../src/codec/xz/branch.ts";
import { BRANCHES } from "../../../src/codec/xz/branches.ts";
import { FILTERS } from "../../../src/codec/xz/filter-names.ts";
import { createXz } from "../../../src/codec/xz/xz-codec.ts";
import { damaged, decode, expectBytes, noise } from "../../helpers/codec.ts";
import { decodeInto, testCodec, testDamage } from "../../helpers/codec-properties.ts";
import { data as sample } from "../../helpers/codec-sample.ts";

/** Words that look like calls of all the processors, some at multiples of their size and some not. */
const code = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        [0xe8, 1, 2, 0, 0], // x86 call
        [0xe9, 0xf0, 0xff, 0xff, 0xff],
        [0x48, 0, 1, 1], // powerpc bl
        [0x11, 0, 0, 0, 0, 2, 0, 0, 0, 0, 4, 0, 0, 0x10, 0, 0x50], // ia64 br.call
        [5, 1, 0, 0xeb], // arm bl
        [1, 0xf0, 2, 0xf8], // thumb bl
        [0x40, 0, 1, 2], // sparc call
        [2, 0, 0, 0x94], // arm64 bl
        [0x41, 0, 0, 0x90], // arm64 adrp
        [0xef, 0x00, 0x40, 0x01], // riscv jal
        [0x97, 0x10, 0, 0, 0xe7, 0x80, 0x40, 0x01], // riscv auipc, jalr
        [0x17, 0x31, 0, 0x28, 1, 2, 3, 4], // riscv, already turned
      ),
      fc.array(fc.nat(255), { maxLength: 9 }),
    ),
    { maxLength: 80 },
  )
  .chain((parts) =>
    // behind each other, or each at the start of a bundle
    fc
      .boolean()
      .map((isAligned) =>
        Uint8Array.from(parts.flatMap((part) => (isAligned ? [...part, ...Array(-part.length & 15).fill(1)] : part))),
      ),
  );

describe.each(
  [createXz(1), createXz(6, {}, { filters: FILTERS }), createXz(6, {}, { dictSize: 8192, lc: 0, lp: 4, pb: 0 })].map(
    (codec, at) => [`${codec.name} ${at}`, codec] as const,
  ),
)("%s", (_, codec) => {
  testCodec(codec, { leastLimit: 100, overhead: 64, slack: 4 });
  testDamage(codec);
});

test.each(Object.entries(BRANCHES).map(([name, { kind }]) => [name, kind] as const))(
  "what %s has turned, it turns back, in one piece or in many",
  (_, kind: BranchKind) => {
    let changed = 0;
    fc.assert(
      fc.property(code, fc.integer({ min: 1, max: 40 }), (bytes, piece) => {
        const turned = bytes.slice();
        kind(ENCODE)(turned, 0);
        if (Buffer.compare(turned, bytes) !== 0) changed++;
        const back = turned.slice();
        kind(DECODE)(back, 0);
        expectBytes(back, bytes);
        const inPieces = turned.slice();
        const filter = kind(DECODE);
        for (let from = 0, to = piece; from < inPieces.length; to += piece) {
          from += filter(inPieces.subarray(from, to), from);
          if (to >= inPieces.length) break;
        }
        expectBytes(inPieces, bytes);
      }),
      { numRuns: 500 },
    );
    expect(changed).toBeGreaterThan(20);
  },
);

test("the first bytes of what a filter has turned", () => {
  const codec = createXz(6, {}, { filters: ["x86"] });
  const calls = new Uint8Array(4000);
  for (let at = 0; at < calls.length; at += 5) calls.set([0xe8, -at & 0xff, (-at >> 8) & 0xff, 0xff, 0xff], at);
  codec.plain.set(calls);
  const block = codec.compressed.slice(0, codec.compress(0, calls.length, 0, 4000));
  // the filter is there
  expect(block[14]).toBe(BRANCHES.x86.id);
  for (let room = 0; room <= 40; room++) {
    expectBytes(decodeInto(codec, block, room, "decompressStart"), calls.subarray(0, room));
  }
  expectBytes(decode(codec, block, calls.length), calls);
});

test("the contents are what they were, whatever was tried", () => {
  const codec = createXz(1, {}, { filters: FILTERS });
  codec.plain.set(sample);
  for (const limit of [200_000, 100]) codec.compress(5, 100_000, 0, limit);
  expectBytes(codec.plain.subarray(0, sample.length), sample);
});

test("the smallest block is kept: filters never make it larger", () => {
  const text = Buffer.from(Array.from({ length: 2000 }, (_, at) => `line ${at * at} of many\n`).join(""));
  const sizes = [[], FILTERS].map((filters) => {
    const codec = createXz(6, {}, { filters });
    codec.plain.set(text);
    return codec.compress(0, text.length, 0, text.length);
  });
  expect(sizes[1]! - sizes[0]!).toBeLessThanOrEqual(0);
});

test("chunks that do not shrink stand between others", () => {
  const codec = createXz(1);
  const data = Buffer.concat([sample.subarray(0, 90_000), noise(200_000), sample.subarray(0, 300_000)]);
  codec.plain.set(data);
  const block = codec.compressed.slice(0, codec.compress(0, data.length, 0, data.length));
  expect(block.length).toBeLessThan(data.length - 100_000);
  expectBytes(decode(codec, block, data.length), data);
});

test("every byte of a block counts", () => {
  const codec = createXz(6);
  codec.plain.set(sample);
  const block = codec.compressed.slice(0, codec.compress(0, 700, 0, 700));
  for (let at = 0; at < block.length; at++) {
    const changed = block.slice();
    changed[at] = changed[at]! ^ 1;
    expect(() => decodeInto(codec, changed, 700), String(at)).toThrow(damaged);
    expect(() => decodeInto(codec, block.subarray(0, at), 700), String(at)).toThrow(damaged);
  }
  expect(() => decodeInto(codec, Buffer.concat([block, Buffer.alloc(4)]), 700)).toThrow(damaged);
});

test("a filter that there is not is refused", () => {
  const refused = expect.objectContaining({ code: "INPUT" });
  expect(() => createXz(6, {}, { filters: ["mips"] })).toThrow(refused);
  expect(() => createXz(6, {}, { filters: ["toString"] })).toThrow(refused);
});

/** x86 calls of one function, with two bytes of noise behind each. */
function callsOfOne(length: number): Uint8Array {
  const calls = noise(length);
  for (let at = 0; at + 7 <= length; at += 7) {
    calls[at] = 0xe8;
    new DataView(calls.buffer, calls.byteOffset).setInt32(at + 1, 0x1234 - at - 5, true);
  }
  return calls;
}

test("contents that are cut in the middle of an instruction come back", () => {
  const codec = createXz(1, {}, { filters: ["x86"] });
  const calls = callsOfOne(21_000);
  let cuts = 0;
  for (let limit = 2000; limit < 2040; limit++) {
    codec.plain.set(calls);
    const size = codec.compressInto(0, calls.length, 0, limit);
    const { consumed } = codec;
    if (consumed < calls.length) cuts++;
    codec.plain.fill(0);
    expect(codec.decompress(0, size, 0, consumed)).toBe(consumed);
    expectBytes(codec.plain.subarray(0, consumed), calls.subarray(0, consumed));
  }
  expect(cuts).toBeGreaterThan(0);
});

test("the start of a damaged block leaves what stands behind it as it was", () => {
  const codec = createXz(1, {}, { filters: ["x86"] });
  const calls = callsOfOne(7000);
  codec.plain.set(calls);
  const block = codec.compressed.slice(0, codec.compress(0, calls.length, 0, 7000));
  let thrown = 0;
  for (let at = 30; at < block.length; at += 50) {
    codec.compressed.set(block);
    codec.compressed[at] = ~block[at]!;
    codec.plain.fill(0x77);
    try {
      codec.decompressStart(0, block.length, 0, 6990);
    } catch (error) {
      expect(error).toMatchObject({ code: "DAMAGED" });
      thrown++;
    }
    expect(codec.plain.subarray(6990, 7100).every((byte) => byte === 0x77)).toBe(true);
  }
  expect(thrown).toBeGreaterThan(0);
});

test("every filter goes with every context that may be set", () => {
  for (const [lc, lp] of [
    [4, 0],
    [0, 4],
    [2, 2],
  ]) {
    const codec = createXz(1, {}, { filters: FILTERS, lc, lp, pb: 4 });
    codec.plain.set(sample);
    const block = codec.compressed.slice(0, codec.compress(0, 5000, 0, 5000));
    expectBytes(decodeInto(codec, block, 5000), sample.subarray(0, 5000));
  }
});
