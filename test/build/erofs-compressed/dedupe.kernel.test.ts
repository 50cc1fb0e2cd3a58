/** Equal runs of bytes inside of files (`dedupeExtents`), read back by Linux. */
import { statSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch, removeTree } from "../../helpers/scratch.ts";
import { incompressible, prose } from "../../helpers/trees/contents.ts";
import { DEDUPE_LZ4, DEDUPE_MATRIX, largeRelatives, relatives, writeTree } from "../../helpers/trees/relatives.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("dedupe-kernel");
const image = `${scratch}/image`;

async function expectMounts(source: string, options: BuildOptions) {
  const report = await buildErofs(directory(source), image, options);
  expect(statSync(image).size).toBe(report.bytes);
  expect(await withMount(image, (at) => compareTrees(source, at))).toEqual([]);
  return report;
}

describe("files that hold parts of each other", () => {
  const tree = `${scratch}/relatives`;
  beforeAll(() => writeTree(tree, relatives()));

  test.skipIf(!kernel).each(DEDUPE_MATRIX)("read back equal: %s", async (_name, options) => {
    await expectMounts(tree, options);
  });
});

describe("large files", () => {
  const tree = `${scratch}/large`;
  beforeAll(() => writeTree(tree, largeRelatives()));

  test.skipIf(!kernel)("read back equal", async () => {
    const without = await buildErofs(directory(tree), image, { ...DEDUPE_LZ4, dedupeExtents: false });
    const report = await expectMounts(tree, DEDUPE_LZ4);
    expect(report.bytes).toBeLessThan(without.bytes * 0.55);
    await expectMounts(tree, { ...DEDUPE_LZ4, fragments: "tails", pclusterSize: 65536 });
  });
});

describe("files that each hold most of the one before, and something new", () => {
  const tree = `${scratch}/moving`;
  const common = prose(400_000, 70);
  beforeAll(() => {
    const files: Record<string, Buffer> = {};
    for (let nr = 10; nr < 50; nr++) files[`${nr}`] = common.subarray(3918 * nr, 7919 * nr);
    writeTree(tree, files);
  });

  test.skipIf(!kernel).each([
    ["without tail packing", { pclusterSize: 4096 }, 0.3],
    ["with tail packing", { pclusterSize: 4096, tailPacking: true }, 0.4],
    ["in larger pclusters", { pclusterSize: 16384, tailPacking: true }, 0.5],
  ] as const)("refer to it %s", async (_name, more, share) => {
    const options = { ...DEDUPE_LZ4, ...more };
    const without = await buildErofs(directory(tree), image, { ...options, dedupeExtents: false });
    const report = await expectMounts(tree, options);
    expect(report.bytes).toBeLessThan(without.bytes * share);
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
  await expectMounts(tree, { ...DEDUPE_LZ4, fragments: "tails" });
  await expectMounts(tree, { ...DEDUPE_LZ4, fragments: "all" });
});

test.skipIf(!kernel)("random files made of pieces of each other read back equal", async () => {
  const bases = [prose(200_000, 60), prose(60_000, 61), incompressible(80_000, 62), Buffer.alloc(50_000)];
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
