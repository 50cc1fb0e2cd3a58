/**
 * A closure's list of store paths: one a line, as `nix-store -qR`, `closureInfo` and `nix path-info -r` write it. A
 * list may name a whole store, so it stays what it is, bytes, and what is known of each path lies in typed arrays.
 */
import { compareRanges, equalBytes, latin1FromBytes, showBytes, writeLatin1 } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { excerpt } from "../../../core/excerpt.ts";
import { findTextStart } from "../../text/encoding.ts";
import { stripCaseHack } from "./case-hack.ts";

/** The paths of a closure: plain data. */
export interface ClosurePaths {
  /** Holds all paths: the arena of the tree that they are for. */
  bytes: Uint8Array;
  /** Where each path starts. */
  from: Uint32Array;
  /** Where it ends. */
  to: Uint32Array;
  /** The line on which it was given, or its place among the arguments, from 1. */
  line: Uint32Array;
  /** What stands before `line` in messages: `store-paths:`. */
  where: string;
  /** Paths are those of Windows: two slashes begin the name of a server, and a colon stands behind a drive only. */
  isWindows?: boolean;
}

const NEWLINE = 0x0a;
const TAB = 0x09;
/** What `nix path-info` prints behind a path with -s, -S, -h and --sigs. */
const COLUMNS =
  /^(?:\t *\d+(?:\.\d+)?(?: *(?:[KMGTPEZY]i?)?B?)?)*(?:\t(?:(?:ultimate|ca:\S+|[^\s:]+:[0-9A-Za-z+/=]+)(?: |$))*)?$/;
const SLASH = 0x2f;

/**
 * Splits a list into paths, without blanks behind them and columns of `nix path-info`; empty lines count as lines but give
 * nothing. Throws `INPUT` for a list without any.
 */
export function parseClosureList(text: Uint8Array, listName: string): ClosurePaths {
  let lines = 1;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lines++;
  const [from, to, line] = [new Uint32Array(lines), new Uint32Array(lines), new Uint32Array(lines)];
  let count = 0;
  let nr = 1;
  let tab = text.indexOf(TAB);
  for (let at = findTextStart(text, listName); at < text.length; nr++) {
    const newline = text.indexOf(NEWLINE, at);
    let end = newline < 0 ? text.length : newline;
    const next = end + 1;
    if (tab >= 0 && tab < at) tab = text.indexOf(TAB, at);
    end = trimEnd(text, at, end);
    if (tab >= at && tab < end && COLUMNS.test(latin1FromBytes(text, tab, end))) end = trimEnd(text, at, tab);
    if (end > at) {
      from[count] = at;
      to[count] = end;
      line[count++] = nr;
    }
    at = next;
  }
  // whatever was to write the list has failed: an image of nothing helps nobody
  if (count === 0) throw new ImageError("INPUT", `${listName}: names no path`, { path: listName });
  const used = (numbers: Uint32Array) => numbers.subarray(0, count);
  return { bytes: text, from: used(from), to: used(to), line: used(line), where: `${listName}:` };
}

/** Where what stands between two places ends without blanks: a space, a tab, what lines of Windows end with. */
function trimEnd(text: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && (text[end - 1] === 0x20 || text[end - 1] === TAB || text[end - 1] === 0x0d)) end--;
  return end;
}

/**
 * Sorts a closure's paths by base name, the order of the root directory, and drops repetitions. Throws `INPUT` for two
 * paths of one base name, a path inside another, and a path without a name. Spells each path tidily where it lies.
 */
export function arrangeClosure(given: ClosurePaths): ClosurePaths {
  const names = new TopNames(given);
  const sorted = given.line.map((_, index) => index).sort((a, b) => names.compare(a, b) || a - b);
  refuseNested(given, names, sorted);
  let count = 0;
  for (const index of sorted) {
    const before = sorted[count - 1];
    if (before !== undefined && names.compare(before, index) === 0) {
      if (equalBytes(topPath(given, before), topPath(given, index))) continue;
      throw refuse(given, index, `has the same name as ${showTop(given, before)}`);
    }
    sorted[count++] = index;
  }
  return pickTops(given, sorted.subarray(0, count));
}

/** The paths at some indexes, in that order. */
export function pickTops({ bytes, from, to, line, where }: ClosurePaths, indexes: Uint32Array): ClosurePaths {
  const pick = (numbers: Uint32Array) => indexes.map((index) => numbers[index]!);
  return { bytes, from: pick(from), to: pick(to), line: pick(line), where };
}

/** The bytes of one path. */
export function topPath({ bytes, from, to }: ClosurePaths, index: number): Uint8Array {
  return bytes.subarray(from[index]!, to[index]!);
}

/** The name that a path of a closure has in the root, as a latin1 string. */
export function topName(paths: ClosurePaths, index: number): string {
  const path = topPath(paths, index);
  return stripCaseHack(latin1FromBytes(path, path.lastIndexOf(SLASH) + 1));
}

/** Where in each path its name in the image lies; paths are made tidy on the way. */
class TopNames {
  readonly #bytes: Uint8Array;
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;

  constructor(paths: ClosurePaths) {
    this.#bytes = paths.bytes;
    this.#from = new Uint32Array(paths.from.length);
    this.#to = new Uint32Array(paths.from.length);
    for (let index = 0; index < paths.from.length; index++) this.#add(paths, index);
  }

  /** Byte order of the names of two paths. */
  compare(a: number, b: number): number {
    return this.#compareRange(this.#from[a]!, this.#to[a]!, b);
  }

  /** The first place in `sorted` whose name is not before that of the path at `from` to `to`. */
  search(sorted: Uint32Array, from: number, to: number): number {
    const base = this.#bytes.lastIndexOf(SLASH, to - 1) + 1;
    const nameFrom = Math.max(from, base);
    const nameTo = nameFrom + stripCaseHack(latin1FromBytes(this.#bytes, nameFrom, to)).length;
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compareRange(nameFrom, nameTo, sorted[middle]!) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compareRange(from: number, to: number, index: number): number {
    return compareRanges(this.#bytes, from, to, this.#from[index]!, this.#to[index]!);
  }

  #add(paths: ClosurePaths, index: number): void {
    const path = topPath(paths, index);
    if (path.indexOf(0) >= 0) throw refuse(paths, index, "holds a NUL byte");
    const text = tidyPath(latin1FromBytes(path), paths.isWindows);
    const base = text.slice(text.lastIndexOf("/") + 1);
    const isDrive = paths.isWindows && base.includes(":");
    if (base === "" || base === "." || base === ".." || isDrive) throw refuse(paths, index, "has no name of its own");
    if (text.length < path.length) writeLatin1(text, path, 0);
    paths.to[index] = paths.from[index]! + text.length;
    this.#from[index] = paths.to[index]! - base.length;
    this.#to[index] = this.#from[index]! + stripCaseHack(base).length;
  }
}

/** Throws for the first path, in the order given, that lies inside another. */
function refuseNested(paths: ClosurePaths, names: TopNames, sorted: Uint32Array): void {
  const { bytes, from, to } = paths;
  // nearly all paths lie in one folder, which needs to be looked for once
  let [folderFrom, folderTo] = [0, 0];
  for (let index = 0; index < from.length; index++) {
    const first = from[index]!;
    let slash = bytes.lastIndexOf(SLASH, to[index]! - 1);
    if (slash <= first || compareRanges(bytes, first, slash, folderFrom, folderTo) === 0) continue;
    [folderFrom, folderTo] = [first, slash];
    for (; slash > first; slash = bytes.lastIndexOf(SLASH, slash - 1)) {
      const outer = sorted[names.search(sorted, first, slash)];
      // of two paths of one name, which is an error too, this may miss the second
      if (outer === undefined || compareRanges(bytes, first, slash, from[outer]!, to[outer]!) !== 0) continue;
      throw refuse(paths, index, `lies inside ${showTop(paths, outer)}; list the outer path only`);
    }
  }
}

/** One spelling for each path, as far as that can be told without looking at the disk. */
function tidyPath(path: string, isWindows = false): string {
  if (isWindows && /^\/\/[^/]/.test(path)) return `/${tidyPath(path.slice(1))}`;
  const tidy = path.replace(/\/(?:\.?\/)+/g, "/");
  return tidy.length > 1 && tidy.endsWith("/") ? tidy.slice(0, -1) : tidy;
}

function showTop(paths: ClosurePaths, index: number): string {
  return `${showBytes(topPath(paths, index))} (${paths.where}${paths.line[index]})`;
}

function refuse(paths: ClosurePaths, index: number, why: string): ImageError {
  const shown = showBytes(topPath(paths, index));
  // with a NUL byte in it, it may be anything, and long
  const said = shown.includes("\0") ? excerpt(shown) : shown;
  return new ImageError("INPUT", `${paths.where}${paths.line[index]}: ${said}: ${why}`, { path: shown });
}
