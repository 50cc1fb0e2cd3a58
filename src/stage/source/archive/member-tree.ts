/**
 * A tree from the members of an archive, in whatever order they come: each has a path, and one that comes later takes the
 * place of what was there. Members go into the tree's columns as they come; in the end the children of each directory are
 * put into a row, in byte order.
 */
import { bytesFromLatin1, compareRanges, latin1FromBytes, showBytes, writeLatin1 } from "../../../core/bytes.ts";
import type { Column } from "../../../core/column.ts";
import { ImageError } from "../../../core/error.ts";
import { compileExcludes } from "../../tree/exclude.ts";
import { blankMetadata, MAX_ID, type StagePolicy, stageMetadata } from "../../tree/policy.ts";
import { encodeDevice, NONE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../tree/tree.ts";
import { compileXattrNames, type Xattr, XattrSets } from "../../tree/xattrs.ts";
import { NameIndex } from "./name-index.ts";
import { renumber } from "./renumber.ts";

/** What an archive says of a member. Texts are latin1 strings. */
export interface Member {
  /** Slashes between names; one at either end, and names that are `.`, say nothing. */
  path: string;
  /** Type bits of the mode; 0: a further name of the member that `target` names. */
  kind: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, and nanoseconds forward from them. */
  mtime: number;
  mtimeNsec: number;
  /** Of a file: bytes of its contents. */
  size: number;
  major: number;
  minor: number;
  /** Of a symbolic link, or of a further name. */
  target: string | undefined;
  xattrs: readonly Xattr[];
  /** Of a directory: what has been in it is gone. Default: false. */
  isOpaque?: boolean;
}

/** Where the contents of entries lie, and whatever else goes with an entry: elements of columns. */
type Carried = readonly Column<Uint32Array | Float64Array>[];

/** What directories are like that nobody describes. */
export interface MissingDirectories {
  mode?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
}

/** `count` of a directory that nobody has described yet. */
const IMPLIED = 1;
const NO_XATTRS: readonly Xattr[] = [];

/** Puts members into an empty tree. */
export class MemberTree {
  readonly #tree: Tree;
  readonly #policy: StagePolicy;
  readonly #carried: Carried;
  readonly #index: NameIndex;
  readonly #sets = new XattrSets([[]]);
  readonly #takesXattr: (name: Uint8Array) => boolean;
  readonly #given = blankMetadata();
  /** What names of one inode have in common, by entry. */
  readonly #linkKeys = new Map<number, number>();
  #nextKey = 0;
  /** Directories that are in the tree no more, with all below them. */
  readonly #gone = new Set<number>();
  /** What messages call the archive. */
  #archive = "";
  /** The directory of the last member: mostly that of the next. */
  #lastFolder: { path: string; entry: number } | undefined;
  #newest = 0;
  readonly #missing: { mode: number; uid: number; gid: number };

  /**
   * @param carried columns that go with the tree's
   * @param missing what directories are like that nobody describes
   */
  constructor(tree: Tree, policy: StagePolicy, carried: Carried, missing: MissingDirectories = {}) {
    const { mode = 0o755, uid = 0, gid = 0 } = missing;
    this.#missing = { mode, uid, gid };
    this.#tree = tree;
    this.#policy = policy;
    this.#carried = carried;
    this.#index = new NameIndex(tree);
    this.#takesXattr = compileXattrNames(policy.xattrNames);
    tree.allocate(1);
    tree.mode.view[0] = S_IFDIR | this.#missing.mode;
    tree.count.view[0] = IMPLIED;
  }

  /** What comes next is of another archive, which messages call so. */
  startArchive(name: string): void {
    this.#archive = name;
  }

  /** Adds a member; returns its entry. Throws `INPUT` for a path that leads out of the tree, or through a file. */
  add(member: Member): number {
    const { path, kind } = member;
    const refuse = (why: string, code: "INPUT" | "LIMIT" = "INPUT") => this.#refuse(path, why, code);
    const end = endOf(path);
    const slash = path.lastIndexOf("/", end - 1);
    const name = path.slice(slash + 1, end);
    const folder = this.#folder(path, slash, refuse);
    if (name === "." || name === "") {
      if (kind !== S_IFDIR) throw refuse("has no name of its own, and is no directory");
      this.#describe(folder, member, refuse);
      return folder;
    }
    checkName(name, refuse);
    if (kind === 0) return this.#addLink(folder, name, member, refuse);
    const entry = this.#place(folder, name, kind, member.isOpaque);
    this.#describe(entry, member, refuse);
    return entry;
  }

  /** Marks the directory at a path as opaque for overlayfs, and the like: gives it an attribute more. */
  addXattr(directory: number, xattr: Xattr): void {
    const { xattrs } = this.#tree;
    const name = latin1FromBytes(xattr.name);
    const others = this.#sets.sets[xattrs.view[directory]!]!.filter((each) => latin1FromBytes(each.name) !== name);
    xattrs.view[directory] = this.#setOf([...others, xattr]);
  }

  /** The entry at a path; NONE where there is none. */
  find(path: string): number {
    return this.#find(path);
  }

  /** The directory in which a path lies; made where it is missing. */
  folderOf(path: string): number {
    const refuse = (why: string, code: "INPUT" | "LIMIT" = "INPUT") => this.#refuse(path, why, code);
    return this.#folder(path, path.lastIndexOf("/", endOf(path) - 1), refuse);
  }

  /** Completes the tree; returns its sets of attributes. @param leavesOut tells which entries are not wanted */
  finish(leavesOut?: (entry: number) => boolean): Xattr[][] {
    const tree = this.#tree;
    const time = this.#policy.buildTime ?? this.#newest;
    for (let entry = 0; entry < tree.length; entry++) {
      if (tree.kind(entry) !== S_IFDIR || tree.count.view[entry] !== IMPLIED) continue;
      this.#given.uid = this.#missing.uid;
      this.#given.gid = this.#missing.gid;
      this.#given.mtime = time;
      this.#given.mtimeNsec = 0;
      stageMetadata(tree, this.#policy, entry, this.#given);
    }
    this.#arrange(leavesOut);
    return this.#sets.sets;
  }

  /** The directory that a path's last name stands in, which ends before `slash`. */
  #folder(path: string, slash: number, refuse: Refuse): number {
    const before = path.slice(0, Math.max(slash, 0));
    if (this.#lastFolder?.path === before) return this.#lastFolder.entry;
    let folder = 0;
    for (const name of before.split("/")) {
      if (name === "" || name === ".") continue;
      checkName(name, refuse);
      let next = this.#index.find(folder, name);
      if (next === NONE) {
        next = this.#create(folder, name);
        this.#tree.mode.view[next] = S_IFDIR | this.#missing.mode;
        this.#tree.count.view[next] = IMPLIED;
      }
      if (this.#tree.kind(next) !== S_IFDIR) throw refuse("lies below an entry that is no directory");
      folder = next;
    }
    this.#lastFolder = { path: before, entry: folder };
    return folder;
  }

  /** The entry of a name, which what was there before makes room for. */
  #place(folder: number, name: string, kind: number, isOpaque = false): number {
    const tree = this.#tree;
    const present = this.#index.find(folder, name);
    if (present === NONE) return this.#create(folder, name);
    const isDirectory = tree.kind(present) === S_IFDIR;
    if (isDirectory && kind === S_IFDIR && !isOpaque) return present;
    if (isDirectory) {
      // what lies below it goes with its number
      this.#gone.add(present);
      this.#lastFolder = undefined;
      const entry = this.#allocate(folder, name);
      this.#index.replace(present, entry);
      return entry;
    }
    this.#linkKeys.delete(present);
    return present;
  }

  #create(folder: number, name: string): number {
    const entry = this.#allocate(folder, name);
    this.#index.add(entry, folder, name);
    return entry;
  }

  #allocate(folder: number, name: string): number {
    const tree = this.#tree;
    const entry = tree.allocate(1);
    for (const column of this.#carried) column.ensure(entry + 1);
    const at = tree.allocateName(name.length);
    writeLatin1(name, tree.names.view, at);
    tree.nameOff.view[entry] = at;
    tree.nameLen.view[entry] = name.length;
    tree.parent.view[entry] = folder;
    return entry;
  }

  /** Gives an entry what a member says of it. */
  #describe(entry: number, member: Member, refuse: Refuse): void {
    const tree = this.#tree;
    const { kind, uid, gid, mtime, mtimeNsec, xattrs } = member;
    if (uid > MAX_ID || gid > MAX_ID) throw refuse(`owner ${uid}:${gid} is beyond ${MAX_ID}`, "LIMIT");
    if (tree.mode.view[entry] !== 0) this.#clear(entry);
    // of a link Linux has no mode
    tree.mode.view[entry] = kind | (kind === S_IFLNK ? 0o777 : member.mode);
    const given = this.#given;
    given.uid = uid;
    given.gid = gid;
    given.mtime = mtime;
    given.mtimeNsec = mtimeNsec;
    this.#newest = Math.max(this.#newest, mtime);
    stageMetadata(tree, this.#policy, entry, given);
    if (xattrs.length > 0) tree.xattrs.view[entry] = this.#setOf(xattrs);
    if (kind === S_IFREG) tree.size.view[entry] = member.size;
    else if (kind === S_IFLNK) this.#setTarget(entry, member.target ?? "", refuse);
    else if (kind === S_IFCHR || kind === S_IFBLK)
      tree.ref.view[entry] = encodeDevice(member.major, member.minor, `${this.#archive}: ${shown(member.path)}`);
  }

  /** Forgets what has been said of an entry: columns are taken to be zero. */
  #clear(entry: number): void {
    const { uid, gid, mtime, mtimeNsec, ref, count, size, xattrs, flags } = this.#tree;
    for (const { view } of [uid, gid, mtime, mtimeNsec, ref, count, size, xattrs, flags]) view[entry] = 0;
  }

  #setTarget(entry: number, target: string, refuse: Refuse): void {
    if (target === "" || target.includes("\0")) throw refuse("is a link that leads nowhere");
    const tree = this.#tree;
    const at = tree.allocateName(target.length);
    writeLatin1(target, tree.names.view, at);
    tree.ref.view[entry] = at;
    tree.size.view[entry] = target.length;
  }

  #setOf(xattrs: readonly Xattr[]): number {
    const taken = xattrs.filter(({ name }) => this.#takesXattr(name));
    taken.sort((a, b) => (latin1FromBytes(a.name) < latin1FromBytes(b.name) ? -1 : 1));
    return this.#sets.index(taken.length === 0 ? NO_XATTRS : taken);
  }

  /** Adds a further name of an entry: all that is known of that is copied, and stays when the other name gets another entry. */
  #addLink(folder: number, name: string, { target = "" }: Member, refuse: Refuse): number {
    const tree = this.#tree;
    const original = this.#find(target);
    if (original === NONE) throw refuse(`is a link to ${shown(target)}, which no member before it is`);
    if (tree.kind(original) === S_IFDIR) throw refuse(`is a link to ${shown(target)}, which is a directory`);
    if (this.#index.find(folder, name) === original) return original;
    const entry = this.#place(folder, name, S_IFREG);
    for (const { view } of [
      ...[tree.mode, tree.uid, tree.gid, tree.size, tree.mtime, tree.mtimeNsec, tree.ref, tree.count],
      ...[tree.xattrs, tree.flags, ...this.#carried],
    ])
      view[entry] = view[original]!;
    const key = this.#linkKeys.get(original) ?? this.#nextKey++;
    this.#linkKeys.set(original, key);
    this.#linkKeys.set(entry, key);
    return entry;
  }

  #find(path: string): number {
    let entry = 0;
    for (const name of path.split("/")) {
      if (name === "" || name === ".") continue;
      entry = this.#index.find(entry, name);
      if (entry === NONE) return NONE;
    }
    return entry;
  }

  /** Gives the children of each directory numbers in a row. */
  #arrange(leavesOut: ((entry: number) => boolean) | undefined): void {
    const tree = this.#tree;
    const { length } = tree;
    const isExcluded = compileExcludes(this.#policy.exclude);
    const { children, starts } = sortChildren(tree, this.#gone);
    const numberOf = new Uint32Array(length).fill(NONE);
    const rows: { entry: number; first: number; count: number }[] = [];
    numberOf[0] = 0;
    let next = 1;
    const pending = [0];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      const prefix = isExcluded && folder !== 0 ? `${latin1FromBytes(tree.path(folder))}/` : "";
      const first = next;
      for (let at = starts[folder]!; at < starts[folder + 1]!; at++) {
        const child = children[at]!;
        if (leavesOut?.(child)) continue;
        if (isExcluded?.(prefix + latin1FromBytes(tree.name(child)))) {
          tree.addExcluded(1);
          continue;
        }
        numberOf[child] = next++;
        if (tree.kind(child) === S_IFDIR) pending.push(child);
      }
      rows.push({ entry: folder, first, count: next - first });
    }
    for (const { entry, first, count } of rows) {
      tree.ref.view[entry] = first;
      tree.count.view[entry] = count;
    }
    if (!this.#policy.copyLinks) {
      for (const [entry, key] of this.#linkKeys)
        if (numberOf[entry] !== NONE) tree.addLink(numberOf[entry]!, 0, 0, key);
    }
    renumber(tree, numberOf, this.#carried);
  }

  #refuse(path: string, why: string, code: "INPUT" | "LIMIT"): ImageError {
    return new ImageError(code, `${this.#archive}: ${shown(path)}: ${why}`, { path: this.#archive });
  }
}

type Refuse = (why: string, code?: "INPUT" | "LIMIT") => ImageError;

/** Where a path ends that may have slashes behind it. */
function endOf(path: string): number {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return end;
}

function checkName(name: string, refuse: Refuse): void {
  if (name === "..") throw refuse("a path may not hold ..");
  if (name.includes("\0")) throw refuse("a path may not hold NUL");
  if (name.length > 255) throw refuse("a name is longer than 255 bytes", "LIMIT");
}

function shown(path: string): string {
  return showBytes(bytesFromLatin1(path)) || "an empty name";
}

/** The children of each directory, in byte order of their names, without what lies below those that are gone. */
function sortChildren(tree: Tree, gone: ReadonlySet<number>): { children: Uint32Array; starts: Uint32Array } {
  const { length } = tree;
  const parent = tree.parent.view;
  const starts = new Uint32Array(length + 1);
  for (let entry = 1; entry < length; entry++) if (!gone.has(entry)) starts[parent[entry]! + 1]!++;
  for (let entry = 0; entry < length; entry++) starts[entry + 1]! += starts[entry]!;
  const children = new Uint32Array(starts[length]!);
  const ends = starts.slice(0, length);
  for (let entry = 1; entry < length; entry++) if (!gone.has(entry)) children[ends[parent[entry]!]!++] = entry;
  const names = tree.names.view;
  const nameOff = tree.nameOff.view;
  const nameLen = tree.nameLen.view;
  const compare = (a: number, b: number) =>
    compareRanges(names, nameOff[a]!, nameOff[a]! + nameLen[a]!, nameOff[b]!, nameOff[b]! + nameLen[b]!);
  for (let entry = 0; entry < length; entry++) {
    if (starts[entry + 1]! - starts[entry]! > 1) children.subarray(starts[entry]!, starts[entry + 1]!).sort(compare);
  }
  return { children, starts };
}
