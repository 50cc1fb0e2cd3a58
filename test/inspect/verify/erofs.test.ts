/** Whatever readers refuse of an EROFS image, verifying finds, with the path of whose it is. */
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { verifyPlace } from "../../../dist/build/look/verify.js";
import { type BuildOptions, buildErofs, type Entry, entries } from "../../../dist/index.js";
import { bytesSource } from "../../../src/core/byte-source.ts";
import type { StructView } from "../../../src/core/struct.ts";
import {
  COMPACT,
  DIRENT,
  MAP_HEADER,
  SHARED_XATTR,
  SUPER,
  SUPER_OFFSET,
  XATTR_ENTRY,
  XATTR_HEADER,
} from "../../../src/erofs/disk/format.ts";
import { openReader, readerOf } from "../../../src/inspect/open-image.ts";
import { resolvePath } from "../../../src/inspect/resolve.ts";
import { expectFault, findFaults, Patchable, readAll } from "../../helpers/images/patched.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise, words } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("verify-erofs");
const TREE: Entry[] = [
  { path: "aaa", contents: words(1, 3000), xattrs: { "user.long.name": new Uint8Array(3) } },
  { path: "bbb", contents: words(2, 30_000) },
  { path: "ddd/eee", contents: "e" },
  { path: "fff/ggg", contents: "g" },
  { path: "lll", kind: "symlink", target: "aaa" },
];

async function build(tree: Entry[], options: BuildOptions): Promise<Patchable> {
  const path = `${scratch}/image`;
  // the checksum would tell what is changed in the first block
  await buildErofs(entries(tree), path, { checksum: false, ...options });
  return Patchable.of(Uint8Array.from(readFileSync(path)));
}

describe("of a plain image it finds", () => {
  let made: Patchable;
  beforeAll(async () => {
    made = await build(TREE, {});
  });
  const dirent = (name: string) => made.place(new RegExp(`^erofs_dirent ${name}: `));
  const nid = (name: string) => made.view.getNumber(dirent(name), DIRENT.nid);
  const lead = (name: string, to: number) => made.changed((view) => view.setU64(dirent(name), DIRENT.nid, to));

  test("nothing where nothing is changed", async () => {
    await readAll(made.bytes);
    expect(await findFaults(made.bytes)).toEqual([]);
  });

  test.each([
    ["a slash", "a/a", /there can be no name a\/a$/],
    ["a zero", "a\0a", /there can be no name a\\x00a$/],
    ["its neighbour's name", "bbb", /the name bbb stands behind bbb$/],
  ])("a name that has %s", async (_what, name, message) => {
    const at = dirent("\\.") + made.view.getU16(dirent("aaa"), DIRENT.nameoff);
    const image = made.changed((_view, bytes) => bytes.set(Buffer.from(name, "latin1"), at));
    await expectFault(image, "/", message);
  });

  test("a directory that is not its own", () =>
    expectFault(lead("\\.", nid("ddd")), "/", /in a directory to something else leads \.$/));

  test("a directory in itself, and in two", async () => {
    await expectFault(lead("ddd", nid("\\.")), "/", /a directory is in two, or in itself$/);
    await expectFault(lead("fff", nid("ddd")), "/ddd", /a directory is in two, or in itself$/);
  });

  test("a target with a zero, and one that has no bytes", async () => {
    const at = made.place(/^target of \/lll/);
    const zero = made.changed((_view, bytes) => bytes.fill(0, at + 1, at + 2));
    await expectFault(zero, "/lll", /the target of a link holds a zero$/);
    const inode = made.place(/^erofs_inode_compact \/lll /);
    const empty = made.changed((view) => view.setU32(inode, COMPACT.i_size, 0));
    await expectFault(empty, "/lll", /a link of 0 bytes$/);
  });
});

describe("of fragments it finds", () => {
  let made: Patchable;
  beforeAll(async () => {
    made = await build(TREE, { compress: "lz4", fragments: "all" });
  });

  test("one beyond the packed inode, by its file and where that is", async () => {
    const at = made.place(/^z_erofs_map_header/, /^erofs_inode_compact \/bbb /);
    const image = made.changed((view) => view.setU32(at, MAP_HEADER.h_fragmentoff, 10_000_000));
    await expectFault(image, "/bbb", /a fragment lies at 10000000 of the packed inode, which has \d+ bytes$/);
    expect(await findFaults(image)).toMatchObject([{ offset: made.place(/^erofs_inode_compact \/bbb /) }]);
  });

  test("that there is no packed inode", async () => {
    const image = made.changed((view) => view.setU64(SUPER_OFFSET, SUPER.packed_nid, 0));
    await expectFault(image, "/bbb", /there are fragments, but there is no packed inode$/);
  });

  test("a packed inode that is a part of itself", async () => {
    const nid = made.place(/^erofs_inode_compact \/bbb /) / 32;
    const image = made.changed((view) => view.setU64(SUPER_OFFSET, SUPER.packed_nid, nid));
    await expectFault(image, "(packed\\x20inode)", /the packed inode is part of itself$/);
  });
});

describe("of attributes it finds", () => {
  test("a long prefix that there is not", async () => {
    const made = await build(TREE, { xattrPrefixes: ["user.long."] });
    const image = made.changed((view) => view.setU8(SUPER_OFFSET, SUPER.xattr_prefix_count, 0));
    await expectFault(image, "/aaa", /there is no long prefix 0$/);
  });

  test("more names than Linux lists", async () => {
    const xattrs = { "user.a": new Uint8Array(65_000), "user.b": new Uint8Array(20_000) };
    const made = await build([{ path: "file", contents: "f", xattrs }], {});
    const at = made.place(/^erofs_xattr_entry user\.a/);
    const image = made.changed((view, bytes) => {
      bytes.fill(0, at, at + 80_000);
      // names of 251 bytes and their prefix: 255 of them are listed, more are not
      for (let entry = at; entry < at + 300 * 256; entry += 256) {
        view.setU8(entry, XATTR_ENTRY.e_name_len, 251);
        view.setU8(entry, XATTR_ENTRY.e_name_index, 1);
        bytes.fill(0x6e, entry + XATTR_ENTRY.byteSize, entry + XATTR_ENTRY.byteSize + 251);
      }
    });
    await expectFault(image, "/file", /names of attributes take more than 65536 bytes$/);
  });
});

describe("shared attributes", () => {
  const NAMED = 255;
  const VALUE = 65_000;
  // each place that is a multiple of 4 holds an entry: no name, "user.", 65000 bytes
  const value = Uint8Array.from({ length: VALUE }, (_, at) => [0, 1, VALUE & 0xff, VALUE >> 8][(at + 5) % 4]!);
  const tree: Entry[] = ["a", "b", "c"].map((path) => ({ path, contents: path, xattrs: { "user.v": value } }));
  tree.push({ path: "own", contents: "o", xattrs: { "user.own": new Uint8Array(4 * NAMED) } });
  tree.push({ path: "rest", contents: noise(1, 200_000) });

  /** The attributes of a file that names `stride` bytes farther on each time. */
  async function make(stride: number): Promise<Uint8Array> {
    const made = await build(tree, {});
    const base = made.view.getU32(SUPER_OFFSET, SUPER.xattr_blkaddr) * 4096;
    const shared = made.place(/^erofs_xattr_entry user\.v/);
    const body = made.place(/^erofs_xattr_ibody_header/, /^erofs_inode_\S+ \/own /);
    return made.changed((view: StructView) => {
      view.setU8(body, XATTR_HEADER.h_shared_count, NAMED);
      for (let id = 0; id < NAMED; id++)
        view.setU32(body + XATTR_HEADER.byteSize + 4 * id, SHARED_XATTR.id, (shared - base + id * stride) / 4);
    });
  }

  test("that are named many times are read once", async () => {
    const reader = readerOf(await openReader(await make(0)));
    const { inode } = await resolvePath(reader, "own", false);
    const found = (await reader.xattrs(inode)).filter(({ name }) => Buffer.from(name).toString() === "user.v");
    expect(found).toHaveLength(NAMED);
    expect(new Set(found.map((each) => each.value)).size).toBe(1);
    expect(Buffer.compare(found[0]!.value, value)).toBe(0);
  });

  test("that lie in each other come to more than the image has", async () => {
    const image = await make(4);
    await expect(readAll(image)).rejects.toThrow(/attributes take more than the \d+ bytes that there are$/);
    await expect(findFaults(image)).rejects.toThrow(/shared attribute lies where shared attribute does$/);
    const reader = readerOf(await openReader(image));
    const { inode } = await resolvePath(reader, "own", false);
    expect(await reader.hasXattrs(inode)).toBe(true);
  });
});

test("attributes that Linux does not show are none", async () => {
  const made = await build([{ path: "file", contents: "f", xattrs: { "user.a": new Uint8Array(3) } }], {});
  const at = made.place(/^erofs_xattr_entry user\.a/);
  const hidden = made.changed((view) => view.setU8(at, XATTR_ENTRY.e_name_index, 5));
  for (const [image, count] of [
    [made.bytes, 1],
    [hidden, 0],
  ] as const) {
    const reader = readerOf(await openReader(image));
    const { inode } = await resolvePath(reader, "file", false);
    expect(await reader.xattrs(inode)).toHaveLength(count);
    expect(await reader.hasXattrs(inode)).toBe(count > 0);
    expect(await reader.hasXattrs(await reader.inode(reader.rootId))).toBe(false);
  }
});

describe("a device behind the image, as one disk,", () => {
  const [image, blob] = [`${scratch}/image`, `${scratch}/blob`];
  const contents = words(3, 90_000);
  let disk: Uint8Array;
  beforeAll(async () => {
    await build([{ path: "file", contents }], { chunkSize: 4096, blobDevice: blob });
    disk = new Uint8Array(Buffer.concat([readFileSync(image), readFileSync(blob)]));
  });

  test("is read and verified as one that is given", async () => {
    for (const [bytes, devices] of [
      [disk, []],
      [readFileSync(image), [bytesSource(readFileSync(blob))]],
    ] as const) {
      const opened = await openReader(bytes, devices);
      const { inode } = await resolvePath(readerOf(opened), "file", false);
      const parts: Buffer[] = [];
      for await (const piece of readerOf(opened).pieces(inode)) parts.push(Buffer.from(piece as Uint8Array));
      expect(Buffer.compare(Buffer.concat(parts), contents)).toBe(0);
      expect(await findFaults(bytes, devices)).toEqual([]);
    }
    const place = { path: `${scratch}/disk`, offset: 0, devices: [] };
    writeFileSync(place.path, disk);
    expect(await verifyPlace(place)).toMatchObject({ count: 0, bytes: readFileSync(blob).length });
  });

  test("that is cut off, or not there, is said to be missing", async () => {
    for (const bytes of [readFileSync(image), disk.subarray(0, -1)]) {
      const missing = {
        code: "INPUT",
        message: "this image has data in device 1, which is not there: --device (devices) says where",
      };
      await expect(readAll(bytes)).rejects.toMatchObject(missing);
      await expect(findFaults(bytes)).rejects.toMatchObject(missing);
    }
  });
});

test("a metabox may hold more of directories than the image has bytes", async () => {
  const folders = Array.from({ length: 2000 }, (_, nr): Entry[] =>
    Array.from({ length: 12 }, (_each, file) => ({ path: `folder-${nr}/file-of-that-name-${file}`, contents: "" })),
  );
  const { bytes } = await build(folders.flat(), { metabox: true, compress: "zstd" });
  await readAll(bytes);
  expect(await findFaults(bytes)).toEqual([]);
});

// Was a bug: what had been decoded for one extent was taken for another that says less of the same pcluster.
test("a pcluster that holds more than an extent says is damage, whatever has been decoded before", async () => {
  const fixture = new URL("../../fixtures/images/metabox.erofs.gz", import.meta.url);
  const bytes = Uint8Array.from(gunzipSync(readFileSync(fixture)));
  const view = new DataView(bytes.buffer);
  // pstart_lo of an extent's record, and h_algorithmtype of its file: it lies where another one does
  view.setUint32(1460, 0x9000, true);
  view.setUint8(1414, 0);
  await expect(readAll(bytes)).rejects.toThrow(/^damaged image: at 0x00009000: this is no LZ4 block: it is too long$/);
  expect((await findFaults(bytes)).map(({ message }) => message).join("\n")).toContain("it is too long");
});
