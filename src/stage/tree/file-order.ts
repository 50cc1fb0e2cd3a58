/** The order in which the contents of files are stored, and how: rules, and what they make of a tree. */
import { latin1FromBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { type Checks, NUMBER, needed, oneOf, TEXT } from "../../core/options/checks.ts";
import { shareUint32 } from "../../core/shared.ts";
import { compileGlob } from "../text/glob.ts";
import { show } from "../text/line-words.ts";
import type { InodeOrder } from "./order.ts";
import { S_IFREG, type Tree } from "./tree.ts";

/** Bits of a file's flags: its blocks are not compressed. */
export const FILE_RAW = 1;
/** Its end is in no fragment. */
export const FILE_NO_FRAGMENT = 2;
/** It shares its data with no other. */
export const FILE_NO_DEDUPE = 4;
/** Its blocks of zeros are stored. */
export const FILE_NO_HOLES = 8;
/** Its blocks are compressed, whatever those of others are. */
export const FILE_COMPRESSED = 16;
/** It is in a fragment if it is smaller than a block, whatever others are. */
export const FILE_SMALL_TAIL = 32;
/** Its end is in a fragment, whatever those of others are. */
export const FILE_ANY_TAIL = 64;

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

/** What may stand in a {@link SortRule}. */
export const SORT_RULE: Checks<SortRule> = {
  order: needed(NUMBER),
  flags: needed(NUMBER),
  path: needed(TEXT),
  match: needed(oneOf("exact", "glob", "glob_no_path", "below")),
};

/** The order of the contents of regular files. */
export interface FileOrder {
  /** Regular files that are inodes of their own. */
  files: Uint32Array;
  /** FILE_ bits by entry; undefined where none is set. */
  flags: Uint8Array | undefined;
  /** Paths of the rules that are for no file. */
  unmatched: string[];
}

/** FILE_ bits by the words of sort files. */
export const SORT_FLAGS: Readonly<Record<string, number>> = {
  dont_compress: FILE_RAW,
  dont_fragment: FILE_NO_FRAGMENT,
  dont_deduplicate: FILE_NO_DEDUPE,
  nosparse: FILE_NO_HOLES,
};

/** Throws `INPUT` for rules with other FILE_ bits than `known`, which would have no effect. */
export function checkSortFlags(rules: readonly SortRule[], known: number): void {
  for (const { flags, path } of rules) {
    const word = Object.keys(SORT_FLAGS).find((name) => (SORT_FLAGS[name]! & flags & ~known) !== 0);
    if (word !== undefined) throw new ImageError("INPUT", `sort rule for ${show(path)}: ${word} says nothing here`);
  }
}

/** Orders the files of a tree: by the first rule that each matches, else as 0; equal ones as they are. */
export function orderFiles(tree: Tree, { order }: Pick<InodeOrder, "order">, rules: readonly SortRule[]): FileOrder {
  const files = order.filter((entry) => tree.kind(entry) === S_IFREG);
  if (rules.length === 0 && !tree.hasStorage) return { files: shareUint32(files), flags: undefined, unmatched: [] };
  const find = compileRules(rules);
  const keys = new Map<number, number>();
  const flags = new Uint8Array(new SharedArrayBuffer(tree.length));
  const matched = new Set<SortRule>();
  for (const entry of files) {
    if (tree.hasStorage) flags[entry] = tree.storage(entry).flags;
    const rule = rules.length === 0 ? undefined : find(latin1FromBytes(tree.path(entry)));
    if (!rule) continue;
    matched.add(rule);
    keys.set(entry, rule.order);
    flags[entry]! |= rule.flags;
  }
  const keyOf = (entry: number) => keys.get(entry) ?? 0;
  const unmatched = rules.filter((rule) => !matched.has(rule)).map(({ path }) => show(path));
  return { files: shareUint32(files.sort((a, b) => keyOf(a) - keyOf(b))), flags, unmatched };
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
