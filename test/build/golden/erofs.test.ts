/**
 * Images pinned byte for byte: one against mkfs.erofs, the others by SHA-256. A test that fails here says that bytes
 * have changed; that must be meant, and is a release note.
 */
import { createHash } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory, type Entry, entries } from "../../../dist/index.js";
import { Pins } from "../../helpers/golden/pins.ts";

const pins = new Pins("erofs");

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A sink in memory; the image is what stands behind its first `offset` bytes. */
async function imageOf(list: Iterable<Entry>, options: BuildOptions = {}): Promise<Uint8Array> {
  let image = new Uint8Array(0);
  const sink = {
    writeAt: (bytes: Uint8Array, offset: number) => image.set(bytes, offset),
    truncate(length: number) {
      image = new Uint8Array(length);
    },
    close: () => undefined,
  };
  await buildErofs(entries(list), sink, options);
  return image;
}

/** Bytes that do not repeat, from a xorshift of `seed`; never zero. */
function noise(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at < size; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff || 1;
  }
  return bytes;
}

/** `data` at `at` in a file of `size` zeros. */
function sparse(size: number, at: number, data: Uint8Array): Pick<Entry, "contents" | "sparse"> {
  const contents = new Uint8Array(size);
  contents.set(data, at);
  return { contents, sparse: true };
}

const raw = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))));

/** What any Linux user can make on a disk: no owners, devices, times or attributes. Parents come first. */
function plainTree(): Entry[] {
  const list: Entry[] = [{ path: "", kind: "directory", mode: 0o755 }];
  for (const path of ["sizes", "names", "long", "empty", "many", "same"]) list.push({ path, kind: "directory" });
  const sizes = new Set<number>();
  for (const block of [512, 4096]) {
    for (let count = 0; count <= 3; count++) {
      for (const more of [-65, -64, -63, -33, -32, -31, -1, 0, 1, 31]) sizes.add(Math.max(0, count * block + more));
    }
  }
  for (const size of sizes) list.push({ path: `sizes/${size}`, contents: noise(size, size) });
  list.push({ path: "large", contents: noise(9_000_001, 9) });
  for (const [index, seed] of [1, 2, 1, 1, 2].entries()) {
    list.push({ path: `same/small${index}`, contents: noise(5000, seed) });
    list.push({ path: `same/tail${index}`, contents: noise(4096 + 10, seed) });
    list.push({ path: `same/large${index}`, contents: noise(300_000, seed) });
  }
  list.push({ path: "sparse", ...sparse(3 << 20, 1 << 20, noise(70_000, 1)) });
  list.push({ path: "sparse-tail", ...sparse((2 << 20) + 123, 0, noise(4096, 2)) });
  list.push({ path: "sparse-empty", ...sparse(1 << 20, 0, noise(0, 0)) });
  for (const name of ["!", "-", ".a", "..a", "...", "a", "aa", "b\n", "ü"]) list.push({ path: `names/${name}` });
  for (const byte of [0x01, 0x7f, 0x80, 0xff]) list.push({ path: raw("names/", byte, 0xff), contents: "x" });
  for (let nr = 10; nr < 50; nr++) list.push({ path: `long/${`${nr}`.padEnd(255, "n")}` });
  for (const length of [1, 60, 479, 480, 481, 4031, 4032, 4063, 4064, 4065, 4095]) {
    list.push({ path: `link-${length}`, kind: "symlink", target: "t".repeat(length) });
  }
  // more than one window of inodes
  for (let nr = 0; nr < 3000; nr++)
    list.push({ path: `many/${nr}`, contents: noise((nr * 37) % 900, nr), mode: 0o600 });
  list.push({ path: "many/link", kind: "hardlink", target: "large" });
  list.push(
    { path: "a-link", kind: "hardlink", target: "sizes/4097" },
    { path: "b-link", kind: "hardlink", target: "a-link" },
  );
  list.push({ path: "empty/link", kind: "hardlink", target: "link-60" });
  return list;
}

/** Everything that an entry can be. */
function fullTree(): Entry[] {
  const list = plainTree().filter(({ path }) => !/^(many|large)/.test(path.toString()));
  const acl = Buffer.from(
    "02000000 01000600ffffffff 02000400e8030000 04000400ffffffff 10000600ffffffff 20000000ffffffff".replaceAll(" ", ""),
    "hex",
  );
  const label = { "security.selinux": raw("system_u:object_r:usr_t:s0", 0) };
  for (let nr = 0; nr < 6; nr++)
    list.push({ path: `x/shared${nr}`, xattrs: { ...label, "user.nr": raw(nr) }, contents: "x" });
  list.push(
    { path: "x", kind: "directory", xattrs: { "system.posix_acl_default": acl, "trusted.overlay.opaque": raw("y") } },
    { path: "x/acl", xattrs: { "system.posix_acl_access": acl, "user.empty": raw(), "user.big": noise(65535, 3) } },
    { path: "x/many", xattrs: Array.from({ length: 300 }, (_, nr) => [`user.a${nr}`, raw("v", nr & 0xff)] as const) },
    { path: "x/link", kind: "symlink", target: "acl", xattrs: { "trusted.t": raw("t") } },
  );
  const devices = [
    [0, 0],
    [1, 3],
    [8, 1],
    [259, 300],
    [511, 300_000],
    [4095, 1_048_575],
  ] as const;
  for (const [major, minor] of devices) {
    list.push({ path: `dev/c${major}-${minor}`, kind: "char", major, minor, mode: 0o666 });
    list.push({ path: `dev/b${major}-${minor}`, kind: "block", major, minor, mode: 0o660, gid: 6 });
  }
  list.push({ path: "dev/fifo", kind: "fifo" }, { path: "dev/socket", kind: "socket", mode: 0o755 });
  list.push({ path: "dev/link", kind: "hardlink", target: "dev/fifo" });
  for (const id of [65535, 65536, 2 ** 32 - 2]) list.push({ path: `ids/${id}`, uid: id, gid: 7, mode: 0o6755 });
  const times = [1, -1.5, 2 ** 31, 2 ** 32 + 5, { sec: 1_600_000_000, nsec: 999_999_999 }];
  for (const [index, mtime] of times.entries()) list.push({ path: `times/${index}`, mtime, contents: "time" });
  return list;
}

const UUID = "01234567-89ab-cdef-0123-456789abcdef";

test.each<[name: string, BuildOptions]>([
  ["defaults", {}],
  ["512-byte blocks", { blockSize: 512 }],
  ["64 KiB blocks", { blockSize: 65536 }],
  ["no inline data", { inlineData: false }],
  ["extended inodes", { inodes: "extended" }],
  ["chunks of 4 KiB", { chunkSize: 4096 }],
  ["chunk indexes", { chunkSize: 65536, chunkIndexes: true }],
  ["chunk indexes where there are holes", { chunkIndexes: true }],
  ["no dedupe", { dedupe: "none" }],
  ["no attributes", { xattrTolerance: -1 }],
  ["all attributes shared", { xattrTolerance: 0 }],
  ["no name filter", { xattrFilter: false }],
  ["label, uuid, fixed time", { label: "golden", uuid: UUID, timestamp: 1_700_000_000 }],
  ["a build time, own times", { timestamp: 1_700_000_000, times: "keep", ignoreMtime: true }],
  ["aligned data and size", { dsunit: 8, fsAlignBlocks: 64 }],
  ["no checksum", { checksum: false }],
  ["one owner, links copied", { owner: { uid: 1000, gid: 70_000 }, hardLinks: "copy" }],
])("%s: the image is the pinned one", async (name, options) => {
  await pins.expect(name, await imageOf(fullTree(), options));
});

/** The plain tree with time 0, in any way it can be given or taken. */
const PLAIN = "the plain tree";

test("entries in any order give the pinned image", async () => {
  const list = plainTree();
  const links = list.filter(({ kind }) => kind === "hardlink");
  const others = list.filter(({ kind }) => kind !== "hardlink");
  await pins.expect(PLAIN, await imageOf(list, { timestamp: 0 }));
  // a hard link comes behind what it names
  expect(sha256(await imageOf([...others.toReversed(), ...links], { timestamp: 0 }))).toBe(pins.hash(PLAIN));
  others.sort((a, b) => (sha256(raw(a.path.toString())) < sha256(raw(b.path.toString())) ? -1 : 1));
  expect(sha256(await imageOf([...others, ...links], { timestamp: 0 }))).toBe(pins.hash(PLAIN));
});

test("an offset moves the image and changes no byte of it", async () => {
  const moved = await imageOf(plainTree(), { timestamp: 0, offset: 12_345 });
  expect(moved.subarray(0, 12_345).every((byte) => byte === 0)).toBe(true);
  expect(sha256(moved.subarray(12_345))).toBe(pins.hash(PLAIN));
});

/** The hash of what a stream is given. */
async function streamed(source: Parameters<typeof buildErofs>[0], options: BuildOptions): Promise<string> {
  const hash = createHash("sha256");
  const stream = new WritableStream<Uint8Array>({ write: (chunk) => void hash.update(chunk) });
  await buildErofs(source, stream, options);
  return hash.digest("hex");
}

test("a stream gets the pinned image, front to back", async () => {
  expect(await streamed(entries(plainTree()), { timestamp: 0 })).toBe(pins.hash(PLAIN));
});

test.each<BuildOptions>([
  { dsunit: 8, fsAlignBlocks: 1000 },
  { blockSize: 512, inlineData: false },
  { chunkSize: 8192, offset: 5000 },
])("a stream gets what a random-access sink gets: %j", async (options) => {
  expect(await streamed(entries(fullTree()), options)).toBe(sha256(await imageOf(fullTree(), options)));
});

// names that are not UTF-8 are refused elsewhere
const onLinux = process.platform === "linux";
let temporary = "";

beforeAll(async () => {
  if (!onLinux) return;
  temporary = mkdtempSync(join(tmpdir(), "mkerofs-golden-"));
  const at = (path: string | Uint8Array) =>
    Buffer.concat([Buffer.from(`${temporary}/tree/`), Buffer.from(path as Uint8Array)]);
  for (const { path, kind = "file", target = "", contents = "", mode, sparse: isSparse } of plainTree()) {
    if (kind === "directory") mkdirSync(at(path));
    else if (kind === "symlink") symlinkSync(target as string, at(path));
    else if (kind === "hardlink") linkSync(at(target), at(path));
    else if (isSparse) await writeSparse(at(path), contents as Uint8Array);
    else await writeFile(at(path), contents as Uint8Array);
    if (kind === "file" || kind === "directory") chmodSync(at(path), mode ?? (kind === "file" ? 0o644 : 0o755));
  }
});

afterAll(() => {
  if (temporary !== "") rmSync(temporary, { recursive: true });
});

/** Writes only what is not zero. */
async function writeSparse(path: Buffer, contents: Uint8Array): Promise<void> {
  const file = await open(path, "wx");
  for (let at = 0; at < contents.length; at += 4096) {
    const block = contents.subarray(at, at + 4096);
    if (block.some((byte) => byte !== 0)) await file.write(block, 0, block.length, at);
  }
  await file.close();
  truncateSync(path, contents.length);
}

test.skipIf(!onLinux).each([1, 2, 4])("a directory read by %i threads gives the pinned image", async (workers) => {
  const image = join(temporary, "image");
  await buildErofs(directory(`${temporary}/tree`), image, { workers, timestamp: 0, owner: "root" });
  expect(sha256(readFileSync(image))).toBe(pins.hash(PLAIN));
});

test.skipIf(!onLinux)("a directory streamed gives the pinned image", async () => {
  const options = { workers: 2, timestamp: 0, owner: "root" } as const;
  expect(await streamed(directory(`${temporary}/tree`), options)).toBe(pins.hash(PLAIN));
});
