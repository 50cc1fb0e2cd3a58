/** What `xz` has written, read again: every filter, check and kind of chunk, in pieces, cut off and damaged. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { unpackXz } from "../../../src/codec/xz/xz.ts";
import { ImageError } from "../../../src/core/error.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { collect, inPieces } from "../../helpers/streams/pieces.ts";

const hasXz = oracle("xz", hasCommand("xz"));
const sha256 = () => createHash("sha256");

function xz(contents: Uint8Array, ...words: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync("xz", ["-c", ...words], { input: contents, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}

const unpack = (bytes: Uint8Array, piece = bytes.length) => collect(unpackXz(inPieces(bytes, piece), sha256));

/** Code of this machine, then bytes that do not shrink, then lines that do. */
const code = hasXz ? readFileSync(process.execPath).subarray(0x400000, 0x480000) : Buffer.alloc(0);
const noise = Buffer.from(
  Uint32Array.from({ length: 30_000 }, (_, at) => Math.imul(at, 0x9e3779b1) ^ (at << 7)).buffer,
);
const lines = Buffer.from(Array.from({ length: 9000 }, (_, at) => `line ${at} of many\n`).join(""));
const contents = Buffer.concat([code, noise, lines]);

/** Instructions of all machines, at every place: what `xz` takes for calls. */
function calls(): Buffer {
  const words = [0x48000001, 0xeb000000, 0x00f000f8, 0x40000000, 0x94000000, 0x90000000, 0x000000e8, 0x7fffffff];
  const bytes = Buffer.alloc(40_000);
  for (let at = 0; at + 8 < bytes.length; at += 4 + (at % 5)) {
    bytes.writeUInt32BE(words[at % words.length]!, at);
    bytes.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> (at % 32), at + 4);
    if (at % 7 === 0) bytes.writeUInt32LE(words[(at >> 3) % words.length]!, at + 2);
    // kinds of bundles, of which some have branches
    if (at % 16 === 0) bytes[at] = 16 + (at % 15);
  }
  return bytes;
}

describe.skipIf(!hasXz)("xz", () => {
  test.each([
    ["-6"],
    ["-0"],
    ["-9e"],
    ["--check=none"],
    ["--check=crc32"],
    ["--check=sha256"],
    ["-T2", "--block-size=100000"],
    ["-T1", "--block-size=100000"],
    ["--delta=dist=4", "--lzma2=preset=1"],
    ["--delta=dist=256", "--x86", "--arm", "--lzma2=dict=64KiB"],
    ["--lzma2=lc=0,lp=4,pb=0"],
    ["--lzma2=lc=4,lp=0,pb=4,dict=4KiB"],
    ["--lzma2=mode=fast,mf=hc3,nice=8"],
  ])("%s %s %s %s", async (...words) => {
    const packed = xz(contents, ...words);
    for (const piece of [packed.length, 1 << 16, 4099])
      expect((await unpack(packed, piece)).equals(contents), String(piece)).toBe(true);
  });

  test.each(["x86", "arm", "armthumb", "arm64", "powerpc", "sparc", "ia64"])("code of %s", async (machine) => {
    for (const bytes of [calls(), calls().subarray(0, 4001), code.subarray(0, 100_000), Buffer.from([0xe8, 1, 2])]) {
      for (const start of ["", "=start=4096"]) {
        const packed = xz(bytes, `--${machine}${start}`, "--lzma2=preset=1");
        expect((await unpack(packed, 997)).equals(bytes), `${bytes.length}${start}`).toBe(true);
      }
    }
  });

  test("every length", async () => {
    for (let length = 0; length <= 300; length += 7) {
      const bytes = noise.subarray(0, length);
      expect((await unpack(xz(bytes, "-0"))).equals(bytes), String(length)).toBe(true);
    }
  });

  test("several streams, and zeros between them", async () => {
    const first = xz(lines, "--check=crc32");
    const second = xz(noise.subarray(0, 999), "--check=sha256");
    const all = Buffer.concat([first, Buffer.alloc(8), second, first, Buffer.alloc(4)]);
    expect(await unpack(all, 1000)).toEqual(Buffer.concat([lines, noise.subarray(0, 999), lines]));
    await expect(unpack(Buffer.concat([first, Buffer.alloc(3)]))).rejects.toThrow("something follows its end");
    await expect(unpack(Buffer.concat([first, Buffer.from("tail of another kind")]))).rejects.toThrow("begin");
  });

  test("a dictionary that takes too much memory is refused, unless contents are told to be short", async () => {
    const words = ["--lzma2=preset=0,dict=192MiB"];
    await expect(unpack(xz(lines, ...words))).rejects.toThrow(
      "its dictionary has 201326592 bytes, and at most 134217728 are taken",
    );
    const packed = xz(lines, ...words, "-T2", "--block-size=1MiB");
    expect((await unpack(packed)).equals(lines)).toBe(true);
  });

  test("whatever is cut off is an error", async () => {
    const packed = xz(Buffer.concat([lines.subarray(0, 3000), noise.subarray(0, 500)]), "-T2", "--block-size=2000");
    for (let length = 0; length < packed.length; length++) {
      const error = await unpack(packed.subarray(0, length), 61).catch((cause: unknown) => cause);
      expect(error, String(length)).toBeInstanceOf(ImageError);
    }
  });

  test("whatever is changed is an error", async () => {
    const packed = xz(Buffer.concat([lines.subarray(0, 3000), code.subarray(0, 700)]), "--x86", "--lzma2=preset=1");
    for (let at = 0; at < packed.length; at++) {
      const changed = Buffer.from(packed);
      changed[at] = changed[at]! ^ (1 << (at % 8));
      const error = await unpack(changed, 999).catch((cause: unknown) => cause);
      expect(error, String(at)).toBeInstanceOf(ImageError);
    }
  });
});
