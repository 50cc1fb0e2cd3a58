/** EROFS images of every kind are read as Linux reads them: those of this package, and those of mkfs.erofs. */
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory } from "../../../dist/index.js";
import type { ByteSource } from "../../../src/core/byte-source.ts";
import { ImageBytes } from "../../../src/inspect/image.ts";
import { compareReader } from "../../helpers/compare/reader.ts";
import { canMountErofs, withLoop, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { makeCornerTree } from "../../helpers/trees/corner-tree.ts";
import { makeRandomTree } from "../../helpers/trees/random-tree.ts";
import { relatives, writeTree } from "../../helpers/trees/relatives.ts";
import { repeatingContents } from "../../helpers/trees/repeating.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const mkfs = oracle("mkfs.erofs", canMountErofs() && hasCommand("mkfs.erofs"));
const scratch = makeScratch("erofs-reader");
const [corners, random, alike, image, blob] = ["corners", "random", "alike", "image", "blob"].map(
  (name) => `${scratch}/${name}`,
) as [string, string, string, string, string];

beforeAll(() => {
  if (!canMountErofs()) return;
  makeCornerTree(corners);
  makeRandomTree(random, 15, 200);
  writeTree(alike, { ...relatives(), ...repeatingContents() });
  // of links that lead to nothing it wants the attributes too, and gives up
  symlinkSync("many", `${alike}/link`);
  mkdirSync(`${alike}/many/folder`, { recursive: true });
  for (let nr = 0; nr < 300; nr++) writeFileSync(`${alike}/many/file-of-that-number-${nr}`, `${nr}`);
  linkSync(`${alike}/many/file-of-that-number-7`, `${alike}/many/folder/second`);
});

function bytesOf(path: string): ByteSource {
  const bytes = new ImageBytes(readFileSync(path));
  return {
    size: bytes.size,
    readAt: async (into, offset) => {
      const length = Math.min(into.length, bytes.size - offset);
      await bytes.fill(into.subarray(0, length), offset);
      return length;
    },
  };
}

/** The reader says what a mount shows. */
async function expectReadEqual(): Promise<void> {
  const compare = (devices: ByteSource[], mountOptions?: string) =>
    withMount(image, (at) => compareReader(bytesOf(image), at, devices), { mountOptions });
  const differences = existsSync(blob)
    ? await withLoop(blob, (device) => compare([bytesOf(blob)], `device=${device}`))
    : await compare([]);
  expect(differences).toEqual([]);
}

const LZ4 = { algorithm: "lz4" } as const;
const OURS: readonly BuildOptions[] = [
  {},
  { blockSize: 512 },
  { inodes: "extended", inlineData: false },
  { chunkSize: 4096, chunkIndexes: true },
  { chunkSize: 65_536, blobDevice: blob },
  { omitDot: true, metabox: true },
  { xattrPrefixes: ["user.lo"], compress: LZ4, fragments: "all" },
  { compress: LZ4 },
  { compress: LZ4, blockSize: 1024, pclusterSize: 4096 },
  { compress: { algorithm: "lz4hc" }, pclusterSize: 1 << 20, fullIndexes: true },
  { compress: { algorithm: "deflate" }, pclusterSize: 65_536, tailPacking: true },
  { compress: { algorithm: "zstd" }, pclusterSize: 65_536, fragments: "tails", compressDirectories: true },
  { compress: { algorithm: "lzma", level: 1 }, pclusterSize: 16_384, dedupeExtents: true },
  { compress: { algorithm: "lz4hc" }, extentRecords: true, fragments: "tails", dedupeExtents: true },
  { compress: ["lz4", "deflate"], metabox: { pclusterSize: 4096, algorithm: 1 }, fragments: "all" },
];

describe.each(OURS)("an image of buildErofs(%j)", (options) => {
  test.runIf(kernel)("reads equal", async () => {
    for (const source of options === OURS[0] ? [corners, random, alike] : [random, alike]) {
      rmSync(blob, { force: true });
      await buildErofs(directory(source), image, options);
      await expectReadEqual();
    }
  });
});

/** What version 1.5 can, which is the one of Debian 12. */
const THEIRS = [
  "",
  "-Enoinline_data -x1",
  "-Eforce-inode-extended",
  `--chunksize=4096 --blobdev=${blob}`,
  "-zlz4",
  "-zlz4hc,12 -C65536 -Elegacy-compress",
  "-zlz4hc -C16384 -Eztailpacking",
  "-zlz4 -Efragments,dedupe",
  "-zlz4 -Eall-fragments",
];

describe.each(THEIRS)("an image of mkfs.erofs %s", (line) => {
  test.runIf(mkfs)("reads equal", async () => {
    for (const path of [image, blob]) rmSync(path, { force: true });
    const words = line === "" ? [] : line.split(" ");
    const { status, stderr } = spawnSync("mkfs.erofs", ["--quiet", ...words, image, alike], { encoding: "latin1" });
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    await expectReadEqual();
  });
});
