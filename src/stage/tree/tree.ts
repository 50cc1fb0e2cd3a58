/**
 * The tree that every source produces and every format consumes: one column a field, in shared memory.
 *
 * An entry is a number. The root is entry 0; the children of a directory are consecutive, in byte order of their
 * names. Which numbers an entry gets depends on the threads' timing, so nothing may derive bytes from them: formats
 * walk from the root. There may be gaps between the numbers in use.
 *
 *     names   | r o o t l i b b i n / b i n / s h ...      one arena; a link's target lies there too
 *               ^nameOff ^        ^ref of a symbolic link
 */
import { Column } from "../../core/column.ts";
import { ImageError } from "../../core/error.ts";

import { S_IFMT } from "../../core/mode.ts";

export { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../../core/mode.ts";

/** The entry number that means none. */
export const NONE = 0xffffffff;

/** `flags`: the filesystem stores fewer bytes than the size, so there may be holes. */
export const FLAG_SPARSE = 1;
/** `flags`: the name on disk goes on behind the name in the image, up to a NUL (Nix's case hack). */
export const FLAG_DISK_NAME = 2;
/** `flags`: behind the name stands, up to a NUL, the path on disk: it lies elsewhere than its directory. */
export const FLAG_DISK_PATH = 4;
/** `flags`: a file of which so far only the name is known: what it holds hangs on what all others hold. */
export const FLAG_LATE = 8;

const MAX_ENTRIES = 2 ** 26;
const MAX_NAME_BYTES = 2 ** 32 - 2 ** 16;
/** Numbers of one record in {@link Tree.links}. */
export const LINK_FIELDS = 4;

const HEADER_ENTRIES = 0;
const HEADER_NAME_BYTES = 1;
const HEADER_LINKS = 2;
const HEADER_EXCLUDED = 3;
const HEADER_RULED_MODES = 4;
const HEADER_OWN = 5;
const HEADER_STORAGE = 6;
const HEADER_WORDS = 7;
/** In `count` of a regular file, the number of its fragments stands above the FILE_ bits. */
const GROUP_SHIFT = 8;

/** What another thread needs to attach to a tree. */
export type SharedTree = readonly SharedArrayBuffer[];

/** Struct-of-arrays of all entries; see the file's head. */
export class Tree {
  /** Directory that holds the entry; the root is its own. */
  readonly parent: Column<Uint32Array>;
  /** Where the name starts in `names`. */
  readonly nameOff: Column<Uint32Array>;
  /** Bytes of the name; 0 for the root only. */
  readonly nameLen: Column<Uint8Array>;
  /** st_mode, type bits included. */
  readonly mode: Column<Uint16Array>;
  readonly uid: Column<Uint32Array>;
  readonly gid: Column<Uint32Array>;
  /** Regular file: bytes of content. Symbolic link: bytes of target. Else 0. */
  readonly size: Column<Float64Array>;
  /** Seconds since 1970, possibly negative. */
  readonly mtime: Column<Float64Array>;
  /** Nanoseconds, 0..999999999, always forward from `mtime`. */
  readonly mtimeNsec: Column<Uint32Array>;
  /** Directory: first child. Symbolic link: offset of the target in `names`. Device: rdev in the kernel's encoding. */
  readonly ref: Column<Uint32Array>;
  /** Directory: number of children. Regular file: how it is stored, where that was said of it: see {@link noteStorage}. */
  readonly count: Column<Uint32Array>;
  /** Index of the entry's attribute set, 0 for none. */
  readonly xattrs: Column<Uint32Array>;
  /** A hash of what the source was when it was staged, time and inode: a later read must find the same. */
  readonly stamp: Column<Uint32Array>;
  readonly flags: Column<Uint8Array>;
  /** The arena of names and targets. */
  readonly names: Column<Uint8Array>;
  /** Records {entry, device, inode / 2^32, inode % 2^32} of non-directories with more than one link. */
  readonly links: Column<Float64Array>;
  readonly #header: Uint32Array;
  /** Entries that all views of this thread cover. */
  #covered = 0;

  private constructor(shared?: SharedTree) {
    const buffers = shared?.slice(1).values();
    const column = <A extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
      type: { BYTES_PER_ELEMENT: number; new (buffer: SharedArrayBuffer, byteOffset: number, length: number): A },
      length = MAX_ENTRIES,
    ) => (buffers ? new Column(type, buffers.next().value!) : Column.create(type, length));
    this.#header = new Uint32Array(shared?.[0] ?? new SharedArrayBuffer(HEADER_WORDS * 4));
    this.parent = column(Uint32Array);
    this.nameOff = column(Uint32Array);
    this.nameLen = column(Uint8Array);
    this.mode = column(Uint16Array);
    this.uid = column(Uint32Array);
    this.gid = column(Uint32Array);
    this.size = column(Float64Array);
    this.mtime = column(Float64Array);
    this.mtimeNsec = column(Uint32Array);
    this.ref = column(Uint32Array);
    this.count = column(Uint32Array);
    this.xattrs = column(Uint32Array);
    this.stamp = column(Uint32Array);
    this.flags = column(Uint8Array);
    this.names = column(Uint8Array, MAX_NAME_BYTES);
    this.links = column(Float64Array, MAX_ENTRIES * LINK_FIELDS);
  }

  /** An empty tree: not even a root. */
  static create(): Tree {
    return new Tree();
  }

  /** The tree that another thread shares. */
  static attach(shared: SharedTree): Tree {
    const tree = new Tree(shared);
    tree.ensureAll();
    return tree;
  }

  /** Forgets all entries, which no other thread looks at any more. */
  clear(): void {
    const { length } = this;
    for (const column of this.#columns()) column.view.fill(0, 0, length);
    this.#header.fill(0);
  }

  /** What {@link Tree.attach} needs. */
  share(): SharedTree {
    return [this.#header.buffer as SharedArrayBuffer, ...this.#columns(), this.names, this.links].map((part) =>
      part instanceof SharedArrayBuffer ? part : part.buffer,
    );
  }

  /** Entry numbers handed out so far: every entry is below this. */
  get length(): number {
    return Atomics.load(this.#header, HEADER_ENTRIES);
  }

  /** Entries that rules left out, each counted once whatever was below it. */
  get excluded(): number {
    return Atomics.load(this.#header, HEADER_EXCLUDED);
  }

  /** Files of the build itself that were left out. */
  get ownFiles(): number {
    return Atomics.load(this.#header, HEADER_OWN);
  }

  /** Whether modes were decided by rule, as the host holds none. */
  get hasRuledModes(): boolean {
    return Atomics.load(this.#header, HEADER_RULED_MODES) !== 0;
  }

  /** Whether {@link noteStorage} was called. */
  get hasStorage(): boolean {
    return Atomics.load(this.#header, HEADER_STORAGE) !== 0;
  }

  /** Number of {@link links} recorded. */
  get linkCount(): number {
    return Atomics.load(this.#header, HEADER_LINKS);
  }

  /** Hands out `count` consecutive entries and makes this thread's views cover them. */
  allocate(count: number): number {
    const first = Atomics.add(this.#header, HEADER_ENTRIES, count);
    if (first + count > MAX_ENTRIES) throw new ImageError("LIMIT", `the tree has more than ${MAX_ENTRIES} entries`);
    this.#cover(first + count);
    return first;
  }

  /** Hands out `length` bytes of the arena and makes this thread's view cover them. */
  allocateName(length: number): number {
    const at = Atomics.add(this.#header, HEADER_NAME_BYTES, length);
    if (at + length > MAX_NAME_BYTES) throw new ImageError("LIMIT", "the names of the tree take more than 4 GiB");
    this.names.ensure(at + length);
    return at;
  }

  /** Makes this thread's views cover all that other threads have added. */
  ensureAll(): void {
    this.#cover(this.length);
    this.names.ensure(Atomics.load(this.#header, HEADER_NAME_BYTES));
    this.links.ensure(this.linkCount * LINK_FIELDS);
  }

  #cover(length: number): void {
    if (length <= this.#covered) return;
    const columns = this.#columns();
    for (const column of columns) column.ensure(length);
    this.#covered = Math.min(...columns.map(({ view }) => view.length));
  }

  /** Records that `entry` has more than one link, and what names its inode (64 bits, in two halves). */
  addLink(entry: number, device: number, inodeHigh: number, inodeLow: number): void {
    const at = Atomics.add(this.#header, HEADER_LINKS, 1) * LINK_FIELDS;
    const links = this.links.ensure(at + LINK_FIELDS);
    links[at] = entry;
    links[at + 1] = device;
    links[at + 2] = inodeHigh;
    links[at + 3] = inodeLow;
  }

  /** Counts entries that were left out. */
  addExcluded(count: number): void {
    Atomics.add(this.#header, HEADER_EXCLUDED, count);
  }

  /** Counts files of the build itself that were left out. */
  addOwnFiles(count: number): void {
    Atomics.add(this.#header, HEADER_OWN, count);
  }

  /** Counts what was left out of another tree, whose entries belong to this one. */
  addLeftOut(other: Tree): void {
    this.addExcluded(other.excluded);
    this.addOwnFiles(other.ownFiles);
  }

  /** Notes that a mode was decided by rule. */
  noteRuledMode(): void {
    Atomics.store(this.#header, HEADER_RULED_MODES, 1);
  }

  /** Notes FILE_ bits of a regular file (see file-order.ts), and which fragments, numbered from 1, its end is to be in. */
  noteStorage(entry: number, flags: number, group: number): void {
    Atomics.store(this.#header, HEADER_STORAGE, 1);
    this.count.view[entry]! |= flags | (group << GROUP_SHIFT);
  }

  /** What {@link noteStorage} has noted of a regular file; zeros where it was not called. */
  storage(entry: number): { flags: number; group: number } {
    const noted = this.count.view[entry]!;
    return { flags: noted & (2 ** GROUP_SHIFT - 1), group: noted >>> GROUP_SHIFT };
  }

  /** The entry's name, as a view into the arena. */
  name(entry: number): Uint8Array {
    const at = this.nameOff.view[entry]!;
    return this.names.view.subarray(at, at + this.nameLen.view[entry]!);
  }

  /** A symbolic link's target, as a view into the arena. */
  target(entry: number): Uint8Array {
    const at = this.ref.view[entry]!;
    return this.names.view.subarray(at, at + this.size.view[entry]!);
  }

  /** Type bits of the entry's mode. */
  kind(entry: number): number {
    return this.mode.view[entry]! & S_IFMT;
  }

  /** The entry's path inside the image, without a leading slash. */
  path(entry: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let at = entry; at !== 0; at = this.parent.view[at]!) parts.push(this.name(at));
    const path = new Uint8Array(
      Math.max(
        parts.reduce((sum, part) => sum + part.length + 1, -1),
        0,
      ),
    );
    let at = 0;
    for (const part of parts.reverse()) {
      path.set(part, at);
      at += part.length + 1;
      if (at < path.length) path[at - 1] = 0x2f;
    }
    return path;
  }

  #columns() {
    return [
      this.parent,
      this.nameOff,
      this.nameLen,
      this.mode,
      this.uid,
      this.gid,
      this.size,
      this.mtime,
      this.mtimeNsec,
      this.ref,
      this.count,
      this.xattrs,
      this.stamp,
      this.flags,
    ];
  }
}

/**
 * A device number in the kernel's "new" encoding; throws `LIMIT` where it does not fit 12 and 20 bits.
 */
export function encodeDevice(major: number, minor: number, path: string): number {
  if (!(major >= 0 && major <= 0xfff && minor >= 0 && minor <= 0xfffff)) {
    throw new ImageError("LIMIT", `${path}: device ${major}:${minor} is beyond 4095:1048575`, { path });
  }
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
