/** A closure's list of store paths: one a line, as `nix-store -qR`, `closureInfo` and `nix path-info -r` write it. */
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";

/** One path of a closure. */
export interface ClosurePath {
  /** The path as given, without trailing slashes. */
  path: Uint8Array;
  /** Where it was given, for messages: `store-paths:12`. */
  where: string;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Nix on macOS keeps names apart that differ in case only by this suffix and a number; it is no part of the name. */
const CASE_HACK = "~nix~case~hack~";

/** Whether a name may have the suffix. */
export function hasCaseHack(name: string): boolean {
  return name.includes(CASE_HACK);
}

/** The name that an entry of a store has in the image, from the latin1 string of its name on disk. */
export function stripCaseHack(name: string): string {
  const at = name.lastIndexOf(CASE_HACK);
  return at > 0 && /^\d+$/.test(name.slice(at + CASE_HACK.length)) ? name.slice(0, at) : name;
}

/** Splits a list into paths; empty lines count as lines but give nothing. Throws `INPUT` for a list without any. */
export function parseClosureList(text: Uint8Array, listName: string): ClosurePath[] {
  const paths: ClosurePath[] = [];
  let line = 1;
  for (let at = 0; at < text.length; line++) {
    const newline = text.indexOf(NEWLINE, at);
    let end = newline < 0 ? text.length : newline;
    const next = end + 1;
    if (text[end - 1] === RETURN) end--;
    if (end > at) paths.push({ path: text.subarray(at, end), where: `${listName}:${line}` });
    at = next;
  }
  // whatever was to write the list has failed: an image of nothing helps nobody
  if (paths.length === 0) throw new ImageError("INPUT", `${listName}: names no path`, { path: listName });
  return paths;
}

/**
 * Sorts a closure's paths by base name, the order of the root directory, and drops repetitions. Throws `INPUT` for two
 * paths of one base name, a path inside another, and a path without a name.
 */
export function arrangeClosure(given: readonly ClosurePath[]): ClosurePath[] {
  const byPath = new Map<string, ClosurePath>();
  for (const { path, where } of given) {
    if (path.indexOf(0) >= 0) throw refuse(path, where, "holds a NUL byte");
    const key = tidyPath(latin1FromBytes(path));
    const base = key.slice(key.lastIndexOf("/") + 1);
    if (base === "" || base === "." || base === "..") throw refuse(path, where, "has no name of its own");
    // most paths are tidy: then the list's own bytes serve
    if (!byPath.has(key)) byPath.set(key, { path: key.length === path.length ? path : bytesFromLatin1(key), where });
  }
  for (const [key, { path, where }] of byPath) {
    for (let slash = key.lastIndexOf("/"); slash > 0; slash = key.lastIndexOf("/", slash - 1)) {
      const outer = byPath.get(key.slice(0, slash));
      if (outer)
        throw refuse(path, where, `lies inside ${showBytes(outer.path)} (${outer.where}); list the outer path only`);
    }
  }
  const named = [...byPath.values()].map((top) => ({ top, name: topName(top.path) }));
  named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  named.forEach(({ top, name }, index) => {
    const before = named[index - 1];
    if (before?.name === name) {
      throw refuse(top.path, top.where, `has the same name as ${showBytes(before.top.path)} (${before.top.where})`);
    }
  });
  return named.map(({ top }) => top);
}

/** The name that a path of a closure has in the root, as a latin1 string. */
export function topName(path: Uint8Array): string {
  const text = latin1FromBytes(path);
  return stripCaseHack(text.slice(text.lastIndexOf("/") + 1));
}

/** One spelling for each path, as far as that can be told without looking at the disk. */
function tidyPath(path: string): string {
  const tidy = path.replace(/\/(?:\.?\/)+/g, "/");
  return tidy.length > 1 && tidy.endsWith("/") ? tidy.slice(0, -1) : tidy;
}

function refuse(path: Uint8Array, where: string, why: string): ImageError {
  const shown = showBytes(path);
  return new ImageError("INPUT", `${where}: ${shown}: ${why}`, { path: shown });
}
