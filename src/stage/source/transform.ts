/** Sources of which a caller's functions leave entries out, or change them. What that comes to: transform-tree.ts. */
import { ImageError } from "../../core/error.ts";
import { showValue } from "../../core/options/checks.ts";
import type { Entry, EntryTime } from "./entry.ts";
import type { MergedSource, Source } from "./source.ts";

/** An entry of a source's tree, as options for all entries have left it. */
export interface TreeEntry {
  /** In the image, relative to the root, which is `""`; bytes that are no UTF-8 are `\xNN`. */
  readonly path: string;
  /** The same as bytes. */
  readonly pathBytes: Uint8Array;
  /** What it is; a hard link is what it names. */
  readonly kind: Exclude<NonNullable<Entry["kind"]>, "hardlink">;
  /** Permission bits, set-id and sticky bits included. */
  readonly mode: number;
  /** User. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Seconds since 1970, and nanoseconds forward from them. */
  readonly mtime: { readonly sec: number; readonly nsec: number };
  /** Of a file: bytes of its contents. Of a symbolic link: of its target. Else 0. */
  readonly size: number;
  /** Of a symbolic link; bytes that are no UTF-8 are `\xNN`. */
  readonly target: string | undefined;
  /** Extended attributes by full name. */
  readonly xattrs: readonly (readonly [name: string, value: Uint8Array])[];
}

/** What becomes of an entry; what is not there stays as it is. */
export interface EntryChange {
  /** Where it goes, relative to the root, with all that lies in it and goes nowhere else. Missing parents are made, mode 0755. */
  path?: string | Uint8Array | undefined;
  /** Permission bits. */
  mode?: number | undefined;
  /** User. */
  uid?: number | undefined;
  /** Group. */
  gid?: number | undefined;
  /** Its time. */
  mtime?: EntryTime | undefined;
  /** Of a symbolic link. */
  target?: string | Uint8Array | undefined;
  /** All its extended attributes. */
  xattrs?: Entry["xattrs"];
}

/** A source that {@link filter} or {@link map} has made. */
export interface TransformedSource extends Source {
  /** What it is made of. */
  readonly of: Source;
  /** Says what stays. */
  readonly keeps?: (entry: TreeEntry) => boolean;
  /** Says what becomes of each entry. */
  readonly change?: (entry: TreeEntry) => EntryChange | undefined;
  /** Says the paths of an error as they were given. */
  restore(error: unknown): unknown;
}

/** Whether a source is a {@link TransformedSource}. */
export function isTransformed(source: Source): source is TransformedSource {
  return "of" in source;
}

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
