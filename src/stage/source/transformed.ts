/** What sources are of which a caller's functions leave entries out, or change them, and what these are told. */
import type { Entry, EntryTime } from "./entry.ts";
import type { Source } from "./source.ts";

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

/** A source that `filter()` or `map()` has made. */
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
