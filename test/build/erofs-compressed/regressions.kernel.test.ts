/** What a review of compressed images has found: wrong addresses, wrong sharing, wrong room. Judged by Linux. */
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../../dist/index.js";
import { createLz4 } from "../../../src/codec/lz4/lz4.ts";
import { loadXxHash } from "../../../src/core/hash/xxhash.ts";
import { compareTrees, compareWithSpec, type SpecEntry } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { fewBytes as bytes } from "../../helpers/trees/contents.ts";
import { words } from "../../helpers/trees/noise.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("compressed-regressions-kernel");
const image = `${scratch}/image`;

async function expectMounts(list: (Entry & SpecEntry)[], options: BuildOptions): Promise<void> {
  await buildErofs(entries(list), image, options);
  expect(await withMount(image, (at) => compareWithSpec(at, list))).toEqual([]);
}

const file = (path: string, ...parts: Uint8Array[]): Entry & SpecEntry => ({
  path,
  kind: "file",
  contents: Buffer.concat(parts),
});

describe.skipIf(!kernel)("a compressed image", () => {
  test("more than 256 equal files have the contents and the blocks that one has", async () => {
    const list = Array.from({ length: 300 }, (_, nr) => file(`${nr}`, words(1, 20_000)));
    for (const extentRecords of [false, true]) {
      const options: BuildOptions = { compress: { algorithm: "lz4" }, extentRecords };
      await expectMounts(list.slice(0, 1), options);
      const alone = await withMount(image, (at) => lstatSync(`${at}/0`).blocks);
      await expectMounts(list, options);
      const blocks = await withMount(image, (at) =>
        list.map(({ path }) => lstatSync(`${at}/${path as string}`).blocks),
      );
      expect(new Set(blocks)).toEqual(new Set([alone]));
    }
  });

  test("a large file goes on behind a part that lies in another file", async () => {
    const common = bytes(4 << 20, 1, 20);
    const list = [file("a", common, bytes(3 << 20, 2, 20)), file("b", common, bytes(3 << 20, 3, 20))];
    for (const pclusterSize of [4096, 65_536]) {
      await expectMounts(list, { compress: { algorithm: "lz4" }, fragments: "tails", pclusterSize });
    }
  });

  test("an uncompressed block never lies where a pcluster of the same bytes does", async () => {
    const plain = bytes(2 << 20, 4, 20);
    const codec = createLz4();
    codec.plain.set(plain);
    const pclusters: Uint8Array[] = [];
    for (let at = 0; plain.length - at > 20_000; at += codec.consumed) {
      expect(codec.compressInto(at, plain.length, 0, 4096)).toBe(4096);
      pclusters.push(codec.compressed.slice(0, 4096));
    }
    const list = [file("a", plain), file("b", bytes(40_000, 5, 20), ...pclusters), file("c", ...pclusters, plain)];
    await expectMounts(list, { compress: { algorithm: "lz4" }, fragments: "tails" });
    await expectMounts(list, { compress: { algorithm: "lz4" }, dedupeExtents: true });
  });

  test("ends stay in the block of their inode where an index is full since others have some of the file", async () => {
    const text = bytes(60_000, 6, 20);
    // beginnings of one text: what shrinks to whole blocks is that of another file, what is left is not
    const list = Array.from({ length: 150 }, (_, nr) => file(`${nr}`, text.subarray(0, 1500 + nr * 137)));
    list.push(file("zeros", new Uint8Array(2_500_000)));
    for (const algorithm of ["deflate", "lzma"] as const) {
      for (const blockSize of [512, 1024, 2048, 4096]) {
        await expectMounts(list, {
          compress: { algorithm, level: 1 },
          blockSize,
          dedupeExtents: true,
          tailPacking: true,
        });
      }
    }
  });

  test("an image of a tree can be part of it", async () => {
    const tree = `${scratch}/tree`;
    mkdirSync(tree);
    for (let nr = 0; nr < 20; nr++) writeFileSync(`${tree}/${nr}`, bytes(200_000, nr, 20 + nr));
    const options: BuildOptions = { compress: { algorithm: "lz4hc" }, fragments: "tails" };
    await buildErofs(directory(tree), image, options);
    writeFileSync(`${tree}/image`, readFileSync(image));
    await buildErofs(directory(tree), image, options);
    expect(await withMount(image, (at) => compareTrees(tree, at, {}))).toEqual([]);
  });

  test("the end of a file fits behind the index of each file that is equal to it", async () => {
    const list: (Entry & SpecEntry)[] = [];
    for (let tail = 3690; tail < 3725; tail++) {
      const contents = new Uint8Array(70_000).fill(97);
      contents.set(bytes(tail, tail, 256), contents.length - tail);
      // 18 blocks: behind the larger head the index ends earlier
      list.push({ path: `a${tail}`, kind: "file", contents, xattrs: { "user.a": new Uint8Array(0) } });
      list.push({ path: `b${tail}`, kind: "file", contents });
    }
    await expectMounts(list, { compress: { algorithm: "lz4" }, tailPacking: true, xattrTolerance: 1000 });
  });

  test("a fragment is not found again in a shorter one and what was gathered behind it", async () => {
    const licence = "Permission is hereby granted, free of charge, to any person who has a copy!\n";
    const first = Buffer.from(licence);
    // the last four bytes are chosen: both together have the checksum that the first has alone
    const second = Buffer.from("0123456789 zyxwvutsrqponmlkjihgfedcba 9876543210 [][][] \xff\xe3\xa4\x3d", "latin1");
    const both = Buffer.concat([first, second]);
    const { h32Raw } = await loadXxHash();
    expect(h32Raw(both, both.length)).toBe(h32Raw(first, first.length));
    // the third comes behind the first, as it is like it
    const list = [file("a", first), file("b", second), file("c", Buffer.from(licence.replace("!", "?")))];
    await expectMounts([...list, file("d", both)], { compress: { algorithm: "lz4" }, fragments: "all" });
  });
});
