/** Random trees with random options: Linux mounts the image, and every entry is compared with what was packed. */
import { statSync, truncateSync } from "node:fs";
import {
  type BuildOptions,
  buildErofs,
  buildSquashfs,
  directory,
  ImageError,
  type SquashfsOptions,
} from "../dist/index.js";
import { type CompareOptions, compareTrees } from "../test/helpers/compare/compare.ts";
import { wholeSeconds } from "../test/helpers/compare/times.ts";
import { withMount } from "../test/helpers/mount.ts";
import { removeTree } from "../test/helpers/scratch.ts";
import { makeRandomTree } from "../test/helpers/trees/random-tree.ts";
import type { Campaign, Outcome } from "./campaign.ts";
import { choices, type Random } from "./random.ts";
import { addRandomXattrs } from "./random-xattrs.ts";

/** Options are drawn anew where they exclude each other. */
const DRAWS = 50;
const TIME = 1_234_567_890;

/** Random trees, mounted. */
export const trees: Campaign = {
  what: "random trees and options: mounted by Linux and equal, every second one in SquashFS; as root",
  runs: 2000,
  start(folder) {
    return { run: (seed) => run(folder, seed) };
  },
};

async function run(folder: string, seed: number): Promise<Outcome> {
  const random = choices(seed);
  const [source, image] = [`${folder}/source`, `${folder}/image`];
  makeRandomTree(source, seed, random.below(random.pick([4, 40, 200])));
  const hasXattrs = random.oneIn(2);
  if (hasXattrs) addRandomXattrs(source, seed);
  const isClosure = random.oneIn(5);
  const type = seed % 2 === 0 ? "erofs" : "squashfs";
  try {
    for (let draw = 0; draw < DRAWS; draw++) {
      const common = makeCommon(random, isClosure);
      const options = { ...common, ...(type === "erofs" ? makeErofs(random) : makeSquashfs(random)) };
      const from = isClosure ? [source] : directory(source);
      try {
        const report = await (type === "erofs"
          ? buildErofs(from, image, options as BuildOptions)
          : buildSquashfs(from, image, options as SquashfsOptions));
        const compressed = type === "erofs" ? `compressed ${(options as BuildOptions).compress !== undefined}` : "";
        const kind = `${type}${isClosure ? " closure" : ""} ${compressed}`.trim();
        const differences: string[] = [];
        if (statSync(image).size !== report.bytes + (options.offset ?? 0))
          differences.push("has another length than told");
        // a loop device has whole sectors only
        truncateSync(image, Math.ceil(statSync(image).size / 4096) * 4096);
        differences.push(...(await compare(source, image, type, options, { isClosure, hasXattrs })));
        const finding = differences.length === 0 ? undefined : [JSON.stringify(options), ...differences].join("\n");
        return { kind, result: "equal", finding };
      } catch (error) {
        if (error instanceof ImageError && (error.code === "INPUT" || error.code === "LIMIT")) continue;
        const text = (error instanceof Error && error.stack) || String(error);
        return { kind: type, result: "?", finding: `${JSON.stringify(options)}\n${text}` };
      }
    }
    return { kind: type, result: "?", finding: `${DRAWS} times, options excluded each other` };
  } finally {
    removeTree(source);
  }
}

/** What the mounted image shows that it should not. */
async function compare(
  source: string,
  image: string,
  type: "erofs" | "squashfs",
  { owner, timestamp, hardLinks, offset = 0 }: BuildOptions | SquashfsOptions,
  { isClosure, hasXattrs }: { isClosure: boolean; hasXattrs: boolean },
): Promise<string[]> {
  const isRoot = owner === "root" || (isClosure && owner === undefined);
  const sec = timestamp ?? (isClosure ? 0 : undefined);
  const copies = hardLinks === "copy" || (isClosure && hardLinks === undefined);
  const expected: CompareOptions = {
    // closures have none, and Linux cannot be asked where a SquashFS image has none
    xattrs: hasXattrs && !isClosure,
    ...(isRoot && { uid: 0, gid: 0 }),
    ...(sec !== undefined && { time: { sec, nsec: 0 } }),
    ...(copies && { hardLinks: "copy" }),
    ...(isClosure && { roots: [source] }),
    ...(type === "squashfs" && { adjust: wholeSeconds }),
  };
  return withMount(image, (at) => compareTrees(source, at, expected), { type, ...(offset > 0 && { offset }) });
}

/** Half of all options are left out. */
function maybe<T>(random: Random, values: readonly T[]): T | undefined {
  return random.oneIn(2) ? undefined : random.pick(values);
}

/** What every format has. */
function makeCommon(
  random: Random,
  isClosure: boolean,
): Pick<BuildOptions, "owner" | "timestamp" | "hardLinks" | "workers" | "offset"> {
  return {
    owner: random.oneIn(3) ? random.pick(["keep", "root"] as const) : undefined,
    timestamp: random.oneIn(4) && !isClosure ? random.pick([0, TIME, 2 ** 32 - 1]) : undefined,
    hardLinks: random.oneIn(3) ? random.pick(["keep", "copy"] as const) : undefined,
    workers: 1 + random.below(3),
    offset: random.oneIn(8) ? random.pick([4096, 1 << 20, 512 * 9]) : undefined,
  };
}

function makeErofs(random: Random): BuildOptions {
  const some = <T>(values: readonly T[]) => maybe(random, values);
  const both = [false, true];
  const blockSize = random.oneIn(2) ? undefined : random.pick([512, 1024, 2048, 4096]);
  const options: BuildOptions = {
    blockSize,
    inlineData: some(both),
    inodes: some(["auto", "extended"] as const),
    checksum: some(both),
    dedupe: some(["none", "file"] as const),
    fsAlignBlocks: some([0, 1, 3, 64]),
    omitDot: some(both),
    xattrTolerance: some([0, 1, 2, 5]),
    xattrFilter: some(both),
    xattrPrefixes: some([["user.a"], ["trusted.", "user.long-"], []]),
    fingerprints: random.oneIn(6) ? true : undefined,
    chunkSize: random.oneIn(4) ? random.pick([4096, 8192, 65_536, 1 << 20]) : undefined,
    chunkIndexes: random.oneIn(4) ? true : undefined,
  };
  // what a fingerprint adds is told by Linux too
  if (options.fingerprints) options.fingerprints = "erofs.fingerprint.v1";
  if (random.oneIn(3)) return { ...options, dsunit: some([0, 1, 8, 40]), dedupeChunks: some(both) };
  return { ...options, ...makeCompression(random, blockSize ?? 4096) };
}

function makeCompression(random: Random, blockSize: number): BuildOptions {
  const some = <T>(values: readonly T[]) => maybe(random, values);
  const both = [false, true];
  const one = () =>
    random.pick([
      "lz4",
      "lz4",
      "lz4hc",
      { algorithm: "lz4hc", level: 3 },
      "deflate",
      { algorithm: "deflate", level: 1 },
      { algorithm: "zstd", level: 1 },
      { algorithm: "zstd", level: 3 },
      { algorithm: "lzma", level: 0 },
    ] as const);
  const compress = random.oneIn(4) ? [one(), one()] : one();
  const sizes = [1, 1, 2, 4, 16, 64].map((blocks) => Math.min(blocks * blockSize, 1 << 20));
  return {
    compress,
    pclusterSize: some(sizes),
    tailPacking: some(both),
    fragments: some(["none", "tails", "all"] as const),
    compressDirectories: some(both),
    packedPclusterSize: random.oneIn(4) ? random.pick(sizes) : undefined,
    maxExtentBytes: random.oneIn(4) ? random.pick([4096, 20_000, 1 << 20]) : undefined,
    fullIndexes: some(both),
    dedupeExtents: random.oneIn(3) ? true : undefined,
    dedupeFragments: some(both),
    extentRecords: random.oneIn(4) ? true : undefined,
    metabox: random.oneIn(5) ? random.pick([true, { pclusterSize: random.pick(sizes) }]) : undefined,
    targetKernel: random.oneIn(8) ? "6.17" : undefined,
    ...(Array.isArray(compress) && {
      compressHints: [
        { pattern: "a", pclusterSize: random.pick([0, ...sizes]), algorithm: random.below(2) },
        { pattern: "[b-m].*", pclusterSize: random.pick(sizes), algorithm: random.below(2) },
      ],
    }),
  };
}

function makeSquashfs(random: Random): SquashfsOptions {
  const some = <T>(values: readonly T[]) => maybe(random, values);
  const both = [false, true];
  const parts = (["inodes", "data", "fragments", "xattrs", "ids"] as const).filter(() => random.oneIn(4));
  const compressors: readonly SquashfsOptions[] = [
    { compressor: "lz4" },
    { compressor: "lz4hc" },
    { compressor: "zstd", level: 1 },
    { compressor: "gzip", level: 1 },
    { compressor: "lzo1x_1" },
    { compressor: "xz", level: 0 },
    { compressor: "none" },
  ];
  return {
    ...random.pick(compressors),
    blockSize: some([4096, 8192, 65_536, 131_072, 1 << 20]),
    fragments: some(["all", "small", "none"] as const),
    uncompressed: parts,
    sparse: some(both),
    dedupe: some(["none", "file"] as const),
    exportable: some(both),
    padding: some([1, 4096, 65_536]),
  };
}
