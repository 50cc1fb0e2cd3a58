/** Sources of which a caller's functions leave entries out, or change them. What that comes to: transform-tree.ts. */
import { ImageError } from "../../core/error.ts";
import { showValue } from "../../core/options/checks.ts";
import type { MergedSource, Source } from "./source.ts";
import type { EntryChange, TransformedSource, TreeEntry } from "./transformed.ts";

/**
 * What of any source `keeps` says true of; what it says false of is left out, with all below it. It is called once for each
 * entry but the root, a directory before what is in it, in byte order of the names, and knows what options for all entries
 * have made of them, but for `chmod`.
 */
export function filter(source: Source, keeps: (entry: TreeEntry) => boolean): TransformedSource {
  checkFunction("filter()", source, keeps);
  return { ...outlineOf(source), keeps };
}

/**
 * Any source with some entries changed. `change` is called as that of {@link filter} is, for the root too, and returns
 * what is to be different, or undefined. Of a file with several names the first says what becomes of it, the others
 * where they go. Throws `INPUT` for two entries that get one path.
 */
export function map(source: Source, change: (entry: TreeEntry) => EntryChange | undefined): TransformedSource {
  checkFunction("map()", source, change);
  return { ...outlineOf(source), change };
}

function checkFunction(what: string, source: unknown, given: unknown): void {
  const isSource = typeof source === "object" && source !== null && "isClosure" in source;
  if (!isSource) throw new ImageError("INPUT", `${what}: ${showValue(source)} is no source`);
  if (typeof given !== "function") throw new ImageError("INPUT", `${what}: ${showValue(given)} is not a function`);
}

function outlineOf(source: Source): Omit<TransformedSource, "keeps" | "change"> {
  const { isClosure, isStore = false } = source;
  const restore = (error: unknown) => ("restore" in source ? (source as MergedSource).restore(error) : error);
  return { isClosure, isStore, of: source, restore };
}
