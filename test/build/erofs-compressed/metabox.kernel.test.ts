/** Images whose inodes lie in a metabox (`-m`), mounted by Linux and compared with what was packed. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../../dist/index.js";
import { compareTrees, compareWithSpec, type SpecEntry } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch, removeTree } from "../../helpers/scratch.ts";
import { ALL_KINDS, ALL_KINDS_SPEC } from "../../helpers/trees/all-kinds.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const attributes = oracle("getfattr", hasCommand("getfattr"));
const scratch = makeScratch("metabox-kernel");
const corners = `${scratch}/corners`;
const image = `${scratch}/image`;

const box = { metabox: true };
const MODES: [name: string, options: BuildOptions][] = [
  ["alone", box],
  ["alone, extended inodes, no inline data", { ...box, inodes: "extended", inlineData: false }],
  ["alone, in chunks", { ...box, chunkSize: 8192 }],
  ["alone, equal chunks by their indexes", { ...box, dedupeChunks: true, chunkIndexes: true }],
  ["alone, blocks of 512 bytes", { ...box, blockSize: 512 }],
  ["lz4", { ...box, compress: "lz4" }],
  ["lz4hc with tail packing", { ...box, compress: "lz4hc", tailPacking: true, pclusterSize: 16_384 }],
  ["lz4 with fragments", { ...box, compress: "lz4", fragments: "tails" }],
  ["lz4 with all in fragments", { ...box, compress: "lz4", fragments: "all", compressDirectories: true }],
  ["lz4, the rest in chunks", { ...box, compress: "lz4", chunkSize: 16_384 }],
  ["lz4, full indexes, without `.`", { ...box, compress: "lz4", fullIndexes: true, omitDot: true }],
  ["deflate, for Linux 6.17", { ...box, compress: "deflate", targetKernel: "6.17" }],
  ["zstd with extents anywhere and dedupe", { ...box, compress: "zstd", extentRecords: true, dedupeExtents: true }],
  [
    "lz4, its own cluster and algorithm",
    { compress: ["lz4", "zstd"], pclusterSize: 65_536, metabox: { pclusterSize: 32_768, algorithm: 1 } },
  ],
  ["zstd in blocks of 1024 bytes", { ...box, compress: "zstd", blockSize: 1024, fragments: "tails" }],
];

describe.skipIf(!kernel)("a metabox", () => {
  beforeAll(() => makeCornerTree(corners, { hugeHole: false }));

  test.each(MODES)("of the corner tree reads back equal: %s", async (_name, options) => {
    const report = await buildErofs(directory(corners), image, options);
    expect(report.features).toContain("metabox");
    expect(await withMount(image, (at) => compareTrees(corners, at, {}))).toEqual([]);
  });

  test.skipIf(!attributes).each(MODES)("of all kinds, with attributes: %s", async (_name, options) => {
    await buildErofs(entries(ALL_KINDS), image, options);
    expect(await withMount(image, (at) => compareWithSpec(at, ALL_KINDS_SPEC))).toEqual([]);
  });

  // Linux 6.17 and 6.18 look for shared attributes in the page of the metabox that they have at hand, if it has the number of
  // the page of the image in which they are: found by random trees, whose images lacked some of them
  test.skipIf(!attributes).each<[string, BuildOptions]>([
    ["alone", box],
    ["lz4", { ...box, compress: "lz4" }],
    ["with a table of prefixes", { ...box, compress: "lz4", fragments: "tails", xattrPrefixes: ["user.own"] }],
    [
      "with a table of prefixes in the image",
      { ...box, compress: "lz4", xattrPrefixes: ["user.own"], plainXattrPrefixes: true },
    ],
  ])(
    "of inodes whose own attributes end in any of its pages has the shared ones of each: %s",
    async (_name, options) => {
      const bytes = (text: string, length: number) => Buffer.from(text.padEnd(length, text));
      const list = Array.from({ length: 24 }, (_, nr): Entry & SpecEntry => ({
        ...{ path: `${nr}`, kind: "file", contents: bytes(`${nr}`, 10), mode: 0o644 },
        xattrs: { "user.shared": bytes("of all", 20), [`user.own-${nr}`]: bytes(`${nr}`, 1000 + 100 * nr) },
      }));
      await buildErofs(entries(list), image, options);
      expect(await withMount(image, (at) => compareWithSpec(at, list, { implicitDirectories: true }))).toEqual([]);
    },
  );

  test("of some megabytes, whose own index is longer than a block", async () => {
    const names = Array.from({ length: 40_000 }, (_, nr) => `d${nr % 7}/${nr % 300}/file ${nr}`);
    // so much beside each inode that the metabox has thousands of blocks
    const text = (nr: number) => `${nr} `.repeat(1000 - (nr % 200)).slice(0, 1500);
    const list = names.map((path, nr): Entry => ({ path, contents: text(nr) }));
    const report = await buildErofs(entries(list), image, { ...box, compress: "zstd" });
    expect(report.counts.files).toBe(40_000);
    const spec = list.map(({ path, contents }) => ({
      ...({ path: `${path}`, kind: "file", mtime: { sec: 0, nsec: 0 } } as const),
      contents: Buffer.from(contents as string),
    }));
    const compared = await withMount(image, (at) => compareWithSpec(at, spec, { implicitDirectories: true }));
    expect(compared).toEqual([]);
  });

  test("of random trees reads back equal, whatever the options", async () => {
    const source = `${scratch}/random`;
    const anything = fc.record(
      {
        compress: fc.constantFrom<BuildOptions["compress"]>("lz4", "lz4hc", "deflate", "zstd"),
        blockSize: fc.constantFrom(512, 1024, 4096, 4096),
        pclusterSize: fc.constantFrom(4096, 65_536),
        tailPacking: fc.boolean(),
        fragments: fc.constantFrom("none", "tails", "all"),
        compressDirectories: fc.boolean(),
        fullIndexes: fc.boolean(),
        extentRecords: fc.boolean(),
        dedupe: fc.constantFrom("none", "file"),
        inlineData: fc.boolean(),
        inodes: fc.constantFrom("auto", "extended"),
        workers: fc.integer({ min: 1, max: 3 }),
      },
      { requiredKeys: ["compress"] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.noShrink(fc.nat()),
        fc.integer({ min: 0, max: 300 }),
        anything,
        async (seed, count, options) => {
          removeTree(source);
          makeRandomTree(source, seed, count);
          const metabox = options.pclusterSize ? { pclusterSize: 4096 } : true;
          await buildErofs(directory(source), image, { ...options, metabox });
          expect(await withMount(image, (at) => compareTrees(source, at, {}))).toEqual([]);
        },
      ),
      { seed: Number(process.env.FUZZ_SEED ?? 3), numRuns: Number(process.env.FUZZ_RUNS ?? 20) },
    );
  });
});
