/**
 * Changing a tree that has been staged: pack files, pseudo files and attribute lists say what else is to be in the image,
 * by path. Entries are changed in place; new ones are gathered by directory and put among the children in the end, when
 * all children of that directory move to a new row of entries.
 */
import { bytesFromLatin1, latin1FromBytes, writeLatin1 } from "../../core/bytes.ts";
import { LinkIndex } from "./link-index.ts";
import { refuse, splitPath } from "./path.ts";
import { blankMetadata, type StagePolicy, stageMetadata } from "./policy.ts";
import { FLAG_DISK_NAME, FLAG_DISK_PATH, LINK_FIELDS, NONE, S_IFDIR, S_IFMT, S_IFREG, type Tree } from "./tree.ts";

/** What an entry is given besides its name; ids and time pass through the policy. */
export interface EntryMeta {
  /** st_mode, type bits included. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970. */
  mtime: number;
  /** Nanoseconds forward from it. Default: 0. */
  mtimeNsec?: number | undefined;
  /** Owner and group are these, whatever the policy says of all entries. */
  keepsOwner?: boolean | undefined;
}

/** Where entries lie on disk. */
export interface DiskPaths {
  /** The path of an entry, good until the next call. */
  path(entry: number): Uint8Array;
  /** Whether only the entry's number says where it lies: then the path must be kept when the number changes. */
  isNumbered(entry: number): boolean;
}

/** Adds to a tree, and changes it. Paths are latin1 strings, relative to the root; `""` is the root. */
export class TreeEditor {
  readonly #tree: Tree;
  readonly #policy: StagePolicy;
  /** The same, but every entry keeps its owner. */
  readonly #keeping: StagePolicy;
  readonly #defaults: EntryMeta;
  readonly #paths: DiskPaths;
  readonly #copied: ((from: number, to: number) => void) | undefined;
  /** New children by directory and name. */
  readonly #added = new Map<number, Map<string, number>>();
  /** Entries that are no longer among the children that their directory came with. */
  readonly #gone = new Set<number>();
  /** Directories that have lost some. */
  readonly #touched = new Set<number>();
  /** Directories that were made because something lies in them. */
  readonly #implied = new Set<number>();
  /** What the entry that is being changed is given. */
  readonly #given = blankMetadata();
  /** Once it is asked for. */
  #links: LinkIndex | undefined;

  /**
   * @param defaults of directories that nobody has described
   * @param copied is told of entries that hold what another one does, or did: a further name, or another number
   */
  constructor(
    tree: Tree,
    policy: StagePolicy,
    paths: DiskPaths,
    defaults: EntryMeta,
    copied?: (from: number, to: number) => void,
  ) {
    this.#tree = tree;
    this.#copied = copied;
    this.#paths = paths;
    this.#policy = policy;
    this.#keeping = { ...policy, uid: undefined, gid: undefined };
    this.#defaults = defaults;
  }

  /** The entry at a path; NONE if there is none. */
  find(path: string): number {
    let entry = 0;
    for (const name of splitPath(path)) {
      entry = this.child(entry, name);
      if (entry === NONE) return NONE;
    }
    return entry;
  }

  /** The child of a directory by name; NONE if there is none. */
  child(directory: number, name: string): number {
    const tree = this.#tree;
    if (tree.kind(directory) !== S_IFDIR) return NONE;
    const added = this.#added.get(directory)?.get(name);
    if (added !== undefined) return added;
    let low = tree.ref.view[directory]!;
    let high = low + tree.count.view[directory]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = latin1FromBytes(tree.name(middle));
      if (found === name) return this.#gone.has(middle) ? NONE : middle;
      if (found < name) low = middle + 1;
      else high = middle;
    }
    return NONE;
  }

  /** The names of a directory's children, in no order. */
  *children(directory: number): Generator<[name: string, entry: number]> {
    const tree = this.#tree;
    const first = tree.ref.view[directory]!;
    for (let child = first; child < first + tree.count.view[directory]!; child++) {
      if (!this.#gone.has(child)) yield [latin1FromBytes(tree.name(child)), child];
    }
    yield* this.#added.get(directory) ?? [];
  }

  /** All names of an entry's inode, itself among them. */
  namesOf(entry: number): readonly number[] {
    this.#links ??= new LinkIndex(this.#tree);
    return this.#links.names(entry);
  }

  /** A name of the inode that the disk knows by these numbers; NONE if it does not have several in the tree. */
  findInode(device: number, inode: bigint): number {
    this.#links ??= new LinkIndex(this.#tree);
    return this.#links.find(device, inode) ?? NONE;
  }

  /** Gives an entry other mode, owner and time; its other names too, as they are one inode. */
  setMeta(entry: number, meta: EntryMeta): void {
    for (const name of this.namesOf(entry)) this.#setMeta(name, meta);
  }

  #setMeta(entry: number, meta: EntryMeta): void {
    const tree = this.#tree;
    tree.mode.view[entry] = meta.mode;
    // zeros are taken to be there already
    for (const { view } of [tree.uid, tree.gid, tree.mtime, tree.mtimeNsec]) view[entry] = 0;
    const given = this.#given;
    given.uid = meta.uid;
    given.gid = meta.gid;
    given.mtime = meta.mtime;
    given.mtimeNsec = meta.mtimeNsec ?? 0;
    stageMetadata(tree, meta.keepsOwner ? this.#keeping : this.#policy, entry, given);
    this.#implied.delete(entry);
  }

  /**
   * Adds an entry, and the directories that it lies in where they are missing. A directory that something was put into
   * before it was described is completed. Throws `INPUT` for what is there already, or lies below a file.
   *
   * @param diskPath where it lies on disk, as a latin1 string
   */
  add(path: string, meta: EntryMeta, diskPath?: string): number {
    const names = splitPath(path);
    const name = names.pop();
    if (name === undefined) {
      if ((meta.mode & S_IFMT) !== S_IFDIR) throw refuse("/", "must be a directory");
      this.setMeta(0, meta);
      return 0;
    }
    const directory = this.#descend(names, path);
    const present = this.child(directory, name);
    if (present !== NONE) {
      if (!this.#implied.has(present) || (meta.mode & S_IFMT) !== S_IFDIR) throw refuse(path, "is given twice");
      this.setMeta(present, meta);
      return present;
    }
    return this.#create(directory, name, meta, diskPath);
  }

  /** Adds a directory, and those that it lies in, that nobody has described yet. */
  addImplied(path: string): number {
    return this.#descend(splitPath(path), path);
  }

  /** The directory of these names, made where it is missing. */
  #descend(names: readonly string[], path: string): number {
    let directory = 0;
    for (const part of names) {
      let next = this.child(directory, part);
      if (next === NONE) {
        next = this.#create(directory, part, this.#defaults);
        this.#implied.add(next);
      }
      if (this.#tree.kind(next) !== S_IFDIR) throw refuse(path, "lies below an entry that is no directory");
      directory = next;
    }
    return directory;
  }

  /** Makes `entry` a symbolic link to `target`, a latin1 string. */
  setTarget(entry: number, target: string): void {
    const at = this.#tree.allocateName(target.length);
    writeLatin1(target, this.#tree.names.view, at);
    this.#tree.ref.view[entry] = at;
    this.#tree.size.view[entry] = target.length;
  }

  /** Gives an entry, and its other names, another owner, group, or both, as the policy, or `keepsOwner`, has them. */
  setOwner(entry: number, { uid, gid, keepsOwner }: Partial<EntryMeta>): void {
    const { uidOffset, gidOffset, ...policy } = keepsOwner ? this.#keeping : this.#policy;
    for (const name of this.namesOf(entry)) {
      if (uid !== undefined) this.#tree.uid.view[name] = (policy.uid ?? uid) + uidOffset;
      if (gid !== undefined) this.#tree.gid.view[name] = (policy.gid ?? gid) + gidOffset;
    }
  }

  /** Takes an entry out of the tree, with all below it; the root stays. Names that are left of its inode stay too. */
  remove(entry: number): void {
    const directory = this.#tree.parent.view[entry]!;
    const added = this.#added.get(directory);
    const name = latin1FromBytes(this.#tree.name(entry));
    if (added?.get(name) === entry) added.delete(name);
    else this.#gone.add(entry);
    this.#touched.add(directory);
  }

  /**
   * Puts an entry, with all below it, into another directory, under a name that there is none of. Throws `INPUT` for a
   * name that is too long.
   */
  move(entry: number, directory: number, name: string): void {
    if (name.length > MAX_NAME) throw refuse(name, "the name is longer than 255 bytes");
    const path = this.#paths.path(entry).slice();
    this.remove(entry);
    this.#rename(entry, bytesFromLatin1(name), path);
    this.#tree.parent.view[entry] = directory;
    this.#put(directory, name, entry);
  }

  /** Adds a further name of `original`, which is no directory. */
  addLink(path: string, original: number): number {
    const tree = this.#tree;
    const mode = tree.mode.view[original]!;
    if ((mode & S_IFMT) === S_IFDIR) throw refuse(path, "a directory cannot have a second name");
    // whichever name comes first in the tree is the one that is read
    const isFile = (mode & S_IFMT) === S_IFREG;
    const diskPath = isFile ? latin1FromBytes(this.#paths.path(original)) : undefined;
    const entry = this.add(path, { mode, uid: 0, gid: 0, mtime: 0 }, diskPath);
    copyEntry(tree, original, entry, true);
    this.#copied?.(original, entry);
    if (this.#policy.copyLinks) return entry;
    this.#links ??= new LinkIndex(tree);
    this.#links.add(entry, original);
    return entry;
  }

  #create(directory: number, name: string, meta: EntryMeta, diskPath?: string): number {
    const tree = this.#tree;
    if (name.length > MAX_NAME) throw refuse(name, "the name is longer than 255 bytes");
    const entry = tree.allocate(1);
    const at = tree.allocateName(name.length + (diskPath === undefined ? 0 : diskPath.length + 1));
    writeLatin1(name, tree.names.view, at);
    tree.nameOff.view[entry] = at;
    tree.nameLen.view[entry] = name.length;
    tree.parent.view[entry] = directory;
    if (diskPath !== undefined) {
      writeLatin1(diskPath, tree.names.view, at + name.length);
      tree.flags.view[entry] = FLAG_DISK_PATH;
    }
    this.#setMeta(entry, meta);
    this.#put(directory, name, entry);
    return entry;
  }

  #put(directory: number, name: string, entry: number): void {
    let siblings = this.#added.get(directory);
    if (!siblings) {
      siblings = new Map();
      this.#added.set(directory, siblings);
    }
    siblings.set(name, entry);
  }

  /** Puts the new entries among the others. Numbers of entries are of no use after it. */
  finish(): void {
    const tree = this.#tree;
    const moved = new Map<number, number>();
    for (const directory of new Set([...this.#added.keys(), ...this.#touched])) {
      const added = this.#added.get(directory);
      const children = [...this.children(directory)].sort(([a], [b]) => (a < b ? -1 : 1));
      const first = tree.allocate(children.length);
      const parent = moved.get(directory) ?? directory;
      children.forEach(([name, from], index) => {
        const to = first + index;
        copyEntry(tree, from, to, false);
        this.#copied?.(from, to);
        if (!added?.has(name) && this.#paths.isNumbered(from)) this.#keepPath(to, this.#paths.path(from));
        tree.parent.view[to] = parent;
        moved.set(from, to);
        if (tree.kind(to) === S_IFDIR) this.#adopt(to);
      });
      tree.ref.view[parent] = first;
      tree.count.view[parent] = children.length;
    }
    const links = tree.links.view;
    for (let at = 0; at < tree.linkCount * LINK_FIELDS; at += LINK_FIELDS) {
      // an entry moves at most once: with its directory's children
      links[at] = moved.get(links[at]!) ?? links[at]!;
    }
    this.#added.clear();
    this.#gone.clear();
    this.#touched.clear();
  }

  /** The children of a directory that has moved follow it. */
  #adopt(directory: number): void {
    const tree = this.#tree;
    const first = tree.ref.view[directory]!;
    for (let child = first; child < first + tree.count.view[directory]!; child++) tree.parent.view[child] = directory;
  }

  #keepPath(entry: number, path: Uint8Array): void {
    this.#rename(entry, this.#tree.name(entry).slice(), path);
  }

  /** Gives an entry a name, and the path on disk that it has whatever its name is. */
  #rename(entry: number, name: Uint8Array, path: Uint8Array): void {
    const tree = this.#tree;
    const at = tree.allocateName(name.length + path.length + 1);
    tree.names.view.set(name, at);
    tree.names.view.set(path, at + name.length);
    tree.nameOff.view[entry] = at;
    tree.nameLen.view[entry] = name.length;
    tree.flags.view[entry] = (tree.flags.view[entry]! & ~FLAG_DISK_NAME) | FLAG_DISK_PATH;
  }
}

const MAX_NAME = 255;

/** Copies all but the name, and the place; with `isLink` not what is said of the name alone. */
function copyEntry(tree: Tree, from: number, to: number, isLink: boolean): void {
  const columns = [
    tree.mode,
    tree.uid,
    tree.gid,
    tree.size,
    tree.mtime,
    tree.mtimeNsec,
    tree.ref,
    tree.count,
    tree.xattrs,
    tree.stamp,
    ...(isLink ? [] : [tree.flags, tree.nameOff, tree.nameLen]),
  ];
  for (const { view } of columns) view[to] = view[from]!;
}
