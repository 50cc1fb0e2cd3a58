/** Where an uncompressed image has what, and in which form: built in memory, and read by a reader of the tests. */
import { expect, test } from "vitest";
import { buildErofs } from "../../../src/build/erofs.ts";
import type { BuildOptions } from "../../../src/build/options.ts";
import { type Entry, entries } from "../../../src/stage/source/entries.ts";
import { ImageReader } from "../../helpers/image-reader.ts";

const [PLAIN, INLINE, CHUNK] = [0, 2, 4];
const NO_BLOCK = 0xffffffff;

async function imageOf(list: readonly Entry[], options: BuildOptions = {}) {
  let image = new Uint8Array(0);
  const sink = {
    writeAt: (bytes: Uint8Array, offset: number) => image.set(bytes, offset),
    truncate: (length: number) => {
      image = new Uint8Array(length);
    },
    close: () => undefined,
  };
  const report = await buildErofs(entries(list), sink, options);
  const reader = new ImageReader(image);
  const tree = reader.tree();
  const at = (path: string) => {
    const inode = tree.get(path);
    if (!inode) throw new Error(`no inode ${path}`);
    return inode;
  };
  return { report, superblock: reader.superblock, tree, at };
}

const filled = (size: number, seed = 1) => Uint8Array.from({ length: size }, (_, index) => 1 + ((index * seed) % 255));
const attributed = (path: string, name: string): Entry => ({ path, xattrs: { [name]: new Uint8Array(1) } });

test("the root's inode follows the superblock, its names are the last thing, segments are between", async () => {
  const list: Entry[] = [
    { path: "a", contents: "hello\n" },
    { path: "l", kind: "symlink", target: "a" },
  ];
  const { report, superblock, at } = await imageOf(list);
  expect(at("")).toMatchObject({ nid: 36, nlink: 2, startBlk: NO_BLOCK, extended: false, layout: INLINE });
  expect(at("a")).toMatchObject({ nid: 128, nlink: 1, startBlk: NO_BLOCK, extended: false, layout: INLINE });
  expect(at("l")).toMatchObject({ nid: 130, nlink: 1, startBlk: NO_BLOCK, extended: false, layout: INLINE });
  expect(report).toMatchObject({ blocks: 2, metaBlocks: 2 });
  expect(superblock).toMatchObject({ rootNid: 36, inodes: 3, blocks: 2, xattrBlk: 0, compat: 3, incompat: 0 });
});

test("a root with many names has them behind everything else", async () => {
  const list = Array.from({ length: 300 }, (_, nr) => ({ path: `name-${nr}`, contents: filled(4096, nr + 1) }));
  const { at, report, superblock } = await imageOf(list);
  expect(at("").layout).toBe(INLINE);
  expect(at("").startBlk).toBe(superblock.blocks - 1);
  expect(report.metaBlocks).toBe(1 + Math.ceil(300 / 128) + 1);
});

test.each([
  ["compact", 512, 32],
  ["compact", 4096, 32],
  ["extended", 4096, 64],
  ["extended", 65536, 64],
] as const)("%s inodes, blocks of %i: a tail is inline where it fits beside them", async (inodes, blockSize, head) => {
  const room = blockSize - head;
  const inline = [1, room - 1, room, blockSize + 1, blockSize + room, 3 * blockSize + 1];
  const plain = [room + 1, blockSize - 1, blockSize, blockSize + room + 1, 2 * blockSize, 3 * blockSize - 1];
  const list = [0, ...inline, ...plain].map((size) => ({ path: String(size), contents: filled(size) }));
  const { at } = await imageOf(list, { blockSize, inodes });
  expect(at("0")).toMatchObject({ layout: PLAIN, startBlk: NO_BLOCK });
  for (const size of inline) expect({ ...at(String(size)), size }).toMatchObject({ size, layout: INLINE });
  for (const size of plain) expect({ ...at(String(size)), size }).toMatchObject({ size, layout: PLAIN });
});

test("data lies behind the inodes of its segment, in the order of the files, large or small", async () => {
  const sizes = { a: 8192, b: 300_000, c: 5000, d: 4096, e: 262_144 };
  const { at } = await imageOf(
    Object.entries(sizes).map(([path, size]) => ({ path, contents: filled(size, size) })),
    {
      inlineData: false,
    },
  );
  const first = at("a").startBlk;
  expect(["b", "c", "d", "e"].map((path) => at(path).startBlk - first)).toEqual([2, 76, 78, 79]);
});

test("options of layout: no inline data, a data unit, an alignment of the whole", async () => {
  const list = [10, 5000, 4096].map((size, index) => ({ path: `f${index}`, contents: filled(size, size) }));
  const noInline = await imageOf(list, { inlineData: false });
  expect(["f0", "f1", "f2"].map((path) => noInline.at(path).layout)).toEqual([PLAIN, PLAIN, PLAIN]);
  expect(["f0", "f1", "f2"].map((path) => noInline.at(path).startBlk)).toEqual([2, 3, 5]);
  expect(noInline.report.blocks).toBe(6);
  const aligned = await imageOf(list, { inlineData: false, dsunit: 8, fsAlignBlocks: 100 });
  expect(["f0", "f1", "f2"].map((path) => aligned.at(path).startBlk)).toEqual([16, 24, 32]);
  expect(aligned.report.blocks).toBe(100);
});

test("directories and links of a block and more lie behind the inodes, shared attributes behind the head", async () => {
  const names = Array.from({ length: 15 }, (_, index) => `d/${"x".repeat(253)}${10 + index}`);
  const { report, superblock, at } = await imageOf([
    ...[...names, `d/${"y".repeat(52)}`].map((path) => ({ path, xattrs: { "user.k": filled(9) } })),
    { path: "l", kind: "symlink", target: "t".repeat(4095) },
    { path: "z", contents: filled(4096) },
  ]);
  expect(superblock).toMatchObject({ xattrBlk: 1, compat: 7 });
  expect(at("d")).toMatchObject({ layout: PLAIN, startBlk: 3 });
  expect(at("l")).toMatchObject({ layout: PLAIN, startBlk: 4 });
  expect(at("z").startBlk).toBe(5);
  expect(report).toMatchObject({ metaBlocks: 5, blocks: 6 });
});

test("equal files share their blocks, and each has its tail", async () => {
  const twice = (name: string, contents: Uint8Array) => ["1", "2"].map((nr) => ({ path: name + nr, contents }));
  const list = [...twice("tail", filled(4096 + 2047, 2)), ...twice("whole", filled(8192)), ...twice("s", filled(99))];
  const { at, report } = await imageOf(list);
  for (const name of ["tail", "whole"]) expect(at(`${name}1`).startBlk).toBe(at(`${name}2`).startBlk);
  expect(report.savedByDedupe).toBe(3 * 4096);
  const apart = await imageOf(list, { dedupe: "none" });
  expect(apart.at("tail1").startBlk).not.toBe(apart.at("tail2").startBlk);
  expect(apart.report.savedByDedupe).toBe(0);
});

test("equal files in different forms share nothing: one has its end beside its inode, the other has no room", async () => {
  const contents = filled(4096 + 1500);
  const long = { "user.long": new Uint8Array(2600) };
  const { at } = await imageOf([
    { path: "a", contents },
    { path: "b", contents, xattrs: long },
  ]);
  expect([at("a").layout, at("b").layout]).toEqual([INLINE, PLAIN]);
  expect(at("a").startBlk).not.toBe(at("b").startBlk);
});

test("tiny files are shared where each has a block, whatever stood in memory behind them", async () => {
  const list = Array.from({ length: 300 }, (_, nr) => ({
    path: `f${nr}`,
    contents: nr % 3 ? "xy" : filled(3 * nr + 7),
  }));
  const { report } = await imageOf(list, { inlineData: false });
  expect(report.savedByDedupe).toBe(199 * 4096);
});

test("files that are alike in size and in the bytes that are looked at first are told apart", async () => {
  // one byte differs in each, where no sample is taken
  const list = Array.from({ length: 40 }, (_, nr) => {
    const contents = filled(20_000);
    contents[5000] = nr % 20;
    return { path: `f${10 + nr}`, contents };
  });
  const { at, report } = await imageOf(list);
  for (let nr = 0; nr < 40; nr++) expect(at(`f${10 + nr}`).contents[5000]).toBe(nr % 20);
  expect(report.savedByDedupe).toBe(20 * 4 * 4096);
});

test("large files are shared too, also with one in another segment", async () => {
  const large = filled(400_000, 3);
  const other = large.slice();
  other[200_000] = 0;
  const list = ["a", "b", "c"].map((path, nr) => ({ path, contents: nr === 1 ? other : large }));
  const between = Array.from({ length: 60 }, (_, nr) => ({ path: `b${nr}`, contents: filled(100_000, nr + 5) }));
  const { at, report } = await imageOf([...list, ...between]);
  expect(at("a").startBlk).toBe(at("c").startBlk);
  expect(at("a").startBlk).not.toBe(at("b").startBlk);
  expect(report.savedByDedupe).toBe(Math.floor(400_000 / 4096) * 4096);
});

test.each([0, 1, 2, 5])("an attribute on more than %i inodes is stored once", async (xattrTolerance) => {
  const on = (inodes: number) =>
    Array.from({ length: inodes }, (_, nr) => attributed(`${inodes}-${nr}`, `user.on${inodes}`));
  const { tree } = await imageOf([1, 2, 3, 5, 6].flatMap(on), { xattrTolerance });
  const shared = new Set(
    [...tree.values()].flatMap(({ extents }) =>
      extents.filter(({ sharedAs }) => sharedAs === "attribute").map(({ from }) => from),
    ),
  );
  expect(shared.size).toBe([1, 2, 3, 5, 6].filter((inodes) => inodes > xattrTolerance).length);
});

test("a file with holes stores its data only, small or large", async () => {
  const withData = (blocks: number, at: number[]) => {
    const contents = new Uint8Array(blocks * 4096 + 5);
    for (const block of at) contents.fill(block + 1, block * 4096, block * 4096 + 4096);
    return contents;
  };
  const list = [
    { path: "large", contents: withData(200, [10, 11, 150]), sparse: true },
    { path: "small", contents: withData(20, [3, 19]), sparse: true },
  ];
  const { at, report, superblock } = await imageOf(list);
  expect([at("large").layout, at("small").layout]).toEqual([CHUNK, CHUNK]);
  for (const { path, contents } of list) expect(at(path).contents.equals(contents)).toBe(true);
  expect(report.savedByHoles).toBe((201 - 3 + 21 - 2) * 4096);
  expect(superblock.incompat).toBe(4);
});

test("a chunk size makes every file with contents chunk-based, and nothing else", async () => {
  const list: Entry[] = [{ path: "a", contents: "a" }, { path: "b" }, { path: "c", kind: "symlink", target: "a" }];
  const { report, at } = await imageOf(list, { chunkSize: 65536, chunkIndexes: true });
  expect(["", "a", "b", "c"].map((path) => at(path).layout)).toEqual([INLINE, CHUNK, PLAIN, INLINE]);
  expect(report.blocks).toBe(3);
});

const T = 1_700_000_000;

test.each<[string, Partial<Entry>, extended: boolean]>([
  ["uid 65535", { uid: 65535 }, false],
  ["uid 65536", { uid: 65536 }, true],
  ["gid 65535", { gid: 65535 }, false],
  ["gid 65536", { gid: 65536 }, true],
  ["the epoch as time", { mtime: T }, false],
  ["the epoch and a nanosecond", { mtime: { sec: T, nsec: 1 } }, true],
  ["a second before the epoch", { mtime: T - 1 }, true],
])("an inode of %s takes the form that holds it", async (_, more, extended) => {
  const others = ["a", "b", "c"].map((path) => ({ path, mtime: T }));
  const { at } = await imageOf([...others, { path: "it", mtime: T, contents: filled(4096 - 63), ...more }]);
  // a tail beside an extended inode has 32 bytes less
  expect(at("it")).toMatchObject({ extended, layout: extended ? PLAIN : INLINE });
  expect(at("a").extended).toBe(false);
});

test.each([65535, 65536])("%i names of one inode are counted, beyond 16 bits in the extended form", async (names) => {
  const link = (index: number) => ({ path: `n${index}`, kind: "hardlink", target: "a" }) as const;
  const { superblock, tree, at } = await imageOf([
    { path: "a" },
    ...Array.from({ length: names - 1 }, (_, index) => link(index)),
  ]);
  expect(at("a")).toMatchObject({ nlink: names, extended: names > 65535 });
  expect(superblock.inodes).toBe(2);
  // all names lead to the one inode
  expect(new Set([...tree.values()].map(({ nid }) => nid))).toEqual(new Set([at("").nid, at("a").nid]));
});

test("a name of a hard link may come before, behind or above the directory of another", async () => {
  const { at } = await imageOf([
    { path: "m/one", contents: filled(5000) },
    { path: "a/b/two", kind: "hardlink", target: "m/one" },
    { path: "three", kind: "hardlink", target: "m/one" },
    { path: "z/four", kind: "hardlink", target: "m/one" },
  ]);
  expect(at("m/one")).toMatchObject({ nlink: 4 });
  for (const path of ["a/b/two", "three", "z/four"]) expect(at(path)).toBe(at("m/one"));
});

test.each([65533, 65534])("a directory of %i subdirectories counts them all", async (count) => {
  const list = Array.from({ length: count }, (_, index) => ({ path: `d/${index}`, kind: "directory" }) as const);
  expect((await imageOf(list)).at("d")).toMatchObject({ nlink: count + 2, extended: count + 2 > 65535 });
});

test("the epoch is the time that most inodes have, the first in order of those equally frequent", async () => {
  const times = (list: (number | { sec: number; nsec: number })[]) =>
    list.map(
      (mtime, index): Entry => ({ path: index === 0 ? "" : `f${index}`, kind: index ? "file" : "directory", mtime }),
    );
  const superblock = async (list: Entry[], options?: BuildOptions) => (await imageOf(list, options)).superblock;
  const odd = { sec: -5, nsec: 999_999_999 };
  expect(await superblock(times([1, 2, 2, 1, 3]))).toMatchObject({ epoch: 1, fixedNsec: 0, buildTime: 0 });
  expect(await superblock(times([1, 2, odd, odd]))).toMatchObject({ epoch: -5, fixedNsec: 999_999_999, buildTime: 0 });
  // found among more different times than are counted at once
  const many = times([...Array.from({ length: 5000 }, (_, index) => index), ...new Array<number>(100).fill(77)]);
  expect(await superblock(many)).toMatchObject({ epoch: 77 });
  expect(await superblock(times([1, 2, 2, 3]), { timestamp: T })).toMatchObject({ epoch: T, buildTime: 0 });
  const keep = { timestamp: T, times: "keep" } as const;
  expect(await superblock(times([1, 2, 2, 3]), keep)).toMatchObject({ epoch: 2, buildTime: T - 2 });
  expect(await superblock(times([1, T + 2, T + 2]), keep)).toMatchObject({ epoch: T, buildTime: 0 });
  const far = { timestamp: 2 ** 32 + 5, times: "keep" } as const;
  expect(await superblock(times([5, 5]), far)).toMatchObject({ epoch: 5 + 2 ** 32, buildTime: 0 });
  expect(await superblock(times([6, 6]), far)).toMatchObject({ epoch: 6, buildTime: 2 ** 32 - 1 });
  expect(await superblock(times([1, 2, 2]), { ...keep, ignoreMtime: true })).toMatchObject({ epoch: T, buildTime: 0 });
});

test("forms on demand: all extended, or all compact with the epoch for everything's time", async () => {
  const list = [{ path: "a", mtime: 1 }, { path: "b", mtime: 2 }, { path: "c" }];
  const forms = async (options: BuildOptions) => {
    const { at } = await imageOf(list, options);
    return ["", "a", "b", "c"].map((path) => at(path).extended);
  };
  expect(await forms({})).toEqual([false, true, true, false]);
  expect(await forms({ ignoreMtime: true })).toEqual([false, false, false, false]);
  expect(await forms({ inodes: "compact" })).toEqual([false, false, false, false]);
  expect(await forms({ inodes: "extended" })).toEqual([true, true, true, true]);
});
