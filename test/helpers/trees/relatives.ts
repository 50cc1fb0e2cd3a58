/** Files that hold parts of each other, small and large, and the ways in which `dedupeExtents` finds them. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { BuildOptions } from "../../../dist/index.js";
import { incompressible as noise, prose } from "./contents.ts";

/** The shortest way to ask for it. */
export const DEDUPE_LZ4 = { compress: { algorithm: "lz4" }, dedupeExtents: true } as const;

/** Files that hold parts of each other in all the ways there are. */
export function relatives(): Record<string, Buffer> {
  const text = prose(300_000, 1);
  const random = noise(150_000, 2);
  const files: Record<string, Buffer> = {
    "a-text": text,
    "a-random": random,
    "b-inserted": Buffer.concat([text.subarray(0, 100_000), prose(777, 3), text.subarray(100_000)]),
    "b-removed": Buffer.concat([text.subarray(0, 50_000), text.subarray(60_000)]),
    "b-changed": Buffer.from(text),
    "c-second-hand": Buffer.concat([
      prose(5000, 4),
      text.subarray(90_000, 100_000),
      prose(777, 3),
      text.subarray(100_000),
    ]),
    "c-random-same-phase": Buffer.concat([prose(8192, 5), random]),
    "c-random-shifted": Buffer.concat([noise(100, 6), random]),
    "c-random-behind-text": Buffer.concat([prose(30_001, 7), random, prose(100, 8)]),
    "d-repeats": Buffer.concat(Array.from({ length: 9 }, () => text.subarray(0, 40_000))),
    "d-short-period": Buffer.concat(Array.from({ length: 50 }, () => text.subarray(0, 3001))),
    "d-zeros": Buffer.alloc(400_000, 1),
    "d-zeros-again": Buffer.concat([prose(10, 9), Buffer.alloc(400_000, 1), prose(10, 10)]),
    "e-end": text.subarray(200_001),
    "e-start": text.subarray(0, 77_777),
    "e-tiny": text.subarray(0, 8192),
  };
  files["b-changed"]![150_000]! ^= 1;
  for (const phase of [1, 511, 512, 2048, 4095, 4096, 4097, 5000]) {
    files[`f-shifted-${phase}`] = Buffer.concat([prose(phase, 20 + phase), text.subarray(10_000, 140_000)]);
  }
  return files;
}

/** A few megabytes that hold parts of each other. */
export function largeRelatives(): Record<string, Buffer> {
  const text = Buffer.concat(Array.from({ length: 6 }, (_, index) => prose(1_500_000, 30 + index)));
  const random = noise(5 << 20, 40);
  return {
    a: text,
    b: Buffer.concat([prose(12_345, 41), text.subarray(100_000), random]),
    c: Buffer.concat([random.subarray(0, 3 << 20), text.subarray(1_000_000), random]),
    d: Buffer.concat([text.subarray(0, 5_000_000), text]),
    e: Buffer.concat([random, prose(8192, 42), random]),
  };
}

/** Writes files into a new folder. */
export function writeTree(folder: string, files: Record<string, Buffer>): void {
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(`${folder}/${name}`, bytes);
}

/** Ways to build, by name. */
export const DEDUPE_MATRIX: [name: string, options: BuildOptions][] = [
  ["LZ4", DEDUPE_LZ4],
  ["LZ4HC", { ...DEDUPE_LZ4, compress: { algorithm: "lz4hc" } }],
  ["fragments", { ...DEDUPE_LZ4, fragments: "tails" }],
  ["all fragments", { ...DEDUPE_LZ4, fragments: "all" }],
  ["tail packing", { ...DEDUPE_LZ4, tailPacking: true }],
  ["full indexes", { ...DEDUPE_LZ4, fullIndexes: true }],
  ["pclusters of 16 KiB, fragments", { ...DEDUPE_LZ4, pclusterSize: 16384, fragments: "tails" }],
  ["pclusters of 64 KiB", { ...DEDUPE_LZ4, pclusterSize: 65536 }],
  ["pclusters of 64 KiB, tail packing", { ...DEDUPE_LZ4, pclusterSize: 65536, tailPacking: true }],
  ["extents of 8 KiB", { ...DEDUPE_LZ4, maxExtentBytes: 8192 }],
  ["zstd, fragments", { ...DEDUPE_LZ4, compress: { algorithm: "zstd" }, pclusterSize: 16384, fragments: "tails" }],
  ["deflate, tail packing", { ...DEDUPE_LZ4, compress: { algorithm: "deflate" }, tailPacking: true }],
  ["blocks of 1 KiB", { ...DEDUPE_LZ4, blockSize: 1024, pclusterSize: 4096, fragments: "tails" }],
  ["no dedupe of whole files", { ...DEDUPE_LZ4, dedupe: "none", fragments: "tails" }],
  [
    "hints",
    {
      ...DEDUPE_LZ4,
      compress: [{ algorithm: "lz4" }, { algorithm: "zstd" }],
      compressHints: [
        { pattern: "^b", pclusterSize: 4096, algorithm: 1 },
        { pattern: "^c", pclusterSize: 16384 },
        { pattern: "^d-z", pclusterSize: 0 },
      ],
    },
  ],
];
