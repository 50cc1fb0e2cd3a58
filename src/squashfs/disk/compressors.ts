/**
 * The compressors of SquashFS, all that is known of each in one row: another one is another row, and its codec. Source:
 * Linux fs/squashfs/{zlib,lzo,lz4,zstd}_wrapper.c; words and levels are those of mksquashfs 4.7 and gensquashfs 1.3.
 *
 *     | superblock | u16: 0x8000 + length | options |     never compressed, and absent where all is as by default
 */
import type { Codec, CodecWindows } from "../../codec/codec.ts";
import { type CodecName, createCodec } from "../../codec/names.ts";
import { type Checks, NUMBER } from "../../core/options/checks.ts";
import { OptionError } from "../../core/options/option-error.ts";
import { type StructShape, StructView, struct, u16, u32 } from "../../core/struct.ts";
import { META_HEADER, META_RAW } from "./format.ts";

/** What can be set of compressors; each has its own. */
export interface CompressorSettings {
  /** gzip 1 to 9 (default 9), lzo 1 to 9 (default 8), lz4hc 1 to 12 (default 12), zstd 1 to 22 (default 15). */
  level?: number | undefined;
  /** gzip: log2 of the bytes that its matches may lie back, 8 to 15 (`-Xwindow-size`). Default: 15. */
  windowBits?: number | undefined;
}

/** One of {@link CompressorSettings}. */
export type SettingName = keyof CompressorSettings;

/** Settings with every default decided; 0 for what a compressor does not have. */
export type Settings = Readonly<Record<SettingName, number>>;

/** The settings, and what they are. */
export const SETTINGS: Readonly<Record<SettingName, { readonly help: string }>> = {
  level: { help: "how hard it tries" },
  windowBits: { help: "log2 of the bytes that matches may lie back" },
};

/** What may stand in {@link CompressorSettings}. */
export const SETTINGS_CHECKS: Checks<CompressorSettings> = { level: NUMBER, windowBits: NUMBER };

/** The numbers that a setting may be. */
export interface SettingRange {
  /** What it is when it is not given. */
  readonly normal: number;
  /** The lowest and the highest. */
  readonly lowest: number;
  readonly highest: number;
}

/** A word that mksquashfs and gensquashfs have for one compressor; it does one of four things. */
export interface CompressorWord<Name extends string = CompressorName> {
  /** An option of mksquashfs, with its dash. */
  readonly mksquashfs: string;
  /** A word behind gensquashfs's `-X`. */
  readonly gensquashfs: string;
  /** A number follows, which is this setting. */
  readonly sets?: SettingName;
  /** It makes this compressor of it. */
  readonly becomes?: Name;
  /** One of these follows, which makes that compressor of it. */
  readonly selects?: Readonly<Record<string, Name>>;
  /**
   * It sets nothing: of what may follow it in mksquashfs, with commas between, this has to be there, and it is so anyway.
   * Others beside it are tried there too; what is best of them is no better than what is found here.
   */
  readonly only?: string;
  /** All that may follow it in mksquashfs. */
  readonly choices?: readonly string[];
}

/** The options of a compressor on disk. */
export interface CompressorOptions {
  readonly shape: StructShape;
  /** Readers insist on them: they are written even if all is as by default. */
  readonly isNeeded: boolean;
  /** Writes them into zeroed bytes. */
  readonly emit: (view: StructView, at: number, settings: Settings) => void;
}

/** A compressor. */
export interface Compressor<Name extends string = CompressorName> {
  /** `compression` of the superblock. */
  readonly id: number;
  /** The first Linux version that reads it. */
  readonly since: string;
  /** What compresses the blocks; undefined: nothing does. */
  readonly codec: CodecName | undefined;
  /** What can be set. */
  readonly settings: Readonly<Partial<Record<SettingName, SettingRange>>>;
  /** Bytes that matches may reach back, where the codec is to be told. */
  readonly dictSize?: (settings: Settings) => number;
  /** The options that stand behind the superblock, if it has some. */
  readonly options?: CompressorOptions;
  /** Its words; undefined where mksquashfs and gensquashfs have no such name. */
  readonly words?: readonly CompressorWord<Name>[];
}

/** struct gzip_comp_opts; strategy: bits, of which 0 is the normal one. */
const GZIP_OPTIONS = struct("gzip_comp_opts", 8, { compression_level: u32, window_size: u16, strategy: u16 });
/** struct lzo_comp_opts */
const LZO_OPTIONS = struct("lzo_comp_opts", 8, { algorithm: u32, compression_level: u32 });
/** `algorithm` of LZO's options: its place here. Each has a compressor of its own. */
const LZO_ALGORITHMS = {
  lzo1x_1: "lzo1x_1",
  lzo1x_1_11: "lzo1x_1_11",
  lzo1x_1_12: "lzo1x_1_12",
  lzo1x_1_15: "lzo1x_1_15",
  lzo1x_999: "lzo",
} as const;
/** struct lz4_comp_opts */
const LZ4_OPTIONS = struct("lz4_comp_opts", 8, { version: u32, flags: u32 });
/** `version` of LZ4's options: the only one. */
const LZ4_LEGACY = 1;
/** `flags` of LZ4's options: it was LZ4HC. Readers do not care. */
const LZ4_HC = 1;
/** struct zstd_comp_opts */
const ZSTD_OPTIONS = struct("zstd_comp_opts", 4, { compression_level: u32 });

/** There is nothing to choose, and 0 says so. */
const NO_LEVELS: SettingRange = { normal: 0, lowest: 0, highest: 0 };

const LEVEL_WORD = { mksquashfs: "-Xcompression-level", gensquashfs: "level", sets: "level" } as const;

function lz4Options(flags: number): CompressorOptions {
  return {
    shape: LZ4_OPTIONS,
    isNeeded: true,
    emit(view, at) {
      view.setU32(at, LZ4_OPTIONS.version, LZ4_LEGACY);
      view.setU32(at, LZ4_OPTIONS.flags, flags);
    },
  };
}

type LzoAlgorithm = keyof typeof LZO_ALGORITHMS;

function lzoOptions(algorithm: LzoAlgorithm): CompressorOptions {
  return {
    shape: LZO_OPTIONS,
    // without options it is lzo1x_999
    isNeeded: algorithm !== "lzo1x_999",
    emit(view, at, { level }) {
      view.setU32(at, LZO_OPTIONS.algorithm, Object.keys(LZO_ALGORITHMS).indexOf(algorithm));
      view.setU32(at, LZO_OPTIONS.compression_level, level);
    },
  };
}

/** The row of one of LZO's fast algorithms, which mksquashfs and gensquashfs know as words of lzo. */
function fastLzo<Name extends Exclude<LzoAlgorithm, "lzo1x_999">>(name: Name) {
  return {
    id: 3,
    since: "2.6.36",
    codec: name,
    settings: { level: NO_LEVELS },
    options: lzoOptions(name),
  } as const;
}

/** Strategies of zlib, as mksquashfs calls them. */
const STRATEGIES: readonly string[] = ["default", "filtered", "huffman_only", "run_length_encoded", "fixed"];

const ROWS = {
  // of an image without compressed blocks it must still be one that the kernel knows
  none: { id: 1, since: "2.6.29", codec: undefined, settings: { level: NO_LEVELS } },
  gzip: {
    id: 1,
    since: "2.6.29",
    codec: "zlib",
    settings: {
      level: { normal: 9, lowest: 1, highest: 9 },
      windowBits: { normal: 15, lowest: 8, highest: 15 },
    },
    dictSize: ({ windowBits }) => 2 ** windowBits,
    options: {
      shape: GZIP_OPTIONS,
      isNeeded: false,
      emit(view, at, { level, windowBits }) {
        view.setU32(at, GZIP_OPTIONS.compression_level, level);
        view.setU16(at, GZIP_OPTIONS.window_size, windowBits);
      },
    },
    words: [
      LEVEL_WORD,
      { mksquashfs: "-Xwindow-size", gensquashfs: "window", sets: "windowBits" },
      { mksquashfs: "-Xstrategy", gensquashfs: "default", only: "default", choices: STRATEGIES },
    ],
  },
  lzo: {
    id: 3,
    since: "2.6.36",
    codec: "lzo",
    settings: { level: { normal: 8, lowest: 1, highest: 9 } },
    options: lzoOptions("lzo1x_999"),
    words: [{ mksquashfs: "-Xalgorithm", gensquashfs: "algorithm", selects: LZO_ALGORITHMS }, LEVEL_WORD],
  },
  lzo1x_1: fastLzo("lzo1x_1"),
  lzo1x_1_11: fastLzo("lzo1x_1_11"),
  lzo1x_1_12: fastLzo("lzo1x_1_12"),
  lzo1x_1_15: fastLzo("lzo1x_1_15"),
  lz4: {
    id: 5,
    since: "3.19",
    codec: "lz4",
    settings: { level: NO_LEVELS },
    options: lz4Options(0),
    words: [{ mksquashfs: "-Xhc", gensquashfs: "hc", becomes: "lz4hc" }],
  },
  lz4hc: {
    id: 5,
    since: "3.19",
    codec: "lz4hc",
    settings: { level: { normal: 12, lowest: 1, highest: 12 } },
    options: lz4Options(LZ4_HC),
  },
  zstd: {
    id: 6,
    since: "4.14",
    codec: "zstd",
    settings: { level: { normal: 15, lowest: 1, highest: 22 } },
    options: {
      shape: ZSTD_OPTIONS,
      isNeeded: false,
      emit(view, at, { level }) {
        view.setU32(at, ZSTD_OPTIONS.compression_level, level);
      },
    },
    words: [LEVEL_WORD],
  },
} as const satisfies Readonly<Record<string, Compressor<string>>>;

/** A compressor, as `compressor` of the options names it. */
export type CompressorName = keyof typeof ROWS;

/** The compressors by name. */
export const COMPRESSORS: Readonly<Record<CompressorName, Compressor>> = ROWS;

/** The compressor of a number; undefined where there is no codec for it. */
export function compressorOf(id: number): Compressor | undefined {
  return Object.values(COMPRESSORS).find((row) => row.id === id && row.codec !== undefined);
}

/** Compressors of the format that there is no codec for yet, with the options that mksquashfs has for them alone. */
export const COMPRESSORS_TO_COME: Readonly<Record<string, readonly string[]>> = {
  lzma: [],
  xz: ["-Xbcj", "-Xdict-size"],
};

/** Which compressor, with which settings; plain data. */
export interface CompressorSpec {
  readonly compressor: CompressorName;
  readonly settings: Settings;
}

/**
 * Decides the defaults.
 *
 * @throws ImageError `INPUT` for a setting that is out of range, or that the compressor does not have
 */
export function resolveSettings(compressor: CompressorName, given: CompressorSettings): Settings {
  const resolve = (name: SettingName): number => {
    const range = COMPRESSORS[compressor].settings[name];
    const value = given[name];
    if (range) return checkSetting(name, value, compressor, range);
    if (value === undefined) return 0;
    const owners = Object.entries(COMPRESSORS).flatMap(([owner, { settings }]) => (settings[name] ? [owner] : []));
    throw new OptionError(name, `is a setting of ${owners.join(", ")}, not of ${compressor}`);
  };
  const names = Object.keys(SETTINGS) as SettingName[];
  return Object.fromEntries(names.map((name) => [name, resolve(name)])) as Settings;
}

function checkSetting(
  name: SettingName,
  value: number | undefined,
  compressor: CompressorName,
  { normal, lowest, highest }: SettingRange,
): number {
  if (value === undefined) return normal;
  if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
  const range = lowest === highest ? `has nothing to choose there` : `takes an integer from ${lowest} to ${highest}`;
  throw new OptionError(name, `${compressor} ${range}, not ${value}`);
}

/** Makes the codec for one thread; undefined where nothing is to be compressed. */
export async function makeCodec(spec: CompressorSpec, windows: CodecWindows): Promise<Codec | undefined> {
  const { codec, dictSize } = COMPRESSORS[spec.compressor];
  if (codec === undefined) return undefined;
  const { settings } = spec;
  return createCodec({ name: codec, level: settings.level || undefined, dictSize: dictSize?.(settings), ...windows });
}

/** What stands behind the superblock, a metadata block that is never compressed; empty where all is as by default. */
export function encodeCompressorOptions({ compressor, settings }: CompressorSpec): Uint8Array {
  const { options, settings: ranges } = COMPRESSORS[compressor];
  const isNormal = Object.entries(ranges).every(([name, { normal }]) => settings[name as SettingName] === normal);
  if (!options || (isNormal && !options.isNeeded)) return new Uint8Array(0);
  const bytes = new Uint8Array(META_HEADER.byteSize + options.shape.byteSize);
  const view = new StructView(bytes.buffer);
  view.setU16(0, META_HEADER.size, META_RAW | options.shape.byteSize);
  options.emit(view, META_HEADER.byteSize, settings);
  return bytes;
}
