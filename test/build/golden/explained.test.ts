/** A pinned image that changes explains itself: what is different is named, what has only moved is not. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type BuildOptions, buildErofs, type Entry, entries } from "../../../dist/index.js";
import { COMPACT } from "../../../src/erofs/disk/format.ts";
import { explainChange, pinOf } from "../../helpers/golden/pins.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("explained");
const image = `${scratch}/image`;

const TREE: Entry[] = [
  { path: "a", contents: "hello\n" },
  { path: "b", kind: "symlink", target: "a" },
  { path: "c/d", contents: new Uint8Array(10_000).fill(1) },
];

async function build(list: Entry[], options: BuildOptions = {}): Promise<Uint8Array> {
  await buildErofs(entries(list), image, { timestamp: 0, uuid: "00000000-0000-0000-0000-000000000001", ...options });
  return Uint8Array.from(readFileSync(image));
}

/** The lines that are only in one of two dumps. */
async function changes(before: Uint8Array, after: Uint8Array): Promise<string[]> {
  const text = explainChange("image", await pinOf(before), await pinOf(after));
  expect(text).toContain('the image "image" is not the pinned one');
  return text.split("\n").filter((line) => /^[-+] /.test(line));
}

test("a field", async () => {
  const before = await build(TREE);
  const after = before.slice();
  // the root follows the superblock
  after[1152 + COMPACT.i_mode] = 0xff;
  const [left, right, ...more] = await changes(before, after);
  expect(left).toMatch(/^- 0x00000480 +32 {2}erofs_inode_compact \/ nid=36 inline: .* i_mode=040755 /);
  expect(right).toMatch(/^\+ 0x00000480 +32 {2}erofs_inode_compact \/ nid=36 inline: .* i_mode=040777 /);
  expect(more).toEqual([]);
});

test("contents", async () => {
  const [left, right, ...more] = await changes(
    await build(TREE, { checksum: false }),
    await build(TREE.with(0, { path: "a", contents: "HELLO\n" }), { checksum: false }),
  );
  expect(left).toMatch(/^- 0x[0-9a-f]+ +6 {2}tail of \/a, /);
  expect(right).toMatch(/^\+ 0x[0-9a-f]+ +6 {2}tail of \/a, /);
  expect(more).toEqual([]);
});

test("one entry more moves others: they are not told", async () => {
  const options = { checksum: false, fsAlignBlocks: 16 };
  const lines = await changes(await build(TREE, options), await build([...TREE, { path: "bb" }], options));
  const told = lines.map((line) => line.replace(/^(.) \S+ +\d+ {2}/, "$1 ").replace(/[:,].*/, ""));
  expect(told).toContain("+ erofs_dirent bb");
  expect(told.filter((line) => / \/(c|a)/.test(line))).toEqual([]);
});
