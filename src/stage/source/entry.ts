/** One entry of a tree that is made in JavaScript: what it may say, and what that comes to. */

import type { ByteSource } from "../../core/byte-source.ts";
import { encodeUtf8, latin1FromBytes, pathBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import {
  able,
  BYTES,
  type Check,
  type Checks,
  DATE,
  either,
  FLAG,
  NUMBER,
  needed,
  object,
  oneOf,
  record,
  showValue,
  TEXT,
} from "../../core/options/checks.ts";
import { MAX_ID } from "../tree/policy.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../tree/tree.ts";
import type { Xattr } from "../tree/xattrs.ts";

/** Seconds since 1970, a Date, or seconds (negative too) and 0..999999999 nanoseconds forward from them. */
export type EntryTime = number | Date | { sec: number; nsec: number };

/** One entry of `entries()`. Strings are UTF-8. */
export interface Entry {
  /** Relative to the root, `/` between names; `""` or `.` is the root itself. Missing parents are made, mode 0755. */
  path: string | Uint8Array;
  /** Default: `file`. `hardlink` gives an entry that came before another name: `target` is its path. */
  kind?: "file" | "directory" | "symlink" | "char" | "block" | "fifo" | "socket" | "hardlink" | undefined;
  /** Permission bits, set-id and sticky bits included. Default: 0755 for a directory, 0777 for a link, else 0644. */
  mode?: number | undefined;
  /** Default: 0. */
  uid?: number | undefined;
  /** Default: 0. */
  gid?: number | undefined;
  /** When its contents were made. Default: 0. */
  mtime?: EntryTime | undefined;
  /** Of a symbolic link: what it points to. Of a hard link: the path of the entry that it names too. */
  target?: string | Uint8Array | undefined;
  /** Of a device: 0..4095. */
  major?: number | undefined;
  /** Of a device: 0..1048575. */
  minor?: number | undefined;
  /** Extended attributes by full name. */
  xattrs?: Iterable<readonly [string, Uint8Array]> | Readonly<Record<string, Uint8Array>> | undefined;
  /**
   * Of a file: its bytes, something that reads them, or a stream of them, which is read at once, into a temporary file.
   * Default: empty.
   */
  contents?: Uint8Array | string | Blob | ByteSource | ByteStream | undefined;
  /** Of a file: look for blocks of zeros and store them as holes. Default: false. */
  sparse?: boolean | undefined;
}

/** Bytes that come in order, and only once: a ReadableStream is one, and so is a stream of Node. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** File types by kind of entry. */
export const KINDS = {
  file: S_IFREG,
  directory: S_IFDIR,
  symlink: S_IFLNK,
  char: S_IFCHR,
  block: S_IFBLK,
  fifo: S_IFIFO,
  socket: S_IFSOCK,
} as const;

const BYTES_OR_TEXT = either("a string or a Uint8Array", TEXT, BYTES);

/** A time of an entry. */
export const TIME: Check<EntryTime> = either(
  "a number, a Date or {sec, nsec}",
  NUMBER,
  DATE,
  record("part of a time", { sec: needed(NUMBER), nsec: needed(NUMBER) } as Checks<{ sec: number; nsec: number }>),
);

/** What may stand in an {@link Entry}. */
const ENTRY_CHECKS: Checks<Entry> = {
  path: needed(BYTES_OR_TEXT),
  kind: oneOf(...(Object.keys(KINDS) as (keyof typeof KINDS)[]), "hardlink"),
  mode: NUMBER,
  uid: NUMBER,
  gid: NUMBER,
  mtime: TIME,
  target: BYTES_OR_TEXT,
  major: NUMBER,
  minor: NUMBER,
  xattrs: object("attributes by name"),
  contents: either(
    "a string, a Uint8Array, a Blob, a stream or {size, readAt}",
    TEXT,
    BYTES,
    able<ByteSource>("", "readAt"),
    able<Blob>("", "slice", "arrayBuffer"),
    able<ReadableStream<Uint8Array>>("", "getReader"),
    able<AsyncIterable<Uint8Array>>("", Symbol.asyncIterator),
  ),
  sparse: FLAG,
};
const ENTRY = record("key of an entry", ENTRY_CHECKS);

/** Keys that only some kinds of entries have. A hard link has what it names has, whatever it says itself. */
const KEY_KINDS: readonly (readonly [key: keyof Entry, kinds: readonly string[]])[] = [
  ["target", ["symlink", "hardlink"]],
  ["contents", ["file"]],
  ["sparse", ["file"]],
  ["major", ["char", "block"]],
  ["minor", ["char", "block"]],
];

/** Throws `INPUT` for what is no entry, and for what would be left out of account; `number` counts entries from 1. */
export function checkEntry(entry: Entry, number: number): void {
  const fault = ENTRY.find(entry);
  if (fault) {
    const path: unknown = (entry as Partial<Entry> | null)?.path;
    const hasPath = typeof path === "string" || path instanceof Uint8Array;
    const shown = hasPath ? showBytes(pathBytes(path)) : `entry ${number}`;
    throw refuse(shown, `${fault.at === "" ? "" : `${fault.at.slice(1)}: `}${fault.why}`);
  }
  const { kind = "file" } = entry;
  for (const [key, kinds] of KEY_KINDS) {
    if (isEmpty(entry[key]) || kinds.includes(kind) || kind === "hardlink") continue;
    throw refuse(showBytes(pathBytes(entry.path)), `${key}: is for kind ${kinds.join(" and ")}, not ${kind}`);
  }
}

/** What an entry may say of a key that is none of its kind's: nothing. */
function isEmpty(value: Entry[keyof Entry]): boolean {
  return !value || (value instanceof Uint8Array && value.length === 0);
}

/** The names of a path of the image, as latin1 strings. */
export function splitPath(path: string | Uint8Array, shown: string): string[] {
  const names = latin1FromBytes(pathBytes(path))
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  for (const name of names) {
    if (name === ".." || name.includes("\0")) throw refuse(shown, "a path may hold neither .. nor NUL");
    if (name.length > 255) throw new ImageError("LIMIT", `${shown}: a name is longer than 255 bytes`, { path: shown });
  }
  return names;
}

/** Seconds, and nanoseconds forward from them; undefined for what is none. */
export function wholeTime(mtime: EntryTime): { sec: number; nsec: number } | undefined {
  if (mtime instanceof Date) {
    const sec = Math.floor(mtime.getTime() / 1000);
    return { sec, nsec: (mtime.getTime() - sec * 1000) * 1_000_000 };
  }
  const sec = typeof mtime === "number" ? Math.floor(mtime) : mtime.sec;
  const nsec = typeof mtime === "number" ? Math.floor((mtime - sec) * 1e9) : mtime.nsec;
  return Number.isSafeInteger(sec) && Number.isInteger(nsec) && nsec >= 0 && nsec < 1e9 ? { sec, nsec } : undefined;
}

/** {@link wholeTime} of an entry. */
export function splitTime(mtime: EntryTime, shown: string): { sec: number; nsec: number } {
  const time = wholeTime(mtime);
  if (time) return time;
  throw refuse(shown, "its time is not whole seconds and 0..999999999 nanoseconds");
}

/** Permission bits, given or by default. */
export function permissions(entry: Entry, kind: number, shown: string): number {
  const mode = entry.mode ?? (kind === S_IFDIR ? 0o755 : kind === S_IFLNK ? 0o777 : 0o644);
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
  throw refuse(shown, `mode ${mode} is not 0..07777`);
}

/** An owner, by default 0. */
export function checkId(id: number | undefined, shown: string): number {
  if (id === undefined) return 0;
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id;
  throw refuse(shown, `owner ${id} is not an integer from 0 to ${MAX_ID}`);
}

/** Extended attributes, in the order in which they are given. */
export function listXattrs(given: NonNullable<Entry["xattrs"]>, shown: string): Xattr[] {
  const pairs: unknown[] = Symbol.iterator in given ? [...given] : Object.entries(given);
  return pairs.map((pair) => {
    const [name, value] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof name !== "string") throw refuse(shown, `xattrs: ${showValue(pair)} is no [name, value]`);
    if (!(value instanceof Uint8Array)) throw refuse(shown, `the value of attribute ${name} is no Uint8Array`);
    return { name: encodeUtf8(name), value };
  });
}

/** An `INPUT` about an entry. */
export function refuse(shown: string, why: string): ImageError {
  return new ImageError("INPUT", `${shown}: ${why}`, { path: shown });
}
