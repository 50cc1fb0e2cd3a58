/** Hash trees against those of veritysetup, which then proves images by them, and finds what has been changed. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type BuildReport,
  buildErofs,
  buildSquashfs,
  entries,
  type RunOptions,
  type SquashfsReport,
  type VerityReport,
} from "../../../dist/index.js";
import { canMountErofs, canMountSquashfs, withLoop, withMount } from "../../helpers/mount.ts";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("veritysetup");
const [image, tree, theirs] = [`${scratch}/image`, `${scratch}/tree`, `${scratch}/theirs`];
const isThere = oracle("veritysetup", hasCommand("veritysetup"));
const canLoop = isThere && oracle("a loop device", canMountErofs() && canMountSquashfs());

/** Bytes that no codec makes much fewer. */
function noise(length: number): Uint8Array {
  return createHash("shake128", { outputLength: length }).update("noise").digest();
}

type Build = (contents: Uint8Array, out: string, more: RunOptions) => Promise<BuildReport | SquashfsReport>;

/** A file; without contents there is none, and so no block but that of the root. */
const listOf = (contents: Uint8Array) => entries(contents.length === 0 ? [] : [{ path: "a", contents }]);

const BUILDS: Record<string, Build> = {
  erofs: (contents, out, more) => buildErofs(listOf(contents), out, more),
  "compressed erofs": (contents, out, more) => buildErofs(listOf(contents), out, { ...more, compress: "lz4" }),
  squashfs: (contents, out, more) => buildSquashfs(listOf(contents), out, { ...more, compressor: "none", padding: 1 }),
};

function veritysetup(...words: string[]): number | null {
  return spawnSync("veritysetup", words, { encoding: "utf8" }).status;
}

/** Parameters of a tree, as its report tells them. */
function parameters({ salt, uuid, dataBlocks, hashOffset }: VerityReport): string[] {
  return [
    `--salt=${salt === "" ? "-" : salt}`,
    uuid === undefined ? "--no-superblock" : `--uuid=${uuid}`,
    `--data-blocks=${dataBlocks}`,
    `--hash-offset=${hashOffset}`,
  ];
}

/** Expects the tree that veritysetup makes, that it proves the image, and that it does not once a bit is flipped. */
function expectTheirs(report: VerityReport): void {
  const { rootHash, dataBlocks, hashOffset } = report;
  const isApart = hashOffset === 0;
  const hashes = isApart ? tree : image;
  const words = parameters(report);
  rmSync(theirs, { force: true });
  if (!isApart) {
    copyFileSync(image, theirs);
    truncateSync(theirs, hashOffset);
  }
  expect(veritysetup("format", isApart ? image : theirs, theirs, ...words)).toBe(0);
  expect(readFileSync(theirs).equals(readFileSync(hashes))).toBe(true);
  // what stands in a superblock is not to be told
  const told = report.uuid === undefined ? words : [`--hash-offset=${hashOffset}`];
  const isProved = () => veritysetup("verify", image, hashes, rootHash, ...told) === 0;
  expect(isProved()).toBe(true);
  for (const at of [0, dataBlocks * 4096 - 1]) {
    const bytes = readFileSync(image);
    bytes[at]! ^= 0x10;
    writeFileSync(image, bytes);
    expect(isProved()).toBe(false);
    bytes[at]! ^= 0x10;
    writeFileSync(image, bytes);
  }
}

/** How many bytes of contents make an image of so many blocks. */
async function contentsFor(build: Build, blocks: number): Promise<Uint8Array> {
  // its end is beside its inode
  let length = Math.max(0, 4096 * (blocks - 2)) + 100;
  for (let tries = 0; tries < 8; tries++) {
    const contents = noise(length);
    const { dataBlocks } = (await build(contents, image, { verity: true })).verity!;
    if (dataBlocks === blocks) return contents;
    length = Math.max(0, length + 4096 * (blocks - dataBlocks));
  }
  throw new Error(`no image has ${blocks} blocks`);
}

beforeEach(() => {
  for (const path of [image, tree, theirs]) rmSync(path, { force: true });
});

describe.skipIf(!isThere).each(Object.entries(BUILDS))("%s", (name, build) => {
  const sizes = name === "compressed erofs" ? [2, 200] : [1, 2, 128, 129, 16385];

  test.each(sizes)("of %i blocks", async (blocks) => {
    const contents = await contentsFor(build, blocks);
    const variants = blocks > 1000 ? [{}] : [{}, { superblock: false }, { salt: "-" }, { salt: "00ff".repeat(64) }];
    for (const verity of variants) {
      for (const out of [undefined, tree]) {
        const report = await build(contents, image, { verity: { ...verity, out } });
        expect(report.verity!.dataBlocks).toBe(blocks);
        expectTheirs(report.verity!);
      }
    }
  });

  test.skipIf(!canLoop)("on a device, image and tree, and in a device of its own; it mounts as it is", async () => {
    const contents = noise(3_000_000);
    const type = name === "squashfs" ? ("squashfs" as const) : ("erofs" as const);
    for (const out of [undefined, "device"]) {
      const [first, second] = [`${scratch}/first`, `${scratch}/second`];
      for (const file of [first, second]) writeFileSync(file, Buffer.alloc(8 << 20, 0xa5));
      const { verity } = await withLoop(
        first,
        (device) =>
          withLoop(second, (hashes) => build(contents, device, { verity: { out: out && hashes }, digest: true }), "rw"),
        "rw",
      );
      const { rootHash, dataBlocks, hashOffset, hashBytes } = verity!;
      const hashes = hashOffset === 0 ? second : first;
      const words = [`--hash-offset=${hashOffset}`];
      expect(veritysetup("verify", first, hashes, rootHash, ...words)).toBe(0);
      // what is behind is as it was
      const end = hashOffset + hashBytes;
      expect(
        readFileSync(hashes)
          .subarray(end)
          .every((byte) => byte === 0xa5),
      ).toBe(true);
      expect(readFileSync(first)[hashOffset === 0 ? dataBlocks * 4096 : end]).toBe(0xa5);
      const read = await withMount(first, (folder) => readFileSync(`${folder}/a`), { type });
      expect(read.equals(contents)).toBe(true);
    }
  });

  test.skipIf(!canLoop)("a device without room is told, and stays as it was", async () => {
    const file = `${scratch}/first`;
    for (const [bytes, isApart] of [
      [3_002_368, false],
      [4096, true],
    ] as const) {
      writeFileSync(file, Buffer.alloc(bytes, 0xa5));
      const failed = withLoop(
        file,
        (device) => {
          const out = isApart ? image : device;
          return build(noise(3_000_000), out, { verity: { out: isApart ? device : undefined } });
        },
        "rw",
      );
      await expect(failed).rejects.toThrow(/^\/dev\/loop\d+: no space left on device, \d+ bytes are needed$/);
      expect(readFileSync(file).every((byte) => byte === 0xa5)).toBe(true);
    }
  });
});
