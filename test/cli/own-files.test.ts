/** Commands whose image lies in what they pack: it is no part of itself, and the summary says so. */
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { type CommandName, commandWords, runCommand, runShell } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { noise } from "../helpers/trees/noise.ts";

const scratch = makeScratch("command-own-files");
const source = `${scratch}/s`;

beforeEach(() => {
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source);
  writeFileSync(`${source}/a`, noise(1, 30_000));
  writeFileSync(`${scratch}/list`, "glob / * * * -- .\n");
});

const LINES: readonly (readonly [name: CommandName, words: string])[] = [
  ["mkerofs", "-T0 out.img ."],
  ["mkerofs", "-T0 -zlz4 out.img ."],
  ["mkerofs", "-T0 --format=squashfs out.img ."],
  ["mkerofs", "--closure=../paths out.img"],
  ["gensquashfs", "-D . -f out.img"],
  ["gensquashfs", "-F ../list -D . -f out.img"],
  ["mksquashfs", ". out.img -noappend -all-time 0"],
  ["mksquashfs", "../s out.img -noappend -keep-as-directory -all-time 0"],
  ["mksquashfs", "- out.img -noappend -all-time 0 -p 'a l a' -p 'o l out.img'"],
];

describe("three times in a row", () => {
  test.each(LINES)("ts-%s %s makes the same image", (name, words) => {
    writeFileSync(`${scratch}/paths`, `${source}\n`);
    writeFileSync(`${source}/out.img`, "old");
    const sizes: number[] = [];
    for (let times = 0; times < 3; times++) {
      const { status, out, err } = runShell(source, `${commandWords(name)} ${words}`);
      expect({ status, err }).toEqual({ status: 0, err: "" });
      expect(out).toMatch(/^Left out: {5}(1 file, as it is|2 files, as they are) being written$/m);
      sizes.push(statSync(`${source}/out.img`).size);
    }
    expect(new Set(sizes).size).toBe(1);
  });

  // Was a bug: standard output is a file in what is packed, which the shell has made before the command starts.
  test.each([
    ["mkerofs", "-T0 - ."],
    ["mkerofs", "-T0 -zlz4 - ."],
    ["gensquashfs", "-D . -"],
    ["mksquashfs", ". - -noappend -all-time 0"],
  ] as const)("ts-%s %s > out.img makes the same image", (name, words) => {
    runShell(source, `${commandWords(name)} ${words} > ../first.img`);
    for (let times = 0; times < 3; times++) {
      const { status, err } = runShell(source, `${commandWords(name)} ${words} > out.img`);
      expect(status).toBe(0);
      expect(err).toMatch(/^Left out: {5}1 file, as it is being written$/m);
      expect(runShell(source, "cmp out.img ../first.img").status).toBe(0);
    }
  });
});

test("an image that lies elsewhere is not spoken of", () => {
  const { out } = runCommand(scratch, "mkerofs", ["elsewhere.img", source]);
  expect(out).not.toContain("Left out");
});
