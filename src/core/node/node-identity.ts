/** Which file is which, whatever it is called: by device and inode. */

import { type BigIntStats, fstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { latin1FromBytes } from "../bytes.ts";
import { readLink } from "./node-link.ts";

/** A regular file; plain data. */
export interface FileIdentity {
  /** Device and inode: `2049:131`. */
  id: string;
  /** The only name that it has, its bytes as a latin1 string; undefined where it may have others, or which is not known. */
  name: string | undefined;
}

/** Device and inode of a file. */
export function fileId({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** The regular file that a path leads to, if it does. */
export function identifyPath(path: string): FileIdentity | undefined {
  try {
    return identify(statSync(path, { bigint: true }), () => realpathSync.native(path, "buffer"));
  } catch {
    // whoever writes there will be told why that cannot be
    return undefined;
  }
}

/** The regular file that a descriptor of this process is open for, if it is one. */
export function identifyDescriptor(descriptor: number): FileIdentity | undefined {
  try {
    return identify(fstatSync(descriptor, { bigint: true }), () =>
      readLink(Buffer.from(`/proc/self/fd/${descriptor}`)),
    );
  } catch {
    return undefined;
  }
}

function identify(stats: BigIntStats, findPath: () => Buffer): FileIdentity | undefined {
  if (!stats.isFile()) return undefined;
  return { id: fileId(stats), name: stats.nlink > 1n ? undefined : listedName(findPath) };
}

/**
 * The name of a file that has one, as its folder lists it, which may not be the one by which it was reached: some filesystems
 * take capitals for small letters, or two ways to write an accent for one.
 */
export function listedName(findPath: () => Buffer): string | undefined {
  try {
    const path = latin1FromBytes(findPath());
    const name = basename(path);
    if (isMountedAs(name)) return undefined;
    return readdirSync(Buffer.from(dirname(path), "latin1"), "latin1").includes(name) ? name : undefined;
  } catch {
    // Linux alone tells where an open file lies, and not every folder may be read
    return undefined;
  }
}

/** Whether a file of this name may be mounted in the place of another, whose name it has there (`mount --bind`). */
function isMountedAs(name: string): boolean {
  let mounts: string;
  try {
    mounts = readFileSync("/proc/self/mountinfo", "latin1");
  } catch {
    // Linux alone mounts files
    return false;
  }
  // proc_pid_mountinfo(5): the fourth word is what is mounted, the fifth where
  return mounts.split("\n").some((line) => {
    const [, , , what = "", where = ""] = line.split(" ").map(unescapeMount);
    return basename(what) === name && basename(where) !== name;
  });
}

/** Blanks and backslashes in a word of mountinfo are octal. */
function unescapeMount(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
