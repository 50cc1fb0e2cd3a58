/**
 * The compressions by the names that the command line gives them: another one is another row, and a folder. Each is
 * loaded when it is asked for: the modules are text of up to 450 KB, that a run without them need not read.
 */
import { ImageError } from "../core/error.ts";
import { OptionError } from "../core/options/option-error.ts";
import type { Codec, CodecWindows } from "./codec.ts";
import type { FastLzo } from "./lzo/lzo.ts";
import type { XzSettings } from "./xz/xz-codec.ts";

/** The levels of a compression. */
export interface CodecLevels {
  /** What it is without a level. */
  readonly normal: number;
  /** The lowest and the highest. Where 0 is the lowest, it means the normal one, but for those with `extreme`. */
  readonly lowest: number;
  readonly highest: number;
  /** Each has another one, so much higher, that tries harder. */
  readonly extreme?: number;
}

/** What a codec is made with. */
interface CodecSettings extends XzSettings {
  /** One of its levels, 0 where it has none. */
  level: number;
  windows: CodecWindows;
}

interface CodecRow {
  /** Undefined: there is nothing to choose. */
  readonly levels: CodecLevels | undefined;
  /** Loads what is needed, and makes it. */
  readonly create: (settings: CodecSettings) => Promise<Codec>;
}

function fastLzo(name: FastLzo): CodecRow {
  return {
    levels: undefined,
    create: async ({ windows }) => (await import("./lzo/lzo.ts")).createFastLzo(name, windows),
  };
}

/** Levels of `xz`, and those that it calls extreme. */
const LZMA_LEVELS: CodecLevels = { normal: 6, lowest: 0, highest: 9, extreme: 100 };

/**
 * Levels as mkfs.erofs 1.9.3 has them, with libdeflate's for `deflate`; those of `zlib`, which is SquashFS's gzip, and of
 * `lzo`, which is LZO1X-999, as mksquashfs has them. The normal level of LZ4HC is 9 for mkfs.erofs: it takes a third more
 * time than 7 and saves less than 0.1 %.
 */
const ROWS = {
  lz4: {
    levels: undefined,
    create: async ({ windows }) => (await import("./lz4/lz4.ts")).createLz4(windows),
  },
  lz4hc: {
    levels: { normal: 7, lowest: 0, highest: 12 },
    create: async ({ level, windows }) => (await import("./lz4/lz4.ts")).createLz4hc(level, windows),
  },
  deflate: {
    levels: { normal: 1, lowest: 1, highest: 12 },
    create: async ({ level, windows }) => (await import("./deflate/deflate.ts")).createDeflate(level, windows),
  },
  zlib: {
    levels: { normal: 9, lowest: 1, highest: 9 },
    create: async ({ level, dictSize, windows }) => {
      const windowBits = dictSize === undefined ? undefined : Math.log2(dictSize);
      return (await import("./deflate/zlib.ts")).createZlib(level, windows, windowBits);
    },
  },
  lzo: {
    levels: { normal: 8, lowest: 1, highest: 9 },
    create: async ({ level, windows }) => (await import("./lzo/lzo.ts")).createLzo(level, windows),
  },
  lzo1x_1: fastLzo("lzo1x_1"),
  lzo1x_1_11: fastLzo("lzo1x_1_11"),
  lzo1x_1_12: fastLzo("lzo1x_1_12"),
  lzo1x_1_15: fastLzo("lzo1x_1_15"),
  zstd: {
    levels: { normal: 3, lowest: 0, highest: 22 },
    create: async ({ level, dictSize, windows }) => {
      const windowBits = dictSize === undefined ? undefined : Math.log2(dictSize);
      return (await import("./zstd/zstd.ts")).createZstd(level, windows, windowBits);
    },
  },
  lzma: {
    levels: LZMA_LEVELS,
    create: async ({ level, windows, ...settings }) =>
      (await import("./lzma/lzma.ts")).createLzma(level, windows, settings),
  },
  // with a header: SquashFS's lzma
  "lzma-alone": {
    levels: { ...LZMA_LEVELS, normal: 5 },
    create: async ({ level, windows, ...settings }) =>
      (await import("./lzma/lzma-alone.ts")).createLzmaAlone(level, windows, settings),
  },
  xz: {
    levels: LZMA_LEVELS,
    create: async ({ level, windows, ...settings }) =>
      (await import("./xz/xz-codec.ts")).createXz(level, windows, settings),
  },
} satisfies Readonly<Record<string, CodecRow>>;

/** The compressions that can be asked for. */
export type CodecName = keyof typeof ROWS;

/** The compressions by name. */
export const CODECS: Readonly<Record<CodecName, CodecRow>> = ROWS;

/** A compression, how hard it tries, and the sizes of its windows. */
export interface CodecOptions extends CodecWindows, XzSettings {
  /** Which one. */
  name: CodecName;
  /** Default {@link CodecLevels.normal}. */
  level?: number | undefined;
  /**
   * Bytes that the reader keeps for matches to reach back, a power of two. Only where that is less than a codec would use
   * by itself has it to know: zlib, from 256 to 32768, the default; zstd, from 1 KiB to 1 MiB, the default. Of lzma and xz any
   * number from 4096 on, of which 8 MiB are used; default: as far as the window of contents goes.
   */
  dictSize?: number | undefined;
}

/**
 * Checks a name from outside.
 *
 * @throws ImageError `INPUT` when there is no such compression
 */
export function checkCodecName(name: string): CodecName {
  if (Object.hasOwn(CODECS, name)) return name as CodecName;
  throw new ImageError("INPUT", `there is no compression ${name}: choose from ${Object.keys(CODECS).join(", ")}`);
}

/**
 * The level of a compression that is meant by `level`, without making one; 0 for those that have no levels.
 *
 * @param option where the level stands, for messages
 * @throws ImageError `INPUT` when it has no such level
 */
export function checkCodecLevel(name: CodecName, level: number | undefined, option = "level"): number {
  const { levels } = CODECS[name];
  if (levels === undefined) {
    if (level !== undefined) throw new OptionError(option, `${name} has no levels, so not ${level}`);
    return 0;
  }
  const { normal, lowest, highest, extreme } = levels;
  if (level === undefined) return normal;
  const isIn = (from: number) => level >= from + lowest && level <= from + highest;
  if (!Number.isInteger(level) || !(isIn(0) || (extreme !== undefined && isIn(extreme)))) {
    const more = extreme === undefined ? "" : ` and ${extreme + lowest} to ${extreme + highest}`;
    throw new OptionError(option, `${name} has levels ${lowest} to ${highest}${more}, not ${level}`);
  }
  return level === 0 && extreme === undefined ? normal : level;
}

/**
 * Makes a codec. Each thread needs its own.
 *
 * @throws ImageError `INPUT` when there is no such compression, no such level, or no such window
 */
export async function createCodec({ name, level, plainLen, compressedLen, ...settings }: CodecOptions): Promise<Codec> {
  const checked = checkCodecLevel(checkCodecName(name), level);
  return CODECS[name].create({ ...settings, level: checked, windows: { plainLen, compressedLen } });
}
