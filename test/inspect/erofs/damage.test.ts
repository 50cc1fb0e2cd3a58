/** EROFS images that lead around in circles, out of their directories, or to what is not known: each is one clear error. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, type Entry, entries } from "../../../dist/index.js";
import { decodeStruct, StructView } from "../../../src/core/struct.ts";
import {
  DIRENT,
  EXTENDED,
  LCLUSTER_DELTAS,
  NULL_BLOCK,
  SLOT,
  SUPER,
  SUPER_METABOX,
  SUPER_OFFSET,
} from "../../../src/erofs/disk/format.ts";
import { openReader, readerOf } from "../../../src/inspect/open-image.ts";
import { walkImage } from "../../../src/inspect/walk.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { words } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("erofs-damage");
const TREE: Entry[] = [
  { path: "aaa", contents: words(1, 3000), xattrs: { "user.long.name": new Uint8Array(3) } },
  { path: "bbb", contents: words(2, 30_000) },
  { path: "ddd", kind: "directory" },
  { path: "ddd/eee", contents: "e" },
  { path: "lll", kind: "symlink", target: "aaa" },
];
/** Bits of a feature that there is not yet. */
const UNKNOWN_BIT = 0x200;
const NID_IN_BOX = 2 ** 63;
const HUGE = 2 ** 50;

/** An image, with what its dump says of it. */
interface Made {
  readonly bytes: Uint8Array;
  readonly view: StructView;
  /** Where the line lies that a pattern fits. */
  find(pattern: RegExp): number;
}

async function make(options: BuildOptions): Promise<Made> {
  const path = `${scratch}/image`;
  await buildErofs(entries(TREE), path, options);
  const bytes = Uint8Array.from(readFileSync(path));
  const lines = await dumpLines(bytes);
  const find = (pattern: RegExp) => {
    const line = lines.find((each) => pattern.test(each));
    if (line === undefined) throw new Error(`there is no ${pattern}`);
    return Number(line.split(" ")[0]);
  };
  return { bytes, view: new StructView(bytes.buffer), find };
}

/** Reads everything. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const reader = readerOf(await openReader(bytes));
  for await (const { inode } of walkImage(reader)) {
    await reader.xattrs(inode);
    const kind = inode.mode & 0o170000;
    if (kind === 0o120000) await reader.target(inode);
    if (kind === 0o100000) for await (const piece of reader.pieces(inode)) expect(piece).toBeDefined();
  }
}

async function expectError(bytes: Uint8Array, code: string, message: RegExp): Promise<void> {
  const error = await readAll(bytes).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "ImageError", code });
  expect((error as Error).message).toMatch(message);
}

describe("a plain image", () => {
  let made: Made;
  beforeAll(async () => {
    made = await make({ inodes: "extended" });
  });

  /** A copy that is changed. */
  const changed = (change: (view: StructView) => void) => {
    const bytes = made.bytes.slice();
    change(new StructView(bytes.buffer));
    return bytes;
  };
  const dirent = (name: string) => made.find(new RegExp(`erofs_dirent ${name}: `));
  /** Where the name of an entry of the root stands. */
  const nameAt = (name: string) => dirent("\\.") + made.view.getU16(dirent(name), DIRENT.nameoff);

  test("is read", () => readAll(made.bytes));

  test("with a feature that is not known", async () => {
    const bit = made.view.getU32(SUPER_OFFSET, SUPER.feature_incompat) + UNKNOWN_BIT;
    const bytes = changed((view) => view.setU32(SUPER_OFFSET, SUPER.feature_incompat, bit));
    await expectError(bytes, "INPUT", /^this image has features that are not known, feature_incompat 0x200, /);
  });

  test("with directories in blocks of another size", async () => {
    const bytes = changed((view) => view.setU8(SUPER_OFFSET, SUPER.dirblkbits, 1));
    await expectError(bytes, "INPUT", /dirblkbits/);
  });

  test("with a directory in itself", async () => {
    const { nid } = decodeStruct(made.view, dirent("\\."), DIRENT);
    const bytes = changed((view) => view.setU64(dirent("ddd"), DIRENT.nid, Number(nid)));
    await expectError(bytes, "DAMAGED", /ddd: a directory is in two, or in itself/);
  });

  test("with a directory that is not its own", async () => {
    const { nid } = decodeStruct(made.view, dirent("ddd"), DIRENT);
    const bytes = changed((view) => view.setU64(dirent("\\."), DIRENT.nid, Number(nid)));
    await expectError(bytes, "DAMAGED", /in a directory to something else leads \.$/);
  });

  test.each([
    ["a slash", "a/a", "there can be no name a/a"],
    ["a zero", "a\0a", "there can be no name a\\\\x00a"],
    ["another's name", "bbb", "the name bbb stands behind bbb"],
    ["a name behind the next", "zzz", "the name bbb stands behind zzz"],
  ])("with a name that has %s", async (_what, name, message) => {
    const bytes = changed(() => undefined);
    bytes.set(Buffer.from(name, "latin1"), nameAt("aaa"));
    await expectError(bytes, "DAMAGED", new RegExp(`in a directory ${message}$`));
  });

  test("with a file of a kind that there is not", async () => {
    const at = made.find(/erofs_inode_extended \/aaa /);
    const bytes = changed(() => undefined);
    bytes[at + 5] = 0x00;
    await expectError(bytes, "DAMAGED", /no inode has the mode/);
  });

  test("with a target that holds a zero", async () => {
    const bytes = changed(() => undefined);
    bytes[made.find(/target of \/lll/) + 1] = 0;
    await expectError(bytes, "DAMAGED", /the target of a link holds a zero/);
  });
});

test("a file of 2^50 zeros costs nothing", async () => {
  const { bytes, view, find } = await make({ inodes: "extended" });
  const at = find(/erofs_inode_extended \/bbb /);
  view.setU16(at, EXTENDED.i_format, 1);
  view.setU64(at, EXTENDED.i_size, HUGE);
  view.setU32(at, EXTENDED.i_u, NULL_BLOCK);
  const reader = readerOf(await openReader(bytes));
  const file = await reader.inode(at / SLOT);
  const pieces: unknown[] = [];
  for await (const piece of reader.pieces(file)) pieces.push(piece);
  expect(pieces).toEqual([{ zeros: HUGE }]);
  const part = new Uint8Array(10).fill(1);
  expect(await (await reader.open(file)).readAt(part, HUGE - 5)).toBe(5);
  expect([...part]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
});

test("a packed inode that is a part of itself", async () => {
  const { bytes, view, find } = await make({ compress: { algorithm: "lz4" }, fragments: "all" });
  const at = find(/erofs_inode_compact \/bbb /);
  view.setU64(SUPER_OFFSET, SUPER.packed_nid, at / 32);
  await expectError(bytes, "DAMAGED", /the packed inode is part of itself/);
});

test("a metabox that lies in itself", async () => {
  const { bytes, view } = await make({ metabox: true });
  const at = SUPER_OFFSET + SUPER.byteSize;
  view.setU64(at, SUPER_METABOX.metabox_nid, NID_IN_BOX);
  await expectError(bytes, "DAMAGED", /there is no metabox, in which an inode should lie/);
});

test("a long prefix that there is not", async () => {
  const { bytes, view } = await make({ xattrPrefixes: ["user.long."] });
  view.setU8(SUPER_OFFSET, SUPER.xattr_prefix_count, 0);
  await expectError(bytes, "DAMAGED", /there is no long prefix 0/);
});

test("an lcluster that says that its extent starts elsewhere", async () => {
  const { bytes, view, find } = await make({
    compress: { algorithm: "lz4hc" },
    pclusterSize: 16_384,
    fullIndexes: true,
  });
  const at = find(/z_erofs_lcluster_index \(nonhead\).* delta_0=2\b(?!\d)/);
  expect(view.getU16(at, LCLUSTER_DELTAS.delta_0)).toBe(2);
  view.setU16(at, LCLUSTER_DELTAS.delta_0, 1);
  await expectError(bytes, "DAMAGED", /belongs to \d+, and says \d+$/);
});
