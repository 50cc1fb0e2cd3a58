/**
 * The bytes of LZ4 and LZ4HC, pinned. They are those of liblz4 1.9.4 (Debian 12, x86-64): for each of the hashes below a
 * program in C made the same calls of LZ4_compress_destSize(), LZ4_compress_HC_destSize(), LZ4_compress_default() and
 * LZ4_compress_HC() on the same input, and gave the same hash.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Codec } from "../src/codec/codec.ts";
import { createLz4, createLz4hc } from "../src/codec/lz4/lz4.ts";

/** Half a megabyte that takes all ways through the compressors. */
function sample(): Uint8Array {
  const bytes = new Uint8Array(540_000);
  let at = 0;
  let state = 20;
  const next = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  /** Fills up to `end`, step by step. */
  const part = (end: number, step: () => void) => {
    while (at < end) step();
    at = end;
  };
  const put = (byte: number) => {
    if (at < bytes.length) bytes[at++] = byte;
  };
  const words = Array.from({ length: 700 }, () => Array.from({ length: 1 + next(11) }, () => 97 + next(26)));
  part(120_000, () => {
    // the product favours some words
    for (const letter of words[Math.floor((next(700) * next(700)) / 700)]!) put(letter);
    put(next(12) === 0 ? 10 : 32);
  });
  // records of 24 bytes, whose fields grow or repeat
  let count = 0;
  part(200_000, () => {
    for (const value of [0x400000 + count * 16, 0, 8, next(4), count, next(9) === 0 ? next(1 << 30) : 5]) {
      for (let shift = 0; shift < 32; shift += 8) put(value >>> shift);
    }
    count++;
  });
  // runs of few bytes, some long
  part(240_000, () => {
    const byte = next(3);
    for (let i = next(10) === 0 ? next(3000) : next(50); i >= 0; i--) put(byte);
  });
  // periods, each with a few flaws
  part(300_000, () => {
    const period = Array.from({ length: 1 + next(36) }, () => next(256));
    for (let i = next(4000); i >= 0; i--) put(next(900) === 0 ? next(256) : period[i % period.length]!);
  });
  part(330_000, () => put(next(256)));
  // copies of what is up to more than 64 KiB before, and bytes between them
  part(480_000, () => {
    const back = 1 + (next(3) === 0 ? 65500 + next(70) : next(67_000));
    for (let i = 3 + (next(9) === 0 ? next(500) : next(30)); i >= 0; i--) put(bytes[at - back]!);
    for (let i = next(4); i > 0; i--) put(next(256));
  });
  // zeros and a text behind them
  for (at = 530_000; at < bytes.length; at++) bytes[at] = bytes[at - 520_000]!;
  return bytes;
}

const BLOCK = 0x20000;
const data = sample();

function hashOf(codec: Codec, run: () => Iterable<number>): string {
  const hash = createHash("sha256");
  codec.plain.set(data);
  for (const produced of run()) {
    hash.update(Uint32Array.of(codec.consumed, produced)).update(codec.packed.subarray(0, produced));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Fixed output, as EROFS wants it. */
function* fill(codec: Codec, limit: number): Generator<number> {
  for (let at = 0; at < data.length; at += codec.consumed) yield codec.compressInto(at, data.length, 0, limit);
}

/** Fixed output with a limit that changes, of an input that ends soon, or near 64 KiB where LZ4 changes its table. */
function* fillAll(codec: Codec): Generator<number> {
  for (let at = 0, call = 0; at < data.length; at += codec.consumed, call++) {
    const size = call % 4 === 0 ? 65530 + (call % 24) : 1 + ((call * 7919) % 3000);
    yield codec.compressInto(at, Math.min(at + size, data.length), 0, 13 + ((call * 37) % 211));
  }
}

/** Fixed input, as SquashFS wants it: blocks of 128 KiB that must become smaller. */
function* blocks(codec: Codec): Generator<number> {
  for (let at = 0; at < data.length; at += BLOCK) {
    const end = Math.min(at + BLOCK, data.length);
    yield codec.compress(at, end, 0, end - at);
  }
}

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  lz4: ["f47d360c0612b294", "cc1d93aaf6a31041", "2b6a460cfea78d23", "937f0cfb734ba34d"],
  "lz4hc,1": ["608f4207130943d9", "6af80989c2eaa608", "6c9ed699e9dbb3de", "41d18d8a710f730f"],
  "lz4hc,2": ["608f4207130943d9", "6af80989c2eaa608", "6c9ed699e9dbb3de", "41d18d8a710f730f"],
  "lz4hc,3": ["02665f01011d2f76", "0652a0179b3561fc", "cf26c743c6e18bc2", "585a86c052c48554"],
  "lz4hc,4": ["8b4f45782f560513", "eb2b89be4b9ca528", "189effc07926223b", "4c2e48a69dd3ab17"],
  "lz4hc,5": ["4b917cf9c8b77602", "717e1310abff0fbb", "934cf5e192c7cdfe", "3bfcc8b20a2f8acb"],
  "lz4hc,6": ["86de931ea31cb223", "40bef2950c0f7a3c", "a853f00f4f612e59", "06ee3ec41452a0d2"],
  "lz4hc,7": ["81f657a34c6999b7", "32467553b244c588", "dc44669b5af78da0", "c3e2f8e9e09bca3a"],
  "lz4hc,8": ["65c78bbb19065d7d", "3315c67823f72581", "b60d229c98e7f008", "343d99c6c9dd9262"],
  "lz4hc,9": ["9e3500619a4cc19b", "a6dc06e2f47ef7ee", "359c10f478e82697", "04d3b92bb955bd3a"],
  "lz4hc,10": ["12f8004f0bef9c5a", "07a94ea81bf82248", "cb9a2f61e0b1053e", "43a79e5340111ea0"],
  "lz4hc,11": ["ccaa82f67d4f2a0b", "a7abe0fe1c9b7024", "1cb4b0029a7da1d3", "d8a24f03047d0bf9"],
  "lz4hc,12": ["f25e9889fa6bfac5", "12038caba4e11905", "8eeb8f3a070a0c01", "2b0ff1feb1896b78"],
};

test("the sample is what it was", () => {
  expect(createHash("sha256").update(data).digest("hex").slice(0, 16)).toBe("92af5b33f36b1bd4");
});

test.each([createLz4(), ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((level) => createLz4hc(level))])(
  "$name",
  (codec) => {
    const runs = [() => fillAll(codec), () => fill(codec, 4096), () => fill(codec, 65536), () => blocks(codec)];
    expect(runs.map((run) => hashOf(codec, run))).toEqual(GOLDEN[codec.name]);
  },
);
