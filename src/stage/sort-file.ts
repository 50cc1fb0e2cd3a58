/**
 * Sort files: the order in which the contents of files are stored, and how.
 *
 *     gensquashfs   -8000 [glob,dont_compress] bin/*      lower numbers first, paths of the image
 *     mksquashfs    bin/sh 100                            higher numbers first, files and directories
 */
import { latin1FromBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { splitPath } from "./edit.ts";
import { compileGlob } from "./glob.ts";
import { LineReader, readLines, show } from "./line-words.ts";
import { type InodeOrder, sharedUint32 } from "./order.ts";
import { S_IFREG, type Tree } from "./tree.ts";

/** Bits of a file's flags: its blocks are not compressed. */
export const FILE_RAW = 1;
/** Its end is in no fragment. */
export const FILE_NO_FRAGMENT = 2;
/** It shares its data with no other. */
export const FILE_NO_DEDUPE = 4;
/** Its blocks of zeros are stored. */
export const FILE_NO_HOLES = 8;

/** One rule: where the files go that match it. Plain data. */
export interface SortRule {
  /** Files with smaller numbers come first. */
  order: number;
  /** FILE_ bits. */
  flags: number;
  /** Path or pattern; a latin1 string without leading slash. */
  path: string;
  /** How the path of a file is compared with it; `below`: it is the file, or a directory that the file lies in. */
  match: "exact" | "glob" | "glob_no_path" | "below";
}

/** The order of the contents of regular files. */
export interface FileOrder {
  /** Regular files that are inodes of their own. */
  files: Uint32Array;
  /** FILE_ bits by entry; undefined where none is set. */
  flags: Uint8Array | undefined;
  /** Paths of the rules that are for no file. */
  unmatched: string[];
}

const FLAGS: Readonly<Record<string, number>> = {
  dont_compress: FILE_RAW,
  dont_fragment: FILE_NO_FRAGMENT,
  dont_deduplicate: FILE_NO_DEDUPE,
  nosparse: FILE_NO_HOLES,
};

/** Reads a sort file of gensquashfs. Throws `INPUT` naming the line. */
export function parseSortFile(text: Uint8Array, name: string): SortRule[] {
  return [...readLines(text, name)].map((line) => {
    const reader = new LineReader(line);
    const order = toPriority(reader, reader.need("the priority"), Number.MAX_SAFE_INTEGER);
    const rule: SortRule = { order, flags: 0, path: "", match: "exact" };
    if (reader.rest.startsWith("[")) {
      const words = /^\[([^\]]*)\][ \t]*/.exec(reader.rest);
      if (!words) throw reader.fail("[ is not closed");
      reader.skip(words[0].length);
      for (const word of words[1]!.split(",").map((part) => part.trim())) {
        if (word === "glob" || word === "glob_no_path") rule.match = word;
        else if (word === "align") throw reader.fail("align: not supported, nor by later versions of gensquashfs");
        else if (FLAGS[word] === undefined) throw reader.fail(`${word}: unknown flag`);
        else rule.flags |= FLAGS[word];
      }
    }
    const path = reader.nextAll();
    if (path === undefined) throw reader.fail("the path is missing");
    rule.path = tidy(path, reader);
    return rule;
  });
}

const MAX_PRIORITY = 32768;

/** Reads a sort file of mksquashfs, whose paths `toImage` turns into those of the image. Throws `INPUT` naming the line. */
export function parsePriorities(text: Uint8Array, name: string, toImage: (path: string) => string): SortRule[] {
  return [...readLines(text, name)].map((line) => {
    const reader = new LineReader(line);
    const path = reader.nextEscaped() ?? "";
    const order = -toPriority(reader, reader.need("the priority"), MAX_PRIORITY);
    reader.end();
    return { order, flags: 0, path: tidy(toImage(path), reader), match: "below" };
  });
}

function tidy(path: string, reader: LineReader): string {
  try {
    return splitPath(path).join("/");
  } catch (error) {
    throw reader.fail((error as Error).message);
  }
}

function toPriority(reader: LineReader, word: string, most: number): number {
  const value = /^[+-]?[0-9]+$/.test(word) ? Number(word) : Number.NaN;
  if (!(Math.abs(value) <= most)) throw reader.fail(`the priority is a number from ${-most} to ${most}`);
  return value;
}

/** Throws `INPUT` for rules with other FILE_ bits than `known`, which would have no effect. */
export function checkSortFlags(rules: readonly SortRule[], known: number): void {
  for (const { flags, path } of rules) {
    const word = Object.keys(FLAGS).find((name) => (FLAGS[name]! & flags & ~known) !== 0);
    if (word !== undefined) throw new ImageError("INPUT", `sort rule for ${show(path)}: ${word} says nothing here`);
  }
}

/** Orders the files of a tree: by the first rule that each matches, else as 0; equal ones as they are. */
export function orderFiles(tree: Tree, { order }: Pick<InodeOrder, "order">, rules: readonly SortRule[]): FileOrder {
  const files = order.filter((entry) => tree.kind(entry) === S_IFREG);
  if (rules.length === 0) return { files: shared(files), flags: undefined, unmatched: [] };
  const find = compileRules(rules);
  const keys = new Map<number, number>();
  const flags = new Uint8Array(new SharedArrayBuffer(tree.length));
  const matched = new Set<SortRule>();
  for (const entry of files) {
    const rule = find(latin1FromBytes(tree.path(entry)));
    if (!rule) continue;
    matched.add(rule);
    keys.set(entry, rule.order);
    flags[entry] = rule.flags;
  }
  const keyOf = (entry: number) => keys.get(entry) ?? 0;
  const unmatched = rules.filter((rule) => !matched.has(rule)).map(({ path }) => show(path));
  return { files: shared(files.sort((a, b) => keyOf(a) - keyOf(b))), flags, unmatched };
}

function shared(files: Uint32Array): Uint32Array {
  const array = sharedUint32(files.length);
  array.set(files);
  return array;
}

/** Finds the first rule that a path matches; those without wildcards by look-up. */
function compileRules(rules: readonly SortRule[]): (path: string) => SortRule | undefined {
  const exact = new Map<string, number>();
  const below = new Map<string, number>();
  const globs: { index: number; matches: (path: string) => boolean }[] = [];
  rules.forEach((rule, index) => {
    if (rule.match === "exact") exact.set(rule.path, exact.get(rule.path) ?? index);
    else if (rule.match === "below") below.set(rule.path, index);
    else globs.push({ index, matches: compileGlob(rule.path, { pathname: rule.match === "glob" }) });
  });
  return (path) => {
    // of directories inside each other, what is said of the inner one counts
    for (let part = path; below.size > 0; part = part.slice(0, Math.max(part.lastIndexOf("/"), 0))) {
      const index = below.get(part);
      if (index !== undefined) return rules[index];
      if (part === "") break;
    }
    const index = exact.get(path) ?? Number.POSITIVE_INFINITY;
    const glob = globs.find((each) => each.index > index || each.matches(path));
    const first = glob && glob.index < index ? glob.index : index;
    return first === Number.POSITIVE_INFINITY ? undefined : rules[first];
  };
}
