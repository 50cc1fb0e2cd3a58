/** A run of one byte takes with `-Ededupe` no more blocks than its longest extent: the rest is the start of that. */
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";
import { writeTree } from "../../helpers/trees/relatives.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("one-byte");
const BLOCK = 4096;
const ZSTD_16K: BuildOptions = { compress: "zstd", pclusterSize: 16384 };

/** Files by name, and the blocks that an image of each has with LZ4: superblock, inodes and index, then data. */
const FILES = [
  // 1,041,954 of them go into a block
  { name: "a mebibyte of zeros", bytes: Buffer.alloc(1 << 20), blocks: 1 + 1 },
  { name: "more of them", bytes: Buffer.alloc(2_600_000), blocks: 3 + 1 },
  {
    name: "another byte, with other data behind it",
    bytes: tail(Buffer.alloc(2_600_000, 0x78), 10_000),
    blocks: 3 + 4,
  },
  // a full index of 6 MB would take two blocks more, and save one
  { name: "in a large file", bytes: tail(Buffer.alloc(1_100_000), 5_000_000), blocks: undefined },
];

function tail(run: Buffer, length: number): Buffer {
  return Buffer.concat([run, noise(7, length)]);
}

test.skipIf(!kernel).each(FILES)("$name", async ({ name, bytes, blocks }) => {
  const tree = `${scratch}/${name}`;
  mkdirSync(tree);
  writeFileSync(`${tree}/file`, bytes);
  const image = `${scratch}/${name}.img`;
  const options = { compress: "lz4", verify: true } as const;
  const { bytes: size } = await buildErofs(directory(tree), image, { ...options, dedupeExtents: true });
  if (blocks !== undefined) expect(size / BLOCK).toBe(blocks);
  else expect(size).toBe((await buildErofs(directory(tree), `${image}2`, options)).bytes);
  expect(await withMount(image, (at) => compareTrees(tree, at))).toEqual([]);
});

/** Where a reference would cost more than it saves, or the index that it needs has no room: no larger than without any. */
const OTHERS: readonly [string, Record<string, Buffer>, BuildOptions][] = [
  ["all of it a fragment", { a: Buffer.alloc(1_500_000), b: noise(8, 300) }, { fragments: "all" }],
  [
    "many ends in fragments",
    Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`${i}`, Buffer.alloc(24_000 - i)])),
    { fragments: "tails" },
  ],
  [
    "a short end behind the inode",
    { a: Buffer.alloc(1_071_954, 1), b: Buffer.alloc(1_071_954, 2) },
    { tailPacking: true },
  ],
  [
    "with records of extents",
    { a: Buffer.concat([noise(10, 11_029), Buffer.alloc(2_600_000), noise(11, 500)]), b: Buffer.alloc(600_000) },
    { extentRecords: true },
  ],
  ["behind noise, in a long file", { a: Buffer.concat([noise(9, 10_000), Buffer.alloc(30_000_000)]) }, ZSTD_16K],
];

test.skipIf(!kernel).each(OTHERS)("%s", async (name, files, more) => {
  const tree = `${scratch}/${name}`;
  writeTree(tree, files);
  const image = `${scratch}/${name}.img`;
  const options: BuildOptions = { compress: "lz4", ...more };
  const without = await buildErofs(directory(tree), image, options);
  const { bytes } = await buildErofs(directory(tree), image, { ...options, dedupeExtents: true, verify: true });
  expect(bytes).toBeLessThanOrEqual(without.bytes);
  expect(await withMount(image, (at) => compareTrees(tree, at))).toEqual([]);
});
