/**
 * The command line of `ts-mkerofs`. Letters, meaning and grammar are those of mkfs.erofs 1.9.3 as far as it is supported,
 * and a few options are our own. Where mkfs.erofs rounds, wraps or asks the clock, this refuses instead.
 */
import type { BuildOptions, RunOptions, SquashfsOptions } from "../../build/options.ts";
import type { NameOf } from "../../core/options/option-error.ts";
import { imagePath } from "../image-path.ts";
import { applyWords } from "../shared/command-line.ts";
import { parseAlgorithms, parseCompressor } from "../shared/compressor-words.ts";
import { getopt, UsageError } from "../shared/getopt.ts";
import { usageHint } from "../shared/manual/help.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { parseEpoch } from "../shared/numbers.ts";
import { checkFormats, listIdle } from "../shared/option.ts";
import { type FieldNames, optionNames } from "../shared/option-names.ts";
import { checkPath, type Format } from "../shared/value.ts";
import { takeVerity, VERITY_FIELDS } from "../verity.ts";
import { areImages } from "./images.ts";
import { MANUAL } from "./manual.ts";
import type { Settings } from "./settings.ts";

/** What a command line asks for. */
export type Command = BuildCommand | { action: "help" | "version" };

/** How tar archives are taken. */
export interface TarSources {
  mode: "f" | "i";
  aufs: boolean;
  overlay: "keep" | "strip";
  /** A file that gets the bytes of the only archive. */
  copyTo: string | undefined;
}

/** An image to be built. */
export interface BuildCommand {
  action: "build";
  /** Path of the image; `-` is standard output. */
  image: string;
  /** One directory, or several store paths; where `closure` is given, what goes beside it. */
  sources: string[];
  /** A file that lists store paths; `-` is standard input. */
  closure: string | undefined;
  /** `sources` are roots, whose closure is packed. */
  closureOf: boolean;
  /** Nix's database, which knows it. */
  nixDbFrom: string | undefined;
  /** A NAR; `-` is standard input. */
  nar: string | undefined;
  /** A manifest; `-` is standard input. */
  manifest: string | undefined;
  /** Where the paths in it begin. */
  manifestBase: string | undefined;
  /** Sources are tar archives, of which these are the settings. */
  tar: TarSources | undefined;
  /** What is in EROFS images is copied. */
  copiesImages: boolean;
  /** Sources are zip archives. */
  zip: boolean;
  /** The binary cache that sources are paths of. */
  binaryCache: string | undefined;
  trustedKeys: readonly string[] | undefined;
  /** A single source becomes an entry of the root. */
  keepAsDirectory: boolean;
  format: Format;
  /** A file that tells how some files are compressed. */
  compressHints: string | undefined;
  /** A file that tells the order of the contents. */
  sortFile: string | undefined;
  build: BuildOptions;
  /** What `build` is for a SquashFS image. */
  squashfs: SquashfsOptions;
  /** Rules of `--exclude-path` and `--exclude-regex`. */
  excludePaths: readonly string[];
  excludeRegexes: readonly string[];
  /** Expressions are matched with paths. */
  hasRegexes: boolean;
  /** What messages call options of the library. */
  nameOf: NameOf;
  /** Print the report as JSON. */
  json: boolean;
  progress: "auto" | "always" | "never";
  /** From 0 (quiet) to 9. */
  verbosity: number;
  /** What is to be said of it. */
  warnings: string[];
}

const OPTIONS = optionsOf(MANUAL);

/** Fields that are called otherwise than the library's options. */
const FIELDS: FieldNames<Settings> = {
  ...VERITY_FIELDS,
  ...{ blockSize: "block", compress: "compression", compressor: "compression", level: "compression", sort: "sortFile" },
  ...{ compressHints: "compressHintsFile", "exclude.paths": "excludePaths", "exclude.regexes": "excludeRegexes" },
  ...{ "owner.uid": "uid", "owner.gid": "gid", windowBits: "compression", xattrs: "xattrTolerance" },
};

/**
 * Parses a command line.
 *
 * @param argv what stands behind the program's name.
 * @param env of which only `SOURCE_DATE_EPOCH` is read.
 * @throws UsageError when it cannot be understood, or asks for what is not supported.
 */
export function parseOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const start: Settings = {
    ...{ excludePaths: [], excludeRegexes: [], json: false, progress: "auto", verbosity: 2, quiet: false },
    format: "erofs",
  };
  const advice = "; paths of any bytes can be given by --closure";
  const { settings, given, operands, asks } = applyWords(getopt(argv, OPTIONS), start, advice);
  if (asks !== undefined) return { action: asks === "version" ? "version" : "help" };
  const { format } = settings;
  const { image, sources } = takeOperands(operands, settings);
  checkFormats(given, format);
  const warnings = format === "erofs" ? listIdle(given, settings) : [];
  const nameOf = optionNames(given, FIELDS);
  const rest = complete(settings, sources, env.SOURCE_DATE_EPOCH || undefined);
  return { action: "build", image, sources, warnings, nameOf, ...rest };
}

function takeOperands([image, ...sources]: readonly string[], settings: Settings) {
  const { closure, closureOf, nar, manifest, binaryCache, tar, tarCopy, zip } = settings;
  const given = Object.entries({
    "--tar": tar,
    "--zip": zip,
    "--closure": closure,
    "--closure-of": closureOf,
    "--nar": nar,
    "--manifest": manifest,
    "--binary-cache": binaryCache,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (given.length > 1) throw new UsageError(`${given.join(" and ")}: only one of them`);
  if (image === undefined) throw new UsageError("IMAGE is missing", usageHint(MANUAL));
  if (manifest !== undefined && sources.length > 0) {
    throw new UsageError(`SOURCE "${sources[0]}" is too much: --manifest says what is packed`);
  }
  if ([closure, nar, manifest, tar].every((each) => each === undefined) && sources.length === 0) {
    throw new UsageError(`SOURCE is missing${given.length > 0 ? "" : ", or --closure"}`, usageHint(MANUAL));
  }
  if (tar !== undefined && sources.length === 0) sources.push("-");
  if ((tar !== undefined || zip) && sources.filter((path) => path === "-").length > 1)
    throw new UsageError('SOURCE: "-", standard input, can be read only once');
  if (tarCopy !== undefined && sources.length > 1) throw new UsageError("--ungzip: a copy is made of a single archive");
  return {
    image: imagePath(checkPath("IMAGE", image, "path")),
    sources: sources.map((path) => checkPath("SOURCE", path, "path")),
  };
}

/** What options come to together. */
function complete(
  settings: Settings,
  sources: readonly string[],
  sourceDateEpoch: string | undefined,
): Omit<BuildCommand, "action" | "image" | "sources" | "warnings" | "nameOf"> {
  const {
    closure,
    closureOf = false,
    nixDbFrom,
    nar,
    manifest,
    manifestBase,
    zip = false,
    copiesImages = false,
    binaryCache,
    trustedKeys,
    keepAsDirectory = false,
    tar: mode,
    aufs = false,
    overlay,
    tarCopy: copyTo,
    ...more
  } = settings;
  const { verity, rest: others } = takeVerity(more, "--verity");
  const tar = mode && { mode, aufs, overlay: overlay ?? "keep", copyTo };
  const { uid, gid, excludePaths, excludeRegexes, json, progress, verbosity, quiet, ...rest } = others;
  const { compressHintsFile: compressHints, sortFile, format, block, compression, ...given } = rest;
  const build: BuildOptions = { ...given, ...(verity && { verity }) };
  if (block !== undefined) build.blockSize = block(format);
  if (format === "erofs") completeErofs(build, compression);
  completeNix(build);
  if (uid !== undefined || gid !== undefined) build.owner = uid === 0 && gid === 0 ? "root" : { uid, gid };
  if (excludePaths.length + excludeRegexes.length > 0) build.exclude = { paths: excludePaths, regexes: excludeRegexes };
  const hasList = [closure, nar, binaryCache].some((each) => each !== undefined) || closureOf;
  const isSeveral = sources.length > 1 && !areImages(sources);
  const isClosure = tar === undefined && !zip && (hasList || isSeveral || keepAsDirectory);
  setTimes(build, isClosure, sourceDateEpoch);
  if (tar === undefined && overlay === "strip") build.overlay = "strip";
  const squashfs = format === "squashfs" ? toSquashfs(build, compression) : {};
  const hasRegexes = [excludeRegexes[0], build.chmod, build.fileContexts].some((each) => each !== undefined);
  const from = {
    closure,
    closureOf,
    nixDbFrom,
    nar,
    tar,
    manifest,
    manifestBase,
    zip,
    copiesImages,
    binaryCache,
    trustedKeys,
    keepAsDirectory,
  };
  const common = { ...from, json, progress, hasRegexes, verbosity: quiet ? 0 : verbosity };
  return { ...common, excludePaths, excludeRegexes, compressHints, sortFile, format, build, squashfs };
}

/** What can be told only once all options are known. */
function completeErofs(build: BuildOptions, compression: string | undefined): void {
  if (compression !== undefined) build.compress = parseAlgorithms(compression);
  else dropCompression(build);
  const { blockSize = 4096, chunkSize = blockSize } = build;
  if (build.blobDevice !== undefined && build.chunkSize === undefined)
    throw new UsageError("--blobdev: needs --chunksize");
  if (chunkSize < blockSize)
    throw new UsageError(`--chunksize: ${chunkSize} is less than the block size, ${blockSize}`);
}

/** Where a database goes, and that nothing refers to it where there is none. */
function completeNix(build: BuildOptions): void {
  if (build.nixDatabase === true && build.storeDir === undefined) {
    throw new UsageError(
      "--nix-db: without --store-dir the image is the store itself, so it needs a path, --nix-db=PATH",
    );
  }
  if (build.nixDatabase === undefined) delete build.gcroot;
}

/** Settings that say nothing where nothing is compressed. */
const COMPRESSED_ONLY = [
  ...([
    "pclusterSize",
    "tailPacking",
    "fragments",
    "packedPclusterSize",
    "dedupeFragments",
    "compressDirectories",
  ] as const),
  ...(["maxExtentBytes", "fullIndexes", "extentRecords"] as const),
];

/**
 * What the library refuses without a compressor is taken as mkfs.erofs takes it: as if it were not there, but for `-Ededupe`,
 * by which equal chunks are stored once, and `-m`, whose clusters are none then.
 */
function dropCompression(build: BuildOptions): void {
  for (const name of COMPRESSED_ONLY) delete build[name];
  if (build.dedupeExtents) build.dedupeChunks = true;
  // equal chunks of a device of their own are stored once unless that is switched off
  if (build.dedupeExtents === false && build.blobDevice !== undefined) build.dedupe = "none";
  delete build.dedupeExtents;
  const { metabox, blockSize = 4096 } = build;
  if (typeof metabox !== "object") return;
  if (metabox.pclusterSize! % blockSize !== 0)
    throw new UsageError(`-m cluster size: ${metabox.pclusterSize} is no multiple of the block size, ${blockSize}`);
  build.metabox = true;
}

/** The options of a SquashFS build, from those that are for it. */
function toSquashfs(
  { xattrTolerance, blockSize, dedupe, ...rest }: BuildOptions,
  compression: string | undefined,
): SquashfsOptions {
  if (xattrTolerance !== undefined && xattrTolerance >= 0) {
    throw new UsageError("-x: for SquashFS only -x-1, which stores no attributes");
  }
  return {
    // what is left is what every build can be told
    ...(rest as RunOptions),
    ...(blockSize !== undefined && { blockSize }),
    ...(dedupe !== undefined && { dedupe }),
    ...(compression !== undefined && parseCompressor(compression)),
    ...(xattrTolerance !== undefined && { xattrs: false }),
  };
}

/** Completes `timestamp` and `times`; the most explicit word wins: `-T`, then an option, then the environment. */
function setTimes(build: BuildOptions, isClosure: boolean, sourceDateEpoch: string | undefined): void {
  const epoch = sourceDateEpoch === undefined ? undefined : parseEpoch(sourceDateEpoch);
  const isGiven = build.timestamp !== undefined;
  // a closure's times are fixed already, and every Nix build sets this variable
  const clampsClosure = isClosure && build.times === undefined && build.ignoreMtime !== false;
  if (!clampsClosure) build.timestamp ??= epoch;
  if (build.timestamp === undefined && build.times === "fixed") {
    throw new UsageError("--all-time: needs -T or SOURCE_DATE_EPOCH, as the clock is never read");
  }
  if (build.times !== undefined) return;
  if (isGiven) build.times = "fixed";
  // A closure's times are 0 by default, so "preserve" has something to say there.
  else if (isClosure && build.ignoreMtime === false) build.times = "keep";
  else if (epoch !== undefined && !isClosure) build.times = "clamp";
}
