/** A closure's list of store paths: one a line, as `nix-store -qR`, `closureInfo` and `nix path-info -r` write it. */
import { compareBytes, latin1FromBytes, showBytes } from "../core/bytes.ts";
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
const SLASH = 0x2f;

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
    let end = path.length;
    while (end > 1 && path[end - 1] === SLASH) end--;
    const trimmed = path.subarray(0, end);
    if (trimmed.indexOf(0) >= 0) throw refuse(trimmed, where, "holds a NUL byte");
    const base = showBytes(baseName(trimmed));
    if (base === "" || base === "." || base === "..") throw refuse(trimmed, where, "has no name of its own");
    const key = latin1FromBytes(trimmed);
    if (!byPath.has(key)) byPath.set(key, { path: trimmed, where });
  }
  for (const [key, { path, where }] of byPath) {
    for (let slash = key.lastIndexOf("/"); slash > 0; slash = key.lastIndexOf("/", slash - 1)) {
      const outer = byPath.get(key.slice(0, slash));
      if (outer)
        throw refuse(path, where, `lies inside ${showBytes(outer.path)} (${outer.where}); list the outer path only`);
    }
  }
  const sorted = [...byPath.values()].sort((a, b) => compareBytes(baseName(a.path), baseName(b.path)));
  sorted.forEach((top, index) => {
    const before = sorted[index - 1];
    if (before && compareBytes(baseName(before.path), baseName(top.path)) === 0) {
      throw refuse(top.path, top.where, `has the same name as ${showBytes(before.path)} (${before.where})`);
    }
  });
  return sorted;
}

/** What follows the last slash. */
export function baseName(path: Uint8Array): Uint8Array {
  return path.subarray(path.lastIndexOf(SLASH) + 1);
}

function refuse(path: Uint8Array, where: string, why: string): ImageError {
  const shown = showBytes(path);
  return new ImageError("INPUT", `${where}: ${shown}: ${why}`, { path: shown });
}
