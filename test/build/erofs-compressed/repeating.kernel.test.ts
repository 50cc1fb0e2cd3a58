/**
 * Contents that compress well, noise that is there again among them: no larger than of mkfs.erofs 1.9.3, zstd no larger
 * than LZ4, and Linux reads them.
 */
import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildOptions, buildErofs, directory } from "../../../dist/index.js";
import { compareTrees } from "../../helpers/compare/compare.ts";
import { canMountErofs, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { repeatingContents } from "../../helpers/trees/repeating.ts";

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

beforeAll(() => {
  for (const [name, bytes] of Object.entries(repeatingContents())) {
    mkdirSync(`${scratch}/${name}`);
    writeFileSync(`${scratch}/${name}/${name}`, bytes);
    utimesSync(`${scratch}/${name}/${name}`, 0, 0);
    utimesSync(`${scratch}/${name}`, 0, 0);
  }
});

describe.each(PEER)("%s, %s", (content, mode, peer) => {
  const sizes = {} as Sizes;

  test.each(ALGORITHMS)("%s: read back, and no larger", async (algorithm) => {
    const level = algorithm === "lz4hc" ? 9 : undefined;
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
