/**
 * The compressions by the names that the command line gives them. Each is loaded when it is asked for: the modules are
 * text of up to 450 KB, that a run without them need not read.
 */
import { ImageError } from "../core/error.ts";
import type { Codec, CodecWindows } from "./codec.ts";

/** The compressions that can be asked for. */
export type CodecName = "lz4" | "lz4hc" | "deflate" | "zlib" | "zstd";

/** The levels of a compression. */
export interface CodecLevels {
  /** What it is without a level. */
  readonly normal: number;
  /** The lowest and the highest. */
  readonly lowest: number;
  readonly highest: number;
}

/** A compression, how hard it tries, and the sizes of its windows. */
export interface CodecOptions extends CodecWindows {
  /** Which one. */
  name: CodecName;
  /** Default {@link CodecLevels.normal}. */
  level?: number | undefined;
  /** Of zlib alone: log2 of the bytes that matches may lie back, 8 to 15. Default: 15. */
  windowBits?: number | undefined;
}

/**
 * Levels as mkfs.erofs 1.9.3 has them, with libdeflate's for `deflate`; those of `zlib`, which is SquashFS's gzip, as
 * mksquashfs has them. LZ4 has none. The normal level of LZ4HC is 9 for mkfs.erofs: it takes a third more time than 7 and
 * saves less than 0.1 %.
 */
export const CODEC_LEVELS: Readonly<Record<CodecName, CodecLevels | undefined>> = {
  lz4: undefined,
  lz4hc: { normal: 7, lowest: 0, highest: 12 },
  deflate: { normal: 1, lowest: 1, highest: 12 },
  zlib: { normal: 9, lowest: 1, highest: 9 },
  zstd: { normal: 3, lowest: 0, highest: 22 },
};

/** Names of compressions that the formats know, and that there is no encoder for yet. */
const NOT_YET = ["lzma", "xz", "lzo"];

/**
 * Checks a name from outside.
 *
 * @throws ImageError `INPUT` when there is no such compression
 */
export function checkCodecName(name: string): CodecName {
  if (Object.hasOwn(CODEC_LEVELS, name)) return name as CodecName;
  if (NOT_YET.includes(name)) throw new ImageError("INPUT", `compression with ${name} is not supported yet`);
  throw new ImageError("INPUT", `there is no compression ${name}: choose from ${Object.keys(CODEC_LEVELS).join(", ")}`);
}

/**
 * The level of a compression that is meant by `level`, without making one; 0 for those that have no levels.
 *
 * @throws ImageError `INPUT` when it has no such level
 */
export function checkCodecLevel(name: CodecName, level: number | undefined): number {
  const levels = CODEC_LEVELS[name];
  if (levels === undefined) {
    if (level !== undefined) throw new ImageError("INPUT", `${name} has no levels, so not ${level}`);
    return 0;
  }
  const { normal, lowest, highest } = levels;
  if (level === undefined) return normal;
  if (!Number.isInteger(level) || level < lowest || level > highest) {
    throw new ImageError("INPUT", `${name} has levels ${lowest} to ${highest}, not ${level}`);
  }
  return level === 0 ? normal : level;
}

/**
 * Makes a codec. Each thread needs its own.
 *
 * @throws ImageError `INPUT` when there is no such compression, no such level, or no such window
 */
export async function createCodec({ name, level, windowBits, ...windows }: CodecOptions): Promise<Codec> {
  const checked = checkCodecLevel(checkCodecName(name), level);
  switch (name) {
    case "lz4":
      return (await import("./lz4/lz4.ts")).createLz4(windows);
    case "lz4hc":
      return (await import("./lz4/lz4.ts")).createLz4hc(checked, windows);
    case "deflate":
      return (await import("./deflate/deflate.ts")).createDeflate(checked, windows);
    case "zlib":
      return (await import("./deflate/zlib.ts")).createZlib(checked, windows, windowBits);
    case "zstd":
      return (await import("./zstd/zstd.ts")).createZstd(checked, windows);
  }
}
