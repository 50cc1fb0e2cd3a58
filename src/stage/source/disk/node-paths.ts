/** Where the entries of a tree lie on this machine, for sources that are files. */
import { closeSync, constants, openSync } from "node:fs";
import { sharedUint32 } from "../../../core/shared.ts";
import { FLAG_DISK_NAME, FLAG_DISK_PATH, type Tree } from "../../tree/tree.ts";
import { systemPath } from "./node-windows.ts";

/** Paths of the tops: plain data for other threads, in shared memory. */
export interface SharedPaths {
  /** Where each path starts in the tree's arena of names. */
  from: Uint32Array;
  /** Where it ends. */
  to: Uint32Array;
  /** Names that tops have in the image, in the arena; absent: the last parts of their paths. */
  names?: { at: Uint32Array; lengths: Uint32Array };
  /** True: the one path is the root's own, and its contents become the root's. False: top k is entry k + 1. */
  isDirectory: boolean;
  /** Stats are asked for with BigInts, which tell times to the nanosecond; numbers come faster. */
  exactStats: boolean;
}

/** No tops that only their numbers tell. */
export function noPaths(): SharedPaths {
  return { from: sharedUint32(0), to: sharedUint32(0), isDirectory: false, exactStats: false };
}

const SLASH = 0x2f;

/** Builds paths of entries in one buffer; siblings in a row share the work for their directory. */
export class PathBuilder {
  readonly #tree: Tree;
  readonly #paths: SharedPaths;
  #buffer = Buffer.allocUnsafeSlow(8192);
  #directory = -1;
  #directoryLength = 0;

  constructor(tree: Tree, paths: SharedPaths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  /** Forgets what it knows of entries, whose numbers are used again. */
  forget(): void {
    this.#directory = -1;
  }

  /** The entry's path on disk, as a view that the next call overwrites. */
  path(entry: number): Buffer {
    const length = this.#hasOwnPath(entry) ? this.#writeOwn(entry) : this.#writeBelow(entry);
    // only now: writing may have taken a larger buffer
    return this.#buffer.subarray(0, length);
  }

  /** Whether an entry is a top, which only its number says. */
  isNumbered(entry: number): boolean {
    return this.#paths.isDirectory ? entry === 0 : entry <= this.#paths.from.length;
  }

  /** Whether the path of an entry is known without those of its directories. */
  #hasOwnPath(entry: number): boolean {
    if (this.isNumbered(entry)) return true;
    return (this.#tree.flags.view[entry]! & FLAG_DISK_PATH) !== 0;
  }

  #writeOwn(entry: number): number {
    this.#directory = -1;
    return (this.#tree.flags.view[entry]! & FLAG_DISK_PATH) !== 0 ? this.#writeDiskPath(entry) : this.#writeTop(entry);
  }

  #writeDiskPath(entry: number): number {
    const names = this.#tree.names.view;
    const from = this.#tree.nameOff.view[entry]! + this.#tree.nameLen.view[entry]!;
    const to = names.indexOf(0, from);
    this.#room(to - from);
    this.#buffer.set(names.subarray(from, to), 0);
    return to - from;
  }

  #writeTop(entry: number): number {
    const top = this.#paths.isDirectory ? 0 : entry - 1;
    const from = this.#paths.from[top]!;
    const to = this.#paths.to[top]!;
    this.#room(to - from);
    this.#buffer.set(this.#tree.names.view.subarray(from, to), 0);
    return to - from;
  }

  #writeBelow(entry: number): number {
    const parent = this.#tree.parent.view[entry]!;
    if (parent !== this.#directory) {
      this.#directoryLength = this.#writeDirectory(parent);
      this.#directory = parent;
    }
    return this.#appendName(entry, this.#directoryLength);
  }

  #writeDirectory(directory: number): number {
    const below: number[] = [];
    let top = directory;
    for (; !this.#hasOwnPath(top); top = this.#tree.parent.view[top]!) below.push(top);
    let length = this.#writeOwn(top);
    for (const entry of below.reverse()) length = this.#appendName(entry, length);
    return length;
  }

  #appendName(entry: number, directoryLength: number): number {
    const names = this.#tree.names.view;
    const from = this.#tree.nameOff.view[entry]!;
    let to = from + this.#tree.nameLen.view[entry]!;
    if ((this.#tree.flags.view[entry]! & FLAG_DISK_NAME) !== 0) while (names[to] !== 0) to++;
    this.#room(directoryLength + 1 + to - from);
    let at = directoryLength;
    // a root directory of "/" brings its own slash
    if (at > 0 && this.#buffer[at - 1] !== SLASH) this.#buffer[at++] = SLASH;
    for (let i = from; i < to; i++) this.#buffer[at++] = names[i]!;
    return at;
  }

  #room(length: number): void {
    if (length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * length);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

/** Longest path that a system call takes on Linux, without the NUL. */
const PATH_MAX = 4095;
/** What is left for one name below a directory that has been shortened. */
const NAME_ROOM = 256;

/** Whether a path is longer than the system takes. */
export function isLongPath(path: Uint8Array): boolean {
  return path.length > PATH_MAX;
}

/**
 * Calls `use` with a path that names the same file and is short enough for the kernel. A longer one is walked
 * part by part, each from a descriptor of the directory before: Node has no openat(2), but Linux has /proc/self/fd.
 */
export function withShortPath<T>(path: Buffer, use: (path: Buffer) => T): T;
export function withShortPath<T, A>(path: Buffer, use: (path: Buffer, argument: A) => T, argument: A): T;
export function withShortPath<T, A>(path: Buffer, use: (path: Buffer, argument: A) => T, argument?: A): T {
  if (!isLongPath(path) || process.platform !== "linux") return use(systemPath(path), argument!);
  let rest = path;
  let directory = -1;
  // what stands in front of this is a directory that is open already
  let start = 0;
  try {
    while (rest.length > PATH_MAX - NAME_ROOM) {
      const cut = rest.lastIndexOf(SLASH, PATH_MAX - NAME_ROOM);
      // a name that is longer than any may be: the system says so
      if (cut <= start) return use(rest, argument!);
      const next = openSync(rest.subarray(0, cut), constants.O_RDONLY | constants.O_DIRECTORY);
      if (directory >= 0) closeSync(directory);
      directory = next;
      const opened = Buffer.from(`/proc/self/fd/${directory}`);
      start = opened.length;
      rest = Buffer.concat([opened, rest.subarray(cut)]);
    }
    return use(rest, argument!);
  } finally {
    if (directory >= 0) closeSync(directory);
  }
}

/** {@link withShortPath}, but for a directory whose children are about to be named too. */
export function withShortDirectory(path: Buffer, use: (path: Buffer) => void): void {
  if (path.length + 257 < 4096 || process.platform !== "linux") {
    use(systemPath(path));
    return;
  }
  withShortPath(path, (short) => {
    const descriptor = openSync(short, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      use(Buffer.from(`/proc/self/fd/${descriptor}/`));
    } finally {
      closeSync(descriptor);
    }
  });
}
