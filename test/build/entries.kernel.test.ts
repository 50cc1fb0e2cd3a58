/** Trees of all kinds with attributes, from memory to an image: what Linux and fsck.erofs say of it. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildErofs } from "../../src/build/erofs.ts";
import type { BuildOptions } from "../../src/build/options.ts";
import { type Entry, entries } from "../../src/stage/source/entries.ts";
import { compareWithSpec, type SpecEntry } from "../helpers/compare.ts";
import { checkTiling, ImageReader } from "../helpers/image-reader.ts";
import { canMountErofs, fsckErofs, withMount } from "../helpers/mount.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";

const raw = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))));

const ACL = "02000000 01000600ffffffff 02000400e8030000 04000400ffffffff 10000600ffffffff 20000000ffffffff";
const acl = Buffer.from(ACL.replaceAll(" ", ""), "hex");
const value = (size: number, seed: number) =>
  Uint8Array.from({ length: size }, (_, index) => (index * seed + seed) & 0xff);
const many = Object.fromEntries(Array.from({ length: 300 }, (_, nr) => [`user.many${nr}`, raw("v", nr & 0xff)]));
const shared = { "security.label": raw("shared", 0), "user.long": value(700, 3) };

/** One of each; every entry says all that it is, so that a spec can be made of it. */
const LIST: (SpecEntry & Entry)[] = [
  { path: "", kind: "directory", mode: 0o1755, uid: 1, gid: 2, xattrs: { "user.root": raw("root") } },
  {
    path: "file",
    kind: "file",
    contents: value(10_000, 7),
    mode: 0o4755,
    uid: 65536,
    mtime: { sec: -2, nsec: 500_000_000 },
  },
  { path: "same", kind: "file", contents: value(10_000, 7), mode: 0o644 },
  { path: "empty", kind: "file", contents: raw(), mode: 0, mtime: { sec: 2 ** 32 + 5, nsec: 999_999_999 } },
  {
    path: "holes",
    kind: "file",
    contents: Buffer.concat([new Uint8Array(1 << 20), value(9000, 5), new Uint8Array(70_000)]),
    sparse: true,
  },
  { path: raw("name-", 0xff), kind: "file", contents: raw("bytes") },
  { path: "char", kind: "char", major: 259, minor: 300, mode: 0o666, xattrs: { "trusted.t": raw("device") } },
  { path: "block", kind: "block", major: 4095, minor: 1_048_575, mode: 0o660, gid: 2 ** 32 - 2 },
  { path: "fifo", kind: "fifo", mode: 0o600 },
  { path: "socket", kind: "socket", mode: 0o755 },
  { path: "link", kind: "symlink", target: "nowhere", mode: 0o777, xattrs: { "trusted.t": raw("link") } },
  { path: "long", kind: "symlink", target: "t".repeat(4095), mode: 0o777 },
  {
    path: "d",
    kind: "directory",
    mode: 0o2700,
    xattrs: { "system.posix_acl_default": acl, "trusted.overlay.opaque": raw("y") },
  },
  { path: "d/acl", kind: "file", contents: raw("acl"), mode: 0o660, xattrs: { "system.posix_acl_access": acl } },
  { path: "d/empty", kind: "file", xattrs: { "user.empty": raw(), "security.empty": raw(), "user.k": raw("v") } },
  {
    path: "d/big",
    kind: "file",
    contents: raw("tail"),
    xattrs: { "user.big": value(65535, 11), "user.small": raw(0) },
  },
  { path: "d/many", kind: "file", xattrs: many },
  { path: "d/name", kind: "file", xattrs: { [`user.${"n".repeat(250)}`]: value(5, 1), "user.\u00fc": raw("u") } },
  ...[1, 2, 3].map((nr) => ({ path: `d/s${nr}`, kind: "file", xattrs: { ...shared, "user.own": raw(nr) } }) as const),
  { path: "d/hard", kind: "file", hardLinkOf: "file" },
];

const GIVEN = LIST.map(({ hardLinkOf, ...entry }): Entry => {
  return hardLinkOf === undefined ? entry : { path: entry.path, kind: "hardlink", target: hardLinkOf };
});

/** A second name is compared with what the first one says. */
const SPEC = LIST.map(({ path, hardLinkOf, ...entry }): SpecEntry => {
  const first = LIST.find((other) => other.path === hardLinkOf) ?? entry;
  return { mtime: { sec: 0, nsec: 0 }, uid: 0, gid: 0, ...first, path, hardLinkOf };
});

let temporary = "";
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "mkerofs-entries-"));
});
afterAll(() => rmSync(temporary, { recursive: true }));

const withoutMount = !oracle("kernel EROFS mount", canMountErofs()) || !oracle("getfattr", hasCommand("getfattr"));
const withoutFsck = !oracle("fsck.erofs", hasCommand("fsck.erofs"));

const OPTIONS: BuildOptions[] = [
  {},
  { blockSize: 512 },
  { xattrTolerance: 0 },
  { xattrTolerance: 0, blockSize: 512 },
  { xattrFilter: false },
  { inodes: "extended" },
  { chunkSize: 4096, chunkIndexes: true },
  { inlineData: false, dedupe: "none", dsunit: 4 },
];

describe.each(OPTIONS)("all kinds, with attributes, built with %j", (options) => {
  let image = "";
  beforeAll(async () => {
    image = join(temporary, "image");
    await buildErofs(entries(GIVEN), image, options);
  });

  test.skipIf(withoutMount)("Linux shows what was given", async () => {
    expect(await withMount(image, (at) => compareWithSpec(at, SPEC))).toEqual([]);
  });

  // version 1.5 knows no blocks smaller than pages
  test.skipIf(withoutFsck || options.blockSize === 512)("fsck.erofs finds nothing", () => {
    expect(fsckErofs(image)).toMatchObject({ ok: true });
  });

  test("attributes of enough inodes are stored once, 255 an inode, the rest beside it", () => {
    const tree = new ImageReader(readFileSync(image)).tree();
    const sharedOf = (path: string) => tree.get(path)!.extents.filter(({ sharedAs }) => sharedAs === "attribute");
    const all = options.xattrTolerance === 0;
    expect(sharedOf("d/many").length).toBe(all ? 255 : 0);
    expect(Object.keys(tree.get("d/many")!.xattrs).length).toBe(300);
    expect(sharedOf("d/s1").length).toBe(all ? 3 : 2);
    const inBoth = sharedOf("d/s1").filter(({ from }) => sharedOf("d/s3").some((other) => other.from === from));
    expect(inBoth.length).toBe(2);
  });

  test("nothing is stored that nobody refers to", () => {
    const reader = new ImageReader(readFileSync(image));
    checkTiling(reader.image, reader.blockSize, reader.tree().values(), options.dsunit ?? 1);
  });
});

test.skipIf(withoutMount)(
  "66,001 names of a file and 70,000 subdirectories are counted, listed and found",
  async () => {
    const names = Array.from(
      { length: 66_000 },
      (_, nr): Entry => ({ path: `l/${nr}`, kind: "hardlink", target: "file" }),
    );
    const directories = Array.from({ length: 70_000 }, (_, nr): Entry => ({ path: `d/${nr}`, kind: "directory" }));
    const image = join(temporary, "many");
    const report = await buildErofs(entries([{ path: "file", contents: "text" }, ...names, ...directories]), image);
    expect(report.counts).toMatchObject({ files: 1, hardLinks: 66_000, directories: 70_003 });
    await withMount(image, (at) => {
      const { ino, nlink } = lstatSync(`${at}/file`);
      expect(nlink).toBe(66_001);
      expect(readdirSync(`${at}/l`).length).toBe(66_000);
      for (const nr of [0, 9, 10, 65_999]) expect(lstatSync(`${at}/l/${nr}`).ino).toBe(ino);
      expect(lstatSync(`${at}/d`).nlink).toBe(70_002);
      expect(readdirSync(`${at}/d`).length).toBe(70_000);
      for (const nr of [0, 9, 10, 69_999]) expect(lstatSync(`${at}/d/${nr}`).isDirectory()).toBe(true);
    });
  },
);
