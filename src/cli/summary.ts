/** What the command says in the end. */
import type { BuildReport } from "../build-report.ts";
import { showBytes } from "./progress.ts";

/** A report for people, in a few lines. */
export function formatReport(report: BuildReport): string {
  const { blocks, blockSize, bytes, counts, excluded, savedByDedupe, savedByHoles, seconds } = report;
  const { hardLinks, ...kinds } = counts;
  const inodes = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const details = [
    ...Object.entries(kinds).flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : [])),
    ...(hardLinks > 0 ? [`${hardLinks} hard links`] : []),
    ...(excluded > 0 ? [`${excluded} excluded`] : []),
  ];
  const lines = [
    ["UUID", report.uuid],
    ["Size", `${blocks} blocks of ${blockSize} bytes (${showBytes(bytes)})`],
    ["Inodes", `${inodes} (${details.join(", ")})`],
    ["Deduplicated", `${savedByDedupe} bytes`],
    ["Holes", `${savedByHoles} bytes`],
    ["Needs", `Linux ${report.minimumKernel}`],
    ["Took", `${seconds.total.toFixed(2)} s`],
  ];
  return lines.map(([what, value]) => `${`${what}:`.padEnd(14)}${value}\n`).join("");
}

/** The time that each stage took, in one line. */
export function formatStages({ seconds }: BuildReport): string {
  const { total, ...stages } = seconds;
  const parts = Object.entries(stages).map(([stage, time]) => `${stage} ${time.toFixed(3)} s`);
  return `${parts.join(", ")}, total ${total.toFixed(3)} s\n`;
}

/** One line for a terminal: control characters, which file names may hold, are written as escapes. */
export function formatMessage(message: string): string {
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  const safe = message.replace(
    /\p{Cc}/gu,
    (char) => escapes[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `ts-mkerofs: ${safe}\n`;
}
