/** Which threads a build has: those that can open what is read, and no more than there are pieces; and how far it says it is. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  type Entry,
  entries,
  parseSortFile,
  type Source,
} from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("session");
const tree = `${scratch}/tree`;

/** Bytes that repeat nowhere, and compress to about a half. */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    seed = (Math.imul(seed, 1103515245) + 12345) | 0;
    bytes[at] = (seed >>> 16) & 15;
  }
  return bytes;
}

const list: Entry[] = Array.from({ length: 600 }, (_, index) => ({
  path: `${index}`,
  contents: noise(20_000, index + 1),
}));

// as it is outside of tests
beforeAll(() => void vi.stubEnv("TS_MKEROFS_EAGER_THREADS", undefined));
afterAll(() => void vi.unstubAllEnvs());

beforeAll(() => {
  mkdirSync(tree);
  for (const { path, contents } of list) writeFileSync(`${tree}/${path}`, contents as Uint8Array);
});

const lz4 = { compressor: "lz4" } as const;

/** How many helpers are started while `build` runs, and the hash of its image. */
async function watchThreads(build: (image: string) => Promise<unknown>): Promise<{ helpers: number; hash: string }> {
  let helpers = 0;
  const count = () => void helpers++;
  process.on("worker", count);
  try {
    await build(`${scratch}/image`);
  } finally {
    process.off("worker", count);
  }
  return {
    helpers,
    hash: createHash("sha256")
      .update(readFileSync(`${scratch}/image`))
      .digest("hex"),
  };
}

function erofs(source: Source, options: BuildOptions) {
  return watchThreads((image) => buildErofs(source, image, options));
}

test("files are read by as many threads as there is work for, and no more than are asked for", async () => {
  mkdirSync(`${scratch}/few`);
  for (const { path, contents } of list.slice(0, 100)) writeFileSync(`${scratch}/few/${path}`, contents as Uint8Array);
  expect((await erofs(directory(`${scratch}/few`), { workers: 3 })).helpers).toBe(0);
  const device = { blobDevice: `${scratch}/device`, chunkSize: 4096 };
  expect((await erofs(directory(`${scratch}/few`), { workers: 3, ...device })).helpers).toBe(0);
  writeFileSync(`${tree}/large`, noise(24 << 20, 0));
  expect((await erofs(directory(tree), { workers: 3 })).helpers).toBe(2);
  expect((await erofs(directory(tree), { workers: 3, ...device })).helpers).toBe(2);
  expect((await erofs(directory(tree), { workers: 2 })).helpers).toBe(1);
  expect((await erofs(directory(tree), { workers: 1 })).helpers).toBe(0);
  expect((await watchThreads((image) => buildSquashfs(directory(tree), image, { ...lz4, workers: 2 }))).helpers).toBe(
    1,
  );
});

test("entries, which are objects, are read by the main thread alone", async () => {
  expect((await erofs(entries(list), { workers: 4 })).helpers).toBe(0);
  expect((await erofs(entries(list), { workers: 4, compress: { algorithm: "lz4" } })).helpers).toBe(0);
  expect((await watchThreads((image) => buildSquashfs(entries(list), image, { ...lz4, workers: 4 }))).helpers).toBe(0);
});

test("what has been gathered of them is compressed by as many threads as it has pieces", async () => {
  const options: BuildOptions = { compress: { algorithm: "lz4" }, fragments: "all" };
  const more = Array.from({ length: 1300 }, (_, index) => ({ path: `${index}`, contents: noise(20_000, index + 1) }));
  const alone = await erofs(entries(more), { ...options, workers: 1 });
  const shared = await erofs(entries(more), { ...options, workers: 8 });
  // 26 MB are three pieces
  expect(shared).toEqual({ helpers: 2, hash: alone.hash });
});

// Was a bug: what large files share, their holes and their ends were never done, and nobody was told how much there is.
test.each([{}, { sort: parseSortFile(Buffer.from("-1 small\n"), "rules") }, { dedupe: "none" } as const])(
  "the progress of a plain image with %o ends at the bytes of all files",
  async (options) => {
    const folder = `${scratch}/progress`;
    mkdirSync(folder, { recursive: true });
    for (const name of ["large", "twin"]) writeFileSync(`${folder}/${name}`, Buffer.alloc(700_001, "large"));
    writeFileSync(`${folder}/small`, "small");
    writeFileSync(`${folder}/hole`, "start");
    truncateSync(`${folder}/hole`, 5_000_001);
    const last = new Map<number | undefined, number>();
    const report = await buildErofs(directory(folder), `${scratch}/image`, {
      ...options,
      onProgress: ({ stage, done, total }) => void (stage === "write" && last.set(total, done)),
    });
    const bytes = options.sort ? 700_001 + 5 + 5_000_001 : 2 * 700_001 + 5 + 5_000_001;
    expect(last.get(bytes)).toBe(bytes);
    // then the image is synced, in the same stage
    expect(last.get(bytes + report.bytes)).toBe(bytes + report.bytes);
  },
);
