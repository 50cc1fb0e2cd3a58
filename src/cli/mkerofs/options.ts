/**
 * The command line of `ts-mkerofs`. Letters, meaning and grammar are those of mkfs.erofs 1.9.3 as far as it is supported,
 * and a few options are our own. Where mkfs.erofs rounds, wraps or asks the clock, this refuses instead.
 */
import type { BuildOptions } from "../../build/options.ts";
import type { SquashfsOptions } from "../../build/squashfs.ts";
import { parseAlgorithms } from "../shared/compressor-words.ts";
import { getopt, UsageError } from "../shared/getopt.ts";
import { parseEpoch, parseNumber } from "../shared/numbers.ts";
import { toSquashfs } from "./squashfs-format.ts";
import { OPTIONS, type Settings } from "./table.ts";

/** What a command line asks for. */
export type Command = BuildCommand | { action: "help" | "version" };

/** An image to be built. */
export interface BuildCommand {
  action: "build";
  /** Path of the image; `-` is standard output. */
  image: string;
  /** One directory, or several store paths; none where `closure` is given. */
  sources: string[];
  /** A file that lists store paths; `-` is standard input. */
  closure: string | undefined;
  format: "erofs" | "squashfs";
  /** A file that tells how some files are compressed. */
  compressHints: string | undefined;
  /** A file that tells the order of the contents. */
  sortFile: string | undefined;
  build: BuildOptions;
  /** What `build` is for a SquashFS image. */
  squashfs: SquashfsOptions;
  /** Expressions are matched with paths. */
  hasRegexes: boolean;
  /** Print the report as JSON. */
  json: boolean;
  progress: "auto" | "always" | "never";
  /** From 0 (quiet) to 9. */
  verbosity: number;
}

/**
 * Parses a command line.
 *
 * @param argv what stands behind the program's name.
 * @param env of which only `SOURCE_DATE_EPOCH` is read.
 * @throws UsageError when it cannot be understood, or asks for what is not supported.
 */
export function parseOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const settings: Settings = {
    action: "build",
    excludePaths: [],
    excludeRegexes: [],
    json: false,
    progress: "auto",
    verbosity: 2,
    quiet: false,
    format: "erofs",
  };
  const operands: string[] = [];
  for (const { option, name, value } of getopt(argv, OPTIONS)) {
    if (value?.includes("\uFFFD")) {
      // Node has already replaced the bytes: what is left names another file
      throw new UsageError(`${name ?? "operand"} "${value}": not UTF-8; paths of any bytes can be given by --closure`);
    }
    if (option === undefined) {
      operands.push(value);
    } else {
      if (option.apply === undefined) throw new UsageError(`${name}: not supported yet`);
      Object.assign(settings, option.apply(value ?? "", settings));
    }
    if (settings.action !== "build") return { action: settings.action };
  }

  const { action, closure, uid, gid, excludePaths, excludeRegexes, json, progress, verbosity, quiet, ...rest } =
    settings;
  const { compressHintsFile: compressHints, sortFile, format, algorithms, block, ...build } = rest;
  const [image, ...sources] = operands;
  if (image === undefined) throw new UsageError("IMAGE is missing");
  if (closure === "") throw new UsageError('--closure: "" is no file');
  if (closure === undefined && sources.length === 0) throw new UsageError("SOURCE is missing, or --closure");
  if (closure !== undefined && sources.length > 0) throw new UsageError("--closure: stands instead of SOURCE");

  if (block !== undefined)
    build.blockSize = parseNumber("-b", block, { ...BLOCKS[format], powerOfTwo: true, suffix: true });
  if (format === "erofs") completeErofs(build, algorithms, compressHints);
  if (uid !== undefined || gid !== undefined) build.owner = uid === 0 && gid === 0 ? "root" : { uid, gid };
  if (excludePaths.length + excludeRegexes.length > 0) build.exclude = { paths: excludePaths, regexes: excludeRegexes };
  setTimes(build, closure !== undefined || sources.length > 1, env.SOURCE_DATE_EPOCH);
  const squashfs = format === "squashfs" ? toSquashfs(build, algorithms, compressHints) : {};
  const hasRegexes = excludeRegexes.length > 0;
  const common = { action, image, sources, closure, json, progress, hasRegexes, verbosity: quiet ? 0 : verbosity };
  return { ...common, compressHints, sortFile, format, build, squashfs };
}

/** Bytes of a block. */
const BLOCKS = { erofs: { min: 512, max: 65536 }, squashfs: { min: 4096, max: 1 << 20 } };

/** What can be told only once the format is known. */
function completeErofs(build: BuildOptions, algorithms: string | undefined, compressHints: string | undefined): void {
  if (algorithms !== undefined) build.compress = parseAlgorithms(algorithms);
  if (compressHints === "") throw new UsageError('--compress-hints: "" is no file');
  checkCompression(build, compressHints);
  const { blockSize = 4096, chunkSize = blockSize } = build;
  if (chunkSize < blockSize)
    throw new UsageError(`--chunksize: ${chunkSize} is less than the block size, ${blockSize}`);
}

/** Options that say how to compress, where nothing is compressed. */
function checkCompression(build: BuildOptions, compressHints: string | undefined): void {
  if (build.compress !== undefined) return;
  const options: [name: string, given: unknown][] = [
    ["-C", build.pclusterSize],
    ["-E ztailpacking", build.tailPacking],
    ["-E fragments", build.fragments !== undefined && build.fragments !== "none"],
    ["-E dedupe", build.dedupeExtents],
    ["-E 48bit", build.extentRecords],
    ["-E legacy-compress", build.fullIndexes],
    ["--zD", build.compressDirectories],
    ["--max-extent-bytes", build.maxExtentBytes],
    ["--compress-hints", compressHints],
  ];
  const name = options.find(([, given]) => given !== undefined && given !== false)?.[0];
  if (name !== undefined) throw new UsageError(`${name}: says nothing without -z`);
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
