/**
 * Compressed EROFS images pinned by SHA-256. A test that fails here says that bytes have changed; that must be meant, and
 * is a release note.
 */
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { type BuildOptions, buildErofs, type Entry, entries } from "../../../dist/index.js";
import { Pins } from "../../helpers/golden/pins.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { COMPRESSED_FORMS, compressedTree } from "../../helpers/trees/compressed-tree.ts";
import { DEDUPE_LZ4, relatives } from "../../helpers/trees/relatives.ts";

const pins = new Pins("compressed");
const scratch = makeScratch("compressed-golden");
const image = `${scratch}/image`;
const TREE = compressedTree();

test.each(COMPRESSED_FORMS)("%s: the image is the pinned one", async (name, options) => {
  await buildErofs(entries(TREE), image, { ...options, timestamp: 0 });
  await pins.expect(name, readFileSync(image));
});

const DEDUPED: [name: string, options: BuildOptions][] = [
  ["lz4", DEDUPE_LZ4],
  ["lz4, fragments", { ...DEDUPE_LZ4, fragments: "tails" }],
  ["lz4, pclusters of 16 KiB, tail packing", { ...DEDUPE_LZ4, pclusterSize: 16384, tailPacking: true }],
];

test.each(DEDUPED)("parts of each other, %s: the image is the pinned one", async (name, options) => {
  const list = Object.entries(relatives()).map(([path, contents]): Entry => ({ path, contents }));
  await buildErofs(entries(list), image, options);
  await pins.expect(`dedupe: ${name}`, readFileSync(image));
});
