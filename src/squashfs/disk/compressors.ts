/**
 * The compressors of SquashFS, all that is known of each in one row: another one is another row, and its codec. Source:
 * Linux fs/squashfs/{zlib,lzo,lz4,zstd}_wrapper.c; words and levels are those of mksquashfs 4.7 and gensquashfs 1.3.
 *
 *     | superblock | u16: 0x8000 + length | options |     never compressed, and absent where all is as by default
 */
import type { Codec, CodecWindows } from "../../codec/codec.ts";
import { CODECS, type CodecName, type CodecOptions, createCodec } from "../../codec/names.ts";
import { FILTERS } from "../../codec/xz/filter-names.ts";
import { OptionError } from "../../core/options/option-error.ts";
import { type StructShape, StructView, struct, u16, u32 } from "../../core/struct.ts";
import {
  type CompressorSettings,
  resolveSetting,
  SETTINGS,
  type SettingName,
  type SettingRange,
  type Settings,
} from "./compressor-settings.ts";
import { MAX_BLOCK, META_HEADER, META_RAW } from "./format.ts";

/** A word that mksquashfs and gensquashfs have for one compressor; it does one of four things. */
export interface CompressorWord<Name extends string = CompressorName> {
  /** An option of mksquashfs, with its dash. */
  readonly mksquashfs?: string;
  /** A word behind gensquashfs's `-X`. */
  readonly gensquashfs?: string;
  /** It is for this setting; a value follows, unless that is a flag, or said by `is`. */
  readonly sets?: SettingName;
  /** Of a setting that has names, it is this one. */
  readonly is?: string;
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
  /** Whether they say nothing; default: all settings are as by default. */
  readonly isNormal?: (settings: Settings) => boolean;
  /** Writes them into zeroed bytes. */
  readonly emit: (view: StructView, at: number, settings: Settings, blockSize: number) => void;
}

/** A compressor. */
export interface Compressor<Name extends string = CompressorName> {
  /** `compression` of the superblock. */
  readonly id: number;
  /** The first Linux version that reads it; empty: none does. */
  readonly since: string;
  /** What compresses the blocks; undefined: nothing does. */
  readonly codec: CodecName | undefined;
  /** What can be set. */
  readonly settings: Readonly<Partial<Record<SettingName, SettingRange>>>;
  /** What the codec is told besides its level. */
  readonly codecSettings?: (settings: Settings, blockSize: number) => Partial<CodecOptions>;
  /** Ends of files with one suffix stand beside each other in a fragment block: a little smaller, and no slower to read. */
  readonly putsKindsTogether?: boolean;
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

/** struct disk_comp_opts of xz */
const XZ_OPTIONS = struct("xz_comp_opts", 8, { dictionary_size: u32, flags: u32 });

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

const FLAG_RANGE: SettingRange = { normal: 0, lowest: 0, highest: 1 };
const CONTEXT_RANGE = { lowest: 0, highest: 4 };

/** What xz and lzma have in common. */
const LZMA_SETTINGS = {
  extreme: FLAG_RANGE,
  dictSize: { normal: 0, lowest: 8192, highest: MAX_BLOCK },
  lc: { ...CONTEXT_RANGE, normal: 3 },
  lp: { ...CONTEXT_RANGE, normal: 0 },
  pb: { ...CONTEXT_RANGE, normal: 2 },
};
const LZMA_WORDS = [
  { gensquashfs: "level", sets: "level" },
  { gensquashfs: "extreme", sets: "extreme" },
  { gensquashfs: "lc", sets: "lc" },
  { gensquashfs: "lp", sets: "lp" },
  { gensquashfs: "pb", sets: "pb" },
] as const;

function lzmaSettings({ dictSize, lc, lp, pb }: Settings, blockSize: number) {
  return { dictSize: dictSize || blockSize, lc, lp, pb };
}

/** The names that bits stand for. */
function namesOf(bits: number, names: readonly string[]): string[] {
  return names.filter((_, bit) => (bits & (1 << bit)) !== 0);
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
    codecSettings: ({ windowBits }) => ({ dictSize: 2 ** windowBits }),
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
  // Linux does not read it
  lzma: {
    id: 2,
    since: "",
    codec: "lzma-alone",
    settings: { level: { normal: 5, lowest: 0, highest: 9 }, ...LZMA_SETTINGS },
    codecSettings: lzmaSettings,
    putsKindsTogether: true,
    words: [...LZMA_WORDS, { gensquashfs: "dictsize", sets: "dictSize" }],
  },
  xz: {
    id: 4,
    since: "2.6.38",
    codec: "xz",
    settings: {
      level: { normal: 6, lowest: 0, highest: 9 },
      ...LZMA_SETTINGS,
      filters: { normal: 0, lowest: 0, highest: 2 ** FILTERS.length - 1, names: FILTERS },
    },
    codecSettings: (settings, blockSize) => ({
      ...lzmaSettings(settings, blockSize),
      filters: namesOf(settings.filters, FILTERS),
    }),
    putsKindsTogether: true,
    options: {
      shape: XZ_OPTIONS,
      isNeeded: false,
      // what readers do not have to know is as by default
      isNormal: ({ dictSize, filters }) => dictSize === 0 && filters === 0,
      emit(view, at, { dictSize, filters }, blockSize) {
        view.setU32(at, XZ_OPTIONS.dictionary_size, dictSize || blockSize);
        view.setU32(at, XZ_OPTIONS.flags, filters);
      },
    },
    words: [
      ...LZMA_WORDS,
      { mksquashfs: "-Xdict-size", gensquashfs: "dictsize", sets: "dictSize" },
      { mksquashfs: "-Xbcj", sets: "filters" },
      ...FILTERS.map((is) => ({ gensquashfs: is, sets: "filters", is }) as const),
    ],
  },
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

/** Which compressor, with which settings; plain data. */
export interface CompressorSpec {
  readonly compressor: CompressorName;
  readonly settings: Settings;
  /** Bytes of a block of data, which some settings are by default. */
  readonly blockSize: number;
}

/**
 * Decides the defaults.
 *
 * @throws ImageError `INPUT` for a setting that is out of range, or that the compressor does not have
 */
export function resolveSettings(compressor: CompressorName, given: CompressorSettings, blockSize: number): Settings {
  const resolve = (name: SettingName): number => {
    const range = COMPRESSORS[compressor].settings[name];
    const value = given[name];
    if (range) return resolveSetting(name, value, { compressor, range, blockSize });
    if (value === undefined) return 0;
    const owners = Object.entries(COMPRESSORS).flatMap(([owner, { settings }]) => (settings[name] ? [owner] : []));
    throw new OptionError(name, `is a setting of ${owners.join(", ")}, not of ${compressor}`);
  };
  const names = Object.keys(SETTINGS) as SettingName[];
  const settings = Object.fromEntries(names.map((name) => [name, resolve(name)])) as Settings;
  if (settings.lc + settings.lp > CONTEXT_RANGE.highest) {
    throw new OptionError(
      "lp",
      `${settings.lp} and lc, ${settings.lc}, are more than ${CONTEXT_RANGE.highest} together`,
    );
  }
  return settings;
}

/** A level of a codec that has another one, which tries harder. */
function levelOf(codec: CodecName, { level, extreme }: Settings): number | undefined {
  const { levels } = CODECS[codec];
  return levels && level + (extreme === 1 ? (levels.extreme ?? 0) : 0);
}

/** Makes the codec for one thread; undefined where nothing is to be compressed. */
export async function makeCodec(spec: CompressorSpec, windows: CodecWindows): Promise<Codec | undefined> {
  const { codec, codecSettings } = COMPRESSORS[spec.compressor];
  if (codec === undefined) return undefined;
  const { settings, blockSize } = spec;
  return createCodec({
    name: codec,
    level: levelOf(codec, settings),
    ...codecSettings?.(settings, blockSize),
    ...windows,
  });
}

/** What stands behind the superblock, a metadata block that is never compressed; empty where all is as by default. */
export function encodeCompressorOptions({ compressor, settings, blockSize }: CompressorSpec): Uint8Array {
  const { options, settings: ranges } = COMPRESSORS[compressor];
  if (!options) return new Uint8Array(0);
  const isNormal = options.isNormal
    ? options.isNormal(settings)
    : Object.entries(ranges).every(([name, { normal }]) => settings[name as SettingName] === normal);
  if (isNormal && !options.isNeeded) return new Uint8Array(0);
  const bytes = new Uint8Array(META_HEADER.byteSize + options.shape.byteSize);
  const view = new StructView(bytes.buffer);
  view.setU16(0, META_HEADER.size, META_RAW | options.shape.byteSize);
  options.emit(view, META_HEADER.byteSize, settings, blockSize);
  return bytes;
}
