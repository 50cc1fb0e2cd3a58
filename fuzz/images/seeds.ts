/** Small images of every kind, which are then changed: our own, and those of the C tools that are kept as fixtures. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type BuildOptions, buildErofs, buildSquashfs, entries, type SquashfsOptions } from "../../dist/index.js";
import { VARIED_TREE } from "../../test/helpers/images/varied-tree.ts";

/** An image to begin with. */
export interface Seed {
  readonly name: string;
  readonly image: Uint8Array;
}

const LZ4 = { algorithm: "lz4" } as const;
const EROFS: Readonly<Record<string, BuildOptions>> = {
  plain: { xattrTolerance: 0 },
  "plain, 512": { blockSize: 512 },
  "extended, no tails": { inodes: "extended", inlineData: false },
  chunks: { chunkSize: 4096 },
  "chunk indexes": { chunkSize: 4096, chunkIndexes: true, dedupeChunks: true },
  "48 bits": { omitDot: true, metabox: true },
  prefixes: { xattrPrefixes: ["user.long."] },
  lz4: { compress: LZ4 },
  "lz4, 1024": { compress: LZ4, blockSize: 1024, tailPacking: true },
  "lz4hc, big": { compress: { algorithm: "lz4hc" }, pclusterSize: 16_384 },
  "lz4, full": { compress: LZ4, fullIndexes: true, dedupeExtents: true },
  "deflate, tails": { compress: { algorithm: "deflate" }, pclusterSize: 16_384, tailPacking: true },
  "zstd, fragments": { compress: { algorithm: "zstd" }, fragments: "all", compressDirectories: true },
  lzma: { compress: { algorithm: "lzma", level: 1, dictSize: 4096 }, fragments: "tails" },
  records: { compress: LZ4, extentRecords: true, fragments: "tails", dedupeExtents: true },
  metabox: {
    compress: ["lz4", "deflate"],
    metabox: { pclusterSize: 4096, algorithm: 1 },
    xattrPrefixes: ["user.long."],
  },
};
const SQUASHFS: Readonly<Record<string, SquashfsOptions>> = {
  none: { compressor: "none", blockSize: 4096 },
  "none, fragments": { compressor: "none", fragments: "all" },
  gzip: { compressor: "gzip", blockSize: 8192 },
  lz4: { compressor: "lz4", blockSize: 4096, fragments: "none" },
  lz4hc: { compressor: "lz4hc", exportable: false },
  lzo: { compressor: "lzo", blockSize: 4096 },
  zstd: { compressor: "zstd", blockSize: 16_384 },
  xz: { compressor: "xz", filters: ["x86"], level: 1, blockSize: 8192 },
  lzma: { compressor: "lzma", level: 1, blockSize: 8192 },
};

/** Images that the C tools have made of the same tree. */
const FIXTURES = fileURLToPath(new URL("../../test/fixtures/images", import.meta.url));

/** Makes all images of a format. */
export async function makeSeeds(format: "erofs" | "squashfs", folder: string): Promise<Seed[]> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "image");
  const seeds: Seed[] = [];
  const names = Object.keys(format === "erofs" ? EROFS : SQUASHFS);
  for (const name of names) {
    if (format === "erofs") await buildErofs(entries(VARIED_TREE), path, EROFS[name]);
    else await buildSquashfs(entries(VARIED_TREE), path, { ...SQUASHFS[name] });
    seeds.push({ name, image: Uint8Array.from(readFileSync(path)) });
  }
  for (const file of readdirSync(FIXTURES).sort()) {
    if (!file.endsWith(`.${format}.gz`)) continue;
    seeds.push({ name: basename(file, ".gz"), image: Uint8Array.from(gunzipSync(readFileSync(join(FIXTURES, file)))) });
  }
  return seeds;
}
