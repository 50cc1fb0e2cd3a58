/** Directories as bytes: a reader that knows only the format decodes them, and the kernel's search finds every name. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StructView } from "../../../src/core/struct.ts";
import { DirectoryBlocks, measureDirectory } from "../../../src/erofs/disk/dirent.ts";
import { type Entry, entries } from "../../../src/stage/source/entries.ts";
import { resolvePolicy } from "../../../src/stage/tree/policy.ts";
import { Tree } from "../../../src/stage/tree/tree.ts";
import { soloContext } from "../../helpers/context.ts";

/** Names travel as latin1 strings, a character a byte. */
const bytesOf = (name: string) => Uint8Array.from(Buffer.from(name, "latin1"));
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1"));

async function stage(list: readonly Entry[]): Promise<Tree> {
  const tree = Tree.create();
  await entries(list).stage(tree, resolvePolicy({}, false), soloContext());
  return tree;
}

const FIRST_NID = 1000;

/** The bytes of one directory of a tree, in which entry n has the NID 1000 + n; the emitter must stay inside them. */
function emit(tree: Tree, directory: number, blockSize: number, hasDot = true): Uint8Array {
  const nids = Uint32Array.from({ length: tree.length }, (_, entry) => FIRST_NID + entry);
  const size = measureDirectory(tree, directory, blockSize, hasDot);
  const room = new Uint8Array(size + 64);
  const view = new StructView(room.buffer);
  const blocks = new DirectoryBlocks(tree, directory, nids, blockSize, { hasDot });
  const used: number[] = [];
  for (let count = -1; count !== 0; used.push(count)) count = blocks.emit(room, view, 32 + used.length * blockSize);
  expect((used.length - 2) * blockSize + used.at(-2)!).toBe(size);
  expect(room.subarray(0, 32).every((byte) => byte === 0)).toBe(true);
  expect(room.subarray(32 + size).every((byte) => byte === 0)).toBe(true);
  return room.slice(32, 32 + size);
}

/** The bytes of a root directory with these names. */
async function emitNames(names: readonly string[], blockSize: number, hasDot = true): Promise<Uint8Array> {
  return emit(await stage(names.map((name) => ({ path: bytesOf(name) }))), 0, blockSize, hasDot);
}

interface Dirent {
  name: string;
  nid: number;
  type: number;
}

/** Reads a directory block by block; the last may be short. Throws on whatever fsck.erofs would complain of. */
function decode(bytes: Uint8Array, blockSize: number): Dirent[][] {
  const blocks: Dirent[][] = [];
  for (let from = 0; from < bytes.length; from += blockSize) {
    const block = bytes.subarray(from, from + blockSize);
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    const count = view.getUint16(8, true) / 12;
    if (!Number.isInteger(count) || count < 1) throw new Error(`block at ${from}: ${count} entries`);
    const dirents: Dirent[] = [];
    let nameAt = count * 12;
    for (let at = 0; at < count * 12; at += 12) {
      if (view.getUint16(at + 8, true) !== nameAt) throw new Error(`names are not contiguous at ${from + at}`);
      let end = at + 12 < count * 12 ? view.getUint16(at + 20, true) : nameAt;
      if (at + 12 === count * 12) while (end < block.length && block[end] !== 0) end++;
      const name = Buffer.from(block.subarray(nameAt, end)).toString("latin1");
      if (name.length < 1 || name.length > 255 || name.includes("\0")) throw new Error(`a name at ${from + nameAt}`);
      if (view.getUint8(at + 11) !== 0) throw new Error(`reserved byte of the entry at ${from + at}`);
      dirents.push({ name, nid: Number(view.getBigUint64(at, true)), type: view.getUint8(at + 10) });
      nameAt = end;
    }
    if (block.subarray(nameAt).some((byte) => byte !== 0)) throw new Error(`not zero behind ${from + nameAt}`);
    blocks.push(dirents);
  }
  return blocks;
}

/** fs/erofs/namei.c: find_target_block, then find_target_dirent, both with their bookkeeping of matched prefixes. */
function kernelLookup(bytes: Uint8Array, blockSize: number, name: string): number | undefined {
  const count = Math.ceil(bytes.length / blockSize);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wanted = bytesOf(`${name}\0`);
  const nameoff = (block: number, index: number) => view.getUint16(block + index * 12 + 8, true) & (blockSize - 1);
  /** erofs_dirnamecmp: the sign, and how many bytes are known to be equal. */
  const compare = (from: number, end: number, matched: number): [sign: number, matched: number] => {
    let i = matched;
    // behind the end the page is zero
    for (; from + i < end && (bytes[from + i] ?? 0) !== 0; i++) {
      if (wanted[i] !== bytes[from + i]) return [wanted[i]! > bytes[from + i]! ? 1 : -1, i];
    }
    return [wanted[i] === 0 ? 0 : 1, i];
  };
  /** Binary search over what `nameOf` says; the one equal, or the last that is not above. */
  const search = (first: number, last: number, nameOf: (index: number) => [from: number, end: number]) => {
    let [head, back, startPrefix, endPrefix] = [first, last, 0, 0];
    let candidate: number | undefined;
    while (head <= back) {
      const middle = head + Math.floor((back - head) / 2);
      const [sign, matched] = compare(...nameOf(middle), Math.min(startPrefix, endPrefix));
      if (sign === 0) return { found: middle };
      if (sign > 0) [head, startPrefix, candidate] = [middle + 1, matched, middle];
      else [back, endPrefix] = [middle - 1, matched];
    }
    return { candidate };
  };
  const range = (block: number, index: number): [number, number] => {
    const dirents = nameoff(block, 0) / 12;
    return [block + nameoff(block, index), index + 1 < dirents ? block + nameoff(block, index + 1) : block + blockSize];
  };
  const inBlocks = search(0, count - 1, (block) => range(block * blockSize, 0));
  const block = inBlocks.found ?? inBlocks.candidate;
  if (block === undefined) return undefined;
  const at = block * blockSize;
  if (inBlocks.found !== undefined) return Number(view.getBigUint64(at, true));
  const inside = search(1, nameoff(at, 0) / 12 - 1, (index) => range(at, index));
  return inside.found === undefined ? undefined : Number(view.getBigUint64(at + 12 * inside.found, true));
}

test("an empty directory is 27 bytes: two entries and three dots", async () => {
  const tree = await stage([]);
  expect(Buffer.from(emit(tree, 0, 4096)).toString("hex")).toBe(
    "e803000000000000 1800 02 00 e803000000000000 1900 02 00 2e2e2e".replaceAll(" ", ""),
  );
});

test("without an entry for itself it is 14 bytes", async () => {
  const tree = await stage([]);
  const hex = Buffer.from(emit(tree, 0, 4096, false)).toString("hex");
  expect(hex).toBe("e803000000000000 0c00 02 00 2e2e".replaceAll(" ", ""));
});

test("blocks may be passed over: the last lies apart, behind the inode, wherever that is", async () => {
  const tree = await stage(["a", "b", "c"].map((letter) => ({ path: letter.repeat(255) })));
  const together = emit(tree, 0, 512);
  const nids = Uint32Array.from({ length: tree.length }, (_, entry) => FIRST_NID + entry);
  const room = new Uint8Array(4096);
  const blocks = new DirectoryBlocks(tree, 0, nids, 512);
  for (const _ of [0, 1]) expect(blocks.skip()).toBeGreaterThan(255);
  expect(blocks.emit(room, new StructView(room.buffer), 100)).toBe(267);
  expect(blocks.skip()).toBe(0);
  expect(room.slice(100, 100 + 267)).toEqual(together.slice(1024));
  expect([...room.subarray(0, 100), ...room.subarray(367)].some(Boolean)).toBe(false);
});

test("dots stand where their bytes put them, behind names like ! and -", async () => {
  const names = ["\xff", "..a", ".a", "-", "!", "a", "...", ".-", ".!", "\x01", "\xff\xff", ".\xff", "..-", "--"];
  const [block, ...more] = decode(await emitNames(names, 4096), 4096);
  expect(more).toEqual([]);
  expect(block!.map(({ name }) => name)).toEqual([
    ...["\x01", "!", "-", "--", ".", ".!", ".-", "..", "..-", "...", "..a", ".a", ".\xff", "a", "\xff", "\xff\xff"],
  ]);
});

test("a name sorts behind its own prefixes", async () => {
  const names = ["a", "ab", "abc", "abb", "a\x01", "a\xff"];
  const [block] = decode(await emitNames(names, 512), 512);
  expect(block!.map(({ name }) => name)).toEqual([".", "..", "a", "a\x01", "ab", "abb", "abc", "a\xff"]);
});

test("every kind of entry has its file type; dots lead to the directory and its parent", async () => {
  const tree = await stage([
    { path: "b/c/file" },
    { path: "b/c/dir", kind: "directory" },
    { path: "b/c/char", kind: "char" },
    { path: "b/c/block", kind: "block" },
    { path: "b/c/fifo", kind: "fifo" },
    { path: "b/c/socket", kind: "socket" },
    { path: "b/c/link", kind: "symlink", target: "file" },
    { path: "b/c/hard", kind: "hardlink", target: "b/c/fifo" },
  ]);
  const entryOf = (path: string) => {
    for (let entry = 0; entry < tree.length; entry++) {
      if (Buffer.from(tree.path(entry)).toString() === path) return entry;
    }
    throw new Error(`no entry ${path}`);
  };
  const [block] = decode(emit(tree, entryOf("b/c"), 4096), 4096);
  const nid = (path: string) => FIRST_NID + entryOf(path);
  expect(block).toEqual([
    { name: ".", nid: nid("b/c"), type: 2 },
    { name: "..", nid: nid("b"), type: 2 },
    { name: "block", nid: nid("b/c/block"), type: 4 },
    { name: "char", nid: nid("b/c/char"), type: 3 },
    { name: "dir", nid: nid("b/c/dir"), type: 2 },
    { name: "fifo", nid: nid("b/c/fifo"), type: 5 },
    { name: "file", nid: nid("b/c/file"), type: 1 },
    { name: "hard", nid: nid("b/c/hard"), type: 5 },
    { name: "link", nid: nid("b/c/link"), type: 7 },
    { name: "socket", nid: nid("b/c/socket"), type: 6 },
  ]);
  expect(
    decode(emit(tree, 0, 4096), 4096)[0]!
      .slice(0, 2)
      .map(({ nid }) => nid),
  ).toEqual([FIRST_NID, FIRST_NID]);
});

test("15 names of 255 bytes share a block of 4096", async () => {
  const names = Array.from({ length: 100 }, (_, index) => String(index).padStart(3, "0").padEnd(255, "x"));
  const bytes = await emitNames(names, 4096);
  const counts = decode(bytes, 4096).map((block) => block.filter(({ name }) => name.length === 255).length);
  expect(counts).toEqual([15, 15, 15, 15, 15, 15, 10]);
  expect(bytes.length).toBe(6 * 4096 + 10 * 267);
});

test("one name of 255 bytes fills more than half a block of 512", async () => {
  const names = ["a", "b", "c"].map((letter) => letter.repeat(255));
  expect(decode(await emitNames(names, 512), 512).map((block) => block.map(({ name }) => name))).toEqual([
    [".", "..", names[0]],
    [names[1]],
    [names[2]],
  ]);
});

test.each([1, 2, 3])("a directory can be exactly %i blocks, and one byte more starts the next", async (blocks) => {
  // dots 27 + 15 * 267 + 64 = 4096; each further block: 15 * 267 + 91 = 4096
  const names: string[] = [];
  for (let block = 0; block < blocks; block++) {
    const prefix = String.fromCharCode(0x61 + block);
    for (let index = 0; index < 15; index++) names.push(`${prefix}${String(index).padStart(2, "0")}`.padEnd(255, "x"));
    names.push(`${prefix}z`.padEnd(block === 0 ? 52 : 79, "z"));
  }
  const exact = await emitNames(names, 4096);
  expect(exact.length).toBe(blocks * 4096);
  const full = decode(exact, 4096);
  expect(full.flat().map(({ name }) => name)).toEqual([".", "..", ...names]);
  for (const name of names) expect(kernelLookup(exact, 4096, name)).toBeDefined();

  const last = names.pop()!;
  const more = await emitNames([...names, `${last}z`], 4096);
  expect(more.length).toBe(blocks * 4096 + 12 + last.length + 1);
});

test("the kernel finds every one of 20,000 names, and no other", async () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `${(index * 7919) % 20_011}-${"x".repeat(index % 40)}`);
  const bytes = await emitNames(names, 4096);
  const decoded = decode(bytes, 4096).flat();
  expect(decoded.length).toBe(20_002);
  for (const { name, nid } of decoded) if (kernelLookup(bytes, 4096, name) !== nid) expect.fail(name);
  for (const name of names) if (kernelLookup(bytes, 4096, `${name}y`) !== undefined) expect.fail(`${name}y`);
});

/** Names that meet: few letters, dots, the ends of the byte range, and the longest. */
const someByte = fc.oneof(
  fc.constantFrom(0x21, 0x2d, 0x2e, 0x2e, 0x61, 0x62, 0xff),
  fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 0x2f),
);
const someName = fc
  .oneof(
    fc.array(someByte, { minLength: 1, maxLength: 4 }),
    fc.array(someByte, { minLength: 1, maxLength: 60, size: "max" }),
    fc
      .tuple(fc.array(someByte, { minLength: 1, maxLength: 3 }), fc.integer({ min: 200, max: 255 }))
      .map(([head, length]) => Array.from({ length }, (_, index) => head[index] ?? 0x61)),
  )
  .map((bytes) => Buffer.from(bytes).toString("latin1"))
  .filter((name) => name !== "." && name !== "..");

test("any names: blocks in byte order, filled as far as they go, each name found, no other found", async () => {
  const someNames = fc.uniqueArray(someName, { maxLength: 120, size: "max" });
  const someBlockSize = fc.constantFrom(512, 1024, 2048, 4096);
  await fc.assert(
    fc.asyncProperty(
      someNames,
      someBlockSize,
      fc.array(someName, { maxLength: 10 }),
      fc.boolean(),
      async (names, blockSize, others, hasDot) => {
        const bytes = await emitNames(names, blockSize, hasDot);
        const blocks = decode(bytes, blockSize);
        const decoded = blocks.flat();
        expect(decoded.map(({ name }) => name)).toEqual([...names, ...(hasDot ? ["."] : []), ".."].sort(byBytes));
        const used = (block: readonly Dirent[]) => block.reduce((sum, { name }) => sum + 12 + name.length, 0);
        for (const [index, block] of blocks.entries()) {
          expect(used(block)).toBeLessThanOrEqual(blockSize);
          const next = blocks[index + 1]?.[0];
          if (next) expect(used(block) + 12 + next.name.length).toBeGreaterThan(blockSize);
        }
        expect(bytes.length).toBe((blocks.length - 1) * blockSize + used(blocks.at(-1)!));
        expect(new Set(decoded.map(({ nid }) => nid)).size).toBe(names.length + 1);
        for (const { name, nid } of decoded) expect(kernelLookup(bytes, blockSize, name)).toBe(nid);
        const present = new Set(decoded.map(({ name }) => name));
        for (const name of others) {
          expect(kernelLookup(bytes, blockSize, name) !== undefined).toBe(present.has(name));
        }
      },
    ),
    { numRuns: 300 },
  );
});
