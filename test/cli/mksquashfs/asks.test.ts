/** `-help` and its relatives, as mksquashfs 4.7 has them. */
import { expect, test } from "vitest";
import { MANUAL } from "../../../src/cli/mksquashfs/manual.ts";
import { parseMksquashfs } from "../../../src/cli/mksquashfs/options.ts";
import { COMPRESSOR_NAMES } from "../../../src/cli/shared/compressor-help.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";
import { formatHelp } from "../../../src/cli/shared/manual/help.ts";
import { COMPRESSORS } from "../../../src/squashfs/disk/compressors.ts";

/** What a command line prints on a page of 80 columns. */
function print(line: string): string {
  const command = parseMksquashfs(line.split(" "), {});
  if (command.action !== "print") throw new Error(`"${line}" prints nothing`);
  return command.text(80);
}

/** The names of options that stand in a text. */
const shown = (text: string) => Array.from(text.matchAll(/^ {2}(-[\w-]+)/gm), ([, name]) => name);

test("-help is a summary: usage, examples, sections", () => {
  const summary = print("-help");
  expect(summary).toMatch(/^Usage: ts-mksquashfs SOURCE/);
  expect(summary).toMatch(/^ {2}xattrs {7}Extended attributes$/m);
  expect(summary).toMatch(/^Sections:$/m);
  expect(shown(summary)).toEqual([]);
  for (const line of ["-h", "tree image -help", "tree -help", "tree image -bogus -b -odd -help"]) {
    expect(print(line)).toBe(summary);
  }
});

test.each(["-help-all", "-ha", "--help", "tree image -comp bogus -help-all"])("%s prints all", (line) => {
  expect(print(line)).toBe(formatHelp(MANUAL, 80));
});

test.each([
  ["-no-frag", ["-no-fragments"]],
  ["^-no[IDFX]$", ["-noI", "-noD", "-noF", "-noX"]],
  ["fstime", ["-mkfs-time"]],
  ["^TIME$", ["-mkfs-time", "-inode-time", "-root-time", "-repro-time"]],
  ["^-(tar|tarstyle)$", ["-no-strip", "-tar"]],
  ["NFS", ["-exports", "-no-exports"]],
  ["mounted", ["-one-file-system", "-one-file-system-x"]],
])("-help-option %s", (pattern, names) => {
  expect(shown(print(`-help-option ${pattern}`))).toEqual(names);
  expect(print(`-ho ${pattern}`)).toBe(print(`-help-option ${pattern}`));
});

test.each([
  ["-help-option (", '-help-option: regular expression "(": unmatched "("'],
  ["-ho [", '-ho: regular expression "[": unmatched "["'],
  ["-help-option nothing-like-it", '-help-option: "nothing-like-it" matches no option'],
  ["-help-option ^-fix$", '-help-option: "^-fix$" matches only what is not there: -fix'],
  ["-help-section [", '-help-section: regular expression "[": unmatched "["'],
  ["-help-option", "-help-option: needs an argument"],
  ["-hs", "-hs: needs an argument"],
  ["-help-comp gzp", `-help-comp: "gzp" is none of ${COMPRESSOR_NAMES.join(", ")}`, "Did you mean gzip?"],
  ["-help -cols wide", '-cols: "wide" is not a number'],
])("%s is refused: %s", (line, message, hint?: string) => {
  expect(() => print(line)).toThrow(new UsageError(message, hint));
});

test("-help-section prints a section, those that match, or all names", () => {
  expect(print("-help-section xattrs")).toMatch(/^Extended attributes:\n {2}-xattrs-add NAME=VALUE /);
  expect(shown(print("-hs xattrs"))).toEqual([
    "-xattrs-add",
    "-no-xattrs",
    "-xattrs",
    "-xattrs-reader",
    "-xattrs-exclude",
    "-xattrs-include",
  ]);
  expect(print("-hs tar")).toMatch(/^Tar archives:\n {2}-default-mode MODE +mode, octal, of directories/);
  expect(print("-help-section ^(exit|append)$")).toMatch(/^Appending:\n[\s\S]*\n\nExit status:\n/);
  expect(print("-help-section list")).toMatch(/^Sections:\n {2}compression {2}Compression\n/);
});

test("a section that is none gets the names of all, and is no error", () => {
  const text = print("-help-section compresion");
  expect(text).toMatch(/^"compresion" matches none of the sections:\n {2}Did you mean compression\?\n\n/);
  expect(text.endsWith(print("-help-section list").replace(/^Sections:\n/, ""))).toBe(true);
});

test("-help-comp and -Xhelp print the options of compressors", () => {
  expect(print("-help-comp list")).toBe(`${COMPRESSOR_NAMES.join("\n")}\n`);
  expect(shown(print("-help-comp gzip"))).toEqual(["-Xcompression-level", "-Xwindow-size", "-Xstrategy"]);
  const words = Object.values(COMPRESSORS).flatMap((row) =>
    (row.words ?? []).flatMap(({ mksquashfs }) => mksquashfs ?? []),
  );
  expect(shown(print("-help-comp all"))).toEqual(words);
  expect(print("tree image -Xhelp")).toBe(print("-help-comp gzip"));
  expect(print("tree image -comp zstd -Xhelp")).toBe(print("-help-comp zstd"));
});

test("-cols is the width, wherever it stands; 0 breaks no line", () => {
  const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));
  expect(longest(print("-help-all -cols 50"))).toBeLessThanOrEqual(50);
  expect(longest(print("-cols 110 -no-pager -help-all"))).toBeGreaterThan(80);
  expect(print("-help-all -cols 0")).toBe(formatHelp(MANUAL, Number.POSITIVE_INFINITY));
});

test("what -e leaves out, and the arguments of options, ask for nothing", () => {
  expect(() => print("tree image -e -help")).toThrow("tree: no such file or directory");
  expect(() => print("tree image -sort -help")).toThrow("tree: no such file or directory");
});
