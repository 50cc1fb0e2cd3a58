/**
 * Random trees become images in memory, and a reader that knows only the format takes them apart: no two extents
 * overlap, no block and no byte between them is anything's leftover, and what was put in comes out.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildErofs } from "../../../src/build/erofs.ts";
import type { BuildOptions } from "../../../src/build/options.ts";
import { crc32c } from "../../../src/core/hash/crc32c.ts";
import { type Entry, entries } from "../../../src/stage/source/entries.ts";
import { checkTiling, type Extent, ImageReader, type ReadInode } from "../../helpers/image-reader.ts";

async function imageOf(list: readonly Entry[], options: BuildOptions): Promise<Uint8Array> {
  let image = new Uint8Array(0);
  await buildErofs(
    entries(list),
    {
      writeAt: (bytes, offset) => image.set(bytes, offset),
      truncate: (length) => {
        image = new Uint8Array(length);
      },
      close: () => undefined,
    },
    options,
  );
  return image;
}

const someName = fc.stringMatching(/^[ab.!-]{1,3}$/).filter((name) => name !== "." && name !== "..");
const somePath = fc.array(someName, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const someSize = fc.oneof(
  fc.constantFrom(...[0, 1, 447, 448, 449, 480, 481, 511, 512, 513], ...[4032, 4033, 4064, 4065, 4095, 4096, 4097]),
  fc.constantFrom(8192, 140_000),
  // often the same, so that files are equal
  fc.constantFrom(513, 4097, 9000),
  fc.nat(20_000),
);

function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = 1 + ((at * seed) % 251);
  return bytes;
}

/** Few seeds, so that files are equal; nothing zero, so that only what is sparse has holes. */
const someContents = fc.tuple(someSize, fc.constantFrom(1, 1, 1, 7)).map(([size, seed]) => pattern(size, seed));
const someHoles = fc.tuple(someContents, fc.nat(6), fc.nat(60_000)).map(([data, before, after]) => {
  const contents = new Uint8Array(before * 4096 + data.length + after);
  contents.set(data, before * 4096);
  return contents;
});
const someXattrs = fc.dictionary(
  fc.constantFrom("user.a", "user.bb", "trusted.c", "security.d", "system.posix_acl_access"),
  fc.constantFrom(0, 1, 5, 6, 7, 500, 5000).map((size) => new Uint8Array(size).fill(0xee)),
);
const someEntry: fc.Arbitrary<Entry> = fc
  .record({
    path: somePath,
    mode: fc.constantFrom(0, 0o644, 0o7777),
    uid: fc.constantFrom(0, 0, 0, 0, 65535, 65536, 2 ** 32 - 2),
    mtime: fc.constantFrom(0, 0, 0, 0, 1, { sec: -1, nsec: 5 }),
    xattrs: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, someXattrs),
    what: fc.oneof(
      { weight: 5, arbitrary: someContents.map((contents) => ({ kind: "file", contents }) as const) },
      { weight: 1, arbitrary: someHoles.map((contents) => ({ kind: "file", contents, sparse: true }) as const) },
      { weight: 1, arbitrary: fc.constant({ kind: "directory" } as const) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(1, 480, 481, 4064, 4095)
          .map((n) => ({ kind: "symlink", target: "t".repeat(n) }) as const),
      },
      { weight: 1, arbitrary: fc.constant({ kind: "char", major: 1, minor: 300 } as const) },
      { weight: 1, arbitrary: fc.constant({ kind: "hardlink" } as const) },
    ),
  })
  .map(({ what, ...entry }) => ({ ...entry, ...what }));

const parentOf = (path: string) => path.slice(0, Math.max(path.lastIndexOf("/"), 0));
const isDirectory = (mode: number) => (mode & 0o170000) === 0o040000;

/** A list that holds together: no path twice, none below what is no directory; links lead to an earlier file. */
function arrange(list: readonly Entry[]): Entry[] {
  const kept = new Map<string, Entry>();
  for (const entry of list) {
    const path = entry.path as string;
    let isFree = !kept.has(path) && ![...kept.keys()].some((other) => other.startsWith(`${path}/`));
    for (let up = parentOf(path); up !== ""; up = parentOf(up)) {
      if (kept.has(up) && kept.get(up)!.kind !== "directory") isFree = false;
    }
    if (!isFree) continue;
    const target = [...kept.values()].find(({ kind }) => kind === "file")?.path;
    if (entry.kind !== "hardlink") kept.set(path, entry);
    else if (target !== undefined) kept.set(path, { path, kind: "hardlink", target });
  }
  return [...kept.values()];
}

const someOptions: fc.Arbitrary<BuildOptions> = fc.record({
  blockSize: fc.constantFrom(512, 512, 1024, 4096, 4096, 65536),
  inlineData: fc.constantFrom(true, true, false),
  inodes: fc.constantFrom("auto", "auto", "extended"),
  chunkSize: fc.constantFrom(undefined, undefined, 65536),
  chunkIndexes: fc.boolean(),
  dedupe: fc.constantFrom("file", "file", "none"),
  dsunit: fc.constantFrom(1, 1, 3),
  xattrTolerance: fc.constantFrom(0, 1, 2),
  sort: fc.constantFrom([], [], [{ path: "b", match: "below", order: -1, flags: 0 }]),
});

test("any tree: extents tile the image, equal files share blocks, and everything reads back", async () => {
  const run = async (given: readonly Entry[], options: BuildOptions) => {
    const list = arrange(given);
    const image = await imageOf(list, options);
    const reader = new ImageReader(image);
    const read = reader.tree();
    checkTiling(image, reader.blockSize, read.values(), options.dsunit!);
    const sealed = image.slice(1024, reader.blockSize > 1024 ? reader.blockSize : 1024 + reader.blockSize);
    const stored = new DataView(sealed.buffer).getUint32(4, true);
    sealed.fill(0, 4, 8);
    expect(crc32c(sealed)).toBe(stored);

    const implied = list.flatMap(({ path }) =>
      [...(path as string).matchAll(/\//g)].map((at) => (path as string).slice(0, at.index)),
    );
    expect(new Set(read.keys())).toEqual(new Set(["", ...implied, ...list.map(({ path }) => path)]));
    for (const [path, inode] of read) {
      const isChild = (other: string) => other !== "" && parentOf(other) === path;
      const below = [...read].filter(([other, { mode }]) => isChild(other) && isDirectory(mode)).length;
      const names = [...read.values()].filter((other) => other === inode).length;
      expect({ path, nlink: inode.nlink }).toEqual({ path, nlink: isDirectory(inode.mode) ? 2 + below : names });
    }
    const firstOf = new Map<string, ReadInode>();
    for (const entry of list) {
      const inode = read.get(entry.path as string)!;
      if (entry.kind === "hardlink") {
        expect(inode).toBe(read.get(entry.target as string));
        continue;
      }
      expect(inode.mode & 0o7777).toBe(entry.mode);
      expect(inode.uid).toBe(entry.uid);
      const wanted = Object.entries(entry.xattrs as Record<string, Uint8Array>);
      expect(inode.xattrs).toEqual(
        Object.fromEntries(wanted.map(([name, value]) => [name, Buffer.from(value).toString("hex")])),
      );
      if (entry.kind === "file") {
        const contents = Buffer.from(entry.contents as Uint8Array);
        if (!inode.contents.equals(contents)) expect.fail(`${entry.path}: contents differ`);
        const key = contents.toString("latin1");
        const first = firstOf.get(key);
        // one may have its end beside its inode where the other has no room for it: then they share nothing
        const isAlike = first?.layout === inode.layout;
        if (first && isAlike && options.dedupe === "file" && contents.length >= reader.blockSize) {
          const data = (one: ReadInode) => one.extents.filter(({ sharedAs }) => sharedAs === "data");
          expect(data(inode)).toEqual(data(first));
        }
        firstOf.set(key, inode);
      } else if (entry.kind === "symlink") expect(inode.contents.toString()).toBe(entry.target);
    }
  };
  const someList = fc.array(someEntry, { maxLength: 40, size: "max" });
  await fc.assert(fc.asyncProperty(someList, someOptions, run), { numRuns: 150 });
});

/** Builds, checks the tiling and every file's contents; returns the data extents by path. */
async function dataOf(list: readonly Entry[], options: BuildOptions = {}): Promise<Map<string, Extent[]>> {
  const reader = new ImageReader(await imageOf(list, options));
  const tree = reader.tree();
  checkTiling(reader.image, reader.blockSize, tree.values(), 1);
  for (const { path, contents } of list) {
    if (!tree.get(path as string)!.contents.equals(contents as Uint8Array)) expect.fail(`${path}: contents differ`);
  }
  return new Map([...tree].map(([path, { extents }]) => [path, extents.filter(({ sharedAs }) => sharedAs === "data")]));
}

test("bodies and tails come together where inodes wait from one window to the next", async () => {
  const list = Array.from({ length: 3000 }, (_, nr) => {
    // tails that leave a badly filled block each, and some to fill it
    const size = nr % 5 === 0 ? nr % 301 : 2000 + ((nr * 7919) % 2000) + 4096 * (nr % 3);
    return { path: `f${nr}`, contents: pattern(size, 1 + (nr % 250)) };
  });
  const streamed: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array>({ write: (chunk) => void streamed.push(chunk) });
  await buildErofs(entries(list), stream);
  expect(Buffer.concat(streamed).equals(await imageOf(list, {}))).toBe(true);
  await dataOf(list, { dedupe: "none" });
});

test.each([5000, 8192, 200_000, 300_000, 2_500_000])(
  "files of %i bytes that differ in a byte share nothing",
  async (size) => {
    const but = (at: number) => pattern(size, 3).fill(0xff, at, at + 1);
    const originals = [pattern(size, 3), but(0), but(size - 1), but(size >> 1)];
    const list = [...originals, ...originals].map((contents, nr) => ({ path: `f${nr}`, contents }));
    const data = await dataOf(list);
    const first = (nr: number) => data.get(`f${nr}`)![0]!.from;
    expect(new Set([0, 1, 2, 3].map(first)).size).toBe(4);
    expect([4, 5, 6, 7].map(first)).toEqual([0, 1, 2, 3].map(first));
    const two = await dataOf(list.slice(1, 3));
    expect(two.get("f1")![0]!.from).not.toBe(two.get("f2")![0]!.from);
    // alike for longer than a large file's head is
    const late = await dataOf([list[0]!, list[2]!]);
    expect(late.get("f0")![0]!.from).not.toBe(late.get("f2")![0]!.from);
  },
);

test("holes of one block are holes, where together they save more than a block", async () => {
  const blocks = (text: string) => Buffer.concat([...text].map((letter) => Buffer.alloc(4096, Number(letter))));
  const files = { "10101": 3, "1001": 2, "0011": 2, "110000": 2, "000000": 0, "101": 3, "111": 3, "11111": 5 };
  const list = Object.keys(files).map((path) => ({ path, contents: blocks(path), sparse: true }));
  const data = await dataOf(list, { dedupe: "none" });
  const stored = (path: string) => data.get(path)!.reduce((sum, { from, to }) => sum + (to - from) / 4096, 0);
  expect(Object.fromEntries(list.map(({ path }) => [path, stored(path)]))).toEqual(files);
});

test("a hole is a block of zeros only, to the last byte of a file of any length", async () => {
  const list = [12_289, 12_290, 12_291, 12_292, 1_048_577, 1_052_673].map((size) => {
    const contents = new Uint8Array(size);
    contents[size - 1] = 0xee;
    return { path: String(size), contents, sparse: true };
  });
  const data = await dataOf(list);
  // one block is stored, the one that the last byte is in
  for (const { path } of list) expect(data.get(path)!.map(({ from, to }) => to - from)).toEqual([4096]);
});
