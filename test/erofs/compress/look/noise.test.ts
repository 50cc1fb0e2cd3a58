/** Where an attempt to compress what looks random is worth it: where a pcluster would hold it twice. */
import { expect, test } from "vitest";
import { createLz4 } from "../../../../src/codec/lz4/lz4.ts";
import { NOISE_BYTES, NoiseLook, REPEATS } from "../../../../src/erofs/compress/look/noise.ts";
import { RepeatFinder } from "../../../../src/erofs/compress/look/repeats.ts";
import { noise as random } from "../../../helpers/codec.ts";

const BLOCK = 4096;
const noise = (seed: number, size: number) => random(size, seed);
const concat = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** What is said of the start of `bytes`, of which all can be seen. */
function measure(bytes: Uint8Array, pclusterSize: number, distance = 1 << 20): number {
  const look = new NoiseLook(bytes, createLz4({ plainLen: 1 << 18 }), BLOCK, distance);
  look.open(0);
  return look.measure(0, 0, bytes.length, pclusterSize);
}

test("noise is stored as it is, text is not", () => {
  expect(measure(noise(1, 300_000), 65_536)).toBe(NOISE_BYTES);
  expect(measure(noise(1, 300_000), BLOCK)).toBe(NOISE_BYTES);
  expect(measure(new Uint8Array(300_000), 65_536)).toBe(0);
});

test("noise that is there again is worth an attempt where one pcluster holds it, and the codec looks so far back", () => {
  const again = concat(noise(1, 50_000), noise(1, 50_000));
  expect(measure(again, 65_536)).toBe(REPEATS);
  expect(measure(again, 49_152)).toBe(NOISE_BYTES);
  expect(measure(again, 65_536, 32_768)).toBe(NOISE_BYTES);
  // one block holds none of it
  expect(measure(again, BLOCK)).toBe(NOISE_BYTES);
});

test("noise in front of it is stored as whole blocks", () => {
  const again = concat(noise(2, 10_000), noise(1, 50_000), noise(1, 50_000));
  expect(measure(again, 65_536)).toBe(2 * BLOCK);
});

test("equal runs are found from their first byte on, also when they are asked for step by step", () => {
  const bytes = concat(noise(2, 70_000), noise(1, 20_000), noise(3, 5000), noise(1, 20_000), noise(4, 70_000));
  const finder = new RepeatFinder();
  finder.open(0);
  for (let at = 0; at <= 65_536; at += 32_768) {
    const start = finder.find(bytes, at, at, Math.min(bytes.length, at + 98_304), 65_536);
    expect(start).toBe(at + 98_304 < 96_000 ? Number.POSITIVE_INFINITY : 70_000);
  }
  expect(finder.find(bytes, 98_304, 98_304, bytes.length, 65_536)).toBe(Number.POSITIVE_INFINITY);
  // another file knows nothing of it
  finder.open(0);
  expect(finder.find(bytes, 0, 0, 90_000, 65_536)).toBe(Number.POSITIVE_INFINITY);
});
