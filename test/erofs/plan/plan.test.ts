/** Plans of uncompressed images: where everything lies, and in which form. Nothing is written. */
import { expect, test } from "vitest";
import { loadXxHash } from "../../../src/core/xxhash.ts";
import { type ErofsLayoutOptions, resolveLayout } from "../../../src/erofs/options.ts";
import { type ErofsPlan, planImage } from "../../../src/erofs/plan/plan.ts";
import { type Entry, entries } from "../../../src/stage/source/entries.ts";
import { compareCandidates, findCandidates } from "../../../src/stage/tree/dedupe.ts";
import { orderFiles, type SortRule } from "../../../src/stage/tree/file-order.ts";
import { orderInodes } from "../../../src/stage/tree/order.ts";
import { resolvePolicy, type StageOptions } from "../../../src/stage/tree/policy.ts";
import { findSparse, readSparse, scanSparse } from "../../../src/stage/tree/sparse.ts";
import { Tree } from "../../../src/stage/tree/tree.ts";
import { soloContext } from "../../helpers/context.ts";

const [PLAIN, INLINE, CHUNK] = [0, 2, 4];
const NO_BLOCK = 0xffffffff;

interface Options extends ErofsLayoutOptions, StageOptions {
  sort?: readonly SortRule[];
  /** Runs of data of a file whose contents would take too long to look through. */
  holes?: Record<string, number[]>;
}

/** What the build does up to the point where the first byte would leave. */
async function planOf(list: readonly Entry[], options: Options = {}) {
  const policy = resolvePolicy(options, false);
  const layout = resolveLayout(options);
  const tree = Tree.create();
  const { contents, xattrs } = await entries(list).stage(tree, policy, soloContext());
  const [inodes, xxhash] = [orderInodes(tree), await loadXxHash()];
  const candidates = findCandidates(tree, inodes, layout.blockSize);
  const sharesWith = layout.dedupe ? candidates.sharesWith : undefined;
  if (layout.dedupe) await compareCandidates(soloContext(), tree, candidates, contents, xxhash);
  const scan = findSparse(tree, inodes, sharesWith, layout.blockSize);
  await scanSparse(soloContext(), tree, scan, contents);
  const entryOf = (path: string): number => {
    const entry = inodes.order.find((each) => Buffer.from(tree.path(each)).toString("latin1") === path);
    if (entry === undefined) throw new Error(`no inode ${path}`);
    return entry;
  };
  const holes = readSparse(scan);
  for (const [path, runs] of Object.entries(options.holes ?? {})) holes.set(entryOf(path), Float64Array.from(runs));
  const timestamp = policy.times === "fixed" ? policy.timestamp : options.timestamp;
  const sort = options.sort ?? [];
  const files = orderFiles(tree, inodes, sort);
  const plan = planImage({ tree, inodes, files, sort, layout, timestamp, sharesWith, holes, xattrs, xxhash });
  const at = (path: string) => describe(plan, entryOf(path));
  return { plan, at };
}

/** What a plan says of one inode. */
function describe(plan: ErofsPlan, entry: number) {
  const format = plan.formats[entry]!;
  const [nid, nlink, startBlk] = [plan.nids[entry]!, plan.nlink[entry]!, plan.startBlk[entry]!];
  return { nid, nlink, startBlk, extended: (format & 1) === 1, layout: format >> 1 };
}

const zeros = (size: number) => ({ size, readAt: (into: Uint8Array) => into.fill(0).length });
const filled = (size: number, seed = 1) => Uint8Array.from({ length: size }, (_, index) => 1 + ((index * seed) % 255));

const attributed = (path: string, name: string): Entry => ({ path, xattrs: { [name]: new Uint8Array(1) } });

test("the one-block image: inodes of 85, 38 and 33 bytes follow the superblock", async () => {
  const list: Entry[] = [
    { path: "a", contents: "hello\n" },
    { path: "l", kind: "symlink", target: "a" },
  ];
  const { plan, at } = await planOf(list);
  expect(at("")).toEqual({ nid: 36, nlink: 2, startBlk: NO_BLOCK, extended: false, layout: INLINE });
  expect(at("a")).toEqual({ nid: 39, nlink: 1, startBlk: NO_BLOCK, extended: false, layout: INLINE });
  expect(at("l")).toEqual({ nid: 41, nlink: 1, startBlk: NO_BLOCK, extended: false, layout: INLINE });
  expect(plan).toMatchObject({ blocks: 1, metaBlocks: 1, contentBytes: 6 });
  expect(plan.superblock).toMatchObject({ rootNid: 36, inodes: 3, blocks: 1, xattrBlk: 0, compat: 0, incompat: 0 });
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
  const { plan, at } = await planOf(list, { blockSize, inodes });
  expect(at("0")).toMatchObject({ layout: PLAIN, startBlk: NO_BLOCK });
  for (const size of inline) expect({ size, ...at(String(size)) }).toMatchObject({ size, layout: INLINE });
  for (const size of plain) expect({ size, ...at(String(size)) }).toMatchObject({ size, layout: PLAIN });
  // data lies behind the metadata, in the order of names, without a gap
  let next = plan.metaBlocks;
  for (const { path } of list.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const blocks = (at(path).layout === INLINE ? Math.floor : Math.ceil)(Number(path) / blockSize);
    expect(at(path).startBlk).toBe(blocks === 0 ? NO_BLOCK : next);
    next += blocks;
  }
  expect(plan.blocks).toBe(next);
});

test("options of layout: no inline data, a data unit, an alignment of the whole", async () => {
  const list = [10, 5000, 4096].map((size, index) => ({ path: `f${index}`, contents: filled(size, size) }));
  const noInline = await planOf(list, { inlineData: false });
  expect(["f0", "f1", "f2"].map((path) => noInline.at(path).layout)).toEqual([PLAIN, PLAIN, PLAIN]);
  expect(["f0", "f1", "f2"].map((path) => noInline.at(path).startBlk)).toEqual([1, 2, 4]);
  expect(noInline.plan.blocks).toBe(5);
  const aligned = await planOf(list, { inlineData: false, dsunit: 8, fsAlignBlocks: 100 });
  expect(["f0", "f1", "f2"].map((path) => aligned.at(path).startBlk)).toEqual([8, 16, 24]);
  expect(aligned.plan.blocks).toBe(100);
});

test("directories and links of a block and more lie in the metadata zone, shared attributes behind it", async () => {
  const names = Array.from({ length: 15 }, (_, index) => `d/${"x".repeat(253)}${10 + index}`);
  const { plan, at } = await planOf([
    ...[...names, `d/${"y".repeat(52)}`].map((path) => ({ path, xattrs: { "user.k": filled(9) } })),
    { path: "l", kind: "symlink", target: "t".repeat(4095) },
    { path: "z", contents: filled(4096) },
  ]);
  expect(at("d")).toMatchObject({ layout: PLAIN, startBlk: 1 });
  expect(at("l")).toMatchObject({ layout: PLAIN, startBlk: 2 });
  expect(plan.superblock).toMatchObject({ xattrBlk: 3, compat: 4 });
  expect(plan).toMatchObject({ metaBlocks: 4, blocks: 5 });
  expect(at("z").startBlk).toBe(4);
});

test("equal files share their blocks; their tails go into a shared block where that is smaller", async () => {
  const twice = (name: string, contents: Uint8Array) => ["1", "2"].map((nr) => ({ path: name + nr, contents }));
  const list = [
    ...twice("big-tail", filled(4096 + 2048)),
    ...twice("tail", filled(4096 + 2047, 2)),
    ...twice("s", filled(99)),
  ];
  const shared = await planOf(list);
  expect(shared.at("big-tail1")).toMatchObject({ layout: PLAIN, startBlk: 2 });
  expect(shared.at("big-tail2")).toMatchObject({ layout: PLAIN, startBlk: 2 });
  expect(shared.at("tail1")).toMatchObject({ layout: INLINE, startBlk: 4 });
  expect(shared.at("tail2")).toMatchObject({ layout: INLINE, startBlk: 4 });
  expect(shared.plan).toMatchObject({ blocks: 5, savedByDedupe: 3 * 4096 });
  const apart = await planOf(list, { dedupe: "none" });
  expect(apart.at("tail1").startBlk).not.toBe(apart.at("tail2").startBlk);
  expect(apart.plan).toMatchObject({ sharesWith: undefined, savedByDedupe: 0 });
});

test("equal files share their tail in a block if it does not fit beside each of them", async () => {
  const contents = filled(4096 + 1500);
  const long = { "user.long": new Uint8Array(2600) };
  const { plan, at } = await planOf([
    { path: "a", contents },
    { path: "b", contents, xattrs: long },
  ]);
  expect(at("a")).toMatchObject({ layout: PLAIN, startBlk: plan.metaBlocks });
  expect(at("b")).toMatchObject({ layout: PLAIN, startBlk: plan.metaBlocks });
  const apart = await planOf(
    [
      { path: "a", contents },
      { path: "b", contents, xattrs: long },
    ],
    { dedupe: "none" },
  );
  expect([apart.at("a").layout, apart.at("b").layout]).toEqual([INLINE, PLAIN]);
});

test.each([0, 1, 2, 5])("an attribute on more than %i inodes is stored once", async (xattrTolerance) => {
  const on = (inodes: number) =>
    Array.from({ length: inodes }, (_, nr) => attributed(`${inodes}-${nr}`, `user.on${inodes}`));
  const { plan } = await planOf([1, 2, 3, 5, 6].flatMap(on), { xattrTolerance });
  // 4 + "on?" + one byte of value
  expect(plan.xattrs.shared.length / 8).toBe([1, 2, 3, 5, 6].filter((inodes) => inodes > xattrTolerance).length);
});

test("a file with holes stores its data only, in chunks as large as its holes allow", async () => {
  const huge = { path: "huge", contents: zeros(2 ** 44) };
  const { plan, at } = await planOf([huge, { path: "z", contents: filled(4096) }], {
    holes: { huge: [8, 2, 2 ** 31, 8] },
  });
  expect(at("huge")).toMatchObject({ layout: CHUNK, extended: true });
  const blocks = at("z").startBlk - plan.metaBlocks;
  expect(plan.chunkMaps.values().next().value?.blocks).toBe(blocks);
  expect(plan.savedByHoles).toBe(2 ** 44 - blocks * 4096);
  expect(plan.superblock.incompat).toBe(4);
  expect(plan.blocks * 4096).toBeLessThan(2 ** 26);
});

test("a chunk size makes every file with contents chunk-based, and nothing else", async () => {
  const list: Entry[] = [{ path: "a", contents: "a" }, { path: "b" }, { path: "c", kind: "symlink", target: "a" }];
  const { plan, at } = await planOf(list, { chunkSize: 65536, chunkIndexes: true });
  expect(["", "a", "b", "c"].map((path) => at(path).layout)).toEqual([INLINE, CHUNK, PLAIN, INLINE]);
  expect(plan).toMatchObject({ chunkBits: 4, blocks: 2 });
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
  ["size 2^32-1", { contents: zeros(2 ** 32 - 1) }, false],
  ["size 2^32", { contents: zeros(2 ** 32) }, true],
])("an inode of %s takes the form that holds it", async (_, more, extended) => {
  const others = ["a", "b", "c"].map((path) => ({ path, mtime: T }));
  const list = [...others, { path: "it", mtime: T, ...more }];
  const { at } = await planOf(list, { holes: { it: [] } });
  expect(at("it").extended).toBe(extended);
  expect(at("a").extended).toBe(false);
  // a tail beside an extended inode has 32 bytes less
  const tail = { ...more, contents: more.contents ?? filled(4096 - 63) };
  const layout = tail.contents instanceof Uint8Array ? (extended ? PLAIN : INLINE) : CHUNK;
  const withTail = await planOf([...others, { path: "it", mtime: T, ...tail }], {
    holes: more.contents ? { it: [] } : {},
  });
  expect(withTail.at("it").layout).toBe(layout);
});

test.each([65535, 65536])("%i names of one inode are counted, beyond 16 bits in the extended form", async (names) => {
  const link = (index: number) => ({ path: `n${index}`, kind: "hardlink", target: "a" }) as const;
  const { plan, at } = await planOf([{ path: "a" }, ...Array.from({ length: names - 1 }, (_, index) => link(index))]);
  expect(at("a")).toMatchObject({ nlink: names, extended: names > 65535 });
  expect(plan.superblock.inodes).toBe(2);
  // all names lead to the one inode
  expect(new Set(plan.nids)).toEqual(new Set([at("").nid, at("a").nid]));
});

test.each([65533, 65534])("a directory of %i subdirectories counts them all", async (count) => {
  const list = Array.from({ length: count }, (_, index) => ({ path: `d/${index}`, kind: "directory" }) as const);
  expect((await planOf(list)).at("d")).toMatchObject({ nlink: count + 2, extended: count + 2 > 65535 });
});

test("the epoch is the time that most inodes have, the first in order of those equally frequent", async () => {
  const times = (list: (number | { sec: number; nsec: number })[]) =>
    list.map(
      (mtime, index): Entry => ({ path: index === 0 ? "" : `f${index}`, kind: index ? "file" : "directory", mtime }),
    );
  const superblock = async (list: Entry[], options?: Options) => (await planOf(list, options)).plan.superblock;
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
  const forms = async (options: Options) => {
    const { at } = await planOf(list, options);
    return ["", "a", "b", "c"].map((path) => at(path).extended);
  };
  expect(await forms({})).toEqual([false, true, true, false]);
  expect(await forms({ ignoreMtime: true })).toEqual([false, false, false, false]);
  expect(await forms({ inodes: "compact" })).toEqual([false, false, false, false]);
  expect(await forms({ inodes: "extended" })).toEqual([true, true, true, true]);
});
