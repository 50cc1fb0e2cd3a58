/**
 * The algorithms of EROFS, all that is known of each in one row: another one is another row, and its codec. Sources: Linux
 * fs/erofs/erofs_fs.h and decompressor_*.c; names and dictionaries are those of mkfs.erofs 1.9.3, lib/compressor*.c.
 *
 * Behind the superblock stands the configuration of each algorithm in use, in the order of their numbers:
 *
 *     | superblock | u16 length | struct z_erofs_*_cfgs | up to 4 bytes | u16 length | …
 */
import type { CodecName } from "../../codec/names.ts";
import { type Checks, NUMBER, needed, oneOf } from "../../core/options/checks.ts";
import { OptionError } from "../../core/options/option-error.ts";
import { checkInteger, checkPowerOfTwo } from "../../core/options/ranges.ts";
import { raw, type StructShape, StructView, struct, u8, u16, u32 } from "../../core/struct.ts";
import { CBLKCNT } from "./format.ts";

/** One algorithm with its settings. */
export interface AlgorithmOptions {
  /** Which one. */
  algorithm: Algorithm;
  /**
   * How hard it tries: `lz4hc` 1 to 12 (default 7), `lzma` 0 to 9 and, where `xz` says extreme, 100 to 109 (default 6),
   * `deflate` 1 to 12 (default 1), `zstd` 1 to 22 (default 3).
   */
  level?: number | undefined;
  /**
   * Bytes that a match may reach back: for `lzma` 4 KiB to 8 MiB, for `deflate` 32 KiB, for `zstd` a power of two from 1 KiB
   * to 1 MiB.
   */
  dictSize?: number | undefined;
  /** `lzma`: bits of the byte before that contexts of literals have, 0 to 4 (default 3), `lp` and it together at most 4. */
  lc?: number | undefined;
  /** `lzma`: bits of the position that they have, 0 to 4 (default 0). */
  lp?: number | undefined;
  /** `lzma`: bits of the position that contexts of matches have, 0 to 4 (default 2). */
  pb?: number | undefined;
}

/** What contexts of `lzma` are made of. */
export type ContextSettings = Pick<AlgorithmOptions, "lc" | "lp" | "pb">;

/** How many bytes matches may reach back. */
export interface DictionaryRule {
  /** How many it is when none are asked for. */
  readonly normal: number;
  /** The least and the most that can be asked for; undefined where there is nothing to choose. */
  readonly choice?: { readonly least: number; readonly most: number; readonly powerOfTwo: boolean };
}

/** What the configuration of an algorithm tells. */
export interface ConfigurationValues {
  /** Bytes that matches may reach back. */
  dictSize: number;
  /** Blocks of the largest pcluster. */
  pclusterBlocks: number;
}

/** The configuration of an algorithm on disk. */
export interface AlgorithmConfiguration {
  /** Its structure, behind the length. */
  readonly shape: StructShape;
  /** Writes it into zeroed bytes. */
  readonly emit: (view: StructView, at: number, values: ConfigurationValues) => void;
}

/** What is known of an algorithm. */
export interface AlgorithmRow {
  /** Bit of available_compr_algs, and h_algorithmtype. */
  readonly id: number;
  /** What a reader calls it, which does not care how hard the writer tried. */
  readonly reader: string;
  /** The first Linux version that reads it. */
  readonly since: string;
  /** What compresses. */
  readonly codec: CodecName;
  /** Given the bytes of the largest pcluster. */
  readonly dictionary: (pclusterSize: number) => DictionaryRule;
  /** Most blocks of a pcluster that Linux reads, and that an index can tell. */
  readonly mostBlocks: number;
  /** Contents shrink to one of so many parts at most. */
  readonly mostRatio: number;
  /** Bytes that look random are not tried. */
  readonly skipsRandom: boolean;
  /** A fixed output costs one compression, so that it costs nothing to look at more than will fit. */
  readonly fillsAtOnce: boolean;
  /** Readers know it, in pclusters of one block, without a configuration too. */
  readonly isFirst: boolean;
  /** What its contexts are made of can be set. */
  readonly hasContexts: boolean;
  readonly configuration: AlgorithmConfiguration;
}

/** What a pcluster holds at most of contents that do not shrink to a quarter. */
export const USUAL_EXTENT = 1 << 20;
/** What a pcluster holds at most whatever the algorithm, as in mkfs.erofs. */
export const MAX_EXTENT = 8000 << 10;

/** What stands in front of each configuration: its bytes. */
export const CFGS_HEAD = struct("length of a configuration", 2, { size: u16 });
/** struct z_erofs_lz4_cfgs */
const LZ4_CFGS = struct("z_erofs_lz4_cfgs", 14, { max_distance: u16, max_pclusterblks: u16, reserved: raw(10) });
/** struct z_erofs_lzma_cfgs */
const LZMA_CFGS = struct("z_erofs_lzma_cfgs", 14, { dict_size: u32, format: u16, reserved: raw(8) });
/** struct z_erofs_deflate_cfgs */
const DEFLATE_CFGS = struct("z_erofs_deflate_cfgs", 6, { windowbits: u8, reserved: raw(5) });
/** struct z_erofs_zstd_cfgs */
const ZSTD_CFGS = struct("z_erofs_zstd_cfgs", 6, { format: u8, windowlog: u8, reserved: raw(4) });

/** The smallest dictionary of LZMA, the smallest that is chosen without a wish, and the largest that Linux reads. */
const LZMA_LEAST_DICTIONARY = 1 << 12;
const LZMA_NORMAL_DICTIONARY = 1 << 15;
const LZMA_MOST_DICTIONARY = 1 << 23;
/** `windowlog` counts from here. */
const ZSTD_LEAST_WINDOW_BITS = 10;
/** The largest window of zstd that Linux reads. */
const ZSTD_MOST_WINDOW = 1 << 20;
/** The smallest that is chosen without a wish: matches of LZ4 reach back so far. */
const ZSTD_NORMAL_WINDOW = 1 << 16;

/** What LZ4 and LZ4HC have in common: all that a reader sees. */
const LZ4 = {
  id: 0,
  reader: "lz4",
  since: "5.4",
  dictionary: () => ({ normal: 0xffff }),
  // it knows the block size only after it has checked this against 1 MiB in blocks of its page size
  mostBlocks: 256,
  // a byte of a match's length stands for so many
  mostRatio: 255,
  fillsAtOnce: true,
  isFirst: true,
  hasContexts: false,
  configuration: {
    shape: LZ4_CFGS,
    emit(view: StructView, at: number, { dictSize, pclusterBlocks }: ConfigurationValues) {
      view.setU16(at, LZ4_CFGS.max_distance, dictSize);
      view.setU16(at, LZ4_CFGS.max_pclusterblks, pclusterBlocks);
    },
  },
};

/** Most blocks of a pcluster that an index can tell: a distance with {@link CBLKCNT} has as many. */
const MOST_BLOCKS = CBLKCNT - 1;

const ROWS = {
  // a look at the bytes would take as long as the attempt
  lz4: { ...LZ4, codec: "lz4", skipsRandom: false },
  lz4hc: { ...LZ4, codec: "lz4hc", skipsRandom: true },
  lzma: {
    id: 1,
    reader: "lzma",
    since: "5.16",
    codec: "lzma",
    dictionary(pclusterSize) {
      const normal = Math.max(LZMA_NORMAL_DICTIONARY, Math.min(4 * pclusterSize, LZMA_MOST_DICTIONARY));
      return { normal, choice: { least: LZMA_LEAST_DICTIONARY, most: LZMA_MOST_DICTIONARY, powerOfTwo: false } };
    },
    mostBlocks: MOST_BLOCKS,
    mostRatio: Number.POSITIVE_INFINITY,
    skipsRandom: true,
    fillsAtOnce: true,
    isFirst: false,
    hasContexts: true,
    configuration: {
      shape: LZMA_CFGS,
      emit(view, at, { dictSize }) {
        view.setU32(at, LZMA_CFGS.dict_size, dictSize);
      },
    },
  },
  deflate: {
    id: 2,
    reader: "deflate",
    since: "6.6",
    codec: "deflate",
    // a match reaches back so far whatever is promised: to promise less would be wrong
    dictionary: () => ({ normal: 0x8000, choice: { least: 0x8000, most: 0x8000, powerOfTwo: true } }),
    mostBlocks: MOST_BLOCKS,
    // a match of 258 bytes takes two bits
    mostRatio: 1032,
    skipsRandom: true,
    fillsAtOnce: true,
    isFirst: false,
    hasContexts: false,
    configuration: {
      shape: DEFLATE_CFGS,
      emit(view, at, { dictSize }) {
        view.setU8(at, DEFLATE_CFGS.windowbits, Math.log2(dictSize));
      },
    },
  },
  zstd: {
    id: 3,
    reader: "zstd",
    since: "6.10",
    codec: "zstd",
    dictionary(pclusterSize) {
      const wanted = Math.max(ZSTD_NORMAL_WINDOW, Math.min(8 * pclusterSize, ZSTD_MOST_WINDOW));
      const least = 2 ** ZSTD_LEAST_WINDOW_BITS;
      return {
        normal: 2 ** Math.ceil(Math.log2(wanted)),
        choice: { least, most: ZSTD_MOST_WINDOW, powerOfTwo: true },
      };
    },
    mostBlocks: MOST_BLOCKS,
    mostRatio: Number.POSITIVE_INFINITY,
    skipsRandom: true,
    fillsAtOnce: false,
    isFirst: false,
    hasContexts: false,
    configuration: {
      shape: ZSTD_CFGS,
      emit(view, at, { dictSize }) {
        view.setU8(at, ZSTD_CFGS.windowlog, Math.log2(dictSize) - ZSTD_LEAST_WINDOW_BITS);
      },
    },
  },
} satisfies Readonly<Record<string, AlgorithmRow>>;

/** Names of the algorithms, as mkfs.erofs spells them. */
export type Algorithm = keyof typeof ROWS;

/** The algorithms by name. */
export const ALGORITHMS: Readonly<Record<Algorithm, AlgorithmRow>> = ROWS;

/** What may stand in {@link AlgorithmOptions}. */
export const ALGORITHM_OPTIONS: Checks<AlgorithmOptions> = {
  algorithm: needed(oneOf(...(Object.keys(ROWS) as Algorithm[]))),
  level: NUMBER,
  dictSize: NUMBER,
  lc: NUMBER,
  lp: NUMBER,
  pb: NUMBER,
};

/** The algorithm of a number; undefined where there is no codec for it. */
export function algorithmOf(id: number): AlgorithmRow | undefined {
  return Object.values(ALGORITHMS).find((row) => row.id === id);
}

/**
 * How many bytes matches may reach back; with 0, as without a wish, the normal number.
 *
 * @param option where the wish stands, for messages
 * @throws ImageError `INPUT` where it cannot be `asked`
 */
export function resolveDictSize(
  algorithm: Algorithm,
  asked: number | undefined,
  pclusterSize: number,
  option = "compress.dictSize",
): number {
  const { normal, choice } = ALGORITHMS[algorithm].dictionary(pclusterSize);
  if (asked === undefined || asked === 0) return normal;
  if (!choice) throw new OptionError(option, `${algorithm} has none to choose`);
  const { least, most, powerOfTwo } = choice;
  if (least === most && asked !== most) throw new OptionError(option, `${algorithm} has only ${most}`);
  return powerOfTwo ? checkPowerOfTwo(option, asked, least, most) : checkInteger(option, asked, least, most)!;
}

/** Most bits of each kind, and of `lc` and `lp` together. */
const MOST_CONTEXT_BITS = 4;

/**
 * Checks what contexts are to be made of; gives what is set.
 *
 * @param option where the algorithm stands, for messages
 * @throws ImageError `INPUT` for what is none, or where there is nothing to set
 */
export function checkContexts(algorithm: Algorithm, given: ContextSettings, option = "compress"): ContextSettings {
  const result: ContextSettings = {};
  for (const key of ["lc", "lp", "pb"] as const) {
    if (given[key] === undefined) continue;
    if (!ALGORITHMS[algorithm].hasContexts)
      throw new OptionError(`${option}.${key}`, `says nothing about ${algorithm}`);
    result[key] = checkInteger(`${option}.${key}`, given[key], 0, MOST_CONTEXT_BITS);
  }
  const { lc = 3, lp = 0 } = result;
  if (lc + lp <= MOST_CONTEXT_BITS) return result;
  throw new OptionError(`${option}.lp`, `${lp} and lc, ${lc}, are more than ${MOST_CONTEXT_BITS} together`);
}

/** The configuration of an algorithm, its length in front. */
export function encodeConfiguration({ configuration }: AlgorithmRow, values: ConfigurationValues): Uint8Array {
  const { byteSize } = configuration.shape;
  const bytes = new Uint8Array(CFGS_HEAD.byteSize + byteSize);
  const view = new StructView(bytes.buffer);
  view.setU16(0, CFGS_HEAD.size, byteSize);
  configuration.emit(view, CFGS_HEAD.byteSize, values);
  return bytes;
}
