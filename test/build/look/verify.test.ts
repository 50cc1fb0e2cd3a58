/** What verifying finds in images that are damaged, and that it finds nothing in those that are not. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verifyPlace } from "../../../dist/build/look/verify.js";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { dumpImage } from "../../../src/inspect/dump.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { words } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("verify");
const image = `${scratch}/image`;
const damaged = `${scratch}/damaged`;
const TREE: Entry[] = [
  { path: "a/one", contents: words(1, 100_000) },
  { path: "a/two", contents: words(2, 5000) },
  { path: "a/three", kind: "hardlink", target: "a/two" },
  { path: "b", kind: "symlink", target: "a" },
];
const place = (path: string) => ({ path, offset: 0, devices: [] });
const verify = (path = damaged) => verifyPlace(place(path));

/** Changes bytes of the image at a place. */
function damage(at: number, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(image);
  change(bytes.subarray(at));
  writeFileSync(damaged, bytes);
}

/** Where the line of a dump that matches says that its structure is. */
async function placeOf(pattern: RegExp): Promise<number> {
  for await (const line of dumpImage(readFileSync(image))) if (pattern.test(line)) return Number(line.split(" ")[0]);
  throw new Error(`no line of the dump matches ${pattern}`);
}

const OPTIONS = [
  { options: {} },
  { options: { compress: "lz4" } },
  { options: { compress: "zstd", fragments: "all", tailPacking: true } },
  { options: { compress: "deflate", metabox: true, dedupeExtents: true } },
] as const;

test.each(OPTIONS)("nothing is wrong with an EROFS image, $options", async ({ options }) => {
  await buildErofs(entries(TREE), image, options as never);
  expect(await verify(image)).toMatchObject({ count: 0, findings: [] });
});

test.each(["gzip", "xz", "lz4", "none"] as const)("nothing is wrong with a SquashFS image, %s", async (compressor) => {
  await buildSquashfs(entries(TREE), image, { compressor });
  expect(await verify(image)).toMatchObject({ count: 0, findings: [] });
});

describe("of an EROFS image it finds", () => {
  test("another checksum", async () => {
    await buildErofs(entries(TREE), image);
    damage(1024 + 64, (bytes) => bytes.write("x"));
    expect((await verify()).findings).toMatchObject([{ offset: 1024, message: /^the checksum is 0x/ }]);
  });

  /** Without the checksum: it would tell all that is in the first block. */
  const build = () => buildErofs(entries(TREE), image, { checksum: false, timestamp: 0 });

  test("names that are out of order", async () => {
    await build();
    const bytes = readFileSync(image);
    const at = bytes.indexOf("onethreetwo");
    damage(at, (there) => there.write("xne"));
    expect((await verify()).findings).toMatchObject([
      { path: "/a", message: "in a directory the name three stands behind xne" },
    ]);
  });

  test("a wrong number of links, and another type in the directory", async () => {
    await build();
    const inode = await placeOf(/erofs_inode_(compact|extended) \/a\/(two|three)/);
    const isExtended = (readFileSync(image)[inode]! & 1) === 1;
    damage(inode + (isExtended ? 44 : 6), (bytes) => bytes.writeUInt16LE(5));
    expect((await verify()).findings).toEqual([{ path: "/a/three", message: "it has 2 names, and says 5" }]);
    const dirent = await placeOf(/erofs_dirent one:/);
    damage(dirent + 10, (bytes) => bytes.writeUInt8(2));
    expect((await verify()).findings).toEqual([
      { path: "/a/one", message: "its directory says type 2, and it is a file" },
    ]);
  });

  test("data that cannot be decompressed, by its file", async () => {
    await buildErofs(entries(TREE), image, { compress: "zstd" });
    const at = await placeOf(/data of \/a\/one/);
    damage(at, (bytes) => bytes.fill(0xff, 0, 4096));
    const { count, findings } = await verify();
    expect(count).toBe(1);
    expect(findings).toMatchObject([{ path: "/a/one", offset: at, message: /^damaged image: at / }]);
  });
});

describe("of a SquashFS image it finds", () => {
  test("data that cannot be decompressed, by its file or fragment block", async () => {
    await buildSquashfs(entries(TREE), image, { compressor: "gzip", blockSize: 4096 });
    const at = await placeOf(/data of \/a\/one/);
    damage(at, (bytes) => bytes.fill(0xff, 0, 200));
    expect((await verify()).findings).toMatchObject([{ path: "/a/one", offset: at }]);
    const fragment = await placeOf(/fragment block 0/);
    damage(fragment, (bytes) => bytes.fill(0xff, 0, 200));
    expect((await verify()).findings).toMatchObject([{ path: "(fragment block 0)", offset: fragment }]);
  });

  test("an export table that names other inodes, and inodes of one number", async () => {
    await buildSquashfs(entries(TREE), image, { compressor: "none", exportable: true });
    const bytes = readFileSync(image);
    const list = Number(bytes.readBigUInt64LE(88));
    const table = Number(bytes.readBigUInt64LE(list)) + 2;
    damage(table, (there) => there.copy(there, 8, 0, 8));
    expect((await verify()).findings).toMatchObject([
      { message: /^the table of exports has another inode of number 2/ },
    ]);
  });
});

test.runIf(process.platform !== "win32")("a FIFO is no image, and is not waited for", async () => {
  const fifo = `${scratch}/fifo`;
  expect(spawnSync("mkfifo", [fifo]).status).toBe(0);
  await expect(verify(fifo)).rejects.toMatchObject({
    code: "INPUT",
    message: `${fifo}: is neither a file nor a block device`,
  });
});

test("what cannot be read is called what it is shown as, as of a temporary file that no one knows", async () => {
  const hidden = { path: `${scratch}/.hidden.tmp`, shownPath: "store.img", offset: 0, devices: [] };
  await expect(verifyPlace(hidden)).rejects.toMatchObject({
    code: "IO",
    path: "store.img",
    message: "store.img: no such file or directory",
  });
});
