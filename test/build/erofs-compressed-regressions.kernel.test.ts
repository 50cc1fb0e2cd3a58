/** What a review of compressed images has found: wrong addresses, wrong sharing, wrong room. Judged by Linux. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../dist/index.js";
import { createLz4 } from "../../src/codec/lz4/lz4.ts";
import { loadXxHash } from "../../src/core/xxhash.ts";
import { compareTrees, compareWithSpec, type SpecEntry } from "../helpers/compare.ts";
import { canMountErofs, withMount } from "../helpers/mount.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("compressed-regressions");
const image = `${scratch}/image`;

/** Bytes below `limit`, from a seed; those below 32 compress to about five eighths. */
function bytes(size: number, seed: number, limit: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % limit;
  });
}

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
      pclusters.push(codec.packed.slice(0, 4096));
    }
    const list = [file("a", plain), file("b", bytes(40_000, 5, 20), ...pclusters), file("c", ...pclusters, plain)];
    await expectMounts(list, { compress: { algorithm: "lz4" }, fragments: "tails" });
    await expectMounts(list, { compress: { algorithm: "lz4" }, dedupeExtents: true });
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

test.each<[BuildOptions, string]>([
  [{ compress: { algorithm: "zstd", dictSize: 1024 } }, "dictionary size of zstd"],
  [{ compress: { algorithm: "zstd", dictSize: 32_768 }, pclusterSize: 65_536 }, "dictionary size of zstd"],
  [{ compress: { algorithm: "zstd", dictSize: 50_000 } }, "50000 is not a power of two"],
  [{ compress: { algorithm: "lz4" }, blockSize: 512, pclusterSize: 131_584 }, "lz4 in at most 256 blocks"],
  [{ compress: { algorithm: "lz4", level: 5 } }, "lz4 has no levels"],
  [{ compress: Array.from({ length: 65 }, () => ({ algorithm: "lz4" as const })) }, "more than 64 algorithms"],
  [{ fullIndexes: true }, "fullIndexes: says nothing without an algorithm"],
])("%j is refused", async (options, message) => {
  await expect(buildErofs(entries([]), image, options)).rejects.toMatchObject({
    code: "INPUT",
    message: expect.stringContaining(message),
  });
});

test("a file that was empty and has grown is an error", async () => {
  const grown = { size: 0, readAt: (into: Uint8Array) => into.fill(1).length };
  const building = buildErofs(entries([{ path: "grown", contents: grown }]), image, { compress: { algorithm: "lz4" } });
  await expect(building).rejects.toMatchObject({ code: "CHANGED", path: "grown" });
});

test("lz4 and lz4hc are one to the reader", async () => {
  const compress = [{ algorithm: "lz4" }, { algorithm: "lz4hc" }] as const;
  const report = await buildErofs(entries([]), image, { compress, targetKernel: "5.4" });
  expect(report.minimumKernel).toBe("5.4");
});

test("what is not used is not asked of the reader", async () => {
  const list: Entry[] = [{ path: "text", contents: Buffer.alloc(100_000, "text ") }];
  const compress = [{ algorithm: "lz4" }, { algorithm: "zstd" }] as const;
  const compressHints = [{ pattern: "^none$", pclusterSize: 65_536, algorithm: 1 }];
  const report = await buildErofs(entries(list), image, { compress, compressHints });
  expect(report).toMatchObject({ algorithms: ["lz4"], minimumKernel: "5.4" });
});

test("the packed inode of an image of large blocks has a full index, and room for it", async () => {
  const list: Entry[] = Array.from({ length: 400 }, (_, nr) => ({ path: `${nr}`, contents: bytes(30_000, nr, 20) }));
  for (const blockSize of [32_768, 65_536]) {
    const options: BuildOptions = { compress: { algorithm: "lz4" }, blockSize, fragments: "all", inlineData: false };
    const [report, legacy] = [
      await buildErofs(entries(list), image, options),
      await buildErofs(entries(list), image, { ...options, fullIndexes: true }),
    ];
    // the same index, in the same room
    expect(report.bytes).toBe(legacy.bytes);
    expect(report.metaBlocks).toBe(legacy.metaBlocks);
  }
});
