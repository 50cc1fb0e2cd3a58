/** Blocks of LZO1X, judged by the lzop program, whose library is liblzo2; and what that writes, read by our decoder. */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { createFastLzo, createLzo } from "../../src/codec/lzo/lzo.ts";
import { cut, expectBytes, noise } from "../helpers/codec.ts";
import { decodeInto } from "../helpers/codec-properties.ts";
import { data as sample } from "../helpers/codec-sample.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";

const lzop = oracle("lzop", hasCommand("lzop"));

const FAST = (["lzo1x_1", "lzo1x_1_11", "lzo1x_1_12", "lzo1x_1_15"] as const).map((name) => createFastLzo(name));
const CODECS = [...FAST, ...[1, 3, 5, 8, 9].map((level) => createLzo(level))];
const each = CODECS.map((codec) => [codec.name, codec] as const);

/** What every file of lzop starts with, and where the fields of its header are behind that. */
const MAGIC = Buffer.from("\x89LZO\0\r\n\x1a\n", "latin1");
const HEADER_LEN = 25;
const FLAGS_OFF = 8;
/** The largest block that the program reads. */
const MAX_BLOCK = 0x40000;
/** Flags: a checksum stands before a block of contents, one before a block that shrank. */
const CHECKS_CONTENTS = 1;
const CHECKS_BLOCK = 2;

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
}

/** A file of blocks, without checksums; those that did not shrink stand there as contents. */
function makeFile(blocks: readonly { block: Uint8Array; plain: Uint8Array }[]): Buffer {
  // versions of the program, of its library, and of the one that is needed; LZO1X-999, 9; no flags, no mode, no time, no name
  const header = Buffer.concat([Buffer.from("1040 20a0 0940 03 09".replaceAll(" ", ""), "hex"), Buffer.alloc(17)]);
  expect(header.length).toBe(HEADER_LEN);
  const parts = blocks.flatMap(({ block, plain }) => {
    const stored = block.length < plain.length ? block : plain;
    return [u32(plain.length, stored.length), stored];
  });
  return Buffer.concat([MAGIC, header, u32(adler32(header)), ...parts, u32(0)]);
}

/** The blocks of a file, and how long their contents are. */
function readFile(file: Buffer): { block: Buffer; size: number }[] {
  const flags = file.readUInt32BE(MAGIC.length + FLAGS_OFF);
  const blocks: { block: Buffer; size: number }[] = [];
  for (let at = MAGIC.length + HEADER_LEN + file[MAGIC.length + HEADER_LEN - 1]! + 4; ; ) {
    const size = file.readUInt32BE(at);
    if (size === 0) return blocks;
    const length = file.readUInt32BE(at + 4);
    at += 8 + (flags & CHECKS_CONTENTS ? 4 : 0) + (flags & CHECKS_BLOCK && length < size ? 4 : 0);
    if (length < size) blocks.push({ block: file.subarray(at, at + length), size });
    at += length;
  }
}

describe.skipIf(!lzop)("the lzop program", () => {
  const letters = noise(70_000, 3).map((byte) => byte >> 6);
  const random = noise(20_000);
  const inputs = [sample, letters, random, new Uint8Array(1 << 19), Buffer.concat([letters, letters])];

  test.each(each)("reads what %s writes", (_, codec) => {
    for (const data of inputs) {
      const blocks: { block: Uint8Array; plain: Uint8Array }[] = [];
      for (let at = 0; at < data.length; at += MAX_BLOCK) {
        const plain = data.subarray(at, at + MAX_BLOCK);
        for (const limit of [100, 4096, 65536]) blocks.push(...cut(codec, plain.subarray(0, limit * 300), limit));
        codec.plain.set(plain);
        const size = codec.compress(0, plain.length, 0, codec.compressed.length);
        blocks.push({ block: codec.compressed.slice(0, size), plain });
      }
      const decoded = execFileSync("lzop", ["-dc"], { input: makeFile(blocks), maxBuffer: 1 << 24 });
      expectBytes(decoded, Buffer.concat(blocks.map(({ plain }) => plain)));
    }
  });

  test.each([1, 3, 7, 8, 9])("is read where it writes with -%i", (level) => {
    const codec = createLzo(8);
    for (const data of inputs) {
      const blocks = readFile(execFileSync("lzop", [`-${level}c`], { input: data, maxBuffer: 1 << 24 }));
      let at = 0;
      for (const { block, size } of blocks) {
        expectBytes(decodeInto(codec, block, size), data.subarray(at, at + size));
        at += size;
      }
      // of noise no block shrinks
      expect(at).toBe(data === random ? 0 : data.length);
    }
  });
});
