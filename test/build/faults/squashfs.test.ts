/** SquashFS builds that fail: an error that names the path, the old target as it was, nothing left behind. */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import {
  buildSquashfs,
  directory,
  type Entry,
  entries,
  ImageError,
  type Sink,
  type SquashfsOptions,
} from "../../../dist/index.js";
import { afterWalk, atProgress, failureOf, makeFaultBench, openFilesBelow } from "../../helpers/faults.ts";
import { useTemporaryFolder } from "../../helpers/temporary.ts";

const { scratch, source, image, expectFault, expectUntouched } = makeFaultBench("squashfs-faults");
const FAST: SquashfsOptions = { compressor: "lz4" };
const build = (options: SquashfsOptions = {}) => buildSquashfs(directory(source), image, { ...FAST, ...options });

/** Sizes of the victims: empty, in a fragment, blocks and an end, whole blocks, several pieces, equal to another. */
const SIZES = { empty: 0, tail: 100, mixed: 200_000, blocks: 262_144, pieces: 3_000_000, twin: 20_000 };
const VICTIMS = Object.keys(SIZES);
const ENTRIES = VICTIMS.length + 2;

beforeEach(() => {
  for (const [name, size] of Object.entries(SIZES)) writeFileSync(`${source}/${name}`, Buffer.alloc(size, `${name} `));
  writeFileSync(`${source}/zz-twin`, readFileSync(`${source}/twin`));
  for (const name of [...VICTIMS, "zz-twin"]) utimesSync(`${source}/${name}`, 1e9, 1e9);
});

const remake = (path: string, make: () => void) => {
  rmSync(path);
  make();
};

const CHANGES: [name: string, change: (path: string) => void, message: string, except?: string][] = [
  ["vanishes", (path) => rmSync(path), "vanished while it was packed"],
  ["shrinks", (path) => truncateSync(path, readFileSync(path).length - 1), "shrank while it was packed", "empty"],
  ["grows", (path) => appendFileSync(path, "!"), "grew while it was packed"],
  ["is modified", (path) => utimesSync(path, 2e9, 2e9), "was modified while it was packed"],
  [
    "becomes a link",
    (path) => remake(path, () => symlinkSync("x", path)),
    "became a symbolic link while it was packed",
  ],
  ["becomes a directory", (path) => remake(path, () => mkdirSync(path)), "became something else while it was packed"],
];

describe.each([1, 2])("with %i threads, a file that, after the walk,", (workers) => {
  const cases = CHANGES.flatMap(([what, change, message, except]) =>
    VICTIMS.filter((victim) => victim !== except).map((victim) => [what, victim, change, message] as const),
  );
  test.each(cases)("%s (%s) is an error", async (_what, victim, change, message) => {
    const path = `${source}/${victim}`;
    const onProgress = afterWalk(ENTRIES, () => change(path));
    await expectFault(build({ workers, onProgress }), "CHANGED", path, message);
    expect(openFilesBelow(scratch)).toEqual([]);
  });
});

describe("a build that is called off", () => {
  const expectAborted = async (building: Promise<unknown>) => {
    const error = await failureOf(building);
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code: "ABORTED" });
    expectUntouched();
  };

  test.each([1, 2])("at any stage leaves the target as it was (%i threads)", async (workers) => {
    await expectAborted(build({ workers, signal: AbortSignal.abort() }));
    for (const stage of ["walk", "compare", "write"]) {
      const abort = new AbortController();
      const onProgress = atProgress(
        (progress) => progress.stage === stage && progress.done > 0,
        () => abort.abort(),
      );
      const building = build({ workers, onProgress, signal: abort.signal });
      // the last report of a build may come when all is written
      const error = await failureOf(building);
      if (stage !== "write") expect(error).toMatchObject({ code: "ABORTED" });
      if (error !== undefined) expectUntouched();
    }
  });

  test("while it is written leaves the target as it was", async () => {
    const abort = new AbortController();
    let reads = 0;
    const readAt = (into: Uint8Array) => {
      if (++reads === 3) abort.abort();
      return into.length;
    };
    const list: Entry[] = [{ path: "a", contents: { size: 64 << 20, readAt } }];
    await expectAborted(buildSquashfs(entries(list), image, { ...FAST, signal: abort.signal }));
  });
});

describe("no temporary file stays", () => {
  const folder = `${scratch}/temporary`;
  useTemporaryFolder(folder);

  test("of a stream, nor of a sink that fails, nor of a build that fails", async () => {
    const stream = new WritableStream<Uint8Array>({ write: () => undefined });
    await buildSquashfs(directory(source), stream, FAST);
    const failure = new Error("no");
    const sink: Sink = { truncate: () => undefined, writeAt: () => Promise.reject(failure), close: () => undefined };
    expect(await failureOf(buildSquashfs(directory(source), sink, FAST))).toBe(failure);
    const onProgress = afterWalk(ENTRIES, () => rmSync(`${source}/tail`));
    const closed = new WritableStream<Uint8Array>({ write: () => undefined });
    const error = await failureOf(buildSquashfs(directory(source), closed, { ...FAST, onProgress }));
    expect(error).toMatchObject({ code: "CHANGED" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("options", () => {
  test.each([
    [{ compressor: "zip" }, "compressor"],
    [{ compressor: "zstd", level: 23 }, "level: zstd takes"],
    [{ compressor: "lz4", level: 3 }, "level: lz4 has nothing"],
    [{ blockSize: 2048 }, "blockSize"],
    [{ blockSize: 5000 }, "blockSize: 5000 is not a power of two"],
    [{ blockSize: 1 << 21 }, "blockSize"],
    [{ fragments: "some" }, "fragments"],
    [{ uncompressed: ["all"] }, "uncompressed"],
    [{ padding: 0 }, "padding"],
    [{ mkfsTime: 2 ** 32 }, "mkfsTime"],
  ])("%o are refused", async (options, message) => {
    const error = await failureOf(build(options as unknown as SquashfsOptions));
    expect(error).toMatchObject({ code: "INPUT" });
    expect((error as ImageError).message).toContain(message);
    expectUntouched();
  });

  test("a link longer than a page is an error that names it", async () => {
    const list: Entry[] = [{ path: "a/link", kind: "symlink", target: "t".repeat(4096) }];
    const error = await failureOf(buildSquashfs(entries(list), image, FAST));
    expect(error).toMatchObject({ code: "LIMIT", path: "a/link" });
    expectUntouched();
  });
});
