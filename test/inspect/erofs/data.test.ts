/** The reader's contents of files, in every form: those that were packed. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type BuildOptions, buildErofs, entries } from "../../../dist/index.js";
import { ErofsData } from "../../../src/inspect/erofs/data.ts";
import { readInode } from "../../../src/inspect/erofs/inode.ts";
import { mapErofs } from "../../../src/inspect/erofs/map.ts";
import { openErofs } from "../../../src/inspect/erofs/reader.ts";
import { ImageBytes } from "../../../src/inspect/image.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { COMPRESSED_FORMS, compressedTree } from "../../helpers/trees/compressed-tree.ts";
import { DEDUPE_MATRIX, relatives } from "../../helpers/trees/relatives.ts";

const scratch = makeScratch("read-data");
const path = `${scratch}/image`;
const tree = compressedTree();
const files = relatives();

/** Contents by path. */
async function readAll(): Promise<Map<string, Buffer>> {
  const image = await openErofs(new ImageBytes(readFileSync(path)));
  const { nids, paths } = await mapErofs(image);
  const data = new ErofsData(image);
  const found = new Map<string, Buffer>();
  for (const [owner, nid] of nids.entries()) {
    const inode = await readInode(image, nid);
    const pieces: Buffer[] = [];
    for await (const piece of data.read(inode, 100_000)) pieces.push(Buffer.from(piece));
    found.set(paths.show(owner), Buffer.concat(pieces));
  }
  return found;
}

/** Blocks larger than pages, which the Linux of most machines does not mount. */
const LARGE_BLOCKS: [name: string, options: BuildOptions][] = [
  ["blocks of 64 KiB", { blockSize: 65_536 }],
  ["blocks of 8 KiB, LZ4", { blockSize: 8192, compress: { algorithm: "lz4" }, pclusterSize: 65_536 }],
  [
    "blocks of 64 KiB, zstd",
    { blockSize: 65_536, compress: { algorithm: "zstd" }, pclusterSize: 65_536, fragments: "tails" },
  ],
];

test.each([["plain", {}] as const, ...COMPRESSED_FORMS, ...LARGE_BLOCKS])("%s", async (_name, options) => {
  await buildErofs(entries(tree), path, options);
  const found = await readAll();
  for (const { path, kind, contents } of tree) {
    if (kind === undefined) expect(found.get(`/${path}`)!.equals(contents as Uint8Array), `${path}`).toBe(true);
  }
});

test.each(DEDUPE_MATRIX.filter(([name]) => name !== "hints"))("parts of each other: %s", async (_name, options) => {
  await buildErofs(entries(Object.entries(files).map(([path, contents]) => ({ path, contents }))), path, options);
  const found = await readAll();
  for (const [name, contents] of Object.entries(files))
    expect(found.get(`/${name}`)!.equals(contents), name).toBe(true);
});
