/** Equal runs of bytes inside of files (`dedupeExtents`): what they save, the same for any number of threads. */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, statSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  type BuildProgress,
  buildErofs,
  directory,
  type Entry,
  entries,
} from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { prose } from "../../helpers/trees/contents.ts";
import { DEDUPE_LZ4, DEDUPE_MATRIX, largeRelatives, relatives, writeTree } from "../../helpers/trees/relatives.ts";

const scratch = makeScratch("dedupe-extents");
const image = `${scratch}/image`;

test("links do not cut what compresses so well that it needs no second pcluster", async () => {
  const zeros = entries([{ path: "zeros", contents: new Uint8Array(3_000_000) }]);
  const options = { compress: "zstd" } as const;
  const without = await buildErofs(zeros, image, options);
  const report = await buildErofs(zeros, image, { ...options, dedupeExtents: true });
  expect(report.bytes).toBe(without.bytes);
  expect(report.bytes).toBe(8192);
});

/** Parts of a log, each with what follows behind it: files begin and end at any lines of it. */
function partsOfLog(ranges: readonly (readonly [from: number, lines: number])[]): Entry[] {
  const lines: string[] = [];
  let seed = 1;
  const next = (below: number) => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed % below;
  };
  for (let nr = 0; nr < 6000; nr++) {
    lines.push(
      `2026-11-29 request id=${nr} client=10.0.${next(4)}.${next(256)} item=${next(500)} took ${next(2000)} us\n`,
    );
  }
  return ranges.map(([from, count], nr) => ({
    path: `log${String(nr).padStart(2, "0")}`,
    contents: new TextEncoder().encode(lines.slice(from, from + count).join("")),
  }));
}

/** Blocks of 4 KiB that an image has for each of these files. */
async function blocksOfEach(files: Entry[]): Promise<number> {
  const options = { compress: { algorithm: "lz4hc", level: 9 }, dedupeExtents: true, tailPacking: true } as const;
  const report = await buildErofs(entries(files), image, options);
  return report.bytes / 4096 / files.length;
}

test.each([150, 170])(
  "extents make room for links, and are not cut shortly before one: each %d lines on",
  async (step) => {
    const files = partsOfLog(Array.from({ length: 30 }, (_, nr) => [nr * step, 1200]));
    // 2.9 and 3.0 where they do not
    expect(await blocksOfEach(files)).toBeLessThan(2.65);
  },
);

test("a run is of the file in which more of it may be, neither the first nor the last that has its start", async () => {
  const files = partsOfLog(Array.from({ length: 24 }, (_, nr) => [nr * 150, nr % 3 === 0 ? 1900 : 1000]));
  // 2.6 by the first and the last
  expect(await blocksOfEach(files)).toBeLessThan(2.2);
});

describe("files that hold parts of each other", () => {
  const tree = `${scratch}/relatives`;
  beforeAll(() => writeTree(tree, relatives()));

  test.each([
    ["LZ4", { ...DEDUPE_LZ4 }, 0.5],
    ["fragments", { ...DEDUPE_LZ4, fragments: "tails" } as const, 0.5],
    ["pclusters of 16 KiB", { ...DEDUPE_LZ4, pclusterSize: 16384 }, 0.65],
  ])("take less room: %s", async (_name, options, share) => {
    const without = await buildErofs(directory(tree), image, { ...options, dedupeExtents: false });
    const report = await buildErofs(directory(tree), image, options);
    expect(report.bytes).toBeLessThan(without.bytes * share);
    expect(report.savedByDedupe - without.savedByDedupe).toBeGreaterThan((without.bytes - report.bytes) * 0.8);
    expect(report.minimumKernel).toBe("6.1");
  });

  test.each(DEDUPE_MATRIX)("give the same bytes with 1, 2 and 4 threads: %s", async (_name, options) => {
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
  beforeAll(() => writeTree(tree, largeRelatives()));

  test("give the same bytes with 1, 2 and 4 threads", async () => {
    const hashes = new Set<string>();
    for (const workers of [1, 2, 4]) {
      await buildErofs(directory(tree), image, { ...DEDUPE_LZ4, fragments: "tails", workers });
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
        buildErofs(directory(tree), target, { ...DEDUPE_LZ4, workers: 3, signal: abort.signal }),
      ).rejects.toMatchObject({ code: "ABORTED" });
      clearTimeout(timer);
      expect(statSync(target, { throwIfNoEntry: false })).toBeUndefined();
    }
  });
});

/** The image of what is in memory. */
async function imageOf(files: Record<string, Buffer>, options: BuildOptions): Promise<Buffer> {
  const list: Entry[] = Object.entries(files).map(([path, contents]) => ({ path, contents }));
  await buildErofs(entries(list), image, options);
  return readFileSync(image);
}

test("the option needs an algorithm and Linux 6.1", async () => {
  await expect(imageOf({}, { dedupeExtents: true })).rejects.toMatchObject({ code: "INPUT" });
  await expect(imageOf({}, { ...DEDUPE_LZ4, targetKernel: "5.19" })).rejects.toMatchObject({ code: "INPUT" });
  await expect(imageOf({}, { ...DEDUPE_LZ4, targetKernel: "6.1" })).resolves.toBeDefined();
});

test("without anything to share the images are the same but for the UUID", async () => {
  const files = { a: prose(100_000, 70), b: prose(90_000, 71) };
  const uuid = "00000000-0000-0000-0000-000000000000";
  const without = await imageOf(files, { ...DEDUPE_LZ4, dedupeExtents: false, uuid });
  expect((await imageOf(files, { ...DEDUPE_LZ4, uuid })).equals(without)).toBe(true);
});

describe("a file that is all references", () => {
  const tree = `${scratch}/references`;
  const copy = `${tree}/copy`;
  const lines = Array.from({ length: 10_000 }, (_, nr) => `line ${(nr * 7919) % 10_007} of text ${nr}\n`);
  const original = Buffer.from(lines.join(""));

  beforeAll(() => {
    mkdirSync(tree);
    writeFileSync(`${tree}/a`, Buffer.concat([Buffer.alloc(4096, "in front of it"), original]));
  });

  // Was a bug: it was not opened again once its bytes had been compared, so a change after that went unnoticed.
  test.each([
    ["its grains were taken", 1],
    ["its runs were compared", 2],
  ])("is looked at again after %s", async (_when, comparisons) => {
    writeFileSync(copy, original.subarray(0, original.length - (original.length % 4096)));
    utimesSync(copy, 1e9, 1e9);
    let seen = 0;
    const onProgress = ({ stage }: BuildProgress) => {
      if (stage !== "compare" || ++seen !== comparisons) return;
      const file = openSync(copy, "r+");
      writeSync(file, "?", 1000);
      closeSync(file);
    };
    await expect(buildErofs(directory(tree), image, { ...DEDUPE_LZ4, workers: 1, onProgress })).rejects.toMatchObject({
      code: "CHANGED",
      path: copy,
    });
    expect(seen).toBeGreaterThanOrEqual(comparisons);
  });
});
