/**
 * Defects of the C tools, and of images that they have made: none of them is here. Those that other tests are about anyway
 * are not repeated: sources that change, limits, damaged archives, full disks.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  type Entry,
  entries,
  type SquashfsOptions,
} from "../../dist/index.js";
import { runCommand, SILENT } from "../helpers/commands.ts";
import { compareTrees, compareWithSpec, type SpecEntry } from "../helpers/compare/compare.ts";
import { wholeSeconds } from "../helpers/compare/times.ts";
import { afterWalk, makeFaultBench } from "../helpers/faults.ts";
import { canMountErofs, canMountSquashfs, withMount } from "../helpers/mount.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { removeTree } from "../helpers/scratch.ts";
import { makeLongPath } from "../helpers/trees/long-path.ts";
import { noise, words } from "../helpers/trees/noise.ts";
import { makeRandomTree } from "../helpers/trees/random-tree.ts";

const { scratch, source, image, expectFault } = makeFaultBench("defects");
const kernel = oracle("kernel EROFS and SquashFS mount", canMountErofs() && canMountSquashfs());
const attributes = oracle("getfattr, setfattr", hasCommand("getfattr") && hasCommand("setfattr"));
const target = `${scratch}/new`;

describe("a file that shrinks while it is packed is an error: no hang, no bytes of other files, no empty file", () => {
  const OPTIONS: [string, BuildOptions][] = [
    ["LZ4", { compress: "lz4" }],
    ["zstd in big pclusters, fragments", { compress: "zstd", pclusterSize: 65_536, fragments: "tails" }],
    ["all in fragments", { compress: "lz4", fragments: "all" }],
    ["equal runs once", { compress: "lz4", dedupeExtents: true }],
    ["in chunks", { chunkSize: 4096 }],
    ["with fingerprints", { fingerprints: true }],
  ];
  test.each(OPTIONS)("%s", async (_name, options) => {
    const path = `${source}/file`;
    for (const size of [100, 10_000, 500_000]) {
      writeFileSync(path, words(size, size));
      utimesSync(path, 1e9, 1e9);
      const onProgress = afterWalk(2, () => truncateSync(path, size / 2));
      await expectFault(buildErofs(directory(source), image, { ...options, onProgress }), "CHANGED", path, "shrank");
    }
  });
});

test("paths of more than 4096 bytes are excluded as others are: no crash, and no entry that is skipped", async () => {
  makeLongPath(`${scratch}/long`);
  const all = await buildErofs(directory(`${scratch}/long`), target);
  const none = { paths: ["none/**"], regexes: ["^never$", "never/again$"] };
  const kept = await buildErofs(directory(`${scratch}/long`), target, { exclude: none });
  expect(kept.counts).toEqual(all.counts);
  const squashfs = await buildSquashfs(directory(`${scratch}/long`), target, { exclude: none, compressor: "lz4" });
  expect(squashfs.counts).toEqual(all.counts);
  removeTree(`${scratch}/long`);
});

describe.skipIf(!kernel)("times", () => {
  const TIMES = [
    { sec: -5, nsec: 500_000_000 },
    { sec: 0, nsec: 1 },
    { sec: 2 ** 31, nsec: 999_999_999 },
    { sec: 2 ** 32 + 5, nsec: 7 },
    { sec: 1_700_000_000, nsec: 123_456_789 },
  ];
  const list = TIMES.map((mtime, nr): Entry & SpecEntry => {
    return { path: `${nr}`, kind: "file", contents: words(nr, 9000), mtime };
  });
  // of 48BIT images they wrapped, or had no nanoseconds
  test.each<[string, BuildOptions]>([
    ["without `.`", { omitDot: true }],
    ["extents anywhere", { compress: "lz4", extentRecords: true }],
    ["a metabox", { metabox: true, compress: "lz4" }],
    ["LZ4 with tail packing", { compress: "lz4", tailPacking: true }],
  ])("are whole to the nanosecond, before 1970 and behind 2106: %s", async (_name, options) => {
    await buildErofs(entries(list), target, options);
    expect(await withMount(target, (at) => compareWithSpec(at, list, { implicitDirectories: true }))).toEqual([]);
  });

  test("that are earlier than that to which later ones are set stay as they are", async () => {
    await buildErofs(entries(list), target, { timestamp: 1000, times: "clamp" });
    const clamped = list.map((entry, nr) => ({ ...entry, mtime: nr < 2 ? entry.mtime! : { sec: 1000, nsec: 0 } }));
    expect(await withMount(target, (at) => compareWithSpec(at, clamped, { implicitDirectories: true }))).toEqual([]);
  });
});

test("attributes of what is excluded are not in the image, however many have them", async () => {
  const secret = Buffer.from("a value that nobody is to have");
  const list = Array.from({ length: 9 }, (_, nr): Entry => ({ path: `secret/${nr}`, xattrs: { "user.key": secret } }));
  list.push({ path: "kept", xattrs: { "user.other": Buffer.from("fine") } });
  for (const metabox of [false, true]) {
    await buildErofs(entries(list), target, { exclude: { paths: ["secret"] }, metabox });
    expect(readFileSync(target).includes(secret)).toBe(false);
    await buildErofs(entries(list), target, { metabox });
    expect(readFileSync(target).includes(secret)).toBe(true);
  }
});

test.skipIf(!attributes)("attributes of a file are asked for in one pass", () => {
  const tree = `${scratch}/attributes`;
  mkdirSync(`${tree}/sub`, { recursive: true });
  for (let nr = 0; nr < 30; nr++) writeFileSync(`${tree}/sub/${nr}`, `${nr}`);
  const set = spawnSync(
    "setfattr",
    ["-n", "user.a", "-v", "shared", ...Array.from({ length: 30 }, (_, nr) => `${nr}`)],
    {
      cwd: `${tree}/sub`,
    },
  );
  expect(set.status).toBe(0);
  // a getfattr that writes down which files it is asked of
  const real = spawnSync("sh", ["-c", "command -v getfattr"], { encoding: "utf8" }).stdout.trim();
  mkdirSync(`${scratch}/bin`);
  writeFileSync(
    `${scratch}/bin/getfattr`,
    `#!/bin/sh\nfor each; do case "$each" in */sub/[0-9]*) echo "$each" >> "${scratch}/asked";; esac; done\nexec ${real} "$@"\n`,
  );
  chmodSync(`${scratch}/bin/getfattr`, 0o755);
  const env = { PATH: `${scratch}/bin:${process.env.PATH}` };
  const ran = runCommand(scratch, "mkerofs", ["--quiet", "--xattrs=getfattr", "new", tree], env);
  expect(ran).toEqual(SILENT);
  const asked = readFileSync(`${scratch}/asked`, "utf8").trim().split("\n");
  expect(asked).toHaveLength(30);
  expect(new Set(asked).size).toBe(30);
});

describe.skipIf(!kernel)("an image behind other bytes", () => {
  beforeAll(() => makeRandomTree(`${scratch}/offsets`, 11, 60));

  // half of the entries had the contents of others
  const EROFS: BuildOptions[] = [{}, { compress: "lz4", fragments: "tails" }, { chunkSize: 8192 }, { metabox: true }];
  test.each(EROFS.flatMap((options) => [512, 4096, 12_288, 1 << 20].map((offset) => ({ ...options, offset }))))(
    "of EROFS with %j is that of the same tree, byte for byte, and mounts",
    async (options) => {
      await buildErofs(directory(`${scratch}/offsets`), `${scratch}/whole`, { ...options, offset: 0 });
      await buildErofs(directory(`${scratch}/offsets`), target, options);
      expect(
        readFileSync(target)
          .subarray(options.offset)
          .equals(readFileSync(`${scratch}/whole`)),
      ).toBe(true);
      const compare = (at: string) => compareTrees(`${scratch}/offsets`, at);
      expect(await withMount(target, compare, { offset: options.offset })).toEqual([]);
    },
  );

  const SQUASHFS: SquashfsOptions[] = [{ compressor: "lz4" }, { compressor: "none", fragments: "none" }];
  test.each(SQUASHFS.flatMap((options) => [512, 4096, 1 << 20].map((offset) => ({ ...options, offset }))))(
    "of SquashFS with %j mounts",
    async (options) => {
      await buildSquashfs(directory(`${scratch}/offsets`), target, options);
      const compare = (at: string) => compareTrees(`${scratch}/offsets`, at, { adjust: wholeSeconds });
      expect(await withMount(target, compare, { type: "squashfs", offset: options.offset })).toEqual([]);
    },
  );
});

// a crash
test
  .skipIf(!kernel)
  .each([[["lz4", "zstd"]], [["zstd", "lz4hc", "deflate"]], [["lz4", "lzma", "deflate", "zstd"]]] as const)(
  "%j in one image, by hints, mount and are equal",
  async (compress) => {
    const list = Array.from({ length: 40 }, (_, nr): Entry & SpecEntry => {
      const contents = nr % 3 === 0 ? noise(nr, 9000 * nr) : words(nr, 9000 * nr);
      return { path: `${"abcd"[nr % 4]}/${nr}`, kind: "file", contents };
    });
    const compressHints = compress.map((_, algorithm) => ({
      ...{ pattern: `^${"abcd"[algorithm]}/`, pclusterSize: 4096 << (algorithm % 3), algorithm },
    }));
    for (const fragments of ["none", "tails"] as const) {
      await buildErofs(entries(list), target, { compress, compressHints, fragments });
      expect(await withMount(target, (at) => compareWithSpec(at, list, { implicitDirectories: true }))).toEqual([]);
    }
  },
);

describe("rules of what is excluded", () => {
  beforeEach(() => {
    mkdirSync(`${source}/sub/deep`, { recursive: true });
    writeFileSync(`${source}/sub/deep/a`, "a");
    writeFileSync(`${source}/kept`, "kept");
  });

  test("that are no regular expression end the build, and say so", () => {
    const ran = runCommand(scratch, "mkerofs", ["--exclude-regex=(", "out/image", "source"]);
    expect(ran).toEqual({
      status: 1,
      out: "",
      err: 'ts-mkerofs: --exclude-regex: regular expression "(": unmatched "("\n',
    });
    expect(readFileSync(image, "utf8")).toBe("the old image");
  });

  test.each(["sub", "/sub", "sub/", "/sub/", "./sub", "//sub//"])("by the path %s leave the same out", (path) => {
    expect(runCommand(scratch, "mkerofs", ["--quiet", "-T0", "sub.img", "source", "--exclude-path=sub"])).toEqual(
      SILENT,
    );
    expect(runCommand(scratch, "mkerofs", ["--quiet", "-T0", "other.img", "source", `--exclude-path=${path}`])).toEqual(
      SILENT,
    );
    expect(readFileSync(`${scratch}/other.img`).equals(readFileSync(`${scratch}/sub.img`))).toBe(true);
  });
});

test.skipIf(!kernel)("several definitions of the root in pseudo files: one rule, and no crash", async () => {
  writeFileSync(`${source}/a`, "a");
  const build = (from: string, ...more: string[]) =>
    runCommand(scratch, "mksquashfs", [from, "new", "-noappend", "-quiet", "-all-time", "0", ...more]);
  const roots = ["-p", "/ d 711 3 4", "-p", "/ d 700 5 6", "-p", "/ d 755 7 8"];
  expect(build("source", ...roots)).toEqual({
    ...SILENT,
    err: "ts-mksquashfs: warning: -p: the definition of / is ignored: / is that of the source\n".repeat(3),
  });
  expect(build("-", "-p", "b d 755 0 0", ...roots)).toMatchObject({ status: 0 });
  const stats = await withMount(target, (at) => lstatSync(at), { type: "squashfs" });
  expect([stats.mode & 0o7777, stats.uid, stats.gid]).toEqual([0o755, 7, 8]);
});

test("a build says what it does in steps, and what it has done in one line or in JSON, not a line for each file", () => {
  for (let nr = 0; nr < 200; nr++) writeFileSync(`${source}/${nr}`, `${nr}`);
  const ran = runCommand(scratch, "mkerofs", ["-T0", "new", "source"]);
  expect(ran.status).toBe(0);
  expect((ran.out + ran.err).split("\n").length).toBeLessThan(12);
  const json = runCommand(scratch, "mkerofs", ["-T0", "--json", "new", "source"]);
  expect(JSON.parse(json.out)).toMatchObject({ counts: { files: 200 } });
});
