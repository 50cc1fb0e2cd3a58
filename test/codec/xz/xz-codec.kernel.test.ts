/** .xz and LZMA, judged by the xz program: what we write it tests and unpacks, and our decoder reads blocks that it wrote. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { createLzma } from "../../../src/codec/lzma/lzma.ts";
import { createLzmaAlone } from "../../../src/codec/lzma/lzma-alone.ts";
import { createXz } from "../../../src/codec/xz/xz-codec.ts";
import { cut, expectBytes, noise } from "../../helpers/codec.ts";
import { decodeInto } from "../../helpers/codec-properties.ts";
import { data as sample } from "../../helpers/codec-sample.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";

function xz(input: Uint8Array, ...words: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync("xz", ["-c", ...words], { input, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}

const hasXz = oracle("xz", hasCommand("xz"));
/** Filters that xz 5.4 has. */
const FILTERS = ["x86", "powerpc", "ia64", "arm", "armthumb", "sparc", "arm64"];
const mixed = Buffer.concat([noise(3000), new Uint8Array(9000), sample.subarray(0, 70_000), noise(90_000), sample]);
const inputs: [string, Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["a byte", Uint8Array.of(7)],
  ["zeros", new Uint8Array(1 << 20)],
  ["noise", noise(200_000)],
  ["code and text", sample],
  ["all of it", mixed.subarray(0, 1 << 20)],
];

describe.skipIf(!hasXz)("the xz program", () => {
  test.each([0, 1, 3, 5, 6, 9, 103, 109])("reads blocks of level %i", (level) => {
    const codec = createXz(level);
    for (const [what, data] of inputs) {
      codec.plain.set(data);
      const size = codec.compress(0, data.length, 0, codec.compressed.length);
      // noise of the window's size does not fit
      if (size > 0) expectBytes(xz(codec.compressed.slice(0, size), "-d"), data);
      else expect(what).toBe("all of it");
    }
  });

  test.each(FILTERS)("reads blocks with the filter %s, and writes others", (name) => {
    const codec = createXz(6, {}, { filters: [name] });
    const data = sample.subarray(0, 120_001);
    codec.plain.set(data);
    const size = codec.compress(0, data.length, 0, 130_000);
    expectBytes(xz(codec.compressed.slice(0, size), "-d"), data);
    const theirs = xz(data, `--${name}`, "--lzma2=preset=1,dict=64KiB", "--check=crc32");
    expectBytes(decodeInto(codec, theirs, data.length), data);
    for (const room of [0, 1, 100, 4097]) {
      expectBytes(decodeInto(codec, theirs, room, "decompressStart"), data.subarray(0, room));
    }
  });

  test("reads what riscv is tried for, as xz 5.4 knows it not", () => {
    const codec = createXz(6, {}, { filters: ["riscv"] });
    codec.plain.set(sample);
    const size = codec.compress(0, 100_000, 0, 130_000);
    expect(codec.compressed[12 + 2]).toBe(0x21);
    expectBytes(xz(codec.compressed.slice(0, size), "-d"), sample.subarray(0, 100_000));
  });

  test.each([["--check=none"], ["--check=crc32", "-9e"], ["--check=crc32", "--lzma2=lc=0,lp=4,pb=4"]])(
    "writes blocks that are read: %s %s",
    (...words) => {
      const codec = createXz(6);
      // of nothing it writes no block
      for (const [, data] of inputs.slice(1)) {
        expectBytes(decodeInto(codec, xz(data, ...words.filter(Boolean)), data.length), data);
      }
    },
  );

  test("reads and writes blocks of lzma", () => {
    const codec = createLzmaAlone(5);
    for (const [, data] of inputs) {
      codec.plain.set(data);
      const size = codec.compress(0, data.length, 0, codec.compressed.length);
      if (size > 0) expectBytes(xz(codec.compressed.slice(0, size), "-d", "--format=lzma"), data);
      expectBytes(decodeInto(codec, xz(data, "--format=lzma"), data.length), data);
    }
  });

  test("reads MicroLZMA once it has a header", () => {
    const codec = createLzma(6, {}, { lc: 1, lp: 3, pb: 1 });
    for (const { block, plain } of cut(codec, mixed.subarray(0, 400_000), 20_000)) {
      const header = Buffer.alloc(13);
      header[0] = ~block[0]!;
      header.writeUInt32LE(1 << 23, 1);
      header.writeBigUInt64LE(BigInt(plain.length), 5);
      expectBytes(xz(Buffer.concat([header, Buffer.alloc(1), block.subarray(1)]), "-d", "--format=lzma"), plain);
    }
  });
});
