/** SquashFS images of every kind are read as Linux reads them: those of this package, and those of mksquashfs. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildSquashfs, directory, type SquashfsOptions } from "../../../dist/index.js";
import { compareReader } from "../../helpers/compare/reader.ts";
import { canMountSquashfs, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const mksquashfs = oracle("mksquashfs", canMountSquashfs() && hasCommand("mksquashfs"));
const scratch = makeScratch("squashfs-reader");
const [corners, random, image] = [`${scratch}/corners`, `${scratch}/random`, `${scratch}/image`];

beforeAll(() => {
  if (!canMountSquashfs()) return;
  makeCornerTree(corners);
  makeRandomTree(random, 15, 300);
});

/** The reader says what a mount shows. */
async function expectReadEqual(): Promise<void> {
  expect(await withMount(image, (at) => compareReader(readFileSync(image), at), { type: "squashfs" })).toEqual([]);
}

const OURS: readonly SquashfsOptions[] = [
  { compressor: "none" },
  { compressor: "gzip", fragments: "all" },
  { compressor: "lzo", blockSize: 4096 },
  { compressor: "lz4", fragments: "none", exportable: false },
  { compressor: "lz4hc", blockSize: 1 << 20 },
  { compressor: "zstd", level: 3 },
  { compressor: "xz", filters: ["x86"], level: 1 },
];

describe.each(OURS)("an image of buildSquashfs(%j)", (options) => {
  test.runIf(kernel)("reads equal", async () => {
    // the tree of all corners takes its time: it has gigabytes of holes
    for (const source of options === OURS[0] ? [corners, random] : [random]) {
      await buildSquashfs(directory(source), image, options);
      await expectReadEqual();
    }
  });
});

/** Linux has no reader for `lzma`. */
const THEIRS = [
  "-comp gzip",
  "-comp lzo -b 4K",
  "-comp lz4 -Xhc -always-use-fragments",
  "-comp xz -b 1M -Xbcj x86,arm",
].concat(["-comp gzip", "-noI -noD -noF -noX -no-exports", "-no-duplicates"]);

describe.each(THEIRS)("an image of mksquashfs %s", (line) => {
  test.runIf(mksquashfs)("reads equal", async () => {
    rmSync(image, { force: true });
    const { status, stderr } = spawnSync("mksquashfs", [random, image, ...line.split(" "), "-quiet", "-no-progress"]);
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    await expectReadEqual();
  });
});
