/** `--format=squashfs`: what options mean for that format, and which have nothing to say there. */
import type { BuildOptions, RunOptions, SquashfsOptions } from "../../index.ts";
import type { CompressorName } from "../../squashfs/disk/compressors.ts";
import { UsageError } from "../shared/getopt.ts";
import { parseNumber } from "../shared/numbers.ts";

/** Options of EROFS images alone, by the field that each sets. */
const ONLY_EROFS: Readonly<Partial<Record<keyof BuildOptions, string>>> = {
  label: "-L",
  uuid: "-U",
  chunkSize: "--chunksize",
  dsunit: "--dsunit",
  fsAlignBlocks: "--fsalignblks",
  ignoreMtime: "--ignore-mtime, --preserve-mtime",
  inlineData: "-E noinline_data",
  inodes: "-E force-inode-…",
  chunkIndexes: "-E force-chunk-indexes",
  checksum: "-E nosbcrc",
  xattrFilter: "-E ^xattr-name-filter",
  pclusterSize: "-C",
  compressDirectories: "--zD",
  maxExtentBytes: "--max-extent-bytes",
  targetKernel: "--target-kernel",
  tailPacking: "-E ztailpacking",
  fragments: "-E fragments, -E all-fragments",
  packedPclusterSize: "-E fragments",
  fullIndexes: "-E legacy-compress",
};

const COMPRESSORS: readonly string[] = ["none", "gzip", "lz4", "lz4hc", "zstd"];

/** Parses `-z NAME[,LEVEL]`; without it, as `-b` by default, the format's own default is taken. */
export function parseCompressor(text: string): { compressor: CompressorName; level?: number } {
  const [name = "", level, ...more] = text.split(",");
  if (name === "xz") throw new UsageError("-z xz: not supported yet");
  if (!COMPRESSORS.includes(name)) throw new UsageError(`-z: "${name}" is none of ${COMPRESSORS.join(", ")}`);
  if (more.length > 0) throw new UsageError(`-z: "${text}" is not NAME[,LEVEL]`);
  const compressor = name as CompressorName;
  if (level === undefined) return { compressor };
  return { compressor, level: parseNumber("-z", level.replace(/^level=/, ""), { min: 0, max: 22 }) };
}

/** The options of a SquashFS build, from those of the table. Throws UsageError for one that it does not have. */
export function toSquashfs(
  build: BuildOptions,
  compressor: string | undefined,
  compressHints: string | undefined,
): SquashfsOptions {
  if (compressHints !== undefined) throw new UsageError("--compress-hints: is of EROFS images only");
  for (const [field, option] of Object.entries(ONLY_EROFS)) {
    if (build[field as keyof BuildOptions] !== undefined) throw new UsageError(`${option}: is of EROFS images only`);
  }
  const { xattrTolerance, blockSize, dedupe, ...rest } = build;
  if (xattrTolerance !== undefined && xattrTolerance >= 0) {
    throw new UsageError("-x: of SquashFS images only -x-1, which stores no attributes");
  }
  return {
    // what is left is what every build can be told
    ...(rest as RunOptions),
    ...(blockSize !== undefined && { blockSize }),
    ...(dedupe !== undefined && { dedupe }),
    ...(compressor !== undefined && parseCompressor(compressor)),
    ...(xattrTolerance !== undefined && { xattrs: false }),
  };
}
