/** What an entry is, in one form for both sides of a comparison. Names are bytes, paths latin1 (a byte a character). */
import type { BigIntStats, Dirent } from "node:fs";

/** Kinds of entries, spelled as Linux's stat(1) would abbreviate them. */
export type EntryKind = "file" | "directory" | "symlink" | "char" | "block" | "fifo" | "socket";

/** A time as the disk holds it: floor seconds, then 0..999999999. */
export interface Time {
  sec: number;
  nsec: number;
}

/** One entry of a tree that exists in memory only; what is undefined is not compared. */
export interface SpecEntry {
  /** Relative, without leading or trailing slash; the top is the empty string (and may be left out). Strings are UTF-8. */
  path: Uint8Array | string;
  kind: EntryKind;
  mode?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  mtime?: Time | undefined;
  target?: Uint8Array | string | undefined;
  major?: number | undefined;
  minor?: number | undefined;
  contents?: Uint8Array | undefined;
  size?: number | undefined;
  /** Default for what is no directory: the number of entries joined by `hardLinkOf`. */
  nlink?: number | undefined;
  /** Path of an earlier entry that is the same inode. */
  hardLinkOf?: Uint8Array | string | undefined;
  /** Full names (`user.x`). If any entry has this, those without it must have no attributes. */
  xattrs?: Record<string, Uint8Array> | undefined;
}

/** The kind that a stat, or a directory entry, tells. */
export function kindOf(entry: BigIntStats | Dirent<Buffer>): EntryKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symlink";
  if (entry.isCharacterDevice()) return "char";
  if (entry.isBlockDevice()) return "block";
  return entry.isFIFO() ? "fifo" : "socket";
}

/** Equal for two names of one inode. */
export function inodeOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

/** The path of what is called `name` in a directory. */
export function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
}

/** The latin1 path of what is called `name` in the directory `path`. */
export function childPath(path: string, name: Buffer | string): string {
  const text = typeof name === "string" ? name : name.toString("latin1");
  return path === "" ? text : `${path}/${text}`;
}

/** Bytes, or a string as UTF-8, as latin1. */
export function latin1(bytes: Uint8Array | string): string {
  return Buffer.from(bytes as Uint8Array).toString("latin1");
}

/** A time in nanoseconds. */
export function toNs(time: Time): bigint {
  return BigInt(time.sec) * 1_000_000_000n + BigInt(time.nsec);
}

/** Nanoseconds as a time. */
export function fromNs(ns: bigint): Time {
  const nsec = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { sec: Number((ns - nsec) / 1_000_000_000n), nsec: Number(nsec) };
}

/** The numbers of a device. */
export function splitDevice(rdev: bigint): { major: number; minor: number } {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

/** `st_rdev` of the numbers of a device. */
export function joinDevice(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

/** Whether an error is one of the operating system, with its code. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

/** The code of such an error, or what any other says. */
export function errorCode(error: unknown): string {
  return isSystemError(error) ? error.code! : String(error);
}
