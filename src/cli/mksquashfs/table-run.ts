/** The table of `ts-mksquashfs`: how the program runs, and what it prints. */

import type { LogMode } from "../../stage/source/action/actions.ts";
import { MAX_ID } from "../../stage/tree/policy.ts";
import { UsageError } from "../shared/getopt.ts";
import { IS_DEFAULT, type Option, rowsFor } from "../shared/option.ts";
import { file, text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";
import { decimal, MEMORY, percentage } from "./values.ts";

const { flag, valued, refused } = rowsFor<Settings>();

/** Columns of a page; 0 for lines that are not broken. */
export const COLUMNS = decimal("N", { min: 0, max: Number.MAX_SAFE_INTEGER });

/** `runtime`. */
export const RUNTIME: readonly Option<Settings>[] = [
  valued({
    names: "-processors",
    value: decimal("N", { min: 1, max: 2 ** 31 - 1 }),
    // more threads than this are of no use
    sets: (workers) => ({ workers: Math.min(workers, 1024) }),
    default: "the processors available",
    help: "number of threads; changes no byte",
  }),
  flag({ names: "-progress", sets: { progress: "always" }, help: "show a progress bar on standard error" }),
  flag({
    names: "-no-progress",
    sets: { progress: "never" },
    help: "show no progress bar; without either option, it is shown on a terminal",
  }),
  flag({ names: "-info", sets: { info: true }, help: "print what is packed" }),
  flag({ names: "-json", sets: { json: true }, help: "print the report, or the error, as JSON (docs/report.md)" }),
  flag({
    names: "-digest",
    sets: { digest: true },
    help: "put the image's SHA-256 into the report; an image that is a file is read once more for it",
  }),
  flag({
    names: "-verify",
    sets: { verify: true },
    help: "read the finished image back and compare every entry and every byte with the source, before it takes its place",
  }),
  flag({
    names: "-quiet",
    sets: { quiet: true },
    help: "print nothing but errors and warnings, and the report with -json",
  }),
  flag({
    names: "-exit-on-error",
    sets: { exitOnError: true },
    help: "what would be left out with a warning, such as a pseudo file that is there already, ends the build",
  }),
  valued({ names: "-mem", value: MEMORY, help: "accepted: memory is bounded below any of this" }),
  valued({ names: "-mem-percent", value: percentage("PERCENT"), help: "accepted, as -mem" }),
  flag({ names: "-single-reader", help: "accepted: threads read, compress and write in turn" }),
  valued({ names: "-small-readers", value: percentage("N"), help: "accepted, as -single-reader" }),
  valued({ names: "-block-readers", value: percentage("N"), help: "accepted, as -single-reader" }),
  valued({ names: "-overcommit", value: percentage("PERCENT"), help: "accepted, as -single-reader" }),
  valued({
    names: "-info-file",
    value: file(),
    sets: "infoFile",
    help: "write what is packed to FILE, which must not be there yet",
  }),
  flag({
    names: "-percentage",
    sets: { progress: "percent" },
    help: "print how much has been written, in percent, a line for each, as dialog --gauge reads it",
  }),
  valued({
    names: "-throttle",
    value: percentage("PERCENT", { min: 0, max: 99 }),
    sets: "throttle",
    help: "rest for this share of the time; changes no byte",
  }),
  valued({
    names: "-limit",
    value: percentage("PERCENT", { min: 1, max: 100 }),
    sets: (share) => ({ throttle: 100 - share }),
    help: "work for this share of the time; changes no byte",
  }),
  flag({
    names: "-mem-default",
    asks: "memory",
    help: "print what mksquashfs would take for its caches, in MiB: a quarter of this machine's memory. Less is taken here",
  }),
  ...["-read-queue", "-write-queue", "-fragment-queue"].map((names) =>
    valued({ names, value: decimal("N", { min: 1, max: 2 ** 31 - 1 }), help: "accepted, as -mem" }),
  ),
  valued({
    names: "-log",
    value: file(),
    sets: "log",
    help: "write to FILE at which byte of the image the blocks of each file start, and each fragment",
  }),
];

/** `append`. */
export const APPEND: readonly Option<Settings>[] = [
  flag({
    names: "-noappend",
    sets: { append: false },
    help: "overwrite IMAGE; without it there must be none, as appending is not supported",
  }),
  flag({
    names: "-no-recovery",
    help: "accepted: there are no recovery files, as a failed build leaves IMAGE as it was",
  }),
  refused({ names: "-root-becomes", placeholder: "NAME", why: "appending is not supported" }),
  valued({
    names: "-recovery-path",
    value: text("DIRECTORY"),
    help: "accepted, as -no-recovery",
  }),
  refused({
    names: "-recover",
    placeholder: "NAME",
    why: "there are no recovery files: a failed build leaves the target as it was",
  }),
];

/** `actions`. */
export const ACTIONS: readonly Option<Settings>[] = [
  ...actionRows(
    "-action -a",
    "-action-file -af",
    "none",
    "do ACTION with the entries that an expression is true of: ACTION@EXPRESSION",
  ),
  ...actionRows(
    "-log-action -va",
    "-log-action-file -vaf",
    "all",
    "the same, and print what came of the expression for each entry",
  ),
  ...actionRows("-true-action -ta", "-true-action-file -taf", "true", "the same, and print it where it is true"),
  ...actionRows("-false-action -fa", "-false-action-file -faf", "false", "the same, and print it where it is false"),
];

function actionRows(names: string, fileNames: string, logs: LogMode, help: string): Option<Settings>[] {
  return [
    valued({
      names,
      value: text("ACTION"),
      sets: (action, { actions }, option) => ({ actions: [...actions, { logs, option, action }] }),
      help,
    }),
    valued({
      names: fileNames,
      value: file(),
      sets: (path, { actions }) => ({ actions: [...actions, { logs, file: path }] }),
      help: `as ${names.split(" ")[0]}, for each line of FILE; one that ends with \\ goes on in the next`,
    }),
  ];
}

/** `tar`. */
export const TAR: readonly Option<Settings>[] = [
  valued({
    names: "-default-mode",
    value: text("MODE", (name, given) => parseDefaultMode(name, given), "mode"),
    sets: (mode, { missing }) => ({ missing: { ...missing, mode } }),
    default: "755",
    needs: "-tar",
    help: "mode, octal, of directories that the archive does not describe, the root too",
  }),
  valued({
    names: "-default-uid",
    value: decimal("NUMBER", { min: 0, max: MAX_ID }),
    sets: (uid, { missing }) => ({ missing: { ...missing, uid } }),
    default: "0",
    needs: "-tar",
    help: "user of these",
  }),
  valued({
    names: "-default-gid",
    value: decimal("NUMBER", { min: 0, max: MAX_ID }),
    sets: (gid, { missing }) => ({ missing: { ...missing, gid } }),
    default: "0",
    needs: "-tar",
    help: "group of these",
  }),
  flag({
    names: "-ignore-zeros",
    sets: { ignoreZeros: true },
    needs: "-tar",
    help: "blocks of zeros do not end the archive: others may follow",
  }),
  flag({ names: "-numeric-owner", default: IS_DEFAULT, help: "take owners by their numbers, not by their names" }),
];

function parseDefaultMode(name: string, given: string): number {
  if (/^0*[0-7]{1,4}$/.test(given)) return Number.parseInt(given, 8);
  throw new UsageError(`${name}: "${given}" is no octal mode`);
}

/** `help`. */
export const HELP: readonly Option<Settings>[] = [
  flag({ names: "-help -h", asks: "summary", help: "print examples and the names of the sections" }),
  valued({
    names: "-help-option -ho",
    value: text("REGEX"),
    asks: "option",
    help:
      "print the options whose names or values match REGEX, a POSIX extended regular expression, or else those whose " +
      "descriptions do",
  }),
  valued({
    names: "-help-section -hs",
    value: text("NAME"),
    asks: "section",
    help: 'print a section, or those whose names match NAME as an expression; "list" prints all names',
  }),
  valued({
    names: "-help-comp",
    value: text("NAME"),
    asks: "compressor",
    help: 'print the options of a compressor; "list" prints the names of all, "all" the options of all',
  }),
  flag({ names: "-Xhelp", asks: "selected", help: "print the options of the compressor that -comp names" }),
  flag({ names: "-help-all -ha --help", asks: "help", help: "print everything" }),
  valued({
    names: "-cols",
    value: COLUMNS,
    default: "those of the terminal, else 80",
    help: "columns of what these options print; 0: lines are not broken",
  }),
  flag({ names: "-no-pager", help: "accepted: no pager is used" }),
  flag({ names: "-version --version", asks: "version", help: "print the version" }),
];
