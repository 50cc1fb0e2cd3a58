/** The command `ts-mkerofs`: does what its words say, and makes one line and an exit status of what goes wrong. */

import { buildErofs } from "../../build/erofs.ts";
import type { BuildOptions } from "../../build/options.ts";
import { largestPcluster } from "../../erofs/compress-options.ts";
import { resolveErofsOptions } from "../../erofs/options.ts";
import { resolveSquashfsOptions } from "../../squashfs/options.ts";
import type { SortRule } from "../../stage/tree/file-order.ts";
import { resolveVerityOptions } from "../../verity/options.ts";
import { asUsage } from "../shared/getopt.ts";
import { readInput } from "../shared/input.ts";
import { mannerOf } from "../shared/json.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import { type BuildJob, limitBacktracking, type RunContext, runProgram } from "../shared/program.ts";
import { formatReport, formatSquashfsReport, formatStages, listWarnings } from "../shared/summary.ts";
import { takePrintedRoot } from "../verity.ts";
import type { Hints } from "./hints.ts";
import { MANUAL } from "./manual.ts";
import { type BuildCommand, parseOptions } from "./options.ts";
import { isDirectory, noteStore, openSource } from "./sources.ts";
import { warnOfRules } from "./unmatched.ts";

/** Runs the command to its end; returns its exit status. @param manifest `package.json` */
export function runMkerofs(manifest: URL): Promise<number> {
  return runProgram({
    manual: MANUAL,
    manifest,
    mannerOf: (argv) => mannerOf(argv, optionsOf(MANUAL)),
    parse(argv, env) {
      const command = parseOptions(argv, env);
      return command.action === "build" ? toJob(command) : command;
    },
  });
}

function toJob(command: BuildCommand): BuildJob {
  const { image, build, squashfs, format, verbosity, progress, json, nameOf } = command;
  const { verity, printsRoot } = takePrintedRoot(build.verity, { image, json, nameOf });
  if (printsRoot) build.verity = squashfs.verity = verity;
  asUsage(() => resolveVerityOptions(build.verity), nameOf);
  asUsage(() => (format === "erofs" ? resolveErofsOptions(build) : resolveSquashfsOptions(squashfs)), nameOf);
  const { blockSize = 4096 } = build;
  const needsPages = format === "erofs" && blockSize > 4096;
  return {
    ...{ action: "build", image, format, json, progress, nameOf, printsRoot },
    quiet: verbosity === 0,
    isSilent: verbosity === 0,
    warnings: verbosity === 0 ? [] : [...command.warnings, ...(needsPages ? [pagesWarning(blockSize)] : [])],
    notes: verbosity === 0 ? [] : noteStore(command),
    async build(out, context) {
      const made = await (format === "erofs" ? makeErofs : makeSquashfs)(command, out, context);
      const warnings = [...made.warnings, ...listWarnings(made.report, (rules) => warnOfRules(command, rules))];
      return { ...made, warnings, notes: verbosity >= 3 ? formatStages(made.report) : "" };
    },
  };
}

function pagesWarning(blockSize: number): string {
  return `only kernels with pages of at least ${blockSize} bytes mount this image`;
}

async function makeErofs(
  { build, compressHints, sortFile, ...command }: BuildCommand,
  out: string | WritableStream<Uint8Array>,
  context: RunContext,
) {
  const hinted = compressHints === undefined ? undefined : await readHints(compressHints, build);
  if (build.compress !== undefined) build.compressHints = hinted?.hints;
  const sort = await readSort(sortFile);
  // as mkfs.erofs has it, which packs nothing else of that kind
  if (isDirectory(command)) build.overlay ??= "mark";
  const report = await buildErofs(await openSource(command, context.signal), out, { ...build, sort, ...context });
  return { report, text: formatReport(report), warnings: hinted?.warnings ?? [] };
}

async function makeSquashfs(
  { squashfs, sortFile, ...command }: BuildCommand,
  out: string | WritableStream<Uint8Array>,
  context: RunContext,
) {
  const sort = await readSort(sortFile);
  const { buildSquashfs } = await import("../../build/squashfs.ts");
  const report = await buildSquashfs(await openSource(command, context.signal), out, { ...squashfs, sort, ...context });
  return { report, text: formatSquashfsReport(report), warnings: [] };
}

async function readHints(path: string, { compress = [], blockSize = 4096 }: BuildOptions): Promise<Hints> {
  limitBacktracking();
  const names = [compress].flat().map((each) => (typeof each === "string" ? each : each.algorithm));
  const { parseHints } = await import("./hints.ts");
  const algorithms = names.length > 0 ? names.length : undefined;
  const limits = { blockSize, most: largestPcluster(names, blockSize), algorithms };
  return parseHints(path, readInput(path).toString(), limits);
}

async function readSort(path: string | undefined): Promise<SortRule[]> {
  if (path === undefined) return [];
  limitBacktracking();
  const { parseSortFile } = await import("../../stage/source/list/sort-file.ts");
  return parseSortFile(readInput(path), path);
}
