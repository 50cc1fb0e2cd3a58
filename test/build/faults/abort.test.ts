/** What an aborted build rejects with, whenever that was, and what builds tell of themselves meanwhile. */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  type BuildProgress,
  buildErofs,
  buildSquashfs,
  closure,
  directory,
  type Entry,
  entries,
  ImageError,
  parseSortFile,
  type RunOptions,
  type SquashfsOptions,
} from "../../../dist/index.js";
import { atProgress, failureOf, makeFaultBench } from "../../helpers/faults.ts";
import { noise } from "../../helpers/trees/noise.ts";

const { scratch, source, image, expectUntouched } = makeFaultBench("faults-abort");

test.each([
  ["a reason of its own", "AbortError", () => AbortSignal.abort({ why: "no more" })],
  ["no reason", "AbortError", () => AbortSignal.abort()],
  ["a timeout", "TimeoutError", () => AbortSignal.abort(new DOMException("too slow", "TimeoutError"))],
])("%s is kept, and the error is an %s by name", async (_, name, makeSignal) => {
  for (const build of [buildErofs, buildSquashfs]) {
    const signal = makeSignal();
    const error = await failureOf(build(directory(source), image, { signal }));
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code: "ABORTED", name });
    expect((error as ImageError).cause).toBe(signal.reason);
    expectUntouched();
  }
});

test("twelve builds with one signal are no leak of listeners", async () => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on("warning", note);
  const { signal } = new AbortController();
  const builds = Array.from({ length: 12 }, (_, index) =>
    buildErofs(directory(source), `${scratch}/${index}.img`, { signal, workers: 1 }),
  );
  await Promise.all(builds);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

/** Starts a build of the tree that stands there before each test. */
type Build = (out: string, run: RunOptions) => Promise<unknown>;

const erofs =
  (more: BuildOptions): Build =>
  (out, run) =>
    buildErofs(directory(source), out, { ...more, ...run });
const squashfs =
  (more: SquashfsOptions): Build =>
  (out, run) =>
    buildSquashfs(directory(source), out, { ...more, ...run });
const sort = parseSortFile(Buffer.from("-5 d3/f3\n"), "rules");

async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const list: Entry[] = Array.from({ length: 40 }, (_, nr) => ({
  path: `${nr}`,
  contents: noise((nr % 30) + 1, 90_000),
}));

const BUILDS: readonly (readonly [name: string, build: Build])[] = [
  ["EROFS", erofs({})],
  ["EROFS of a closure", (out, run) => buildErofs([source], out, run)],
  ["EROFS of a list on a stream", (out, run) => buildErofs(closure("-", streamOf(`${source}\n`)), out, run)],
  ["EROFS with a sort file", erofs({ sort })],
  ["EROFS without what is excluded", erofs({ exclude: ["d1", "**/f2"] })],
  ["EROFS without sharing", erofs({ dedupe: "none" })],
  ["EROFS in chunks", erofs({ chunkSize: 4096 })],
  ["EROFS with equal chunks", erofs({ dedupeChunks: true })],
  ["compressed EROFS", erofs({ compress: "lz4" })],
  ["compressed EROFS with fragments", erofs({ compress: "lz4", fragments: "tails", compressDirectories: true })],
  ["compressed EROFS, all in fragments", erofs({ compress: "lz4", fragments: "all" })],
  ["compressed EROFS with equal runs", erofs({ compress: "lz4", dedupeExtents: true })],
  ["compressed EROFS of entries", (out, run) => buildErofs(entries(list), out, { compress: "lz4", ...run })],
  ["SquashFS", squashfs({ compressor: "lz4" })],
  ["SquashFS, not compressed", squashfs({ compressor: "none" })],
  ["SquashFS of a list on a stream", (out, run) => buildSquashfs(closure("-", streamOf(`${source}\n`)), out, run)],
  ["SquashFS without fragments", squashfs({ compressor: "lz4", fragments: "none" })],
  ["SquashFS without what is excluded", squashfs({ compressor: "lz4", exclude: ["d1", "**/f2"], sort })],
  ["SquashFS of entries", (out, run) => buildSquashfs(entries(list), out, { compressor: "lz4", ...run })],
];

describe.each(BUILDS)("%s", (name, build) => {
  beforeEach(() => {
    for (let nr = 0; nr < 40; nr++) {
      const folder = `${source}/d${nr % 5}`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}/f${nr}`, noise((nr % 30) + 1, 90_000));
    }
    writeFileSync(`${source}/hole`, "start");
    truncateSync(`${source}/hole`, 3_000_001);
  });

  test("progress never goes back, has a total but for the walk and a closure, and each stage ends at it", async () => {
    const last = new Map<string, BuildProgress>();
    await build(`${scratch}/progress.img`, {
      onProgress(progress) {
        const { stage, done, total } = progress;
        const before = last.get(stage);
        expect(done).toBeGreaterThanOrEqual(before?.done ?? 0);
        // what comes on top makes it larger
        if (before?.total !== undefined) expect(total).toBeGreaterThanOrEqual(before.total);
        if (total !== undefined) expect(done).toBeLessThanOrEqual(total);
        last.set(stage, progress);
      },
    });
    const isClosure = name.startsWith("EROFS of a");
    expect(last.get("write")?.done).toBeGreaterThan(0);
    for (const [stage, { done, total }] of last) {
      if (stage === "walk") expect(total).toBeUndefined();
      else if (!isClosure) expect([stage, total]).toEqual([stage, done]);
    }
  });

  test.each(["AbortError", "TimeoutError"])("a signal in the middle of any stage ends it with an %s", async (kind) => {
    const stages = new Set<string>();
    await build(`${scratch}/whole.img`, { onProgress: ({ stage }) => void stages.add(stage) });
    for (const stage of stages) {
      const controller = new AbortController();
      const reason = kind === "AbortError" ? { why: stage } : new DOMException(stage, kind);
      const isTime = (progress: BuildProgress) => progress.stage === stage;
      const onProgress = atProgress(isTime, () => controller.abort(reason));
      const error = await failureOf(build(image, { signal: controller.signal, onProgress }));
      if (error === undefined) {
        // small as it is, the image may be done when that is told first
        expect(stage).toBe([...stages].at(-1));
        expect(readFileSync(image).equals(readFileSync(`${scratch}/whole.img`))).toBe(true);
        continue;
      }
      expect(error).toMatchObject({ code: "ABORTED", name: kind });
      expect((error as ImageError).cause).toBe(reason);
      expectUntouched();
    }
  });
});
