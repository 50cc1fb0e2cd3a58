/**
 * SquashFS images pinned by SHA-256. A test that fails here says that bytes have changed; that must be meant, and is a
 * release note.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildSquashfs, type Entry, entries, type SquashfsOptions } from "../../../dist/index.js";
import { Pins } from "../../helpers/golden/pins.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const pins = new Pins("squashfs");
const scratch = makeScratch("squashfs-golden");
const image = `${scratch}/image`;

/** Bytes that do not repeat, from a xorshift of `seed`. */
function noise(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at < size; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

function text(size: number, seed: number): Uint8Array {
  const words = Array.from({ length: 300 }, (_, index) =>
    Buffer.from(noise(3 + (index % 9), index)).toString("base64"),
  );
  const picks = noise(size, seed);
  return Buffer.from(Array.from(picks, (pick) => words[pick]).join(" ")).subarray(0, size);
}

function tree(): Entry[] {
  const list: Entry[] = [{ path: "", kind: "directory", mode: 0o755, mtime: 1_700_000_000 }];
  for (const size of [0, 1, 4095, 4096, 4097, 131_071, 131_072, 131_073, 1 << 20, 3_000_001]) {
    list.push({ path: `text/${size}`, contents: text(size, size), mtime: size });
    list.push({ path: `noise/${size}`, contents: noise(size, size), uid: size % 7, gid: size % 5 });
  }
  for (const [index, seed] of [1, 2, 1, 1, 2].entries()) {
    list.push({ path: `same/small${index}`, contents: noise(5000, seed) });
    list.push({ path: `same/large${index}`, contents: noise(300_000, seed) });
    list.push({ path: `same/tail${index}`, contents: Buffer.concat([text(131_072 * 2, index), noise(5000, seed)]) });
  }
  const holes = new Uint8Array(2_000_000);
  holes.set(noise(70_000, 1), 1_000_000);
  list.push({ path: "holes", contents: holes }, { path: "zeros", contents: new Uint8Array(1 << 19) });
  for (let nr = 0; nr < 3000; nr++) list.push({ path: `many/${nr}`, contents: noise((nr * 37) % 900, nr) });
  for (let nr = 0; nr < 300; nr++) list.push({ path: `directories/${nr}`, kind: "directory", mode: 0o700 + (nr % 64) });
  for (const name of ["!", "-", ".a", "..a", "...", "b\n", "ü", "n".repeat(255)]) list.push({ path: `names/${name}` });
  for (const length of [1, 60, 4095])
    list.push({ path: `link-${length}`, kind: "symlink", target: "t".repeat(length) });
  list.push(
    { path: "null", kind: "char", major: 1, minor: 3 },
    { path: "disk", kind: "block", major: 259, minor: 300 },
  );
  list.push({ path: "pipe", kind: "fifo" }, { path: "socket", kind: "socket" });
  for (const nr of [1, 2, 3]) list.push({ path: `name${nr}`, kind: "hardlink", target: "text/131073" });
  const value = Buffer.alloc(300, "value");
  list.push({
    path: "xattrs/a",
    xattrs: { "user.a": value, "security.b": Buffer.from("short"), "user.c": Buffer.alloc(0) },
  });
  list.push({ path: "xattrs/b", kind: "directory", xattrs: { "trusted.d": value } });
  return list;
}

const PINNED: [name: string, options: SquashfsOptions][] = [
  ["zstd, the default", {}],
  ["zstd, level 3, 1 MiB blocks", { level: 3, blockSize: 1 << 20 }],
  ["gzip", { compressor: "gzip" }],
  ["lzo", { compressor: "lzo" }],
  ["lzo, level 1, 4 KiB blocks", { compressor: "lzo", level: 1, blockSize: 4096 }],
  ["lzo1x_1_15", { compressor: "lzo1x_1_15" }],
  ["xz", { compressor: "xz" }],
  ["xz, filters, half of a block", { compressor: "xz", level: 1, dictSize: "50%", filters: ["x86", "arm64", "riscv"] }],
  ["lzma", { compressor: "lzma", lc: 1, lp: 2 }],
  ["lz4", { compressor: "lz4" }],
  ["lz4hc, 4 KiB blocks", { compressor: "lz4hc", blockSize: 4096 }],
  ["uncompressed", { compressor: "none" }],
  ["fragments of small files", { compressor: "lz4", fragments: "small" }],
  ["no fragments, no holes", { compressor: "lz4", fragments: "none", sparse: false }],
  ["no dedupe, no exports, no attributes", { compressor: "lz4", dedupe: "none", exportable: false, xattrs: false }],
  ["uncompressed tables", { compressor: "lz4", uncompressed: ["inodes", "ids", "xattrs"], padding: 1 << 16 }],
];

/** It takes a second to make. */
const TREE = tree();

test.each(PINNED)("%s: the image is the pinned one", async (name, options) => {
  await buildSquashfs(entries(TREE), image, options);
  await pins.expect(name, readFileSync(image));
});

test("entries in any order give the same image", async () => {
  await buildSquashfs(entries(TREE), image, { compressor: "lz4" });
  const wanted = readFileSync(image);
  const [root, ...rest] = TREE;
  const links = rest.filter(({ kind }) => kind === "hardlink");
  const others = rest.filter(({ kind }) => kind !== "hardlink").reverse();
  await buildSquashfs(entries([...others, root!, ...links]), image, { compressor: "lz4" });
  expect(readFileSync(image).equals(wanted)).toBe(true);
});
