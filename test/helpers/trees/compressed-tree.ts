/** A tree whose files shrink, shrink not or are equal, for images in every compressed form. */
import type { BuildOptions, Entry } from "../../../dist/index.js";

/** A generator of numbers below 2^32, from a seed; xorshift. */
function numbers(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

const WORDS = "the of and superblock inode dirent closure store path extent block tail fragment index nix".split(" ");

/** Text of so many bytes, of words and numbers. */
export function compressibleText(size: number, seed: number): Uint8Array {
  const next = numbers(seed);
  let result = "";
  while (result.length < size) result += next() % 5 === 0 ? `${next()} ` : `${WORDS[next() % WORDS.length]} `;
  return Buffer.from(result.slice(0, size));
}

/** Bytes that look random. */
export function randomBytes(size: number, seed: number): Uint8Array {
  const next = numbers(seed);
  return Uint8Array.from({ length: size }, () => next() >>> 24);
}

/** Files of every size around blocks, of text, noise and both; some of them equal. */
export function compressedTree(): Entry[] {
  const list: Entry[] = [{ path: "dir", kind: "directory", mode: 0o755 }];
  for (const size of [0, 1, 31, 100, 4000, 4095, 4096, 4097, 8192, 10_000, 65_536, 100_001]) {
    list.push({ path: `text-${size}`, contents: compressibleText(size, size) });
    list.push({ path: `noise-${size}`, contents: randomBytes(size, size) });
    list.push({
      path: `dir/both-${size}`,
      contents: Buffer.concat([compressibleText(size, 3), randomBytes(size, 4), compressibleText(20_000, 5)]),
    });
    list.push({ path: `dir/again-${size}`, contents: compressibleText(size, size) });
  }
  for (let nr = 0; nr < 700; nr++) list.push({ path: `many/${nr}`, contents: compressibleText((nr * 97) % 9000, nr) });
  list.push({ path: "zeros", contents: new Uint8Array(3 << 20) });
  list.push({
    path: "large",
    contents: Buffer.concat([compressibleText(5 << 20, 8), randomBytes(1 << 20, 9), compressibleText(100_000, 10)]),
  });
  list.push({ path: "link", kind: "symlink", target: "large" });
  return list;
}

/** The forms, by name. */
export const COMPRESSED_FORMS: [name: string, options: BuildOptions][] = [
  ["lz4", { compress: { algorithm: "lz4" } }],
  ["lz4hc", { compress: { algorithm: "lz4hc" } }],
  ["lz4hc, 64 KiB", { compress: { algorithm: "lz4hc" }, pclusterSize: 65_536 }],
  ["lz4, tail packing", { compress: { algorithm: "lz4" }, tailPacking: true }],
  ["lz4hc, fragments", { compress: { algorithm: "lz4hc" }, fragments: "tails" }],
  ["lz4, all fragments", { compress: { algorithm: "lz4" }, fragments: "all", compressDirectories: true }],
  ["lz4, full indexes", { compress: { algorithm: "lz4" }, fullIndexes: true }],
  ["deflate, 64 KiB", { compress: { algorithm: "deflate" }, pclusterSize: 65_536 }],
  ["zstd, 64 KiB", { compress: { algorithm: "zstd" }, pclusterSize: 65_536 }],
  ["lz4hc, extents anywhere", { compress: { algorithm: "lz4hc" }, extentRecords: true }],
  ["lz4hc, extents anywhere, fragments", { compress: { algorithm: "lz4hc" }, extentRecords: true, fragments: "tails" }],
  [
    "lz4hc, extents anywhere, dedupe, compressed directories",
    { compress: { algorithm: "lz4hc" }, extentRecords: true, dedupeExtents: true, compressDirectories: true },
  ],
  ["lz4, not fragdedupe", { compress: { algorithm: "lz4" }, fragments: "tails", dedupeFragments: false }],
  ["lz4, the rest in chunks", { compress: { algorithm: "lz4" }, chunkSize: 65_536 }],
  ["equal chunks", { dedupeChunks: true }],
  ["equal chunks of 64 KiB, by their indexes", { dedupeChunks: true, chunkSize: 65_536, chunkIndexes: true }],
  ["lz4, dedupe", { compress: { algorithm: "lz4" }, dedupeExtents: true, fragments: "tails" }],
  ["lzma, 64 KiB, tail packing", { compress: { algorithm: "lzma" }, pclusterSize: 65_536, tailPacking: true }],
  [
    "lzma, fragments, other contexts",
    { compress: { algorithm: "lzma", level: 1, dictSize: 4096, lc: 1, lp: 2, pb: 0 }, fragments: "tails" },
  ],
  ["zstd, fragments", { compress: { algorithm: "zstd" }, fragments: "tails" }],
  ["lz4hc, metabox", { compress: { algorithm: "lz4hc" }, metabox: true }],
  [
    "lz4, fragments, compressed directories, metabox of 8 KiB of DEFLATE",
    {
      compress: ["lz4", "deflate"],
      ...{ pclusterSize: 16_384, fragments: "tails", compressDirectories: true },
      metabox: { pclusterSize: 8192, algorithm: 1 },
    },
  ],
  ["metabox alone", { metabox: true }],
];
