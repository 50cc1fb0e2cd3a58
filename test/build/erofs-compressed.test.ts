/** Compressed images: pinned bytes, any number of threads, any kind of target, faults; what needs no kernel. */
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../dist/index.js";
import { looksRandom } from "../../src/erofs/compress/entropy.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("compressed-bytes");
const image = `${scratch}/image`;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A generator of numbers below 2^32, from a seed; xorshift. */
function numbers(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

const WORDS = "the of and superblock inode dirent closure store path extent block tail fragment index nix".split(" ");

/** Text of so many bytes, of words and numbers. */
function text(size: number, seed: number): Uint8Array {
  const next = numbers(seed);
  let result = "";
  while (result.length < size) result += next() % 5 === 0 ? `${next()} ` : `${WORDS[next() % WORDS.length]} `;
  return Buffer.from(result.slice(0, size));
}

function noise(size: number, seed: number): Uint8Array {
  const next = numbers(seed);
  return Uint8Array.from({ length: size }, () => next() >>> 24);
}

/** Files of every size around blocks, of text, noise and both; some of them equal. */
function tree(): Entry[] {
  const list: Entry[] = [{ path: "dir", kind: "directory", mode: 0o755 }];
  for (const size of [0, 1, 31, 100, 4000, 4095, 4096, 4097, 8192, 10_000, 65_536, 100_001]) {
    list.push({ path: `text-${size}`, contents: text(size, size) });
    list.push({ path: `noise-${size}`, contents: noise(size, size) });
    list.push({ path: `dir/both-${size}`, contents: Buffer.concat([text(size, 3), noise(size, 4), text(20_000, 5)]) });
    list.push({ path: `dir/again-${size}`, contents: text(size, size) });
  }
  for (let nr = 0; nr < 700; nr++) list.push({ path: `many/${nr}`, contents: text((nr * 97) % 9000, nr) });
  list.push({ path: "zeros", contents: new Uint8Array(3 << 20) });
  list.push({ path: "large", contents: Buffer.concat([text(5 << 20, 8), noise(1 << 20, 9), text(100_000, 10)]) });
  list.push({ path: "link", kind: "symlink", target: "large" });
  return list;
}

const MODES: [name: string, options: BuildOptions, hash: string][] = [
  ["lz4", { compress: { algorithm: "lz4" } }, "17d00a16a631bacb0cbad5ba5d8e6b788a407b7ba6c23e3146434c54c1802ff4"],
  ["lz4hc", { compress: { algorithm: "lz4hc" } }, "d3b459d6370c18a59e0335bd717bbf77ceb52a7d430cf4bd204fb61e15ad3f6e"],
  [
    "lz4hc, 64 KiB",
    { compress: { algorithm: "lz4hc" }, pclusterSize: 65_536 },
    "8e46fc9b6f3dc66b74901ec297102c4816610d0aae71a20f8f57a82327eb0514",
  ],
  [
    "lz4, tail packing",
    { compress: { algorithm: "lz4" }, tailPacking: true },
    "2c4d8725abeb566b832e45509b3f9e88c29160d5fe0d7a52b6aa38dff881e5ae",
  ],
  [
    "lz4hc, fragments",
    { compress: { algorithm: "lz4hc" }, fragments: "tails" },
    "b87140834370e6651b02e80f55cda1613448c9a72b282059da87fb9c85ecc00e",
  ],
  [
    "lz4, all fragments",
    { compress: { algorithm: "lz4" }, fragments: "all", compressDirectories: true },
    "3a728fbdb098e2d14e049ce5a63ef5fe6345b51ea7b20442ed6f72bc6fda3a8d",
  ],
  [
    "lz4, full indexes",
    { compress: { algorithm: "lz4" }, fullIndexes: true },
    "04cd491aefcb47ce8d5a17296ecd0f0326bb44bb39407c3284adf9e0a21be7fc",
  ],
  [
    "deflate, 64 KiB",
    { compress: { algorithm: "deflate" }, pclusterSize: 65_536 },
    "17b0c98359e9d082a82d1b1f3881b0272229aede43f7170c5447adb643bb961b",
  ],
  [
    "zstd, 64 KiB",
    { compress: { algorithm: "zstd" }, pclusterSize: 65_536 },
    "737901517a8938f3ab14611ca2ed26aaded2f51d8383e42bab42debcb8bfa0ae",
  ],
  [
    "lz4hc, extents anywhere",
    { compress: { algorithm: "lz4hc" }, extentRecords: true },
    "3cc4e452d8e899c84efca98d90f337f41531d7a2cdfdd7b652daa16ec2505cbc",
  ],
  [
    "lz4, dedupe",
    { compress: { algorithm: "lz4" }, dedupeExtents: true, fragments: "tails" },
    "8b6bd4af07e3b0df13d3283794e7db3175baf65d24834d5de419df371fb0026c",
  ],
  [
    "zstd, fragments",
    { compress: { algorithm: "zstd" }, fragments: "tails" },
    "c47127d63a77cdcb901ef59a384c6db93cffd3bd43eb8f111b818389b145ba28",
  ],
];

describe("a compressed image", () => {
  const folder = `${scratch}/tree`;
  beforeAll(() => {
    for (const path of ["", "/dir", "/many"]) mkdirSync(`${folder}${path}`);
    for (const { path, kind, contents } of tree()) {
      if (kind === undefined) writeFileSync(`${folder}/${path}`, contents as Uint8Array, { mode: 0o644 });
    }
  });

  test.each(MODES)("of entries is the pinned one: %s", async (_name, options, hash) => {
    await buildErofs(entries(tree()), image, { ...options, timestamp: 0 });
    expect(sha256(readFileSync(image))).toBe(hash);
  });

  test.each(MODES)("has the same bytes for any number of threads, and on any target: %s", async (_name, options) => {
    const fixed: BuildOptions = { ...options, timestamp: 0, owner: "root" };
    await buildErofs(directory(folder), image, { ...fixed, workers: 1 });
    const expected = sha256(readFileSync(image));
    for (const workers of [2, 4]) {
      await buildErofs(directory(folder), image, { ...fixed, workers });
      expect(sha256(readFileSync(image))).toBe(expected);
    }
    const hash = createHash("sha256");
    await buildErofs(directory(folder), new WritableStream({ write: (chunk) => void hash.update(chunk) }), fixed);
    expect(hash.digest("hex")).toBe(expected);
    let memory = new Uint8Array(0);
    const sink = {
      writeAt: (bytes: Uint8Array, offset: number) => memory.set(bytes, offset),
      truncate(length: number) {
        memory = new Uint8Array(length);
      },
      close: () => undefined,
    };
    await buildErofs(directory(folder), sink, { ...fixed, offset: 777 });
    expect(sha256(memory.subarray(777))).toBe(expected);
    await buildErofs(directory(folder), image, { ...fixed, offset: 777 });
    expect(sha256(readFileSync(image).subarray(777))).toBe(expected);
  });

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
      { path: "noise", contents: noise(50_000, 1) },
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
  [{ compress: { algorithm: "lz4", dictSize: 4096 } }, "it has none to choose"],
  [
    { compress: { algorithm: "lz4" }, extentRecords: true, fragments: "tails" },
    "extentRecords: not together with fragments",
  ],
  [{ compress: { algorithm: "lz4" }, chunkSize: 4096 }, "chunks cannot be compressed"],
  [{ compress: { algorithm: "lz4" }, dsunit: 8 }, "compressed data is not aligned"],
  [{ compress: { algorithm: "lz4" }, compressHints: [{ pattern: "(", pclusterSize: 0 }] }, "("],
  [
    { compress: { algorithm: "lz4" }, compressHints: [{ pattern: "a", pclusterSize: 0, algorithm: 1 }] },
    'algorithm for "a"',
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

test("only what is random looks random", () => {
  expect(looksRandom(noise(32_768, 1), 0, 32_768)).toBe(true);
  expect(looksRandom(noise(4096, 1), 0, 4096)).toBe(true);
  expect(looksRandom(noise(4000, 1), 0, 4000)).toBe(false);
  expect(looksRandom(text(32_768, 1), 0, 32_768)).toBe(false);
  expect(
    looksRandom(
      Uint8Array.from(noise(32_768, 1), (byte) => byte & 0x7f),
      0,
      32_768,
    ),
  ).toBe(false);
});
