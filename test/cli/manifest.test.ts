/** `--manifest` of all commands: images are those of the trees that are described. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, commandWords, runCommand, runShell, SILENT } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { manifestOf } from "../helpers/trees/manifest-of.ts";

const scratch = makeScratch("cli-manifest");

beforeAll(() => {
  mkdirSync(`${scratch}/tree/dir`, { recursive: true });
  writeFileSync(`${scratch}/tree/dir/file`, "text\n".repeat(5000));
  chmodSync(`${scratch}/tree/dir/file`, 0o750);
  linkSync(`${scratch}/tree/dir/file`, `${scratch}/tree/other`);
  symlinkSync("dir/file", `${scratch}/tree/link`);
  const { version, entries } = manifestOf(`${scratch}/tree`);
  writeFileSync(`${scratch}/tree.json`, JSON.stringify({ version, entries }));
  // the root is what gensquashfs makes of it, whatever the directory is like
  const sources = entries.map((entry) => (entry.kind === "file" ? { ...entry, source: `tree/${entry.path}` } : entry));
  writeFileSync(`${scratch}/rootless.json`, JSON.stringify({ version, entries: sources.slice(1) }));
});

const made = (name: CommandName, words: readonly string[]) => {
  expect(runCommand(scratch, name, words)).toEqual(SILENT);
  return createHash("sha256")
    .update(readFileSync(`${scratch}/img`))
    .digest("hex");
};

describe.each<[CommandName, string[], ...string[][]]>([
  ["mkerofs", ["--quiet", "img", "tree"], ["--quiet", "--manifest=tree.json", "--manifest-base=tree", "img"]],
  [
    "mkerofs",
    ["--quiet", "--format=squashfs", "img", "tree"],
    ["--quiet", "--format=squashfs", "--manifest", "tree.json", "--manifest-base", "tree", "img"],
  ],
  [
    "mksquashfs",
    ["tree", "img", "-quiet", "-noappend", "-e", "link"],
    ["-", "img", "-quiet", "-noappend", "-manifest", "tree.json", "-manifest-base", "tree", "-e", "link"],
    [
      "-",
      "img",
      "-quiet",
      "-noappend",
      "-manifest",
      "tree.json",
      "-manifest-base",
      "tree",
      "-action",
      "exclude@name(link)",
    ],
  ],
  [
    "gensquashfs",
    ["-qfk", "-d", "mtime=9,uid=5", "-D", "tree", "img"],
    ["-qf", "-d", "mtime=9,uid=5", "--manifest", "rootless.json", "-D", ".", "img"],
    ["-qf", "-d", "mtime=9,uid=5", "--manifest", "rootless.json", "img"],
  ],
])("ts-%s %j", (name, plain, ...described) => {
  test.each(described.map((words) => [words]))("is the same as %j", (words) => {
    expect(made(name, words)).toBe(made(name, plain));
  });
});

test("a manifest comes from standard input too", () => {
  const words = "--quiet --manifest=- --manifest-base=tree img < tree.json";
  expect(runShell(scratch, `${commandWords("mkerofs")} ${words}`)).toEqual(SILENT);
  const found = readFileSync(`${scratch}/img`);
  made("mkerofs", ["--quiet", "img", "tree"]);
  expect(readFileSync(`${scratch}/img`).equals(found)).toBe(true);
  const bad = `echo '{"version": 1, "entries": [{}]}' | ${commandWords("mkerofs")} --manifest=- none`;
  const why = 'standard input: /entries/0: path: is missing: a string, a Uint8Array or {"base64": …}';
  expect(runShell(scratch, bad)).toEqual({ status: 1, out: "", err: `ts-mkerofs: ${why}\n` });
  expect(existsSync(`${scratch}/none`)).toBe(false);
});

test("-T is the time of what has none, and of all with --all-time", () => {
  const list = '{"version": 1, "entries": [{"path": "a", "contents": ""}]}';
  writeFileSync(`${scratch}/times.json`, list);
  writeFileSync(`${scratch}/timed.json`, list.replace('"path"', '"mtime": 7, "path"'));
  const without = made("mkerofs", ["--quiet", "-T7", "--manifest=times.json", "img"]);
  expect(made("mkerofs", ["--quiet", "-T7", "--manifest=timed.json", "img"])).toBe(without);
  const clamped = runCommand(scratch, "mkerofs", ["--quiet", "--manifest=times.json", "img"], {
    SOURCE_DATE_EPOCH: "7",
  });
  expect(clamped).toEqual(SILENT);
  expect(
    createHash("sha256")
      .update(readFileSync(`${scratch}/img`))
      .digest("hex"),
  ).toBe(without);
});

test.each<[CommandName, string[], string]>([
  ["mkerofs", ["--manifest=tree.json", "none", "tree"], 'SOURCE "tree" is too much: --manifest says what is packed'],
  ["mkerofs", ["--manifest=tree.json", "--nar=x", "none"], "--nar and --manifest: only one of them"],
  ["mkerofs", ["--manifest=", "none"], '--manifest: "" is no file'],
  [
    "mksquashfs",
    ["tree", "none", "-manifest", "tree.json"],
    '-manifest: says what is packed, and SOURCE has to be "-"',
  ],
  ["gensquashfs", ["--manifest", "a", "-F", "b", "none"], "--manifest: there can be no --pack-file beside it"],
  [
    "gensquashfs",
    ["--manifest", "a", "--keep-as-directory", "none"],
    "--keep-as-directory: a manifest says itself what goes where",
  ],
])("ts-%s %j is wrong usage", (name, words, why) => {
  expect(runCommand(scratch, name, words)).toMatchObject({
    status: 2,
    err: expect.stringContaining(`ts-${name}: ${why}\n`),
  });
});
