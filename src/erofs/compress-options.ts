/** Options of compression, with their defaults; the command line's names stand in brackets. */
import { CODECS, checkCodecLevel } from "../codec/names.ts";
import { type Checks, either, FLAG, list, NUMBER, needed, oneOf, record, TEXT } from "../core/options/checks.ts";
import { OptionError } from "../core/options/option-error.ts";
import { checkInteger } from "../core/options/ranges.ts";
import { compileEreOption } from "../stage/text/ere.ts";
import {
  ALGORITHM_OPTIONS,
  ALGORITHMS,
  type Algorithm,
  type AlgorithmOptions,
  type ContextSettings,
  checkContexts,
  MAX_EXTENT,
  resolveDictSize,
} from "./disk/algorithms.ts";
import { readsFeature } from "./disk/features.ts";
import { MAX_PCLUSTER } from "./disk/format.ts";

/** Which files are compressed how: the first that matches a file's path decides. */
export interface CompressHint {
  /** POSIX extended regular expression, matched anywhere in the path's bytes; the path has no leading slash. */
  pattern: string;
  /** As {@link CompressionOptions.pclusterSize}; 0: not at all. */
  pclusterSize: number;
  /** Index into {@link CompressionOptions.compress}. Default: 0. */
  algorithm?: number | undefined;
}

/** How metadata is compressed. */
export interface MetaboxOptions {
  /** Most bytes of a physical cluster, whole blocks, no more than files have. Default: that of files. */
  pclusterSize?: number | undefined;
  /** Index into {@link CompressionOptions.compress}. Default: 0. */
  algorithm?: number | undefined;
}

/** How regular files are compressed. Without `compress` they are not, and the others say nothing. */
export interface CompressionOptions {
  /**
   * The algorithm, by its name or with settings, or several for {@link CompressHint}s to choose from; the first is the
   * default (`-z`).
   */
  compress?: Algorithm | AlgorithmOptions | readonly (Algorithm | AlgorithmOptions)[] | undefined;
  /** Most bytes of a physical cluster, whole blocks, up to 1 MiB (`-C`). Default: one block. */
  pclusterSize?: number | undefined;
  /** Keep the last, short pcluster of a file beside its inode (`-Eztailpacking`). Default: false. */
  tailPacking?: boolean | undefined;
  /** Keep the ends of files (`-Efragments`), or all files whole (`-Eall-fragments`), in one packed inode. Default: `none`. */
  fragments?: "none" | "tails" | "all" | undefined;
  /** Keep the contents of directories in the packed inode (`--zD`). Default: false. */
  compressDirectories?: boolean | undefined;
  /** As `pclusterSize`, for the packed inode (`-Efragments=SIZE`). Default: the same. */
  packedPclusterSize?: number | undefined;
  /** Most bytes of a file that one pcluster may hold (`--max-extent-bytes`). Default: 8000 KiB. */
  maxExtentBytes?: number | undefined;
  /** Indexes of eight bytes an lcluster, not packed ones (`-Elegacy-compress`). Default: false. */
  fullIndexes?: boolean | undefined;
  /** Store equal runs of bytes inside of files once (`-Ededupe`); takes more time, and full indexes. Default: false. */
  dedupeExtents?: boolean | undefined;
  /** Store equal fragments once (`-E^fragdedupe` for false). Default: true. */
  dedupeFragments?: boolean | undefined;
  /**
   * List extents with their places in bytes (`-E48bit`), so that no block is filled up with zeros: then there is nothing
   * for `tailPacking` and `fullIndexes` to do. Default: where `targetKernel` is 6.15 or later, and neither of those, nor
   * fragments, `compressDirectories` or `dedupeExtents` is asked for.
   */
  extentRecords?: boolean | undefined;
  /**
   * Store equal chunks once, also those of different files (`-Ededupe` without `-z`): of `chunkSize`, which is then a block
   * by default and 1 MiB at most. Takes the place of compression. Default: false.
   */
  dedupeChunks?: boolean | undefined;
  /**
   * Keep all inodes, with what lies behind them, in one inode of their own, the metabox, which is compressed where files
   * are (`-m`); needs Linux 6.17. Without `compress` it may only be true. Default: false.
   */
  metabox?: boolean | MetaboxOptions | undefined;
  /** Exceptions for some files (`--compress-hints`). */
  compressHints?: readonly CompressHint[] | undefined;
  /** Lowest Linux version that must read the image, `5.4` or later (`--target-kernel`). Default: any. */
  targetKernel?: string | undefined;
}

const METABOX: Checks<MetaboxOptions> = { pclusterSize: NUMBER, algorithm: NUMBER };
const HINT: Checks<CompressHint> = { pattern: needed(TEXT), pclusterSize: needed(NUMBER), algorithm: NUMBER };
const NAME = ALGORITHM_OPTIONS.algorithm;
const SETTINGS = record("setting", ALGORITHM_OPTIONS);

/** What may stand in {@link CompressionOptions}. */
export const COMPRESSION_CHECKS: Checks<CompressionOptions> = {
  compress: either(
    `one of ${NAME.wants}, or an object {algorithm, level, dictSize}`,
    NAME,
    SETTINGS,
    list("an array of algorithms", either("the name of an algorithm", NAME, SETTINGS)),
  ),
  pclusterSize: NUMBER,
  tailPacking: FLAG,
  fragments: oneOf("none", "tails", "all"),
  compressDirectories: FLAG,
  packedPclusterSize: NUMBER,
  maxExtentBytes: NUMBER,
  fullIndexes: FLAG,
  dedupeExtents: FLAG,
  dedupeFragments: FLAG,
  dedupeChunks: FLAG,
  extentRecords: FLAG,
  metabox: either("a boolean or {pclusterSize, algorithm}", FLAG, record("setting", METABOX)),
  compressHints: list("an array of hints", record("key of a hint", HINT)),
  targetKernel: TEXT,
};

/** An algorithm with every default decided; plain data. */
export interface AlgorithmChoice {
  algorithm: Algorithm;
  level: number | undefined;
  /** Bytes that a match may reach back. */
  dictSize: number;
  /** What contexts are made of, where that was said. */
  contexts?: ContextSettings;
}

/** A hint with every default decided. */
export interface ResolvedHint {
  pattern: string;
  pclusterSize: number;
  algorithm: number;
}

/** {@link MetaboxOptions} with every default decided. */
export interface ResolvedMetabox {
  /** Bytes; 0: not compressed. */
  pclusterSize: number;
  algorithm: number;
}

/** {@link CompressionOptions} with every default decided and every value checked; plain data. */
export interface Compression {
  algorithms: AlgorithmChoice[];
  /** Bytes. */
  pclusterSize: number;
  packedPclusterSize: number;
  /** Largest pcluster of any file, in bytes. */
  maxPclusterSize: number;
  tailPacking: boolean;
  fragments: "none" | "tails" | "all";
  directories: boolean;
  maxExtentBytes: number;
  fullIndexes: boolean;
  /** Absent where it is not asked for: the options count in the UUID, which was there first. */
  dedupeExtents?: true;
  /** Nothing is compressed, but equal chunks are stored once; absent where that is not so. */
  dedupeChunks?: true;
  /** Equal fragments are not looked for; absent where they are. */
  dedupeFragments?: false;
  /** Extents start anywhere and are listed one by one; absent where they do not. */
  extentRecords?: true;
  /** How inodes are compressed; absent where they lie in the image itself. */
  metabox?: ResolvedMetabox;
  hints: ResolvedHint[];
}

/** Algorithms that can be named, as in mkfs.erofs. */
const MAX_ALGORITHMS = 64;

/** Decides the defaults; undefined where nothing is compressed. Throws `INPUT` naming the option that cannot be. */
export function resolveCompression(
  options: CompressionOptions & { blobDevice?: string | undefined; dedupe?: "none" | "file" | undefined },
  blockSize: number,
  findsChunks: boolean,
): Compression | undefined {
  if (options.compress === undefined) {
    checkNone(options);
    const { blobDevice, dedupe, metabox } = options;
    const dedupeChunks = options.dedupeChunks || (findsChunks && dedupe !== "none");
    const isPlain = !dedupeChunks && !metabox && blobDevice === undefined;
    return isPlain ? undefined : withoutAlgorithm({ dedupeChunks, metabox }, blockSize);
  }
  if (options.dedupeChunks) {
    throw new OptionError("dedupeChunks", (name) => `not together with ${name("compress")}`);
  }
  const given = listAlgorithms(options.compress);
  const pclusterSize = checkPcluster("pclusterSize", options.pclusterSize ?? blockSize, blockSize);
  const packed = checkPcluster("packedPclusterSize", options.packedPclusterSize ?? pclusterSize, blockSize);
  const fragments = options.fragments ?? "none";
  const records = usesExtentRecords(options);
  const hints = resolveHints(options.compressHints ?? [], given.length, blockSize);
  const maxPclusterSize = Math.max(pclusterSize, ...hints.map((hint) => hint.pclusterSize));
  if (packed > maxPclusterSize) {
    throw new OptionError("packedPclusterSize", `${packed} is more than that of files, ${maxPclusterSize}`);
  }
  const metabox = resolveMetabox(options.metabox, given.length, { pclusterSize, maxPclusterSize, blockSize });
  for (const { algorithm } of given) checkBlocks(algorithm, maxPclusterSize, blockSize);
  return {
    algorithms: given.map((each) => resolveAlgorithm(each, maxPclusterSize)),
    pclusterSize,
    packedPclusterSize: packed,
    maxPclusterSize,
    tailPacking: (options.tailPacking ?? false) && !records,
    fragments,
    directories: options.compressDirectories ?? false,
    maxExtentBytes: Math.min(
      checkInteger("maxExtentBytes", options.maxExtentBytes, blockSize, 0xffffffff) ?? MAX_EXTENT,
      MAX_EXTENT,
    ),
    fullIndexes: (options.fullIndexes ?? false) && !records,
    ...(options.dedupeExtents ? { dedupeExtents: true as const } : {}),
    ...(records && { extentRecords: true }),
    ...(options.dedupeFragments === false && { dedupeFragments: false as const }),
    ...(metabox && { metabox }),
    hints,
  };
}

/** An algorithm with what is said of it, and where that stands. */
interface GivenAlgorithm extends AlgorithmOptions {
  option: string;
}

function listAlgorithms(compress: NonNullable<CompressionOptions["compress"]>): GivenAlgorithm[] {
  const given = [compress].flat();
  if (given.length === 0) throw new OptionError("compress", "an empty list of algorithms");
  if (given.length > MAX_ALGORITHMS) throw new OptionError("compress", `more than ${MAX_ALGORITHMS} algorithms`);
  return given.map((each, index) => ({
    ...(typeof each === "string" ? { algorithm: each } : each),
    option: given.length > 1 ? `compress[${index}]` : "compress",
  }));
}

/** Whether extents are listed one by one. */
function usesExtentRecords(options: CompressionOptions): boolean {
  const { tailPacking, fragments = "none", compressDirectories, dedupeExtents, fullIndexes, targetKernel } = options;
  const hasOther = tailPacking || fragments !== "none" || compressDirectories || dedupeExtents || fullIndexes;
  const isRead = targetKernel !== undefined && readsFeature(targetKernel, "48bit");
  return options.extentRecords ?? (!hasOther && isRead);
}

/**
 * Whether uncompressed blocks are turned so that their bytes stand where their offsets in the file say, modulo a block;
 * other files cannot refer to them then, and where extents start anywhere there is no such place.
 */
export function isInterlaced({ fragments, dedupeExtents, extentRecords }: Compression): boolean {
  return fragments !== "none" && !dedupeExtents && !extentRecords;
}

/** Whether an image has a packed inode, if there is anything to go into it. */
export function hasPackedInode({ fragments, directories }: Compression): boolean {
  return fragments !== "none" || directories;
}

/** Decides how metadata is compressed; undefined where it lies in the image itself. */
function resolveMetabox(
  given: CompressionOptions["metabox"],
  algorithms: number,
  files: Pick<Compression, "pclusterSize" | "maxPclusterSize"> & { blockSize: number },
): ResolvedMetabox | undefined {
  if (!given) return undefined;
  const { pclusterSize = files.pclusterSize, algorithm = 0 } = given === true ? {} : given;
  checkPcluster("metabox.pclusterSize", pclusterSize, files.blockSize);
  checkInteger("metabox.algorithm", algorithm, 0, algorithms - 1);
  if (pclusterSize > files.maxPclusterSize) {
    throw new OptionError(
      "metabox.pclusterSize",
      `${pclusterSize} is more than that of files, ${files.maxPclusterSize}`,
    );
  }
  return { pclusterSize, algorithm };
}

/** Whether anything is compressed. */
export function compresses({ pclusterSize }: Compression): boolean {
  return pclusterSize > 0;
}

/** Where equal chunks are stored once, those of zeros are too: holes must be so many times the data to be worth a word. */
const MOSTLY_HOLE = 125;

/**
 * How many times its data a file's holes must be so that it is smaller in chunks, its data as it is, than compressed: so
 * many that zeros would come to more than the data.
 */
export function leastHoles(compression: Compression, blockSize: number): number {
  const { algorithms, maxExtentBytes, dedupeChunks } = compression;
  if (dedupeChunks) return MOSTLY_HOLE;
  // where files are stored as they are, every block counts
  if (!compresses(compression)) return 0;
  const ratios = algorithms.map(({ algorithm }) => ALGORITHMS[algorithm].mostRatio);
  return Math.min(Math.max(...ratios), maxExtentBytes / blockSize);
}

/**
 * What is done with files where nothing is compressed, but equal chunks are looked for (each is a row of raw extents then),
 * or inodes go into the metabox.
 */
export function withoutAlgorithm({ dedupeChunks, metabox }: CompressionOptions, blockSize: number): Compression {
  return {
    algorithms: [resolveAlgorithm({ algorithm: "lz4", option: "compress" }, blockSize)],
    pclusterSize: 0,
    packedPclusterSize: 0,
    maxPclusterSize: blockSize,
    tailPacking: false,
    fragments: "none",
    directories: false,
    maxExtentBytes: MAX_EXTENT,
    fullIndexes: false,
    ...(dedupeChunks && { dedupeChunks: true as const }),
    ...(metabox && { metabox: { pclusterSize: 0, algorithm: 0 } }),
    hints: [],
  };
}

function checkNone(options: CompressionOptions): void {
  const alone = [
    "pclusterSize",
    "tailPacking",
    "compressDirectories",
    "packedPclusterSize",
    "maxExtentBytes",
    "dedupeExtents",
    "extentRecords",
    "fullIndexes",
    "compressHints",
  ] as const;
  const given = alone.find((name) => options[name] !== undefined && options[name] !== false);
  const fragments = options.fragments !== undefined && options.fragments !== "none" ? "fragments" : undefined;
  const inBox = typeof options.metabox === "object" ? Object.entries(options.metabox) : [];
  const box = inBox.find(([, value]) => value !== undefined)?.[0];
  const name = given ?? fragments ?? (box && `metabox.${box}`);
  if (name !== undefined) throw new OptionError(name, "says nothing without an algorithm to compress with");
}

function checkPcluster(option: string, value: number, blockSize: number): number {
  checkInteger(option, value, blockSize, MAX_PCLUSTER);
  if (value % blockSize !== 0) throw new OptionError(option, `${value} is no multiple of the block size, ${blockSize}`);
  return value;
}

/** Most bytes that a pcluster can have with all of these algorithms. */
export function largestPcluster(algorithms: readonly Algorithm[], blockSize: number): number {
  return Math.min(MAX_PCLUSTER, ...algorithms.map((algorithm) => ALGORITHMS[algorithm].mostBlocks * blockSize));
}

function checkBlocks(algorithm: Algorithm, pclusterSize: number, blockSize: number): void {
  const { mostBlocks, reader } = ALGORITHMS[algorithm];
  if (pclusterSize <= mostBlocks * blockSize) return;
  const most = `${mostBlocks} blocks, ${mostBlocks * blockSize} bytes`;
  throw new OptionError("pclusterSize", `Linux reads ${reader} in at most ${most}`);
}

function resolveAlgorithm(
  { algorithm, level, dictSize, option, ...given }: GivenAlgorithm,
  pclusterSize: number,
): AlgorithmChoice {
  const { codec } = ALGORITHMS[algorithm];
  const checked = checkCodecLevel(codec, level, `${option}.level`);
  const contexts = checkContexts(algorithm, given, option);
  return {
    algorithm,
    // where there are no levels there is nothing to choose
    level: CODECS[codec].levels && checked,
    dictSize: resolveDictSize(algorithm, dictSize, pclusterSize, `${option}.dictSize`),
    ...(Object.keys(contexts).length > 0 && { contexts }),
  };
}

function resolveHints(hints: readonly CompressHint[], algorithms: number, blockSize: number): ResolvedHint[] {
  return hints.map(({ pattern, pclusterSize, algorithm = 0 }, index) => {
    const at = `compressHints[${index}]`;
    compileEreOption(`${at}.pattern`, pattern);
    if (pclusterSize !== 0) checkPcluster(`${at}.pclusterSize`, pclusterSize, blockSize);
    checkInteger(`${at}.algorithm`, algorithm, 0, algorithms - 1);
    return { pattern, pclusterSize, algorithm };
  });
}
