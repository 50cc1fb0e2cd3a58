/** Extended attributes: sets of them, and one set as formats write it: in the order of the names, each once. */
import { compareBytes, latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { MAX_XATTR_LIST } from "../../core/xattr.ts";
import { compileEreOption } from "../text/ere.ts";
import type { XattrNameRules } from "./policy.ts";

/** Extended attributes of an entry: full names (`user.comment`) as bytes, and values. */
export interface Xattr {
  name: Uint8Array;
  value: Uint8Array;
}

/**
 * Puts encoded attributes in the byte order of their full names.
 *
 * @param path for messages
 * @throws ImageError `INPUT` when a name is there twice, `LIMIT` when Linux would list none of them
 */
export function orderSet<T extends { readonly fullName: Uint8Array }>(set: readonly T[], path: string): T[] {
  const ordered = [...set].sort((a, b) => compareBytes(a.fullName, b.fullName));
  ordered.forEach(({ fullName }, i) => {
    if (i > 0 && compareBytes(ordered[i - 1]!.fullName, fullName) === 0) {
      throw new ImageError("INPUT", `${path}: attribute ${showBytes(fullName)} is given twice`, { path });
    }
  });
  const listed = ordered.reduce((sum, { fullName }) => sum + fullName.length + 1, 0);
  if (listed <= MAX_XATTR_LIST) return ordered;
  const why = `the names of its attributes take ${listed} bytes; Linux lists ${MAX_XATTR_LIST}`;
  throw new ImageError("LIMIT", `${path}: ${why}`, { path });
}

/** Tells which attributes are taken, by their full names. Throws `INPUT` on a bad expression. */
export function compileXattrNames({ include, exclude }: XattrNameRules): (name: Uint8Array) => boolean {
  const isIncluded = include === undefined ? () => true : compileEreOption("xattrNames.include", include);
  const isExcluded = exclude === undefined ? () => false : compileEreOption("xattrNames.exclude", exclude);
  return (name) => {
    const text = latin1FromBytes(name);
    return isIncluded(text) && !isExcluded(text);
  };
}

/** Attribute sets of a tree; set 0 is the empty one. */
export class XattrSets {
  readonly sets: Xattr[][];
  readonly #indexes = new Map<string, number>();

  /** @param sets those that there are already */
  constructor(sets: Xattr[][]) {
    this.sets = sets;
  }

  /** The number of a set; equal ones have one. */
  index(set: readonly Xattr[]): number {
    if (set.length === 0) return 0;
    const key = JSON.stringify(set.map(({ name, value }) => [latin1FromBytes(name), latin1FromBytes(value)]));
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.sets.push([...set]) - 1;
    this.#indexes.set(key, index);
    return index;
  }
}
