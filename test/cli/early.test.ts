/** What a command line is guessed to ask for, before it is understood. */
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { isLittle } from "../../dist/cli/early.js";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("early");
beforeAll(() => {
  mkdirSync(`${scratch}/few`);
  writeFileSync(`${scratch}/few/file`, "contents");
  mkdirSync(`${scratch}/deep/folder`, { recursive: true });
  writeFileSync(`${scratch}/list`, "few\n");
  writeFileSync(`${scratch}/large`, "");
  truncateSync(`${scratch}/large`, 1 << 20);
});

test.each([
  ["--version", true],
  ["no-such-path", true],
  ["new.img few", true],
  ["-zlz4 --sort-file=list new.img few", true],
  ["--target-kernel=6.1 new.img few", true],
  ["new.img deep", false],
  ["new.img few deep", false],
  ["large few", false],
  ["--sort-file=large new.img few", false],
  ["--closure=list new.img", false],
  ["--closure list new.img", false],
  ["--nix-db list new.img few", false],
  ["-F list new.img", false],
  ["--pack-file=list new.img", false],
  ["- new.img -pf list", false],
  ["--manifest=list new.img", false],
  ["--tar=f new.img", false],
  ["--tar new.img few", false],
  ["-tar new.img", false],
  ["new.img -", false],
])("%s: little is %s", (line, little) => {
  const words = line.split(" ").map((word) => word.replace(/(few|deep|list|large)$/, `${scratch}/$1`));
  expect(isLittle(words)).toBe(little);
});
