/** The command line of `ts-mksquashfs`: options of mksquashfs 4.5 to 4.7. */
import { statSync } from "node:fs";
import { ImageError } from "../../core/error.ts";
import { attempt } from "../../core/node/node-errors.ts";
import type { NameOf } from "../../core/options/option-error.ts";
import type { SquashfsOptions } from "../../index.ts";
import { imagePath, isTaken } from "../image-path.ts";
import { applyWords, type Said } from "../shared/command-line.ts";
import { parseMksquashfsWords, wordThatSets } from "../shared/compressor-words.ts";
import { UsageError } from "../shared/getopt.ts";
import type { Manner } from "../shared/json.ts";
import { usageHint } from "../shared/manual/help.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { parseEpoch } from "../shared/numbers.ts";
import { listIdle } from "../shared/option.ts";
import { type FieldNames, optionNames } from "../shared/option-names.ts";
import type { BuildJob, ProgramCommand } from "../shared/program.ts";
import { squashfsJob } from "../shared/squashfs-job.ts";
import { checkPath } from "../shared/value.ts";
import { takeVerity, VERITY_FIELDS } from "../verity.ts";
import { findQuestion } from "./asks.ts";
import { readLine, splitLine } from "./grammar.ts";
import { MANUAL } from "./manual.ts";
import { DEFAULTS, isClosure, type Settings } from "./settings.ts";
import { openSources } from "./sources.ts";

const OPTIONS = optionsOf(MANUAL);

/** Fields that are called otherwise than the library's options. */
const FIELDS: FieldNames<Settings> = {
  ...VERITY_FIELDS,
  ...{ "owner.uid": "uid", "owner.gid": "gid", sort: "sortFile" },
  ...{ exclude: "excludes", timestamp: "allTime" },
};

/**
 * Reads a command line.
 *
 * @throws UsageError when it cannot be understood, or asks for what is not supported
 */
export function parseMksquashfs(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ProgramCommand {
  const line = splitLine(argv, OPTIONS);
  const question = findQuestion(line);
  if (question !== undefined) return question;
  const image = line.operands.at(-1);
  const sources = line.operands.slice(0, -1);
  if (image === undefined || sources.length === 0) {
    throw new UsageError("SOURCE and IMAGE are needed, in front of options", usageHint(MANUAL));
  }
  const { settings, given } = applyWords(readLine(line, OPTIONS), DEFAULTS);
  checkPath("IMAGE", image, "path");
  for (const source of sources) checkPath("SOURCE", source, "path");
  return toJob(sources, imagePath(image), { settings, given }, env.SOURCE_DATE_EPOCH);
}

/** What a line says of the answer to it, although it may have words that cannot be understood. */
export function mannerOfMksquashfs(argv: readonly string[]): Manner {
  const { operands, words } = splitLine(argv, OPTIONS);
  return { json: words.some(({ name }) => name === "-json"), image: operands.slice(-1).map(imagePath)[0] };
}

function toJob(
  sources: readonly string[],
  image: string,
  { settings: typed, given }: Pick<Said<Settings>, "settings" | "given">,
  sourceDateEpoch: string | undefined,
): BuildJob {
  if (typed.append && isTaken(image)) {
    const why = "is there already, and appending is not supported (-noappend overwrites it)";
    throw new ImageError("INPUT", `${image}: ${why}`, { path: image });
  }
  const settings = { ...typed, ...timesOf(typed, sourceDateEpoch) };
  const { source, exclude, sort, warnOfRules } = openSources(sources, image, settings);
  const { quiet, json, progress } = settings;
  const log = settings.log === undefined ? undefined : { file: settings.log, prefix: pathPrefix(sources, settings) };
  const options = { ...toOptions(settings), exclude, sort };
  const names = optionNames(given, FIELDS);
  const nameOf: NameOf = (option) => wordThatSets("mksquashfs", typed.compressor, option) ?? names(option);
  const warnings = listIdle(given, typed);
  return squashfsJob({ image, source, options, quiet, json, progress, nameOf, warnings, warnOfRules, log });
}

/** What of the settings a build is told. */
function toOptions(settings: Settings): SquashfsOptions {
  const {
    compressor,
    extra,
    uid,
    gid,
    root,
    fileMode,
    directoryMode,
    allTime,
    keepAsDirectory,
    noStrip,
    closure,
    closureOf,
    nixDbFrom,
    manifest,
    manifestBase,
    zip,
    tar,
    ignoreZeros,
    missing,
    ...others
  } = settings;
  const { verity, rest } = takeVerity(others, "-verity");
  const { append, info, infoFile, log, exitOnError, quiet, json, progress, matching, excludes, excludeFiles, ...more } =
    rest;
  const { maxDepth, follow, actions, pseudo, pseudoOverride, pseudoDirectory, addedXattrs, sortFile, ...options } =
    more;
  return {
    ...options,
    ...(verity && { verity }),
    ...parseMksquashfsWords(compressor, extra),
    owner: uid !== undefined || gid !== undefined ? { uid, gid } : isClosure(settings) ? "root" : "keep",
    // without a database nothing looks for it
    gcroot: options.nixDatabase === undefined ? undefined : options.gcroot,
    hardLinks: options.hardLinks ?? (isClosure(settings) ? "copy" : "keep"),
    fragments: options.fragments ?? "small",
  };
}

/** The environment's time and options for times exclude each other, as for mksquashfs. */
function timesOf(
  settings: Settings,
  sourceDateEpoch: string | undefined,
): Pick<SquashfsOptions, "times" | "timestamp"> {
  const { allTime, mkfsTime } = settings;
  if (!sourceDateEpoch) {
    if (typeof allTime === "number") return { times: "fixed", timestamp: allTime };
    // "inode" is the latest time that there is
    return isClosure(settings) && allTime === undefined ? { times: "fixed", timestamp: 0 } : { times: "keep" };
  }
  if (typeof allTime === "number" || mkfsTime !== undefined) {
    throw new UsageError("SOURCE_DATE_EPOCH is set, so there can be no -mkfs-time and no -all-time");
  }
  // a closure's times are fixed already, and every Nix build sets this variable
  if (isClosure(settings)) return { times: "fixed", timestamp: 0 };
  return { times: "clamp", timestamp: parseEpoch(sourceDateEpoch) };
}

/** What stands before paths of the image in `-log`, which calls files by their paths here: those of one directory are below it. */
function pathPrefix([top = "", ...others]: readonly string[], settings: Settings): string {
  if (others.length > 0 || settings.keepAsDirectory || isClosure(settings) || settings.zip || top === "-") return "";
  const found = attempt(top, () => statSync(top, { throwIfNoEntry: false }));
  if (!found?.isDirectory()) return "";
  return top.endsWith("/") ? top : `${top}/`;
}
