/** Rules that give entries other modes: the image becomes the one of a tree that has these modes, in both formats. */
import { createHash } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type BuildReport,
  buildErofs,
  buildSquashfs,
  type ChmodRule,
  directory,
  entries,
  packFile,
  type Source,
  type SquashfsReport,
} from "../../dist/index.js";
import { runCommand } from "../helpers/commands.ts";
import { ImageReader } from "../helpers/image-reader.ts";
import { makeScratch } from "../helpers/scratch.ts";

type Build = (source: Source, out: string, options: object) => Promise<BuildReport | SquashfsReport>;

const BUILDS: readonly [name: string, build: Build][] = [
  ["EROFS", buildErofs],
  ["EROFS, compressed", (source, out, options) => buildErofs(source, out, { ...options, compress: LZ4 })],
  ["SquashFS", buildSquashfs],
];
const LZ4 = [{ algorithm: "lz4" }] as const;

/** Files and directories with their modes; `other` is a second name of `bin/tool`, `bin/link.sh` a symbolic link. */
const MODES = {
  ...{ "": 0o755, bin: 0o755, "bin/run.sh": 0o644, "bin/tool": 0o640, other: 0o640 },
  ...{ "bin/deep": 0o755, "bin/deep/in.sh": 0o644, "x=y": 0o600, ünïcödé: 0o600 },
};
const DIRECTORIES: readonly string[] = ["", "bin", "bin/deep"];

const scratch = makeScratch("chmod");
const image = `${scratch}/image`;
let trees = 0;

function makeTree(modes: Readonly<Record<string, number>>): Source {
  const root = `${scratch}/tree${trees++}`;
  for (const path of Object.keys(modes)) {
    if (DIRECTORIES.includes(path)) mkdirSync(`${root}/${path}`);
    else if (path === "other") linkSync(`${root}/bin/tool`, `${root}/other`);
    else writeFileSync(`${root}/${path}`, `contents of ${path}`);
  }
  symlinkSync("run.sh", `${root}/bin/link.sh`);
  for (const [path, mode] of Object.entries(modes)) chmodSync(`${root}/${path}`, mode);
  return directory(root);
}

async function hashOf(build: Build, source: Source, chmod?: readonly ChmodRule[]): Promise<string> {
  await build(source, image, { timestamp: 0, owner: "root", ...(chmod && { chmod }) });
  return createHash("sha256").update(readFileSync(image)).digest("hex");
}

describe.each(BUILDS)("%s", (_name, build) => {
  test.each<[what: string, rules: ChmodRule[], modes: Partial<Record<keyof typeof MODES, number>>]>([
    ["wildcards match slashes", [{ pattern: "*.sh", mode: "0755" }], { "bin/run.sh": 0o755, "bin/deep/in.sh": 0o755 }],
    ["a path is matched as a whole", [{ pattern: "deep", mode: 0 }], {}],
    ["slashes around the pattern say nothing", [{ pattern: "/bin/deep/", mode: "711" }], { "bin/deep": 0o711 }],
    ["/ is the root", [{ pattern: "/", mode: 0o1777 }], { "": 0o1777 }],
    [
      "symbolic modes go by what was there",
      [{ pattern: "bin/[rt]*", mode: "u=rwx,g-r,o+s" }],
      {
        ...{ "bin/run.sh": 0o704, "bin/tool": 0o700, other: 0o700 },
      },
    ],
    [
      "X is for directories and programs",
      [{ pattern: "bin*", mode: "go=X" }],
      {
        ...{
          bin: 0o711,
          "bin/deep": 0o711,
          "bin/run.sh": 0o600,
          "bin/tool": 0o600,
          other: 0o600,
          "bin/deep/in.sh": 0o600,
        },
      },
    ],
    [
      "the last rule that matches counts, alone",
      [
        { pattern: "bin/*", mode: "+w" },
        { pattern: "*.sh", mode: "+x" },
      ],
      {
        ...{ "bin/run.sh": 0o755, "bin/deep/in.sh": 0o755, "bin/tool": 0o662, other: 0o662, "bin/deep": 0o777 },
      },
    ],
    ["set-id and sticky bits", [{ pattern: "bin/tool", mode: "4755" }], { "bin/tool": 0o4755, other: 0o4755 }],
    [
      "a hard link's other name is its file's",
      [
        { pattern: "bin/tool", mode: "0700" },
        { pattern: "other", mode: "0500" },
      ],
      { "bin/tool": 0o500, other: 0o500 },
    ],
    ["patterns are of UTF-8", [{ pattern: "ünïc?dé", mode: "1" }], {}],
    ["patterns are of bytes, of which ö has two", [{ pattern: "ünïc??dé", mode: "1" }], { ünïcödé: 1 }],
    [
      "all",
      [{ pattern: "*", mode: "u=rwX,go=" }],
      {
        ...{ "": 0o700, bin: 0o700, "bin/deep": 0o700, "bin/run.sh": 0o600, "bin/tool": 0o600, other: 0o600 },
        ...{ "bin/deep/in.sh": 0o600 },
      },
    ],
  ])("%s", async (_what, rules, modes) => {
    expect(await hashOf(build, makeTree(MODES), rules)).toBe(await hashOf(build, makeTree({ ...MODES, ...modes })));
  });
});

test("rules that match nothing are told, symbolic links being nothing", async () => {
  const patterns = ["bin/link.sh", "bin/*", "nope"];
  const chmod = patterns.map((pattern) => ({ pattern, mode: "+x" }));
  for (const [, build] of BUILDS) {
    const report = await build(makeTree(MODES), image, { chmod });
    expect(report).toMatchObject({ unmatchedChmod: ["bin/link.sh", "nope"], modesByRule: false });
  }
});

test("entries and the lines of a pack file get other modes too", async () => {
  const modes = () =>
    Object.fromEntries(
      Array.from(new ImageReader(readFileSync(image)).tree(), ([path, { mode }]) => [path, mode.toString(8)]),
    );
  const chmod = [{ pattern: "a", mode: "711" }];
  await buildErofs(entries([{ path: "a" }, { path: "b", mode: 0o600 }]), image, { chmod });
  expect(modes()).toEqual({ "": "40755", a: "100711", b: "100600" });
  writeFileSync(`${scratch}/pack`, "dir /a 0700 0 0\ndir /b 0700 0 0\n");
  await buildErofs(packFile(`${scratch}/pack`), image, { chmod });
  expect(modes()).toEqual({ "": "40755", a: "40711", b: "40700" });
});

test.each<[unknown, string]>([
  ["*=755", 'chmod: "*=755" is not an array of {pattern, mode}'],
  [[null], "chmod[0]: null is not an object"],
  [[{ pattern: /a/, mode: 0 }], "chmod[0].pattern: a RegExp is not a string"],
  [[{ pattern: "a", mode: 0 }, { pattern: "a" }], "chmod[1].mode: is missing: a mode"],
  [[{ pattern: "a", mode: "u+q" }], 'chmod: rule 1: "u+q" is no mode, such as 0755 or u+x,go-w'],
  [[{ pattern: "a", mode: 0o10000 }], "chmod: rule 1: 4096 is no mode, such as 0755 or u+x,go-w"],
  [[{ pattern: "a", mode: -1 }], "chmod: rule 1: -1 is no mode, such as 0755 or u+x,go-w"],
  [[{ pattern: "a", mode: 1.5 }], "chmod: rule 1: 1.5 is no mode, such as 0755 or u+x,go-w"],
  [[{ pattern: "[[:nope:]]", mode: 0 }], 'pattern "[[:nope:]]": no class [:nope:]'],
])("what is no rule is refused: %j", async (chmod, message) => {
  for (const [, build] of BUILDS) {
    await expect(build(entries([]), image, { chmod })).rejects.toMatchObject({ code: "INPUT", message });
  }
});

test.each(["erofs", "squashfs"])("ts-mkerofs --format=%s --chmod says what matches nothing", (format) => {
  writeFileSync(`${scratch}/list`, "x");
  mkdirSync(`${scratch}/source-${format}`);
  const words = [`--format=${format}`, "--chmod=nope=755", "--chmod=/=700", image, `${scratch}/source-${format}`];
  expect(runCommand(scratch, "mkerofs", words)).toMatchObject({
    status: 0,
    err: "ts-mkerofs: warning: nothing matches nope of --chmod\n",
  });
  expect(runCommand(scratch, "mkerofs", ["--quiet", ...words])).toEqual({ status: 0, out: "", err: "" });
});
