/** Whatever readers refuse of a SquashFS image, verifying finds, with the path of whose it is. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildSquashfs, type Entry, entries, type SquashfsOptions } from "../../../dist/index.js";
import { StructView } from "../../../src/core/struct.ts";
import { openReader, readerOf } from "../../../src/inspect/open-image.ts";
import type { ImageReader } from "../../../src/inspect/reader.ts";
import { resolvePath } from "../../../src/inspect/resolve.ts";
import {
  BASE_INODE,
  BLOCK_WORD,
  DIR_ENTRY,
  FRAGMENT_ENTRY,
  LREG_INODE,
  META_BLOCK,
  REG_INODE,
  SUPER,
  SYMLINK_INODE,
  TABLE_BLOCK,
  WORD_RAW,
  XATTR_ENTRY,
  XATTR_ID,
  XATTR_ID_TABLE,
  XATTR_OUT_OF_LINE,
  XATTR_REFERENCE,
  XATTR_VALUE,
} from "../../../src/squashfs/disk/format.ts";
import { expectFault, findFaults, Patchable, readAll } from "../../helpers/images/patched.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("verify-squashfs");
const VALUE = new Uint8Array(70).fill(0x56);
const TREE: Entry[] = [
  { path: "a", contents: "aaa", xattrs: { "user.one": VALUE, "user.two": VALUE } },
  { path: "d/in", contents: "x" },
  { path: "e", kind: "directory" },
  { path: "l", kind: "symlink", target: "target" },
  { path: "z", contents: new Uint8Array(10_000).fill(0x41) },
];

async function build(tree: Entry[], options: SquashfsOptions = {}): Promise<Patchable> {
  const path = `${scratch}/image`;
  await buildSquashfs(entries(tree), path, { compressor: "none", blockSize: 4096, ...options });
  return Patchable.of(Uint8Array.from(readFileSync(path)));
}

let made: Patchable;
beforeAll(async () => {
  made = await build(TREE);
});
const inode = (path: string) => made.place(new RegExp(`^squashfs_\\S+_inode ${path}: `));
const entry = (name: string) => made.place(new RegExp(`^squashfs_dir_entry ${name}: `));

test("it finds nothing where nothing is changed", async () => {
  await readAll(made.bytes);
  expect(await findFaults(made.bytes)).toEqual([]);
});

describe("of the tree it finds", () => {
  test.each([
    ["a slash", "/"],
    ["a zero", "\0"],
    ["a dot alone", "."],
  ])("a name that has %s", async (_what, name) => {
    const at = entry("d") + DIR_ENTRY.byteSize;
    const image = made.changed((_view, bytes) => bytes.set(Buffer.from(name), at));
    await expectFault(image, "/", /in a listing there can be no name /);
  });

  test("names that are out of order", async () => {
    const at = entry("d") + DIR_ENTRY.byteSize;
    const image = made.changed((_view, bytes) => bytes.set(Buffer.from("k"), at));
    expect(await findFaults(image)).toMatchObject([{ path: "/", message: "in a listing the name e stands behind k" }]);
  });

  test("a directory in itself, and in two", async () => {
    const lead = (name: string, to: string) =>
      made.changed((view) => view.setU16(entry(name), DIR_ENTRY.offset, inode(to) - inode("/d/in")));
    await expectFault(lead("e", "/"), "/", /a directory is in two, or in itself$/);
    await expectFault(lead("e", "/d"), "/d", /a directory is in two, or in itself$/);
  });

  test("a target with a zero, and one that has no bytes", async () => {
    const at = made.place(/^target: target/);
    const zero = made.changed((_view, bytes) => bytes.fill(0, at + 2, at + 3));
    await expectFault(zero, "/l", /the target of a link holds a zero$/);
    const empty = made.changed((view) => view.setU32(inode("/l"), SYMLINK_INODE.symlink_size, 0));
    await expectFault(empty, "/l", /a link of 0 bytes$/);
  });

  test.each(["uid", "guid"] as const)("an owner that is not in the table, %s", async (field) => {
    const image = made.changed((view) => view.setU16(inode("/z"), BASE_INODE[field], 77));
    await expectFault(image, "/z", /there is no owner 77$/);
  });
});

describe("of data it finds", () => {
  test("a fragment block that is not there", async () => {
    const image = made.changed((view) => view.setU32(inode("/z"), REG_INODE.fragment, 5));
    await expectFault(image, "/z", /there is no fragment block 5$/);
  });

  test.each(["none", "gzip"] as const)("an end beyond what its fragment block holds, %s", async (compressor) => {
    const tree = [...TREE, { path: "y", contents: "y".repeat(500) }];
    const other = await build(tree, { compressor, uncompressed: compressor === "none" ? [] : ["inodes", "ids"] });
    const at = other.place(/^squashfs_reg_inode \/d\/in: /);
    const image = other.changed((view) => view.setU32(at, REG_INODE.offset, 3000));
    await expectFault(image, "(fragment block 0)", /a block holds 504 bytes, and files have some up to 3001$/);
    expect(await findFaults(other.bytes)).toEqual([]);
  });

  test("a block that is stored as it is, and is too short", async () => {
    const at = made.place(/^block_list: /);
    const image = made.changed((view) => view.setU32(at + BLOCK_WORD.byteSize, BLOCK_WORD.size, WORD_RAW + 4000));
    await expectFault(image, "/z", /a block holds 4000 bytes, not 4096$/);
  });

  test("a fragment block that is stored as it is, and is too short", async () => {
    const at = made.place(/^squashfs_fragment_entry: /) + FRAGMENT_ENTRY.byteSize;
    const image = made.changed((view) => view.setU32(at, FRAGMENT_ENTRY.size, WORD_RAW + 1000));
    await expectFault(image, "(fragment block 1)", /a block holds 1000 bytes, and files have some up to 1808$/);
  });
});

describe("of attributes", () => {
  const LARGE = 0x10000;
  const open = async (image: Uint8Array): Promise<ImageReader> => readerOf(await openReader(image));
  const read = async (image: Uint8Array, path: string) => {
    const reader = await open(image);
    return reader.xattrs((await resolvePath(reader, path, false)).inode);
  };

  /**
   * The image with another table of attributes: bytes in which values may lie, and a set of `count` attributes that all have
   * a value in there, each `stride` bytes behind the one before.
   */
  function withSet(values: Uint8Array, count: number, stride: number): Uint8Array {
    const headAt = made.place(/^squashfs_xattr_id_table: /);
    const at = made.view.getNumber(headAt, XATTR_ID_TABLE.xattr_table_start);
    const pair = XATTR_ENTRY.byteSize + 1 + XATTR_VALUE.byteSize + XATTR_REFERENCE.byteSize;
    const body = new Uint8Array(values.length + count * pair);
    const view = new StructView(body.buffer);
    body.set(values);
    for (let nr = 0, from = values.length; nr < count; nr++, from += pair) {
      view.setU16(from, XATTR_ENTRY.type, XATTR_OUT_OF_LINE);
      view.setU16(from, XATTR_ENTRY.size, 1);
      body[from + XATTR_ENTRY.byteSize] = 0x6e;
      const valueAt = from + XATTR_ENTRY.byteSize + 1;
      view.setU32(valueAt, XATTR_VALUE.vsize, XATTR_REFERENCE.byteSize);
      view.setU64(valueAt + XATTR_VALUE.byteSize, XATTR_REFERENCE.vref, reference(nr * stride));
    }
    const set = new StructView(new ArrayBuffer(XATTR_ID.byteSize));
    set.setU64(0, XATTR_ID.xattr, reference(values.length));
    set.setU32(0, XATTR_ID.count, count);
    const pieces = [made.bytes.subarray(0, at), ...rawBlocks(body)];
    const setsAt = pieces.reduce((sum, { length }) => sum + length, 0);
    pieces.push(...rawBlocks(new Uint8Array(set.buffer)));
    const head = new StructView(new ArrayBuffer(XATTR_ID_TABLE.byteSize + TABLE_BLOCK.byteSize));
    head.setU64(0, XATTR_ID_TABLE.xattr_table_start, at);
    head.setU32(0, XATTR_ID_TABLE.xattr_ids, 1);
    head.setU64(XATTR_ID_TABLE.byteSize, TABLE_BLOCK.start, setsAt);
    pieces.push(new Uint8Array(head.buffer));
    const image = new Uint8Array(Buffer.concat(pieces));
    const whole = new StructView(image.buffer);
    whole.setU64(0, SUPER.xattr_id_table_start, image.length - head.byteLength);
    whole.setU64(0, SUPER.bytes_used, image.length);
    return image;
  }

  /** Where a byte of a table stands whose blocks are not compressed. */
  function reference(at: number): number {
    const block = Math.floor(at / META_BLOCK);
    return block * (META_BLOCK + 2) * 0x10000 + (at % META_BLOCK);
  }

  function* rawBlocks(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += META_BLOCK) {
      const part = bytes.subarray(at, at + META_BLOCK);
      yield Uint8Array.of(part.length & 0xff, 0x80 | (part.length >> 8));
      yield part;
    }
  }

  /** Its length, and a value of that. */
  function valueWith(length: number): Uint8Array {
    const value = new Uint8Array(XATTR_VALUE.byteSize + length);
    new StructView(value.buffer).setU32(0, XATTR_VALUE.vsize, length);
    return value;
  }

  test("it finds a set that is not there", async () => {
    const image = made.changed((view) => view.setU32(inode("/a"), LREG_INODE.xattr, 9));
    await expectFault(image, "/a", /table of xattr ids/);
  });

  test("it finds a value that is longer than Linux reads", async () => {
    expect(await findFaults(withSet(valueWith(LARGE), 1, 0))).toEqual([]);
    await expectFault(withSet(valueWith(LARGE + 1), 1, 0), "/a", /a value of 65537 bytes$/);
  });

  test("it finds more names than Linux lists, and no value of theirs is read", async () => {
    const image = withSet(valueWith(LARGE), 200_000, 0);
    const before = process.memoryUsage().arrayBuffers;
    await expectFault(image, "/a", /names of attributes take more than 65536 bytes$/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 << 20);
  });

  test("a value that thousands refer to is read once", async () => {
    const found = await read(withSet(valueWith(LARGE), 9000, 0), "a");
    expect(found).toHaveLength(9000);
    expect(new Set(found.map(({ value }) => value)).size).toBe(1);
    expect(found[0]!.value).toHaveLength(LARGE);
  });

  test("values that lie in each other come to more than there is", async () => {
    // each place that is a multiple of 4 says that 64 KiB follow
    const values = Uint8Array.from({ length: 2 * LARGE }, (_, at) => (at % 4 === 2 ? 1 : 0));
    const image = withSet(values, 9000, 4);
    await expect(readAll(image)).rejects.toThrow(/attributes take more than the \d+ bytes that there are$/);
    await expect(findFaults(image)).rejects.toThrow(/value lies where something else does$/);
  });

  test("those of a type that Linux does not know are none, and that there are some is told without values", async () => {
    const at = made.place(/^squashfs_xattr_entry user\.one/);
    const image = made.changed((view) => view.setU16(at, XATTR_ENTRY.type, 7));
    expect((await read(image, "a")).map(({ name }) => Buffer.from(name).toString())).toEqual(["user.two"]);
    const reader = await open(image);
    expect(await reader.hasXattrs((await resolvePath(reader, "a", false)).inode)).toBe(true);
    expect(await reader.hasXattrs((await resolvePath(reader, "z", false)).inode)).toBe(false);
    const many = await open(withSet(valueWith(LARGE), 200_000, 0));
    expect(await many.hasXattrs((await resolvePath(many, "a", false)).inode)).toBe(true);
  });
});
