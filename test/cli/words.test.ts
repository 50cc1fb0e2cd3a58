/** Messages speak the words that were typed, and what was typed for nothing is said. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, runCommand } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("cli-words");
const [source, other] = [`${scratch}/source`, `${scratch}/other`];

beforeAll(() => {
  mkdirSync(`${source}/etc/ssl`, { recursive: true });
  mkdirSync(other);
  writeFileSync(`${source}/etc/ssl/key.pem`, "secret");
  writeFileSync(`${source}/etc/hosts`, "");
  writeFileSync(`${other}/file`, "");
  writeFileSync(`${scratch}/hints`, "4096 5 .*\n");
  writeFileSync(`${scratch}/sort`, "-1 none\n");
  writeFileSync(`${scratch}/names`, "etc/none\netc/hosts\n");
});

/** The lines of standard error, without the command's name. */
function complaints(name: CommandName, ...words: string[]): string[] {
  const { err } = runCommand(scratch, name, words);
  return err
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(`ts-${name}: `, ""));
}

describe("the library's refusals in a command's words", () => {
  test.each<[string, string]>([
    ["-zlz4:zstd,99", "-z level: zstd has levels 0 to 22, not 99"],
    ["-zzstd,dictsize=3k", "-z dictsize: 3072 is not a power of two"],
    ["-zlz4 -Efragments=8192", "-E fragments: 8192 is more than that of files, 4096"],
    ["-zlz4 --max-extent-bytes=5", "--max-extent-bytes: 5 is not an integer from 4096 to 4294967295"],
    ["-zlz4 --dsunit 4", "--dsunit: compressed data is not aligned"],
    [
      "-b 2048 --target-kernel=5.10",
      "--target-kernel: Linux 5.10 does not read a block size of 2048, which came with 6.4",
    ],
    ["--target-kernel 3.0", "--target-kernel: Linux 3.0 has no EROFS; 5.4 is the first"],
    ["--format=squashfs -zzstd,99", "-z: zstd takes an integer from 1 to 22, not 99"],
  ])("ts-mkerofs %s: %s", (options, message) => {
    expect(complaints("mkerofs", ...options.split(" "), "never.img", "source")[0]).toBe(message);
  });

  test("of hints that a file gives, and of expressions", () => {
    expect(complaints("mkerofs", "-zlz4", "--compress-hints=hints", "never.img", "source")).toEqual([
      "hints: line 1: -z has no algorithm 5: the last one is 0",
      "Try 'ts-mkerofs --help' for more information.",
    ]);
  });
});

// Was a bug: the library's name for a source, or a path of nobody's, stood in the message.
test.each<[CommandName, string[], string]>([
  ["mkerofs", ["", source], 'IMAGE: "" is no path'],
  ["mkerofs", ["never.img", ""], 'SOURCE: "" is no path'],
  ["mkerofs", ["never.img", source, ""], 'SOURCE: "" is no path'],
  ["mkerofs", ["--closure=", "never.img"], '--closure: "" is no file'],
  ["mkerofs", ["--sort-file=", "never.img", source], '--sort-file: "" is no file'],
  ["gensquashfs", ["-D", "", "never.img"], '-D: "" is no directory'],
  ["gensquashfs", ["--pack-file=", "never.img"], '--pack-file: "" is no file'],
  ["gensquashfs", ["-D", source, ""], 'IMAGE: "" is no path'],
  ["mksquashfs", ["", "never.img"], 'SOURCE: "" is no path'],
  ["mksquashfs", [source, ""], 'IMAGE: "" is no path'],
  ["mksquashfs", [source, "never.img", "-ef", ""], '-ef: "" is no file'],
])("ts-%s %j: %s", (name, words, message) => {
  expect(complaints(name, ...words)[0]).toBe(message);
});

describe("lines of lists are named as the lists were typed", () => {
  test.each<[CommandName, string, (list: string) => string[], string]>([
    [
      "mksquashfs",
      "../x d 755 0 0\n",
      (list) => ["source", "never.img", "-pf", list],
      "../x: a path may hold neither .. nor NUL",
    ],
    [
      "gensquashfs",
      "dir /../x 0755 0 0\n",
      (list) => ["-F", list, "never.img"],
      "/../x: a path may hold neither .. nor NUL",
    ],
    [
      "gensquashfs",
      '# file: ../x\nuser.a="b"\n',
      (list) => ["-D", "source", "-A", list, "never.img"],
      "../x: a path may hold neither .. nor NUL",
    ],
    [
      "gensquashfs",
      "-5 ../x\n",
      (list) => ["-D", "source", "-S", list, "never.img"],
      "../x: a path may hold neither .. nor NUL",
    ],
    ["mkerofs", "nowhere\n", (list) => [`--closure=${list}`, "never.img"], "nowhere: no such file or directory"],
  ])("ts-%s: %j", (name, text, words, why) => {
    writeFileSync(`${scratch}/typed`, text);
    expect(complaints(name, ...words("typed"))).toEqual([`typed:1: ${why}`]);
  });
});

describe("rules that are for nothing", () => {
  test("ts-mkerofs: of paths, expressions and the sort file, each by its name", () => {
    const rules = [
      "--exclude-path=etc/none",
      "--exclude-path",
      "etc/hosts",
      "--exclude-regex=\\.key$",
      "--sort-file=sort",
    ];
    const warnings = [
      "warning: no file matches none of the sort file",
      "warning: nothing matches etc/none of --exclude-path",
      "warning: nothing matches \\.key$ of --exclude-regex",
    ];
    expect(complaints("mkerofs", ...rules, "out.img", "source")).toEqual(warnings);
    expect(complaints("mkerofs", "--format=squashfs", ...rules, "out.img", "source")).toEqual(warnings);
    expect(complaints("mkerofs", "--quiet", ...rules, "out.img", "source")).toEqual([]);
  });

  test("ts-mkerofs: a path of this machine is said to be none of the image", () => {
    const meant = (path: string) =>
      `warning: nothing matches ${path} of --exclude-path, which is relative to the root of the image`;
    const key = `${source}/etc/ssl/key.pem`;
    expect(complaints("mkerofs", `--exclude-path=${key}`, "out.img", "source")).toEqual([
      `${meant(key)}: etc/ssl/key.pem may be meant`,
    ]);
    expect(complaints("mkerofs", "--exclude-path=/nowhere", "out.img", "source/")).toEqual([meant("/nowhere")]);
    // so may be one that begins where the command was typed
    for (const path of ["source/etc/ssl/key.pem", "./source/etc/ssl/key.pem"]) {
      expect(complaints("mkerofs", `--exclude-path=${path}`, "out.img", "source")).toEqual([
        `${meant(path)}: etc/ssl/key.pem may be meant`,
      ]);
    }
    expect(complaints("mkerofs", "--exclude-path=other/file", "out.img", "source")).toEqual([
      "warning: nothing matches other/file of --exclude-path",
    ]);
    // several sources are entries of the root
    expect(complaints("mkerofs", `--exclude-path=${key}`, "out.img", other, source)).toEqual([
      `${meant(key)}: source/etc/ssl/key.pem may be meant`,
    ]);
  });

  test("ts-mkerofs: an empty one is seen", () => {
    const warning = 'warning: nothing matches "" of --exclude-path';
    expect(complaints("mkerofs", "--exclude-path=", "out.img", "source")).toEqual([warning]);
  });

  test("ts-mkerofs: they are in the report too", () => {
    const { out } = runCommand(scratch, "mkerofs", ["--quiet", "--json", "--exclude-path=.env", "out.img", "source"]);
    expect(JSON.parse(out)).toMatchObject({ unmatchedRules: [".env"] });
  });

  test.each<[string[], string[]]>([
    [["-e", "etc/none", "etc/ssl"], ["etc/none"]],
    // the second lies in the first: no one has looked there
    [["-e", "etc", "etc/none"], []],
    [["-e", `${scratch}/other`], [`${scratch}/other`]],
    [["-ef", "names"], ["etc/none"]],
    [
      ["-wildcards", "-e", "etc/h*", "etc/x*", "... *.pem", "... *.key"],
      ["etc/x*", "... *.key"],
    ],
    [["-regex", "-e", "^etc$/^h", "^x"], ["^x"]],
  ])("ts-mksquashfs %j", (options, unmatched) => {
    expect(complaints("mksquashfs", "source", "out.img", "-noappend", ...options)).toEqual(
      unmatched.map((rule) => `warning: nothing matches ${rule}, which is to be excluded`),
    );
  });

  test("ts-mksquashfs: a path that is in one of several sources is for something", () => {
    const words = ["source", "other", "out.img", "-noappend", "-e", "file", "etc/hosts", "none"];
    expect(complaints("mksquashfs", ...words)).toEqual(["warning: nothing matches none, which is to be excluded"]);
  });
});

test("what a command excludes is not in the image", () => {
  const text = (image: string) => readFileSync(`${scratch}/${image}`).includes("secret");
  expect(complaints("mkerofs", "with.img", "source")).toEqual([]);
  expect(complaints("mkerofs", "--exclude-path=/etc/ssl/", "without.img", "source")).toEqual([]);
  expect([text("with.img"), text("without.img")]).toEqual([true, false]);
});
