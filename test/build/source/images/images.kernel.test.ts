/** EROFS images as sources, mounted by Linux: merged by metadata, or copied. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  erofsImages,
  tarStream,
} from "../../../../dist/index.js";
import { compareTrees } from "../../../helpers/compare/compare.ts";
import { canMountErofs, canMountSquashfs, hasFilesystem, withLoop, withMount } from "../../../helpers/mount.ts";
import { hasCommand, oracle } from "../../../helpers/oracle.ts";
import { makeScratch } from "../../../helpers/scratch.ts";
import { makeCornerTree } from "../../../helpers/trees/corner-tree.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const squashfs = oracle("kernel SquashFS mount", canMountSquashfs());
const overlay = oracle("kernel overlayfs", kernel && hasFilesystem("overlay"));
const attributes = oracle("setfattr and getfattr", hasCommand("setfattr") && hasCommand("getfattr"));
const scratch = makeScratch("images");
const corners = `${scratch}/corners`;
const layer = `${scratch}/layer.img`;
const image = `${scratch}/image`;

/** Hands the mount of an image with its devices to `use`. */
async function mounted<T>(file: string, devices: readonly string[], use: (at: string) => T | Promise<T>): Promise<T> {
  const loops: string[] = [];
  const next = (index: number): Promise<T> =>
    index < devices.length
      ? withLoop(devices[index]!, (device) => {
          loops.push(`device=${device}`);
          return next(index + 1);
        })
      : withMount(file, use, { mountOptions: loops.join(",") || undefined });
  return next(0);
}

describe.skipIf(!kernel)("an image of EROFS images", () => {
  beforeAll(() => makeCornerTree(corners, { hugeHole: false }));

  test.each<[name: string, options: BuildOptions]>([
    ["whole blocks", { inlineData: false }],
    ["chunks", { chunkSize: 8192 }],
    ["chunks with indexes, equal ones once", { dedupeChunks: true, chunkIndexes: true }],
    ["blocks of 1024 bytes", { inlineData: false, blockSize: 1024 }],
  ])("refers to data in %s", async (_name, options) => {
    await buildErofs(directory(corners), layer, options);
    const report = await buildErofs(erofsImages(layer), image);
    expect(report.devices).toMatchObject([{ bytes: statSync(layer).size, path: layer }]);
    expect(report.devices[0]!.tag).toMatch(/^[0-9a-f]{32}$/);
    expect(report.bytes).toBeLessThan(statSync(layer).size / 2);
    expect(await mounted(image, [layer], (at) => compareTrees(corners, at, {}))).toEqual([]);
  });

  test("refers to what other images refer to", async () => {
    const archive = `${scratch}/archive.tar`;
    execFileSync("tar", ["--format=pax", "-cf", archive, "-C", corners, "."]);
    const extracted = `${scratch}/extracted`;
    mkdirSync(extracted);
    execFileSync("tar", ["--numeric-owner", "-xpf", archive, "-C", extracted]);
    await buildErofs(tarStream(archive), layer, { tarIndex: true });
    const report = await buildErofs(erofsImages(layer), image);
    expect(report).toMatchObject({ blockSize: 512, devices: [{ bytes: statSync(archive).size }] });
    expect(await mounted(image, [archive], (at) => compareTrees(extracted, at, {}))).toEqual([]);
  });

  test.each<[name: string, options: BuildOptions]>([
    ["as they are usual", {}],
    ["lz4 with fragments", { compress: "lz4", fragments: "tails", dedupeExtents: true }],
    ["zstd with extents anywhere", { compress: "zstd", extentRecords: true }],
    ["a metabox", { compress: "lz4", metabox: true, compressDirectories: true, fragments: "all" }],
    ["chunks", { chunkSize: 4096 }],
  ])("has a copy of what others hold: %s", async (_name, options) => {
    await buildErofs(directory(corners), layer, options);
    const report = await buildErofs(erofsImages(layer, { data: "copy" }), image, { compress: "lz4" });
    expect(report.devices).toEqual([]);
    expect(await withMount(image, (at) => compareTrees(corners, at, {}))).toEqual([]);
  });

  test.skipIf(!squashfs)("may become one of SquashFS", async () => {
    const source = `${scratch}/plain`;
    mkdirSync(source);
    writeFileSync(`${source}/file`, "x".repeat(300_000));
    // SquashFS has no fractions of a second
    for (const path of [`${source}/file`, source]) utimesSync(path, 1000, 1000);
    await buildErofs(directory(source), layer, { compress: "zstd" });
    await buildSquashfs(erofsImages(layer), image);
    const compared = await withMount(image, (at) => compareTrees(source, at, { ignoreNlinkOfDirectories: true }), {
      type: "squashfs",
    });
    expect(compared).toEqual([]);
  });
});

/** Layers with everything that one can say of another, the lowest first. */
function makeLayers(): string[] {
  const layers = ["low", "middle", "top"].map((name) => `${scratch}/${name}`);
  const [low, middle, top] = layers as [string, string, string];
  for (const path of layers) mkdirSync(path);
  for (const path of ["joined", "joined/deep", "hidden", "opaque/deep", "file", "gone/deep", "back/old"]) {
    mkdirSync(`${low}/${path}`, { recursive: true });
  }
  for (const path of ["joined/a", "joined/b", "joined/deep/c", "hidden/d", "opaque/e", "opaque/deep/f", "gone/g"]) {
    writeFileSync(`${low}/${path}`, `low ${path} `.repeat(1000));
  }
  writeFileSync(`${low}/back/old/h`, "low");
  writeFileSync(`${low}/directory`, "a file here");
  execFileSync("ln", [`${low}/joined/a`, `${low}/joined/linked`]);
  for (const path of ["joined/deep", "opaque/new", "directory", "again"])
    mkdirSync(`${middle}/${path}`, { recursive: true });
  writeFileSync(`${middle}/joined/b`, "middle b");
  writeFileSync(`${middle}/opaque/i`, "middle i");
  writeFileSync(`${middle}/directory/j`, "middle j");
  writeFileSync(`${middle}/file`, "a file in place of a directory");
  execFileSync("setfattr", ["-n", "trusted.overlay.opaque", "-v", "y", `${middle}/opaque`]);
  for (const path of ["hidden", "gone", "back", "joined/a"])
    execFileSync("mknod", [`${middle}/${path}`, "c", "0", "0"]);
  execFileSync("chmod", ["750", `${middle}/joined`]);
  for (const path of ["back", "joined", "opaque/deep"]) mkdirSync(`${top}/${path}`, { recursive: true });
  writeFileSync(`${top}/back/k`, "top k");
  writeFileSync(`${top}/opaque/deep/l`, "top l");
  execFileSync("mknod", [`${top}/joined/b`, "c", "0", "0"]);
  execFileSync("chown", ["7:8", `${top}/joined`]);
  return layers;
}

describe.skipIf(!kernel || !overlay || !attributes)("several images, one over the other", () => {
  test("hold what overlayfs shows of them, once its marks are left out", async () => {
    const layers = makeLayers();
    const images = layers.map((path) => `${path}.img`);
    for (const [index, path] of layers.entries()) {
      // whoever lists a directory of a layer alone is to see its whiteouts as well
      await buildErofs(directory(path), images[index]!, { inlineData: false });
    }
    const expected = `${scratch}/expected`;
    const shown = `${scratch}/shown`;
    mkdirSync(shown);
    const options = `lowerdir=${layers.toReversed().join(":")}`;
    execFileSync("mount", ["-t", "overlay", "-o", options, "overlay", shown]);
    try {
      execFileSync("cp", ["-a", `${shown}/.`, expected]);
    } finally {
      execFileSync("umount", [shown]);
    }
    const compare = (at: string) => compareTrees(expected, at, {});
    const report = await buildErofs(erofsImages(images), image, { overlay: "strip" });
    expect(report.devices.map(({ path }) => path)).toEqual(images);
    expect(await mounted(image, images, compare)).toEqual([]);
    await buildErofs(erofsImages(images, { data: "copy" }), image, { overlay: "strip" });
    expect(await withMount(image, compare)).toEqual([]);
  });

  test("keep their marks otherwise", async () => {
    const images = ["low", "middle", "top"].map((name) => `${scratch}/${name}.img`);
    await buildErofs(erofsImages(images), image, { overlay: "mark" });
    const shown = await mounted(image, images, (at) => ({
      kinds: execFileSync("find", [at, "-type", "c", "-printf", "%P\n"], { encoding: "utf8" })
        .trim()
        .split("\n")
        .sort(),
      opaque: execFileSync("getfattr", ["--only-values", "-n", "trusted.overlay.opaque", `${at}/opaque`]).toString(),
      b: readFileSync(`${at}/opaque/i`, "utf8"),
    }));
    expect(shown).toEqual({ kinds: ["gone", "hidden", "joined/a", "joined/b"], opaque: "y", b: "middle i" });
  });
});
