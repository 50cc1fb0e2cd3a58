/** Sort files and other lists of patterns, as the commands take them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { buildErofs, directory, parseSortFile } from "../../dist/index.js";
import { type CommandName, runCommand, SILENT } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { CONTENTS, makeSortedTree, RULES } from "../helpers/trees/sorted-tree.ts";

const scratch = makeScratch("sort-commands");
const tree = `${scratch}/tree`;
const image = `${scratch}/image`;
const sort = parseSortFile(Buffer.from(RULES), "rules");

beforeAll(() => makeSortedTree(tree));

test("a sort file is an option of ts-mkerofs, for both formats", async () => {
  const run = (...words: string[]) => runCommand(scratch, "mkerofs", ["--quiet", ...words]);
  writeFileSync(`${scratch}/rules`, RULES);
  expect(run("--sort-file=rules", "given", "tree")).toEqual({ status: 0, out: "", err: "" });
  await buildErofs(directory(tree), image, { sort });
  expect(readFileSync(`${scratch}/given`).equals(readFileSync(image))).toBe(true);
  expect(run("--format=squashfs", "-znone", "--sort-file", "rules", "given", "tree")).toMatchObject({ status: 0 });
  const bytes = readFileSync(`${scratch}/given`);
  expect(bytes.indexOf(CONTENTS[3]![1].subarray(0, 2048))).toBe(96);
  expect(run("--sort-file=nowhere", "given", "tree")).toMatchObject({
    status: 1,
    err: "ts-mkerofs: nowhere: no such file or directory\n",
  });
});

test("patterns take no time, whatever they are", () => {
  mkdirSync(`${scratch}/names`);
  writeFileSync(`${scratch}/names/${"a".repeat(250)}`, "");
  writeFileSync(`${scratch}/globs`, `0 [glob] ${"*a".repeat(20)}b\n`);
  writeFileSync(`${scratch}/hints`, "4096 (a*)*b\n");
  writeFileSync(`${scratch}/list`, `glob / * * * -name "${"*a".repeat(20)}b" names\n`);
  const run = (name: CommandName, ...words: string[]) => runCommand(scratch, name, words, {}, 20_000);
  expect(run("mkerofs", "--quiet", "--sort-file=globs", "given", "names")).toEqual(SILENT);
  expect(run("mkerofs", "--quiet", "-zlz4", "--compress-hints=hints", "given", "names")).toEqual(SILENT);
  const unmatched = `ts-gensquashfs: warning: no file matches ${"*a".repeat(20)}b of the sort file\n`;
  expect(run("gensquashfs", "-q", "-S", "globs", "-D", "names", "sorted")).toEqual({ ...SILENT, err: unmatched });
  expect(run("gensquashfs", "-q", "-F", "list", "-D", ".", "listed")).toEqual(SILENT);
});
