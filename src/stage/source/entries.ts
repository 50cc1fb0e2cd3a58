/** A source of one's own: entries that exist in memory, or are made as they are asked for. */
import { compareBytes, encodeUtf8, latin1FromBytes, pathBytes, showBytes, writeLatin1 } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { ByteSource } from "../../core/sink.ts";
import type { JobContext } from "../../core/threads.ts";
import type { Contents } from "../tree/contents.ts";
import { compileExcludes, type Excluder } from "../tree/exclude.ts";
import { blankMetadata, MAX_ID, type StagePolicy, stageMetadata } from "../tree/policy.ts";
import {
  encodeDevice,
  FLAG_SPARSE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
  type Tree,
} from "../tree/tree.ts";
import type { Xattr } from "../tree/xattrs.ts";
import type { StagedSource } from "./source.ts";

/** One entry of {@link entries}. Strings are UTF-8. */
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
  /** Seconds since 1970, or seconds (negative too) and 0..999999999 nanoseconds forward from them. Default: 0. */
  mtime?: number | { sec: number; nsec: number } | undefined;
  /** Of a symbolic link: what it points to. Of a hard link: the path of the entry that it names too. */
  target?: string | Uint8Array | undefined;
  /** Of a device: 0..4095. */
  major?: number | undefined;
  /** Of a device: 0..1048575. */
  minor?: number | undefined;
  /** Extended attributes by full name. */
  xattrs?: Iterable<readonly [string, Uint8Array]> | Readonly<Record<string, Uint8Array>> | undefined;
  /** Of a file: its bytes, or something that reads them. Default: empty. */
  contents?: Uint8Array | string | ByteSource | undefined;
  /** Of a file: look for blocks of zeros and store them as holes. Default: false. */
  sparse?: boolean | undefined;
}

const KINDS = {
  file: S_IFREG,
  directory: S_IFDIR,
  symlink: S_IFLNK,
  char: S_IFCHR,
  block: S_IFBLK,
  fifo: S_IFIFO,
  socket: S_IFSOCK,
} as const;

/** A tree of `list`'s entries, in whatever order they come. */
export function entries(list: Iterable<Entry> | AsyncIterable<Entry>): StagedSource {
  return { isClosure: false, stage: (tree, policy, job) => new EntryStage(tree, policy).stage(list, job) };
}

/** An entry being arranged; directories hold their children by latin1 name. */
interface Node {
  entry: Entry | undefined;
  kind: number;
  children: Map<string, Node> | undefined;
  /** The node that a hard link names. */
  linkTo: Node | undefined;
  isLinked: boolean;
  /** What its links have in common in the tree's table of links. */
  linkKey: number | undefined;
  id: number;
}

class EntryStage {
  readonly #tree: Tree;
  readonly #policy: StagePolicy;
  readonly #excluded: Excluder | undefined;
  readonly #root = makeNode(S_IFDIR);
  readonly #sources = new Map<number, ByteSource>();
  readonly #xattrs: Xattr[][] = [[]];
  readonly #xattrIndex = new Map<string, number>();
  /** What the entry that is being stored is given. */
  readonly #given = blankMetadata();
  #nextLinkKey = 0;

  constructor(tree: Tree, policy: StagePolicy) {
    this.#tree = tree;
    this.#policy = policy;
    this.#excluded = compileExcludes(policy.exclude);
  }

  async stage(
    list: Iterable<Entry> | AsyncIterable<Entry>,
    job: JobContext,
  ): Promise<{ contents: Contents; xattrs: Xattr[][] }> {
    for await (const entry of list) {
      this.#add(entry);
      const breathing = job.breathe(1);
      if (breathing !== undefined) await breathing;
    }
    this.#tree.allocate(1);
    this.#store(0, this.#root);
    const pending = [this.#root];
    for (let directory = pending.pop(); directory; directory = pending.pop()) {
      for (const child of this.#storeChildren(directory)) pending.push(child);
    }
    return { contents: new EntryContents(this.#tree, this.#sources), xattrs: this.#xattrs };
  }

  #add(entry: Entry): void {
    if (typeof entry?.path !== "string" && !(entry?.path instanceof Uint8Array)) {
      throw new ImageError("INPUT", "an entry has no path");
    }
    const shown = showBytes(pathBytes(entry.path));
    const names = splitPath(entry.path, shown);
    const kind = entry.kind ?? "file";
    if (kind !== "hardlink" && !Object.hasOwn(KINDS, kind)) throw refuse(shown, `"${kind}" is no kind of entry`);
    const type = kind === "hardlink" ? S_IFREG : KINDS[kind];
    if (names.length === 0) {
      if (type !== S_IFDIR) throw refuse("the root", "must be a directory");
      if (this.#root.entry) throw refuse("the root", "is given twice");
      this.#root.entry = entry;
      return;
    }
    const parent = this.#descend(names.slice(0, -1), shown);
    const name = names[names.length - 1]!;
    const present = parent.get(name);
    if (present && (present.entry || type !== S_IFDIR)) throw refuse(shown, "is given twice");
    const node = present ?? makeNode(type);
    node.entry = entry;
    if (kind === "hardlink") this.#link(node, entry, shown);
    parent.set(name, node);
  }

  #descend(names: readonly string[], shown: string): Map<string, Node> {
    let directory = this.#root;
    for (const name of names) {
      let next = directory.children!.get(name);
      if (!next) {
        next = makeNode(S_IFDIR);
        directory.children!.set(name, next);
      }
      if (!next.children) throw refuse(shown, "lies below an entry that is no directory");
      directory = next;
    }
    return directory.children!;
  }

  #link(node: Node, entry: Entry, shown: string): void {
    if (entry.target === undefined) throw refuse(shown, "a hard link needs a target");
    let target: Node | undefined = this.#root;
    for (const name of splitPath(entry.target, shown)) target = target?.children?.get(name);
    if (!target || target.children)
      throw refuse(shown, `no entry before it has the path ${showBytes(pathBytes(entry.target))}`);
    node.linkTo = target.linkTo ?? target;
    node.linkTo.isLinked = true;
  }

  /** Stores a directory's children; returns those that are directories themselves. */
  #storeChildren(directory: Node): Node[] {
    const tree = this.#tree;
    const all = [...directory.children!.keys()].sort();
    const names = this.#excluded ? this.#filter(directory.id, all, this.#excluded) : all;
    tree.addExcluded(all.length - names.length);
    const first = tree.allocate(names.length);
    tree.ref.view[directory.id] = first;
    tree.count.view[directory.id] = names.length;
    names.forEach((name, index) => {
      const id = first + index;
      tree.parent.view[id] = directory.id;
      const at = tree.allocateName(name.length);
      writeLatin1(name, tree.names.view, at);
      tree.nameOff.view[id] = at;
      tree.nameLen.view[id] = name.length;
      this.#store(id, directory.children!.get(name)!);
    });
    return names.map((name) => directory.children!.get(name)!).filter((node) => node.children);
  }

  #filter(directory: number, names: readonly string[], excluded: Excluder): readonly string[] {
    const prefix = directory === 0 ? "" : `${latin1FromBytes(this.#tree.path(directory))}/`;
    return names.filter((name) => !excluded(prefix + name));
  }

  #store(id: number, node: Node): void {
    const tree = this.#tree;
    const real = node.linkTo ?? node;
    const entry = real.entry ?? { path: "" };
    node.id = id;
    const shown = showBytes(pathBytes(entry.path));
    tree.mode.view[id] = real.kind | permissions(entry, real.kind, shown);
    const { sec, nsec } = splitTime(entry.mtime ?? 0, shown);
    const given = this.#given;
    given.uid = checkId(entry.uid, shown);
    given.gid = checkId(entry.gid, shown);
    given.mtime = sec;
    given.mtimeNsec = nsec;
    stageMetadata(tree, this.#policy, id, given);
    if (real.kind === S_IFREG) this.#storeContents(id, entry, shown);
    else if (real.kind === S_IFLNK) {
      const target = pathBytes(entry.target ?? "");
      if (target.length === 0 || target.indexOf(0) >= 0)
        throw refuse(shown, "a symbolic link needs a target without NUL");
      const at = tree.allocateName(target.length);
      tree.names.view.set(target, at);
      tree.ref.view[id] = at;
      tree.size.view[id] = target.length;
    } else if (real.kind === S_IFCHR || real.kind === S_IFBLK) {
      tree.ref.view[id] = encodeDevice(entry.major ?? 0, entry.minor ?? 0, shown);
    }
    if (entry.xattrs) tree.xattrs.view[id] = this.#internXattrs(entry.xattrs, shown);
    if ((node.linkTo || node.isLinked) && !this.#policy.copyLinks) {
      // the number of the real node's own entry may not be known yet: the order of first meeting names the inode
      if (real.linkKey === undefined) real.linkKey = this.#nextLinkKey++;
      tree.addLink(id, 0, 0, real.linkKey);
    }
  }

  /** One index for all entries whose attributes are equal, in whatever order they were given. */
  #internXattrs(given: NonNullable<Entry["xattrs"]>, shown: string): number {
    const set = listXattrs(given, shown).sort((a, b) => compareBytes(a.name, b.name));
    const key = JSON.stringify(set.map(({ name, value }) => [latin1FromBytes(name), latin1FromBytes(value)]));
    const index = this.#xattrIndex.get(key) ?? this.#xattrs.push(set) - 1;
    this.#xattrIndex.set(key, index);
    return index;
  }

  #storeContents(id: number, entry: Entry, shown: string): void {
    const contents = entry.contents ?? "";
    const source =
      typeof contents === "string"
        ? memory(encodeUtf8(contents))
        : contents instanceof Uint8Array
          ? memory(contents)
          : contents;
    if (!Number.isSafeInteger(source.size) || source.size < 0) throw refuse(shown, `size ${source.size} is no size`);
    this.#tree.size.view[id] = source.size;
    if (entry.sparse) this.#tree.flags.view[id]! |= FLAG_SPARSE;
    this.#sources.set(id, source);
  }
}

class EntryContents implements Contents {
  readonly #tree: Tree;
  readonly #sources: ReadonlyMap<number, ByteSource>;

  constructor(tree: Tree, sources: ReadonlyMap<number, ByteSource>) {
    this.#tree = tree;
    this.#sources = sources;
  }

  async read(
    entry: number,
    offset: number,
    length: number,
    into: Uint8Array,
    at: number,
    toEnd: boolean,
  ): Promise<void> {
    const source = this.#sources.get(entry)!;
    const wanted = toEnd ? length + 1 : length;
    let done = 0;
    while (done < wanted) {
      const got = await this.#readAt(entry, source, into.subarray(at + done, at + wanted), offset + done);
      if (!(got > 0)) break;
      done += got;
    }
    if (done === length) return;
    const path = showBytes(this.#tree.path(entry));
    throw new ImageError("CHANGED", `${path}: ${done < length ? "shrank" : "grew"} while it was packed`, { path });
  }

  async #readAt(entry: number, source: ByteSource, into: Uint8Array, offset: number): Promise<number> {
    try {
      return await source.readAt(into, offset);
    } catch (cause) {
      const path = showBytes(this.#tree.path(entry));
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ImageError("IO", `${path}: ${why}`, { path, cause });
    }
  }

  close(): void {
    // nothing is left open
  }

  release(): void {
    // nothing is left open
  }
}

function makeNode(kind: number): Node {
  const children = kind === S_IFDIR ? new Map<string, Node>() : undefined;
  return { entry: undefined, kind, children, linkTo: undefined, isLinked: false, id: 0, linkKey: undefined };
}

function memory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readAt(into, offset) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

function splitPath(path: string | Uint8Array, shown: string): string[] {
  const names = latin1FromBytes(pathBytes(path))
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  for (const name of names) {
    if (name === ".." || name.includes("\0")) throw refuse(shown, "a path may hold neither .. nor NUL");
    if (name.length > 255) throw new ImageError("LIMIT", `${shown}: a name is longer than 255 bytes`, { path: shown });
  }
  return names;
}

function splitTime(mtime: number | { sec: number; nsec: number }, shown: string): { sec: number; nsec: number } {
  const sec = typeof mtime === "number" ? Math.floor(mtime) : mtime.sec;
  const nsec = typeof mtime === "number" ? Math.floor((mtime - sec) * 1e9) : mtime.nsec;
  if (Number.isSafeInteger(sec) && Number.isInteger(nsec) && nsec >= 0 && nsec < 1e9) return { sec, nsec };
  throw refuse(shown, "its time is not whole seconds and 0..999999999 nanoseconds");
}

function permissions(entry: Entry, kind: number, shown: string): number {
  const mode = entry.mode ?? (kind === S_IFDIR ? 0o755 : kind === S_IFLNK ? 0o777 : 0o644);
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
  throw refuse(shown, `mode ${mode} is not 0..07777`);
}

function checkId(id: number | undefined, shown: string): number {
  if (id === undefined) return 0;
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return id;
  throw refuse(shown, `owner ${id} is not an integer from 0 to ${MAX_ID}`);
}

function listXattrs(given: NonNullable<Entry["xattrs"]>, shown: string): Xattr[] {
  const pairs = Symbol.iterator in given ? [...given] : Object.entries(given);
  return pairs.map(([name, value]) => {
    if (!(value instanceof Uint8Array)) throw refuse(shown, `the value of attribute ${name} is no Uint8Array`);
    return { name: encodeUtf8(name), value };
  });
}

function refuse(shown: string, why: string): ImageError {
  return new ImageError("INPUT", `${shown}: ${why}`, { path: shown });
}
