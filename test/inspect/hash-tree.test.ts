/** A hash tree behind an image is named by the dump, and has its place in what bytes are for. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildErofs, buildSquashfs, entries } from "../../dist/index.js";
import { dumpImage } from "../../src/inspect/dump.ts";
import { openReader } from "../../src/inspect/open-image.ts";
import { measureUsage } from "../../src/inspect/usage/usage.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { noise } from "../helpers/trees/noise.ts";

const scratch = makeScratch("hash-tree");
const image = `${scratch}/image`;
const TREE = entries([{ path: "file", contents: noise(1, 600_000) }]);

test.each([
  ["EROFS", (verity: object) => buildErofs(TREE, image, { verity })],
  ["SquashFS", (verity: object) => buildSquashfs(TREE, image, { verity, compressor: "none" })],
] as const)("%s", async (_, build) => {
  await build({});
  const bytes = readFileSync(image);
  const lines: string[] = [];
  for await (const line of dumpImage(bytes)) lines.push(line);
  const tree = lines.filter((line) => /verity_sb|hash tree/.test(line)).map((line) => line.slice(20, 60));
  expect(tree).toEqual([
    expect.stringMatching(/^verity_sb: signature=766572697479/),
    expect.stringMatching(/^hash tree, level 1: 1 block, /),
    expect.stringMatching(/^hash tree, level 0: 2 blocks, /),
  ]);
  expect(lines.filter((line) => /unknown/.test(line))).toEqual([]);
  const { ledger } = await measureUsage(await openReader(bytes));
  expect(ledger.kinds.hashes).toBe(512 + 3 * 4096);

  await build({ superblock: false });
  const without: string[] = [];
  for await (const line of dumpImage(readFileSync(image))) without.push(line);
  expect(without.at(-1)).toMatch(/unknown/);
});
