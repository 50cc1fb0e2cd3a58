/** What the command says in the end. */
import type { BuildReport, BuildSeconds, SquashfsReport, VerityReport } from "../../build/report.ts";
import { showBytes } from "./progress.ts";

/** A report for people, in a few lines. */
export function formatReport(report: BuildReport): string {
  const { blocks, blockSize, bytes, savedByDedupe, savedByHoles, seconds } = report;
  return formatLines([
    ["UUID", report.uuid],
    ["Size", `${blocks} blocks of ${blockSize} bytes (${showBytes(bytes)})`],
    ...report.devices.map(({ bytes: data }, index): [string, string] => [`Device ${index + 1}`, showBytes(data)]),
    ["Inodes", formatCounts(report)],
    ...ownFilesLine(report),
    ["Deduplicated", `${savedByDedupe} bytes`],
    ["Holes", `${savedByHoles} bytes`],
    ["Needs", `Linux ${report.minimumKernel}`],
    ...verityLines(report),
    ...digestLine(report),
    ["Took", `${seconds.total.toFixed(2)} s`],
  ]);
}

/** The same for a SquashFS image. */
export function formatSquashfsReport(report: SquashfsReport): string {
  const { blockSize, bytes, compressor, dataBytes, fragments, metaBytes, savedByDedupe, savedByHoles } = report;
  return formatLines([
    ["Size", `${bytes} bytes (${showBytes(bytes)}): data ${showBytes(dataBytes)}, tables ${showBytes(metaBytes)}`],
    ["Blocks", `${blockSize} bytes, ${compressor}, ${fragments} fragment blocks`],
    ["Inodes", formatCounts(report)],
    ...ownFilesLine(report),
    ["Deduplicated", `${savedByDedupe} bytes`],
    ["Holes", `${savedByHoles} bytes`],
    ["Needs", report.minimumKernel === "" ? "another reader than Linux" : `Linux ${report.minimumKernel}`],
    ...verityLines(report),
    ...digestLine(report),
    ["Took", `${report.seconds.total.toFixed(2)} s`],
  ]);
}

const MODES_BY_RULE =
  "files of this system hold neither modes nor owners: 0755 was taken for directories and programs, 0644 for other files, root for owners";

const XATTRS_UNREAD =
  "extended attributes of files were not read: for that Node 26.1 or later is needed, the package @napi-rs/xattr, or the programs getfattr and xargs";

function sayLeftOut({ xattrsLeftOut: count, format }: BuildReport | SquashfsReport): string {
  const have = count === 1 ? "1 file or directory has" : `${count} files or directories have`;
  const what = format === "squashfs" ? "ACLs or other attributes that SquashFS" : "attributes that EROFS";
  return `${have} ${what} does not hold: these are left out`;
}

/** Says of rules of a sort file that they are for no file. */
export function warnOfSortRules(rules: readonly string[]): string[] {
  return rules.map((path) => `no file matches ${path} of the sort file`);
}

/**
 * What is not as it was asked for; empty where all is.
 *
 * @param warnOfRules says of rules that are for nothing what they were
 */
export function listWarnings(
  report: BuildReport | SquashfsReport,
  warnOfRules: (rules: readonly string[]) => string[],
): string[] {
  const warnings = warnOfRules(report.unmatchedRules);
  for (const pattern of report.unmatchedChmod) warnings.push(`nothing matches ${pattern} of --chmod`);
  if (report.modesByRule) warnings.push(MODES_BY_RULE);
  if (report.xattrsUnread) warnings.push(XATTRS_UNREAD);
  if (report.xattrsLeftOut > 0) warnings.push(sayLeftOut(report));
  if ("clampedTimes" in report && report.clampedTimes > 0) {
    warnings.push(`${report.clampedTimes} times before 1970 or after 2106 became the nearest that SquashFS holds`);
  }
  return warnings;
}

/** Warnings, a line each. */
export function formatWarnings(program: string, warnings: readonly string[]): string {
  return warnings.map((warning) => formatMessage(program, `warning: ${warning}`)).join("");
}

function formatCounts({ counts, excluded }: { counts: BuildReport["counts"]; excluded: number }): string {
  const { hardLinks, ...kinds } = counts;
  const inodes = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const details = [
    ...Object.entries(kinds).flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : [])),
    ...(hardLinks > 0 ? [`${hardLinks} hard links`] : []),
    ...(excluded > 0 ? [`${excluded} excluded`] : []),
  ];
  return `${inodes} (${details.join(", ")})`;
}

/** What is not in the image because a build that runs has made it, or is about to replace it. */
function ownFilesLine({ ownFiles }: { ownFiles: number }): ReportLine[] {
  if (ownFiles === 0) return [];
  return [
    ["Left out", ownFiles === 1 ? "1 file, as it is being written" : `${ownFiles} files, as they are being written`],
  ];
}

function verityLines({ verity }: { verity: VerityReport | undefined }): ReportLine[] {
  if (verity === undefined) return [];
  const { rootHash, salt, dataBlocks, hashOffset, hashBytes, path } = verity;
  const where = path ?? `the image, from byte ${hashOffset} on`;
  return [
    ["Root hash", rootHash],
    ["Hash tree", `of ${dataBlocks} blocks, ${hashBytes} bytes in ${where}`],
    ["Hash salt", salt === "" ? "-" : salt],
  ];
}

function digestLine({ digest }: { digest: string | undefined }): ReportLine[] {
  return digest === undefined ? [] : [["SHA-256", digest]];
}

type ReportLine = [what: string, value: string];

function formatLines(lines: readonly ReportLine[]): string {
  return lines.map(([what, value]) => `${`${what}:`.padEnd(14)}${value}\n`).join("");
}

/** The time that each stage took, in one line. */
export function formatStages({ seconds }: { seconds: BuildSeconds }): string {
  const { total, ...stages } = seconds;
  const parts = Object.entries(stages).map(([stage, time]) => `${stage} ${time.toFixed(3)} s`);
  return `${parts.join(", ")}, total ${total.toFixed(3)} s\n`;
}

/** One line for a terminal, from a program: control characters, which file names may hold, are written as escapes. */
export function formatMessage(program: string, message: string): string {
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  const safe = message.replace(
    /\p{Cc}/gu,
    (char) => escapes[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `${program}: ${safe}\n`;
}
