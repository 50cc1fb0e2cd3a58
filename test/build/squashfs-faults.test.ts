/** SquashFS builds that fail: an error that names the path, the old target as it was, nothing left behind. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  buildSquashfs,
  directory,
  type Entry,
  entries,
  ImageError,
  type Sink,
  type SquashfsOptions,
} from "../../dist/index.js";
import { compareTrees } from "../helpers/compare.ts";
import { afterWalk, atProgress, failureOf, makeFaultBench, openFilesBelow } from "../helpers/faults.ts";
import { canMountSquashfs, withMount } from "../helpers/mount.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";

const { scratch, source, image, expectFault, expectUntouched } = makeFaultBench("squashfs-faults");
const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const loop = kernel && oracle("losetup", hasCommand("losetup"));
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

describe("a target", () => {
  test("on a full disk stays as it was", async () => {
    if (process.getuid?.() !== 0) return;
    const small = `${scratch}/small`;
    mkdirSync(small);
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", small]).status).toBe(0);
    onTestFinished(() => void spawnSync("umount", [small]));
    writeFileSync(`${small}/image`, "old");
    const options: SquashfsOptions = { compressor: "none" };
    const error = await failureOf(buildSquashfs(directory(source), `${small}/image`, options));
    expect(error).toMatchObject({ code: "IO", path: `${small}/image` });
    expect(readdirSync(small)).toEqual(["image"]);
    expect(readFileSync(`${small}/image`, "utf8")).toBe("old");
  });

  test.skipIf(!loop).each([0, 1 << 20])("that is a device is written in place (offset %i)", async (offset) => {
    const backing = `${scratch}/disk`;
    writeFileSync(backing, Buffer.alloc(8 << 20, "old"));
    const run = spawnSync("losetup", ["--find", "--show", backing], { encoding: "utf8" });
    const device = run.stdout.trim();
    let isAttached = true;
    const detach = () => {
      if (isAttached) spawnSync("losetup", ["--detach", device]);
      isAttached = false;
    };
    onTestFinished(detach);
    // one that fails leaves no image there, not even the one that it began to write over
    await buildSquashfs(directory(source), device, { ...FAST, offset });
    const onProgress = afterWalk(ENTRIES, () => rmSync(`${source}/pieces`));
    const kept = readFileSync(`${source}/pieces`);
    const failed = await failureOf(buildSquashfs(directory(source), device, { ...FAST, offset, onProgress }));
    expect(failed).toMatchObject({ code: "CHANGED" });
    spawnSync("blockdev", ["--flushbufs", device]);
    const mount = { type: "squashfs", ...(offset > 0 && { offset }) } as const;
    await expect(withMount(backing, () => undefined, mount)).rejects.toThrow("does not mount");
    writeFileSync(`${source}/pieces`, kept);
    utimesSync(`${source}/pieces`, 1e9, 1e9);
    utimesSync(source, 1e9, 1e9);
    await buildSquashfs(directory(source), device, { ...FAST, offset });
    expect(lstatSync(device).isBlockDevice()).toBe(true);
    detach();
    expect(await withMount(backing, (at) => compareTrees(source, at), mount)).toEqual([]);
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
  const spools = () => readdirSync(tmpdir()).filter((name) => name.startsWith(".ts-mkerofs-"));

  test("of a stream, nor of a sink that fails, nor of a build that fails", async () => {
    const before = spools();
    const stream = new WritableStream<Uint8Array>({ write: () => undefined });
    await buildSquashfs(directory(source), stream, FAST);
    const failure = new Error("no");
    const sink: Sink = { truncate: () => undefined, writeAt: () => Promise.reject(failure), close: () => undefined };
    expect(await failureOf(buildSquashfs(directory(source), sink, FAST))).toBe(failure);
    const onProgress = afterWalk(ENTRIES, () => rmSync(`${source}/tail`));
    const closed = new WritableStream<Uint8Array>({ write: () => undefined });
    const error = await failureOf(buildSquashfs(directory(source), closed, { ...FAST, onProgress }));
    expect(error).toMatchObject({ code: "CHANGED" });
    expect(spools()).toEqual(before);
  });
});

describe("options", () => {
  test.each([
    [{ compressor: "xz" }, "compressor: xz is not supported yet"],
    [{ compressor: "zip" }, "compressor"],
    [{ compressor: "zstd", level: 23 }, "level of zstd"],
    [{ compressor: "lz4", level: 3 }, "level of lz4"],
    [{ blockSize: 2048 }, "block size"],
    [{ blockSize: 5000 }, "block size: 5000 is not a power of two"],
    [{ blockSize: 1 << 21 }, "block size"],
    [{ fragments: "some" }, "fragments"],
    [{ uncompressed: ["all"] }, "uncompressed"],
    [{ padding: 0 }, "padding"],
    [{ mkfsTime: 2 ** 32 }, "build time"],
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
