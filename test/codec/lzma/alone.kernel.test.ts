/** What `xz --format=lzma` has written, read again. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { unpackLzmaAlone } from "../../../src/codec/lzma/alone.ts";
import { isLzmaAlone } from "../../../src/codec/lzma/header.ts";
import { ImageError } from "../../../src/core/error.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { collect, inPieces } from "../../helpers/streams/pieces.ts";

const hasXz = oracle("xz", hasCommand("xz"));
const scratch = makeScratch("lzma-alone");

const lines = Buffer.from(Array.from({ length: 20_000 }, (_, at) => `line ${Math.imul(at, 77773)} of many\n`).join(""));

function lzma(contents: Uint8Array, ...words: string[]): Buffer {
  writeFileSync(`${scratch}/contents`, contents);
  const line = ["-c", "--format=lzma", ...words, `${scratch}/contents`];
  const { status, stdout, stderr } = spawnSync("xz", line, { maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}

/** The same with its length in the header in place of the mark of its end, or beside it. */
function withLength(packed: Buffer, length: number): Buffer {
  const changed = Buffer.from(packed);
  changed.writeBigUInt64LE(BigInt(length), 5);
  return changed;
}

const unpack = (bytes: Uint8Array, piece = bytes.length) => collect(unpackLzmaAlone(inPieces(bytes, piece)));

describe.skipIf(!hasXz)("lzma", () => {
  test.each([["-6"], ["-0"], ["-9e"], ["--lzma1=dict=4KiB,lc=0,lp=2,pb=0"]])("%s", async (...words) => {
    const packed = lzma(lines, ...words);
    expect(isLzmaAlone(packed)).toBe(true);
    for (const piece of [packed.length, 1 << 16, 4099])
      expect((await unpack(packed, piece)).equals(lines), String(piece)).toBe(true);
  });

  test("a length in the header, with the mark of the end behind it", async () => {
    const packed = lzma(lines, "-1");
    expect((await unpack(withLength(packed, lines.length))).equals(lines)).toBe(true);
    await expect(unpack(withLength(packed, lines.length - 1))).rejects.toThrow("longer than its header says");
    await expect(unpack(withLength(packed, lines.length + 1))).rejects.toThrow("ends too early");
  });

  test("every length", async () => {
    for (let length = 0; length <= 300; length += 13) {
      const bytes = lines.subarray(0, length);
      expect((await unpack(lzma(bytes, "-0"))).equals(bytes), String(length)).toBe(true);
    }
  });

  test("whatever is cut off, or followed by something, is an error", async () => {
    const packed = lzma(lines.subarray(0, 9000), "-1");
    for (let length = 0; length < packed.length; length++) {
      const error = await unpack(packed.subarray(0, length), 61).catch((cause: unknown) => cause);
      expect(error, String(length)).toBeInstanceOf(ImageError);
    }
    await expect(unpack(Buffer.concat([packed, Buffer.alloc(1)]))).rejects.toThrow("something follows its end");
    await expect(unpack(Buffer.concat([packed, Buffer.alloc(1 << 18)]))).rejects.toThrow("something follows its end");
  });

  test("whatever is changed is an error, or other contents, and ends", async () => {
    const packed = lzma(lines.subarray(0, 9000), "-1");
    for (let at = 0; at < packed.length; at++) {
      const changed = Buffer.from(packed);
      changed[at] = changed[at]! ^ (1 << (at % 8));
      const outcome = await unpack(changed, 999).catch((cause: unknown) => cause);
      expect(Buffer.isBuffer(outcome) || outcome instanceof ImageError, String(at)).toBe(true);
    }
  });
});

test.each([
  ["a name", "]", false],
  ["a small dictionary", "\x5d\0\x04\0\0\xff\xff\xff\xff\xff\xff\xff\xff", false],
  ["one that is not round", "\x5d\x01\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", false],
  ["its own", "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", true],
  ["with a length", "\x5d\0\0\x80\0\x03\0\0\0\0\0\0\0", true],
  ["with one that is too large", "\x5d\0\0\x80\0\x03\0\0\0\0\0\0\x01", false],
])("what begins with %s", (_, head, expected) => {
  expect(isLzmaAlone(Buffer.from(head.padEnd(13, "\0"), "latin1"))).toBe(expected);
});
