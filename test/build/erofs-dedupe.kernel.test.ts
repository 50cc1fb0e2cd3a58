/** Equal runs of bytes inside of files (`dedupeExtents`): read back by Linux, the same for any number of threads. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../dist/index.js";
import { nextCut } from "../../src/erofs/links/gear.ts";
import { compareTrees } from "../helpers/compare.ts";
import { removeTree } from "../helpers/corner-tree.ts";
import { canMountErofs, withMount } from "../helpers/mount.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("dedupe-extents");
const image = `${scratch}/image`;
const lz4 = { compress: { algorithm: "lz4" }, dedupeExtents: true } as const;

function generator(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bytes that do not compress. */
function noise(size: number, seed: number): Buffer {
  const next = generator(seed);
  return Buffer.from(Uint8Array.from({ length: size }, () => next() >>> 11));
}

/** Bytes that compress to about a third. */
function prose(size: number, seed: number): Buffer {
  const next = generator(seed);
  const words = Array.from({ length: 400 }, (_, index) => noise(3 + (index % 7), index + 1).toString("hex"));
  let text = "";
  while (text.length < size) text += `${words[next() % words.length]} `;
  return Buffer.from(text.slice(0, size));
}

/** Files that hold parts of each other in all the ways there are. */
function relatives(): Record<string, Buffer> {
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

function writeTree(folder: string, files: Record<string, Buffer>): void {
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(`${folder}/${name}`, bytes);
}

async function expectMounts(source: string, options: BuildOptions) {
  const report = await buildErofs(directory(source), image, options);
  expect(statSync(image).size).toBe(report.bytes);
  expect(await withMount(image, (at) => compareTrees(source, at))).toEqual([]);
  return report;
}

const MATRIX: [name: string, options: BuildOptions][] = [
  ["LZ4", lz4],
  ["LZ4HC", { ...lz4, compress: { algorithm: "lz4hc" } }],
  ["fragments", { ...lz4, fragments: "tails" }],
  ["all fragments", { ...lz4, fragments: "all" }],
  ["tail packing", { ...lz4, tailPacking: true }],
  ["full indexes", { ...lz4, fullIndexes: true }],
  ["pclusters of 16 KiB, fragments", { ...lz4, pclusterSize: 16384, fragments: "tails" }],
  ["pclusters of 64 KiB", { ...lz4, pclusterSize: 65536 }],
  ["pclusters of 64 KiB, tail packing", { ...lz4, pclusterSize: 65536, tailPacking: true }],
  ["extents of 8 KiB", { ...lz4, maxExtentBytes: 8192 }],
  ["zstd, fragments", { ...lz4, compress: { algorithm: "zstd" }, pclusterSize: 16384, fragments: "tails" }],
  ["deflate, tail packing", { ...lz4, compress: { algorithm: "deflate" }, tailPacking: true }],
  ["blocks of 1 KiB", { ...lz4, blockSize: 1024, pclusterSize: 4096, fragments: "tails" }],
  ["no dedupe of whole files", { ...lz4, dedupe: "none", fragments: "tails" }],
  [
    "hints",
    {
      ...lz4,
      compress: [{ algorithm: "lz4" }, { algorithm: "zstd" }],
      compressHints: [
        { pattern: "^b", pclusterSize: 4096, algorithm: 1 },
        { pattern: "^c", pclusterSize: 16384 },
        { pattern: "^d-z", pclusterSize: 0 },
      ],
    },
  ],
];

describe("files that hold parts of each other", () => {
  const tree = `${scratch}/relatives`;
  beforeAll(() => writeTree(tree, relatives()));

  test.skipIf(!kernel).each(MATRIX)("read back equal: %s", async (_name, options) => {
    await expectMounts(tree, options);
  });

  test.each([
    ["LZ4", { ...lz4 }, 0.5],
    ["fragments", { ...lz4, fragments: "tails" } as const, 0.5],
    ["pclusters of 16 KiB", { ...lz4, pclusterSize: 16384 }, 0.65],
  ])("take less room: %s", async (_name, options, share) => {
    const without = await buildErofs(directory(tree), image, { ...options, dedupeExtents: false });
    const report = await buildErofs(directory(tree), image, options);
    expect(report.bytes).toBeLessThan(without.bytes * share);
    expect(report.savedByDedupe - without.savedByDedupe).toBeGreaterThan((without.bytes - report.bytes) * 0.8);
    expect(report.minimumKernel).toBe("6.1");
  });

  test.each(MATRIX)("give the same bytes with 1, 2 and 4 threads: %s", async (_name, options) => {
    const hashes = new Set<string>();
    for (const workers of [1, 2, 4]) {
      await buildErofs(directory(tree), image, { ...options, workers });
      hashes.add(createHash("sha256").update(readFileSync(image)).digest("hex"));
    }
    expect(hashes.size).toBe(1);
  });
});

describe("large files", () => {
  const tree = `${scratch}/large`;
  beforeAll(() => {
    const text = Buffer.concat(Array.from({ length: 6 }, (_, index) => prose(1_500_000, 30 + index)));
    const random = noise(5 << 20, 40);
    writeTree(tree, {
      a: text,
      b: Buffer.concat([prose(12_345, 41), text.subarray(100_000), random]),
      c: Buffer.concat([random.subarray(0, 3 << 20), text.subarray(1_000_000), random]),
      d: Buffer.concat([text.subarray(0, 5_000_000), text]),
      e: Buffer.concat([random, prose(8192, 42), random]),
    });
  });

  test.skipIf(!kernel)("read back equal", async () => {
    const without = await buildErofs(directory(tree), image, { ...lz4, dedupeExtents: false });
    const report = await expectMounts(tree, lz4);
    expect(report.bytes).toBeLessThan(without.bytes * 0.55);
    await expectMounts(tree, { ...lz4, fragments: "tails", pclusterSize: 65536 });
  });

  test("give the same bytes with 1, 2 and 4 threads", async () => {
    const hashes = new Set<string>();
    for (const workers of [1, 2, 4]) {
      await buildErofs(directory(tree), image, { ...lz4, fragments: "tails", workers });
      hashes.add(createHash("sha256").update(readFileSync(image)).digest("hex"));
    }
    expect(hashes.size).toBe(1);
  });

  test("a build that is aborted meanwhile ends, and leaves no image", async () => {
    for (const delay of [20, 50, 90]) {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(), delay);
      const target = `${scratch}/aborted`;
      await expect(
        buildErofs(directory(tree), target, { ...lz4, workers: 3, signal: abort.signal }),
      ).rejects.toMatchObject({ code: "ABORTED" });
      clearTimeout(timer);
      expect(statSync(target, { throwIfNoEntry: false })).toBeUndefined();
    }
  });
});

test.skipIf(!kernel)("small files that are alike share what lies in the packed inode", async () => {
  const tree = `${scratch}/alike`;
  const common = prose(2_000_000, 50);
  const files: Record<string, Buffer> = {};
  for (let nr = 0; nr < 400; nr++) {
    const from = (nr * 104_729) % 1_900_000;
    files[`${nr}`] = Buffer.concat([prose(nr, nr), common.subarray(from, from + 7000)]);
  }
  writeTree(tree, files);
  await expectMounts(tree, { ...lz4, fragments: "tails" });
  await expectMounts(tree, { ...lz4, fragments: "all" });
});

test.skipIf(!kernel)("random files made of pieces of each other read back equal", async () => {
  const bases = [prose(200_000, 60), prose(60_000, 61), noise(80_000, 62), Buffer.alloc(50_000)];
  const piece = fc.record({
    base: fc.nat(bases.length - 1),
    from: fc.noBias(fc.nat(150_000)),
    length: fc.noBias(fc.oneof(fc.nat(300), fc.nat(20_000), fc.nat(200_000))),
  });
  const file = fc.array(piece, { minLength: 1, maxLength: 6 });
  const options: fc.Arbitrary<BuildOptions> = fc.record({
    compress: fc.constantFrom({ algorithm: "lz4" } as const, { algorithm: "zstd" } as const),
    pclusterSize: fc.constantFrom(4096, 8192, 65536),
    fragments: fc.constantFrom("none", "tails"),
    tailPacking: fc.boolean(),
    workers: fc.constantFrom(1, 2),
  });
  let nr = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 2, maxLength: 8 }), options, async (files, more) => {
      const tree = `${scratch}/random${nr++}`;
      const bytes = (pieces: (typeof files)[number]) =>
        Buffer.concat(pieces.map(({ base, from, length }) => bases[base]!.subarray(from, from + length)));
      writeTree(tree, Object.fromEntries(files.map((pieces, index) => [`${index}`, bytes(pieces)])));
      await expectMounts(tree, { ...more, dedupeExtents: true });
      removeTree(tree);
    }),
    { numRuns: 40, seed: 11 },
  );
});

/** The image of what is in memory. */
async function imageOf(files: Record<string, Buffer>, options: BuildOptions): Promise<Buffer> {
  const list: Entry[] = Object.entries(files).map(([path, contents]) => ({ path, contents }));
  await buildErofs(entries(list), image, options);
  return readFileSync(image);
}

test("entries in memory are deduplicated as files are, and the bytes are pinned", async () => {
  const hashes: string[] = [];
  for (const options of [
    lz4,
    { ...lz4, fragments: "tails" },
    { ...lz4, pclusterSize: 16384, tailPacking: true },
  ] as const) {
    hashes.push(
      createHash("sha256")
        .update(await imageOf(relatives(), options))
        .digest("hex"),
    );
  }
  expect(hashes).toMatchInlineSnapshot(`
    [
      "ddb14464411ae2e77541e14b4597ede6cfc0dd09a5f2b4665ac4b63ac65d311a",
      "23f5c03cf439fff8f4404f1fdf05c19328b513502c7463732fc2183fad0e9063",
      "3accd16e021bbd0ca4b2cda8355d80a61a2257999ade85097857e30b33b27e11",
    ]
  `);
});

test("the option needs an algorithm and Linux 6.1", async () => {
  await expect(imageOf({}, { dedupeExtents: true })).rejects.toMatchObject({ code: "INPUT" });
  await expect(imageOf({}, { ...lz4, targetKernel: "5.19" })).rejects.toMatchObject({ code: "INPUT" });
  await expect(imageOf({}, { ...lz4, targetKernel: "6.1" })).resolves.toBeDefined();
});

test("without anything to share the images are the same but for the UUID", async () => {
  const files = { a: prose(100_000, 70), b: prose(90_000, 71) };
  const uuid = "00000000-0000-0000-0000-000000000000";
  const without = await imageOf(files, { ...lz4, dedupeExtents: false, uuid });
  expect((await imageOf(files, { ...lz4, uuid })).equals(without)).toBe(true);
});

test("cuts depend on the last 32 bytes alone", () => {
  const settings = { min: 512, max: 16384, bits: 10 };
  const bytes = noise(200_000, 80);
  const cuts = (from: number) => {
    const list: number[] = [];
    for (let at = from; at < bytes.length; ) {
      at = nextCut(bytes, at, bytes.length, settings);
      list.push(at);
    }
    return list;
  };
  const all = cuts(0);
  for (const from of [1, 777, 5000]) {
    const some = cuts(from);
    const joined = some.findIndex((cut) => all.includes(cut));
    expect(some[joined]).toBeLessThan(from + 20_000);
    expect(some.slice(joined)).toEqual(all.slice(all.indexOf(some[joined]!)));
  }
});
