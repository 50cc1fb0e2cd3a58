/** `--zip` of all commands: images are those of the trees that archives hold. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../dist/index.js";
import { type CommandName, commandWords, runCommand, runShell, SILENT } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { makeZip, unixTime } from "../helpers/zip/make-zip.ts";

const scratch = makeScratch("cli-zip");
const text = "text\n".repeat(30_000);

beforeAll(() => {
  const first = [
    { name: "a/b", data: "old" },
    { name: "a/c", data: text, method: 8, mode: 0o100750, extra: unixTime(9) },
  ];
  writeFileSync(`${scratch}/first.zip`, makeZip(first));
  writeFileSync(`${scratch}/second.zip`, makeZip([{ name: "a/b", data: "new" }]));
});

const image = `${scratch}/img`;
const hash = () => createHash("sha256").update(readFileSync(image)).digest("hex");
/** What both archives hold; `time` is that of what has none. */
const tree = (time: number): Entry[] => [
  { path: "", kind: "directory", mtime: time },
  { path: "a", kind: "directory", mtime: time },
  { path: "a/b", contents: "new" },
  { path: "a/c", contents: text, mode: 0o750, mtime: 9 },
];
const only = (time: number): Entry[] => [
  ...tree(time).slice(0, 2),
  { path: "a/b", contents: "old" },
  ...tree(time).slice(3),
];

describe("images", () => {
  test("of ts-mkerofs", async () => {
    await buildErofs(entries(tree(9)), image);
    const expected = hash();
    expect(runCommand(scratch, "mkerofs", ["--quiet", "--zip", "img", "first.zip", "second.zip"])).toEqual(SILENT);
    expect(hash()).toBe(expected);
    await buildErofs(entries(only(9)), image);
    const piped = hash();
    const line = `cat first.zip | ${commandWords("mkerofs")} --quiet --zip - - > img`;
    expect(runShell(scratch, line)).toEqual(SILENT);
    expect(hash()).toBe(piped);
    await buildErofs(entries(only(5)), image, { timestamp: 5, times: "clamp", exclude: ["a/b"] });
    const clamped = hash();
    const words = ["--quiet", "--zip", "--exclude-path=a/b", "img", "first.zip"];
    expect(runCommand(scratch, "mkerofs", words, { SOURCE_DATE_EPOCH: "5" })).toEqual(SILENT);
    expect(hash()).toBe(clamped);
  });

  test("of ts-mksquashfs", async () => {
    const options = { compressor: "gzip", fragments: "small", exclude: ["a/c"] } as const;
    await buildSquashfs(entries(tree(9)), image, options);
    const expected = hash();
    const words = ["first.zip", "second.zip", "img", "-zip", "-noappend", "-quiet", "-e", "a/c"];
    expect(runCommand(scratch, "mksquashfs", words)).toEqual(SILENT);
    expect(hash()).toBe(expected);
  });

  test("of ts-gensquashfs", async () => {
    const listed = { version: 1, entries: only(7).map((entry) => ({ mtime: 0, ...entry })) };
    writeFileSync(`${scratch}/tree.json`, JSON.stringify(listed));
    expect(runCommand(scratch, "gensquashfs", ["-qf", "-d", "mtime=7", "--manifest", "tree.json", "img"])).toEqual(
      SILENT,
    );
    const expected = hash();
    expect(runCommand(scratch, "gensquashfs", ["-qf", "-d", "mtime=7", "--zip", "first.zip", "img"])).toEqual(SILENT);
    expect(hash()).toBe(expected);
  });
});

test.each<[CommandName, string[], string]>([
  ["mkerofs", ["--zip", "none"], "SOURCE is missing"],
  ["mkerofs", ["--zip", "--tar", "none", "a"], "--tar and --zip: only one of them"],
  ["mkerofs", ["--zip", "none", "-", "-"], 'SOURCE: "-", standard input, can be read only once'],
  ["mksquashfs", ["-", "none", "-zip"], "-zip: SOURCEs are needed"],
  ["mksquashfs", ["first.zip", "none", "-zip", "-no-strip"], "-zip: there can be no -no-strip beside it"],
  [
    "mksquashfs",
    ["first.zip", "none", "-zip", "-dereference"],
    "-zip: what links in it lead to is not on this machine",
  ],
  ["gensquashfs", ["--zip", "first.zip", "-D", ".", "none"], "--zip: there can be no --pack-dir beside it"],
  ["gensquashfs", ["--zip", "first.zip", "-d", "mode=700", "none"], "--zip: there can be no --defaults mode beside it"],
])("ts-%s %j is wrong usage", (name, words, why) => {
  expect(runCommand(scratch, name, words)).toMatchObject({
    status: 2,
    err: expect.stringContaining(`ts-${name}: ${why}\n`),
  });
});

test.each<[CommandName, string[]]>([
  ["mkerofs", ["--zip", "none", "gone.zip"]],
  ["mksquashfs", ["gone.zip", "none", "-zip", "-quiet"]],
  ["gensquashfs", ["--zip", "gone.zip", "none"]],
])("ts-%s %j names what is not there", (name, words) => {
  const why = "gone.zip: no such file or directory";
  expect(runCommand(scratch, name, words)).toEqual({ status: 1, out: "", err: `ts-${name}: ${why}\n` });
  expect(existsSync(`${scratch}/none`)).toBe(false);
});
