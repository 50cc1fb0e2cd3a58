/** The table of `ts-mksquashfs`: how the program runs, and what it prints. */
import { type Option, rowsFor } from "../shared/option.ts";
import { number, text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";
import { MEMORY, percentage } from "./values.ts";

const { flag, valued, refused } = rowsFor<Settings>();

/** Columns of a page; 0 for lines that are not broken. */
export const COLUMNS = number("N", { min: 0, max: Number.MAX_SAFE_INTEGER });

/** `runtime`. */
export const RUNTIME: readonly Option<Settings>[] = [
  valued({
    names: "-processors",
    value: number("N", { min: 1, max: 1024 }),
    sets: "workers",
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
  flag({ names: "-quiet", sets: { quiet: true }, help: "print nothing but errors" }),
  flag({ names: "-exit-on-error", help: "accepted: every error ends the build" }),
  valued({ names: "-mem", value: MEMORY, help: "accepted: memory is bounded below any of this" }),
  valued({ names: "-mem-percent", value: percentage("PERCENT"), help: "accepted, as -mem" }),
  flag({ names: "-single-reader", help: "accepted: threads read, compress and write in turn" }),
  valued({ names: "-small-readers", value: percentage("N"), help: "accepted, as -single-reader" }),
  valued({ names: "-block-readers", value: percentage("N"), help: "accepted, as -single-reader" }),
  valued({ names: "-overcommit", value: percentage("PERCENT"), help: "accepted, as -single-reader" }),
  refused({ names: "-info-file", placeholder: "FILE", why: "not supported; -info prints to standard output" }),
  refused({ names: "-percentage", why: "not supported; -progress shows a bar" }),
  refused({ names: "-throttle", placeholder: "PERCENT", why: "not supported" }),
  refused({ names: "-limit", placeholder: "PERCENT", why: "not supported" }),
  refused({ names: "-mem-default", why: "memory is bounded, so there is no default" }),
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
  refused({
    names: "-recover -recovery-path",
    placeholder: "NAME",
    why: "there are no recovery files: a failed build leaves the target as it was",
  }),
];

/** `actions`: none is there. */
export const ACTIONS: readonly Option<Settings>[] = ["-action -a", "-log-action -va", "-true-action -ta"]
  .concat(["-false-action -fa", "-action-file -af", "-log-action-file -vaf", "-true-action-file -taf"])
  .concat(["-false-action-file -faf"])
  .map((names) => refused({ names, placeholder: "ACTION", why: "actions are not supported" }));

/** `tar`: none is there yet. */
export const TAR: readonly Option<Settings>[] = [
  ...["-default-mode", "-default-uid", "-default-gid"].map((names) => ({ names, placeholder: "X" })),
  ...["-ignore-zeros", "-numeric-owner"].map((names) => ({ names })),
].map((row) => refused({ ...row, why: "is for tar archives, which are not supported yet" }));

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
