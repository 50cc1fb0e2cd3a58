/** Several sources as one: their trees become one tree. */
import { latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { showValue } from "../../core/options/checks.ts";
import { FLAG_SPARSE, LINK_FIELDS, S_IFDIR, S_IFLNK, type Tree } from "../tree/tree.ts";
import { type Xattr, XattrSets } from "../tree/xattrs.ts";
import { isMerged, type MergedSource, type Source } from "./source.ts";

/**
 * All that several sources hold, in one tree. A directory that more than one of them has is as the first has it, with what
 * is in all of them; any other path that two have is an error. Each is staged by its own defaults: those of a closure are
 * Nix's.
 */
export function merge(...sources: readonly Source[]): MergedSource {
  for (const [index, source] of sources.entries()) {
    const isSource = typeof source === "object" && source !== null && "isClosure" in source;
    if (!isSource) throw new ImageError("INPUT", `merge(): ${showValue(source)}, number ${index + 1}, is no source`);
  }
  if (sources.length === 0) throw new ImageError("INPUT", "merge(): there is no source");
  const parts = sources.flatMap((source) => (isMerged(source) ? source.parts : [source]));
  return {
    isClosure: parts.every(({ isClosure }) => isClosure),
    isStore: parts.some(({ isStore }) => isStore === true),
    parts,
    restore: (error) => parts.reduce((said, part) => (hasRestore(part) ? part.restore(said) : said), error),
  };
}

function hasRestore(source: Source): source is Source & Pick<MergedSource, "restore"> {
  return "restore" in source;
}

/** A tree that is to be merged, and its sets of attributes. */
export interface TreePart {
  tree: Tree;
  xattrs: Xattr[][];
}

/** Which entry of which part each entry of a merged tree is. */
export interface Origins {
  part: Uint32Array;
  entry: Uint32Array;
}

/** Two parts that have a directory of one path, or one that has it. */
interface Pending {
  into: number;
  /** The directory's entry in each part that has it. */
  from: readonly { part: number; entry: number }[];
}

/** What a merge comes to. */
export interface Merged {
  origins: Origins;
  xattrs: Xattr[][];
  /** Directories that more than one part has. */
  joined: ReadonlySet<number>;
}

/** Merges trees into an empty one. Throws `INPUT` for a path that two of them have. */
export function mergeTrees(parts: readonly TreePart[], tree: Tree): Merged {
  return new TreeMerger(parts, tree).merge();
}

class TreeMerger {
  readonly #parts: readonly TreePart[];
  readonly #tree: Tree;
  readonly #sets = new XattrSets([[]]);
  /** Numbers of the parts' sets among all. */
  readonly #setOf: readonly Uint32Array[];
  readonly #origins: Origins;
  /** Entries of the merged tree, by part and entry. */
  readonly #mergedAs: readonly Uint32Array[];
  readonly #joined = new Set<number>();

  constructor(parts: readonly TreePart[], tree: Tree) {
    this.#parts = parts;
    this.#tree = tree;
    this.#setOf = parts.map(({ xattrs }) => Uint32Array.from(xattrs, (set) => this.#sets.index(set)));
    const all = parts.reduce((sum, part) => sum + part.tree.length, 0);
    const shared = () => new Uint32Array(new SharedArrayBuffer(4 * all));
    this.#origins = { part: shared(), entry: shared() };
    this.#mergedAs = parts.map((part) => new Uint32Array(part.tree.length));
  }

  merge(): Merged {
    const tree = this.#tree;
    for (const part of this.#parts) {
      part.tree.ensureAll();
      tree.addLeftOut(part.tree);
      if (part.tree.hasRuledModes) tree.noteRuledMode();
    }
    tree.allocate(1);
    this.#copy(0, 0, 0);
    const pending: Pending[] = [{ into: 0, from: this.#parts.map((_, part) => ({ part, entry: 0 })) }];
    for (let next = pending.pop(); next; next = pending.pop()) pending.push(...this.#fill(next));
    this.#copyLinks();
    return { origins: this.#origins, xattrs: this.#sets.sets, joined: this.#joined };
  }

  /** Fills a directory; returns directories in it that several parts have. */
  #fill({ into, from }: Pending): Pending[] {
    const tree = this.#tree;
    if (from.length === 1) {
      this.#fillAlone(into, from[0]!);
      return [];
    }
    this.#joined.add(into);
    const named = this.#join(into, from);
    const first = tree.allocate(named.length);
    tree.ref.view[into] = first;
    tree.count.view[into] = named.length;
    const directories: Pending[] = [];
    for (const [index, sources] of named.entries()) {
      const { part, entry } = sources[0]!;
      const child = first + index;
      tree.parent.view[child] = into;
      const name = this.#parts[part]!.tree.name(entry);
      const at = tree.allocateName(name.length);
      tree.names.view.set(name, at);
      tree.nameOff.view[child] = at;
      tree.nameLen.view[child] = name.length;
      this.#copy(part, entry, child);
      if (tree.kind(child) === S_IFDIR) directories.push({ into: child, from: sources });
    }
    return directories;
  }

  /** Fills a directory that one part alone has, with all that is below it. */
  #fillAlone(into: number, { part, entry }: Pending["from"][number]): void {
    const tree = this.#tree;
    const source = this.#parts[part]!.tree;
    const pending = [into, entry];
    while (pending.length > 0) {
      const from = pending.pop()!;
      const to = pending.pop()!;
      const first = source.ref.view[from]!;
      const count = source.count.view[from]!;
      const child = tree.allocate(count);
      tree.ref.view[to] = child;
      tree.count.view[to] = count;
      this.#copyNames(source, first, count, child);
      for (let index = 0; index < count; index++) {
        tree.parent.view[child + index] = to;
        this.#copy(part, first + index, child + index);
        if (tree.kind(child + index) === S_IFDIR) pending.push(child + index, first + index);
      }
    }
  }

  #copyNames(source: Tree, first: number, count: number, child: number): void {
    const tree = this.#tree;
    let bytes = 0;
    for (let index = 0; index < count; index++) bytes += source.nameLen.view[first + index]!;
    let at = tree.allocateName(bytes);
    const names = tree.names.view;
    const given = source.names.view;
    for (let index = 0; index < count; index++) {
      const from = source.nameOff.view[first + index]!;
      const length = source.nameLen.view[first + index]!;
      tree.nameOff.view[child + index] = at;
      tree.nameLen.view[child + index] = length;
      // they are short: to have a view of each would take longer
      for (let byte = 0; byte < length; byte++) names[at++] = given[from + byte]!;
    }
  }

  #childrenOf({ part, entry }: Pending["from"][number]): Pending["from"][] {
    const { tree } = this.#parts[part]!;
    const first = tree.ref.view[entry]!;
    return Array.from({ length: tree.count.view[entry]! }, (_, index) => [{ part, entry: first + index }]);
  }

  /** The children of several directories by name, in byte order. */
  #join(into: number, from: Pending["from"]): Pending["from"][] {
    const byName = new Map<string, Pending["from"][number][]>();
    for (const source of from) {
      for (const [child] of this.#childrenOf(source)) {
        const name = latin1FromBytes(this.#parts[source.part]!.tree.name(child!.entry));
        const same = byName.get(name);
        if (same === undefined) byName.set(name, [child!]);
        else same.push(child!);
      }
    }
    const names = [...byName.keys()].sort();
    return names.map((name) => {
      const same = byName.get(name)!;
      const isDirectory = same.every(({ part, entry }) => this.#parts[part]!.tree.kind(entry) === S_IFDIR);
      if (same.length === 1 || isDirectory) return same;
      const folder = latin1FromBytes(this.#tree.path(into));
      const path = showBytes(Uint8Array.from(folder === "" ? name : `${folder}/${name}`, (char) => char.charCodeAt(0)));
      throw new ImageError("INPUT", `${path}: is in two of the sources that are merged`, { path });
    });
  }

  /** Copies what is said of an entry, but for its name and what lies in it. */
  #copy(part: number, from: number, to: number): void {
    const source = this.#parts[part]!.tree;
    const tree = this.#tree;
    this.#origins.part[to] = part;
    this.#origins.entry[to] = from;
    this.#mergedAs[part]![from] = to;
    tree.mode.view[to] = source.mode.view[from]!;
    tree.size.view[to] = source.size.view[from]!;
    tree.flags.view[to] = source.flags.view[from]! & FLAG_SPARSE;
    copyValue(source.uid.view, from, tree.uid.view, to);
    copyValue(source.gid.view, from, tree.gid.view, to);
    copyValue(source.mtime.view, from, tree.mtime.view, to);
    copyValue(source.mtimeNsec.view, from, tree.mtimeNsec.view, to);
    copyValue(source.stamp.view, from, tree.stamp.view, to);
    const set = this.#setOf[part]![source.xattrs.view[from]!]!;
    if (set !== 0) tree.xattrs.view[to] = set;
    const kind = tree.kind(to);
    if (kind === S_IFDIR) return;
    tree.count.view[to] = source.count.view[from]!;
    if (kind !== S_IFLNK) {
      tree.ref.view[to] = source.ref.view[from]!;
      return;
    }
    const target = source.target(from);
    const at = tree.allocateName(target.length);
    tree.names.view.set(target, at);
    tree.ref.view[to] = at;
  }

  /** Files of several names; two parts may number theirs alike. */
  #copyLinks(): void {
    for (const [part, { tree }] of this.#parts.entries()) {
      const links = tree.links.view;
      for (let at = 0; at < tree.linkCount * LINK_FIELDS; at += LINK_FIELDS) {
        const entry = this.#mergedAs[part]![links[at]!]!;
        // an entry of the part may have been left out since
        if (entry !== 0) this.#tree.addLink(entry, links[at + 1]! + part * DEVICES, links[at + 2]!, links[at + 3]!);
      }
    }
  }
}

/** Zeros are not written: that would touch memory. */
function copyValue(values: ArrayLike<number>, from: number, into: { [index: number]: number }, to: number): void {
  const value = values[from]!;
  if (value !== 0) into[to] = value;
}

/** More than there are numbers of devices. */
const DEVICES = 2 ** 33;
