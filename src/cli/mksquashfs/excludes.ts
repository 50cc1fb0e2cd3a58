/** What `-e` and `-ef` of `ts-mksquashfs` leave out. */
import { type BigIntStats, lstatSync } from "node:fs";
import { ImageError } from "../../core/error.ts";
import type { ExcludeRules } from "../../index.ts";
import { latin1Text } from "../../stage/text/encoding.ts";
import type { ComponentRule } from "../../stage/tree/exclude.ts";
import { readInput } from "../shared/input.ts";
import { imagePaths, isBelowSources, type Placed } from "./places.ts";
import type { Settings } from "./settings.ts";

/** Rules, and files that are left out under all their names. */
export interface Excludes {
  /** As they were given. */
  texts: readonly string[];
  rules: { -readonly [K in keyof ExcludeRules]: ExcludeRules[K] };
  inodes: ExcludedInodes;
}

/** What was given for each file, by its device and inode, `DEVICE:INODE`. */
export type ExcludedInodes = ReadonlyMap<string, readonly string[]>;

/** What is left out. Throws `INPUT` for a file that cannot be read, and a pattern that names nothing. */
export function readExcludes(settings: Settings, places: readonly Placed[]): Excludes {
  const { matching, maxDepth } = settings;
  const given = [...settings.excludes, ...settings.excludeFiles.flatMap(readExcludeFile)];
  const rules: Excludes["rules"] = maxDepth === undefined ? {} : { maxDepth };
  if (given.length === 0) return { texts: given, rules, inodes: new Map() };
  if (matching === "paths") {
    rules.paths = given.flatMap((path) => imagePaths(path, places));
    return { texts: given, rules, inodes: settings.zip || settings.tar ? new Map() : findInodes(given, places) };
  }
  rules.components = given.map((pattern) => toComponents(pattern, matching === "wildcards" ? "glob" : "regex"));
  return { texts: given, rules, inodes: new Map() };
}

/** Blanks before a name are none of it, those behind it are; a `\` lets it begin with a blank or a `#`. */
function readExcludeFile(file: string): string[] {
  return Buffer.from(latin1Text(readInput(file), file), "latin1")
    .toString()
    .split("\n")
    .map((line) => line.replace(/\r$/, "").replace(/^[ \t\v\f\r]+/, ""))
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.replace(/^\\/, ""))
    .filter((line) => line !== "");
}

/** Files with several names, of which one is given: mksquashfs leaves out what has the device and inode of a path. */
function findInodes(given: readonly string[], places: readonly Placed[]): ExcludedInodes {
  const inodes = new Map<string, string[]>();
  for (const text of given) {
    for (const path of isBelowSources(text) ? places.map((place) => `${place.path}/${text}`) : [text]) {
      const stats: BigIntStats | undefined = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (!stats || stats.isDirectory() || stats.nlink === 1n) continue;
      const inode = `${stats.dev}:${stats.ino}`;
      inodes.set(inode, [...(inodes.get(inode) ?? []), text]);
    }
  }
  return inodes;
}

/** Each name of a path has a pattern of its own; `... ` before them: they may begin in any directory. */
function toComponents(pattern: string, kind: ComponentRule["kind"]): ComponentRule {
  const isSticky = /^\.\.\.[ \t]+/.test(pattern);
  const parts = pattern
    .replace(/^\.\.\.[ \t]+/, "")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) throw new ImageError("INPUT", `exclude "${pattern}": names nothing`);
  return { parts, kind, isAnchored: !isSticky, text: pattern };
}
