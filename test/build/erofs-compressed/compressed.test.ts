/** Compressed images: any number of threads, any kind of target, faults; what needs no kernel. */
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { COMPRESSED_FORMS, compressedTree, randomBytes } from "../../helpers/trees/compressed-tree.ts";

const scratch = makeScratch("compressed-bytes");
const image = `${scratch}/image`;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("a compressed image", () => {
  const folder = `${scratch}/tree`;
  beforeAll(() => {
    for (const path of ["", "/dir", "/many"]) mkdirSync(`${folder}${path}`);
    for (const { path, kind, contents } of compressedTree()) {
      if (kind === undefined) writeFileSync(`${folder}/${path}`, contents as Uint8Array, { mode: 0o644 });
    }
  });

  test.each(COMPRESSED_FORMS)(
    "has the same bytes for any number of threads, and on any target: %s",
    async (_name, options) => {
      const fixed: BuildOptions = { ...options, timestamp: 0, owner: "root" };
      await buildErofs(directory(folder), image, { ...fixed, workers: 1 });
      const expected = sha256(readFileSync(image));
      const hash = createHash("sha256");
      const stream = new WritableStream({ write: (chunk) => void hash.update(chunk) });
      await buildErofs(directory(folder), stream, { ...fixed, workers: 2 });
      expect(hash.digest("hex")).toBe(expected);
      let memory = new Uint8Array(0);
      const sink = {
        writeAt: (bytes: Uint8Array, offset: number) => memory.set(bytes, offset),
        truncate(length: number) {
          memory = new Uint8Array(length);
        },
        close: () => undefined,
      };
      await buildErofs(directory(folder), sink, { ...fixed, offset: 777, workers: 3 });
      expect(sha256(memory.subarray(777))).toBe(expected);
      await buildErofs(directory(folder), image, { ...fixed, offset: 777, workers: 4 });
      expect(sha256(readFileSync(image).subarray(777))).toBe(expected);
    },
  );

  test("says what it is", async () => {
    const plain = await buildErofs(directory(folder), image, {});
    expect(plain).toMatchObject({ algorithms: [], minimumKernel: "5.4" });
    const lz4 = await buildErofs(directory(folder), image, { compress: { algorithm: "lz4" } });
    expect(lz4).toMatchObject({ algorithms: ["lz4"], minimumKernel: "5.4" });
    expect(lz4.features).not.toContain("compr_cfgs");
    expect(lz4.counts).toEqual(plain.counts);
    const all = { compress: { algorithm: "zstd" }, fragments: "tails" } as const;
    const zstd = await buildErofs(directory(folder), image, all);
    expect(zstd).toMatchObject({ algorithms: ["zstd"], minimumKernel: "6.10" });
    expect(zstd.features).toEqual(expect.arrayContaining(["compr_cfgs", "fragments", "lz4_0padding"]));
    expect(zstd.counts).toEqual(plain.counts);
  });

  test("in which nothing shrinks is a plain one", async () => {
    const list: Entry[] = [
      { path: "noise", contents: randomBytes(50_000, 1) },
      { path: "small", contents: "small" },
    ];
    const report = await buildErofs(entries(list), image, { compress: { algorithm: "lz4" }, tailPacking: true });
    expect(report).toMatchObject({ algorithms: [], minimumKernel: "5.4" });
    expect(report.features).not.toContain("lz4_0padding");
  });

  test("leaves nothing behind but itself", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith(".ts-mkerofs"));
    await buildErofs(directory(folder), image, { compress: { algorithm: "lz4" }, fragments: "tails" });
    expect(readdirSync(scratch).sort()).toEqual(["image", "tree"]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(".ts-mkerofs"))).toEqual(before);
  });

  test.each(["grows", "shrinks"])(
    "is not made of a file that %s meanwhile; the target stays as it was",
    async (how) => {
      const victim = `${folder}/large`;
      const { size } = statSync(victim);
      writeFileSync(image, "old");
      let changed = false;
      const building = buildErofs(directory(folder), image, {
        compress: { algorithm: "lz4" },
        dedupe: "none",
        workers: 1,
        onProgress: ({ stage }) => {
          if (stage !== "walk" || changed) return;
          changed = true;
          if (how === "grows") appendFileSync(victim, "more");
          else truncateSync(victim, size - 5);
        },
      });
      await expect(building).rejects.toMatchObject({ code: "CHANGED", path: victim });
      expect(readFileSync(image, "latin1")).toBe("old");
      expect(readdirSync(scratch).sort()).toEqual(["image", "tree"]);
      truncateSync(victim, size - 5);
      appendFileSync(victim, "five!");
    },
  );

  test("that is aborted leaves the target as it was, and nothing else", async () => {
    writeFileSync(image, "old");
    const controller = new AbortController();
    const building = buildErofs(directory(folder), image, {
      compress: { algorithm: "lz4hc", level: 12 },
      signal: controller.signal,
      onProgress: ({ stage }) => stage === "compress" && controller.abort(),
    });
    await expect(building).rejects.toMatchObject({ code: "ABORTED" });
    expect(readFileSync(image, "latin1")).toBe("old");
    expect(readdirSync(scratch).sort()).toEqual(["image", "tree"]);
  });
});

test.each<[BuildOptions, string]>([
  [{ pclusterSize: 8192 }, "pclusterSize: says nothing without an algorithm"],
  [{ fragments: "tails" }, "fragments: says nothing without an algorithm"],
  [{ compress: [] }, "an empty list"],
  [{ compress: { algorithm: "lz5" as "lz4" } }, '"lz5" is none of'],
  [{ compress: { algorithm: "lz4hc", level: 13 } }, "lz4hc has levels 0 to 12, not 13"],
  [{ compress: { algorithm: "lz4" }, pclusterSize: 5000 }, "no multiple of the block size"],
  [{ compress: { algorithm: "lz4" }, pclusterSize: 2 << 20 }, "is not an integer from 4096 to 1048576"],
  [{ compress: { algorithm: "lz4" }, packedPclusterSize: 8192, fragments: "tails" }, "is more than that of files"],
  [{ compress: { algorithm: "lz4", dictSize: 4096 } }, "compress.dictSize: lz4 has none to choose"],
  [{ compress: { algorithm: "lz4" }, dsunit: 8 }, "compressed data is not aligned"],
  [{ compress: { algorithm: "lz4" }, compressHints: [{ pattern: "(", pclusterSize: 0 }] }, "("],
  [
    { compress: { algorithm: "lz4" }, compressHints: [{ pattern: "a", pclusterSize: 0, algorithm: 1 }] },
    "compressHints[0].algorithm: 1 is not",
  ],
  [{ targetKernel: "5.3" }, "Linux 5.3 has no EROFS"],
  [{ targetKernel: "new" }, '"new" is no version'],
  [{ targetKernel: "5.14", chunkSize: 4096 }, "Linux 5.14 does not read a chunk size, which came with 5.15"],
  [{ targetKernel: "6.0", compress: { algorithm: "lz4" }, fragments: "tails" }, "does not read fragments"],
  [{ targetKernel: "6.9", compress: { algorithm: "zstd" } }, "does not read zstd, which came with 6.10"],
  [{ targetKernel: "5.10", compress: { algorithm: "lz4" }, pclusterSize: 8192 }, "a pcluster of several blocks"],
])("%j is refused: %s", async (options, message) => {
  await expect(buildErofs(entries([]), image, options)).rejects.toMatchObject({
    code: "INPUT",
    message: expect.stringContaining(message),
  });
});

test("a kernel that knows no chunks gets zeros instead of holes", async () => {
  const list: Entry[] = [{ path: "sparse", contents: new Uint8Array(1 << 20), sparse: true }];
  expect((await buildErofs(entries(list), image, {})).savedByHoles).toBe(1 << 20);
  const report = await buildErofs(entries(list), image, { targetKernel: "5.10" });
  expect(report).toMatchObject({ savedByHoles: 0, minimumKernel: "5.4" });
});

test("equal ends of files that differ are compressed once, unless they shall not be", async () => {
  // farther than LZ4 reaches back, so that the packed inode does not find it either
  const end = randomBytes(70_000, 7);
  // an extent of what is different, and a fragment of what is equal
  const list: Entry[] = Array.from({ length: 10 }, (_, nr) => ({
    path: `${nr}`,
    contents: Buffer.concat([Buffer.alloc(1 << 19, nr + 1), end]),
  }));
  const options: BuildOptions = {
    ...{ compress: { algorithm: "lz4" }, fragments: "tails", pclusterSize: 1 << 17, maxExtentBytes: 1 << 19 },
  };
  const once = await buildErofs(entries(list), image, options);
  const each = await buildErofs(entries(list), image, { ...options, dedupeFragments: false });
  expect(each.bytes - once.bytes).toBeGreaterThan(8 * end.length);
});

test("what a pcluster of zstd holds and repeats farther on is not cut", async () => {
  const text = Buffer.from(randomBytes(350_000, 11)).toString("hex");
  const source = () => entries([{ path: "text", contents: text + text }]);
  const options: BuildOptions = { compress: { algorithm: "zstd" }, pclusterSize: 1 << 20 };
  const whole = await buildErofs(source(), image, options);
  const cut = await buildErofs(source(), image, { ...options, maxExtentBytes: 1 << 20 });
  expect(cut.bytes - whole.bytes).toBeGreaterThan(100_000);
});

test("of some thousands of inodes too some are behind the superblock, where that saves a block", async () => {
  const contents = (nr: number) => new TextEncoder().encode(`${nr} `.repeat(2000));
  const files = Array.from({ length: 1105 }, (_, nr) => ({ path: `${nr % 20}/${nr}`, contents: contents(nr) }));
  const report = await buildErofs(entries(files), image, { compress: "lz4" });
  // meta_blkaddr: NIDs count from block 0
  expect(readFileSync(image).readUInt32LE(1024 + 40)).toBe(0);
  // a block for each file, the superblock's, and 21 of inodes and directories
  expect(report.bytes).toBe(4096 * (1105 + 22));
});
