/** `--format=squashfs`: what options mean for that format, and which have nothing to say there. */
import type { BuildOptions, RunOptions, SquashfsOptions } from "../../index.ts";
import { parseCompressor } from "../shared/compressor-words.ts";
import { UsageError } from "../shared/getopt.ts";

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
