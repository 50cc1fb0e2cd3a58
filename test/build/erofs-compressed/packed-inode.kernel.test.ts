/** How the packed inode is cut into pclusters, and where its end goes; Linux reads it. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory } from "../../../dist/index.js";
import type { Extent } from "../../../src/inspect/erofs/contents/extent.ts";
import { eachExtent } from "../../../src/inspect/erofs/contents/file-map.ts";
import { readInode } from "../../../src/inspect/erofs/inode.ts";
import { openErofs } from "../../../src/inspect/erofs/reader.ts";
import { ImageBytes } from "../../../src/inspect/image.ts";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("packed-inode");
const image = `${scratch}/image`;

/** Lines of a log, those of `from` and after. */
function lines(from: number, count: number): string {
  let text = "";
  for (let nr = from; nr < from + count; nr++)
    text += `${nr} GET /items/${(nr * 7919) % 500} ${(nr * 104_729) % 997} ms\n`;
  return text;
}

beforeAll(() => {
  for (const folder of ["small", "large"]) mkdirSync(`${scratch}/${folder}`);
  for (let nr = 0; nr < 4; nr++) writeFileSync(`${scratch}/small/${nr}`, lines(nr * 1000, 620));
  for (let nr = 0; nr < 80; nr++) writeFileSync(`${scratch}/large/${nr}`, lines(nr * 10_000, 5500));
});

async function packedExtents(folder: string, options: BuildOptions): Promise<Extent[]> {
  await buildErofs(directory(`${scratch}/${folder}`), image, { fragments: "all", ...options });
  const opened = await openErofs(new ImageBytes(readFileSync(image)));
  const extents: Extent[] = [];
  await eachExtent(opened, await readInode(opened, opened.packedNid), (extent) => extents.push(extent));
  return extents;
}

const FORMS: [string, BuildOptions][] = [
  ["lz4", { compress: "lz4" }],
  ["zstd, 64 KiB", { compress: "zstd", pclusterSize: 65_536 }],
  ["deflate, full indexes", { compress: "deflate", fullIndexes: true }],
];

test.each(FORMS)("its end goes behind its index where there is room: %s", async (_name, options) => {
  await packedExtents("small", options);
  const { size } = statSync(image);
  const extents = await packedExtents("small", { ...options, tailPacking: true });
  expect(extents.at(-1)?.source).toBe("inode");
  expect(statSync(image).size).toBe(size - 4096);
  if (kernel) expect(await withMount(image, (root) => compareTrees(`${scratch}/small`, root))).toEqual([]);
});

test("up to 12 MiB it has one short pcluster, the last", async () => {
  const extents = await packedExtents("large", { compress: "lz4", pclusterSize: 65_536 });
  const last = extents.pop()!;
  expect(last.start + last.length).toBeGreaterThan(10 << 20);
  expect(last.start + last.length).toBeLessThan(12 << 20);
  expect(new Set(extents.map(({ stored }) => stored))).toEqual(new Set([65_536]));
  if (kernel) expect(await withMount(image, (root) => compareTrees(`${scratch}/large`, root))).toEqual([]);
});
