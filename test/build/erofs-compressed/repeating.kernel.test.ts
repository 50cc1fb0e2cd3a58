/**
 * Contents that compress well, noise that is there again among them: no larger than of mkfs.erofs 1.9.3, zstd no larger
 * than LZ4, and Linux reads them.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { HOLES, repeatingContents, repeatingFiles } from "../../helpers/trees/repeating.ts";

const kernel = oracle("kernel EROFS mount", canMountErofs());
const scratch = makeScratch("repeating");
const image = `${scratch}/image`;

const ALGORITHMS = ["lz4", "lz4hc", "deflate", "zstd"] as const;
type Sizes = Record<(typeof ALGORITHMS)[number], number>;

const MODES: Record<string, BuildOptions> = {
  "one block": {},
  "64 KiB": { pclusterSize: 65_536 },
  "1 MiB": { pclusterSize: 1 << 20 },
  "tail packing": { tailPacking: true },
  "64 KiB, fragments": { pclusterSize: 65_536, fragments: "tails" },
  fragments: { fragments: "tails" },
  "64 KiB, tail packing": { pclusterSize: 65_536, tailPacking: true },
  dedupe: { dedupeExtents: true },
  "64 KiB, dedupe": { pclusterSize: 65_536, dedupeExtents: true },
};

/** Bytes of the images of mkfs.erofs 1.9.3, `-T0 --all-root`, of each content alone; LZ4HC at level 9. */
const PEER: [content: string, mode: string, sizes: Sizes][] = [
  ["log", "one block", { lz4: 262_144, lz4hc: 180_224, deflate: 352_256, zstd: 176_128 }],
  ["log", "64 KiB", { lz4: 253_952, lz4hc: 167_936, deflate: 339_968, zstd: 167_936 }],
  ["log", "tail packing", { lz4: 262_144, lz4hc: 180_224, deflate: 352_256, zstd: 172_032 }],
  ["log", "64 KiB, fragments", { lz4: 253_952, lz4hc: 167_936, deflate: 339_968, zstd: 167_936 }],
  ["json", "one block", { lz4: 389_120, lz4hc: 233_472, deflate: 688_128, zstd: 126_976 }],
  ["json", "64 KiB", { lz4: 327_680, lz4hc: 225_280, deflate: 647_168, zstd: 118_784 }],
  ["json", "tail packing", { lz4: 389_120, lz4hc: 233_472, deflate: 688_128, zstd: 126_976 }],
  ["json", "64 KiB, fragments", { lz4: 327_680, lz4hc: 225_280, deflate: 647_168, zstd: 118_784 }],
  ["zeros", "one block", { lz4: 102_400, lz4hc: 102_400, deflate: 647_168, zstd: 32_768 }],
  ["zeros", "64 KiB", { lz4: 102_400, lz4hc: 102_400, deflate: 647_168, zstd: 32_768 }],
  ["zeros", "tail packing", { lz4: 98_304, lz4hc: 98_304, deflate: 647_168, zstd: 28_672 }],
  ["zeros", "64 KiB, fragments", { lz4: 98_304, lz4hc: 98_304, deflate: 151_552, zstd: 57_344 }],
  ["20 KB of noise", "64 KiB", { lz4: 32_768, lz4hc: 32_768, deflate: 634_880, zstd: 24_576 }],
  ["20 KB of noise", "1 MiB", { lz4: 32_768, lz4hc: 32_768, deflate: 491_520, zstd: 24_576 }],
  ["20 KB of noise", "64 KiB, fragments", { lz4: 32_768, lz4hc: 32_768, deflate: 634_880, zstd: 24_576 }],
  ["150 KB of noise", "1 MiB", { lz4: 3_002_368, lz4hc: 3_002_368, deflate: 3_002_368, zstd: 155_648 }],
  ["noise before it", "64 KiB", { lz4: 106_496, lz4hc: 106_496, deflate: 311_296, zstd: 106_496 }],
  ["noise before it", "1 MiB", { lz4: 110_592, lz4hc: 110_592, deflate: 241_664, zstd: 106_496 }],
  ["counter", "one block", { lz4: 2_101_248, lz4hc: 2_101_248, deflate: 737_280, zstd: 2_101_248 }],
  ["counter", "64 KiB", { lz4: 2_101_248, lz4hc: 2_101_248, deflate: 733_184, zstd: 2_101_248 }],
  ["zeros around noise", "one block", { lz4: 24_576, lz4hc: 24_576, deflate: 77_824, zstd: 16_384 }],
  ["zeros around noise", "tail packing", { lz4: 20_480, lz4hc: 20_480, deflate: 77_824, zstd: 12_288 }],
  ["zeros around noise", "64 KiB, fragments", { lz4: 24_576, lz4hc: 24_576, deflate: 77_824, zstd: 16_384 }],
];

/** The same where LZ4HC's normal level is no larger either, though that of mkfs.erofs is 9. */
const PEER_NORMAL: typeof PEER = [
  ["4 KiB of noise", "fragments", { lz4: 12_288, lz4hc: 12_288, deflate: 12_288, zstd: 12_288 }],
  ["4 KiB of noise", "dedupe", { lz4: 12_288, lz4hc: 12_288, deflate: 12_288, zstd: 12_288 }],
  ["4 KiB of noise", "64 KiB, tail packing", { lz4: 16_384, lz4hc: 16_384, deflate: 331_776, zstd: 12_288 }],
  ["5000 bytes of text", "fragments", { lz4: 2_502_656, lz4hc: 2_502_656, deflate: 294_912, zstd: 2_502_656 }],
  ["5000 bytes of text", "64 KiB, tail packing", { lz4: 20_480, lz4hc: 20_480, deflate: 536_576, zstd: 12_288 }],
  ["5000 bytes of text", "64 KiB, dedupe", { lz4: 20_480, lz4hc: 20_480, deflate: 77_824, zstd: 12_288 }],
  ["1000 bytes of text", "64 KiB, dedupe", { lz4: 16_384, lz4hc: 16_384, deflate: 77_824, zstd: 8_192 }],
  ["decimal counter", "one block", { lz4: 1_036_288, lz4hc: 1_007_616, deflate: 462_848, zstd: 339_968 }],
  ["decimal counter", "64 KiB", { lz4: 1_040_384, lz4hc: 1_003_520, deflate: 438_272, zstd: 311_296 }],
  ["decimal counter", "1 MiB", { lz4: 1_040_384, lz4hc: 999_424, deflate: 438_272, zstd: 782_336 }],
  ["numbers a page apart", "one block", { lz4: 1_052_672, lz4hc: 1_052_672, deflate: 266_240, zstd: 1_052_672 }],
  ["numbers a page apart", "64 KiB", { lz4: 1_052_672, lz4hc: 1_052_672, deflate: 262_144, zstd: 1_052_672 }],
  ["picture", "one block", { lz4: 897_024, lz4hc: 835_584, deflate: 577_536, zstd: 794_624 }],
  ["picture", "64 KiB", { lz4: 872_448, lz4hc: 798_720, deflate: 569_344, zstd: 765_952 }],
  ["records", "one block", { lz4: 671_744, lz4hc: 458_752, deflate: 315_392, zstd: 245_760 }],
  ["records", "64 KiB", { lz4: 671_744, lz4hc: 446_464, deflate: 311_296, zstd: 217_088 }],
  ["two values", "one block", { lz4: 364_544, lz4hc: 188_416, deflate: 147_456, zstd: 176_128 }],
  ["two values", "64 KiB", { lz4: 364_544, lz4hc: 184_320, deflate: 147_456, zstd: 172_032 }],
  ["two counters", "dedupe", { lz4: 389_120, lz4hc: 376_832, deflate: 172_032, zstd: 139_264 }],
  ["equal files", "tail packing", { lz4: 413_696, lz4hc: 413_696, deflate: 208_896, zstd: 143_360 }],
  ["holes", "one block", { lz4: 143_360, lz4hc: 143_360, deflate: 970_752, zstd: 40_960 }],
  ["holes", "64 KiB", { lz4: 143_360, lz4hc: 143_360, deflate: 970_752, zstd: 40_960 }],
];

beforeAll(() => {
  const single = Object.entries(repeatingContents()).map(([name, bytes]) => [name, { [name]: bytes }] as const);
  for (const [name, files] of [...single, ...Object.entries(repeatingFiles())]) {
    mkdirSync(`${scratch}/${name}`);
    for (const [file, bytes] of Object.entries(files)) writeFileSync(`${scratch}/${name}/${file}`, bytes);
    for (const file of ["", ...Object.keys(files)]) utimesSync(`${scratch}/${name}/${file}`, 0, 0);
  }
  mkdirSync(`${scratch}/holes`);
  const file = openSync(`${scratch}/holes/holes`, "w");
  ftruncateSync(file, HOLES.size);
  for (let at = 0; at < HOLES.size; at += HOLES.apart) writeSync(file, HOLES.text, 0, HOLES.text.length, at);
  closeSync(file);
  for (const path of ["holes/holes", "holes"]) utimesSync(`${scratch}/${path}`, 0, 0);
});

const ROWS = [...PEER.map((row) => [...row, 9] as const), ...PEER_NORMAL.map((row) => [...row, undefined] as const)];

describe.each(ROWS)("%s, %s", (content, mode, peer, lz4hcLevel) => {
  const sizes = {} as Sizes;

  test.each(ALGORITHMS)("%s: read back, and no larger", async (algorithm) => {
    const level = algorithm === "lz4hc" ? lz4hcLevel : undefined;
    const options = { ...MODES[mode], compress: { algorithm, level } };
    await buildErofs(directory(`${scratch}/${content}`), image, options);
    sizes[algorithm] = statSync(image).size;
    expect(sizes[algorithm]).toBeLessThanOrEqual(peer[algorithm]);
    if (!kernel) return;
    expect(await withMount(image, (root) => compareTrees(`${scratch}/${content}`, root))).toEqual([]);
  });

  test("zstd is no larger than LZ4", () => {
    expect(sizes.zstd).toBeLessThanOrEqual(sizes.lz4);
  });
});
