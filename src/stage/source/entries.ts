/** A source of one's own: entries that exist in memory, or are made as they are asked for. */

import type { ByteSource } from "../../core/byte-source.ts";
import { compareBytes, latin1FromBytes, pathBytes, showBytes, writeLatin1 } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { showValue } from "../../core/options/checks.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../tree/contents.ts";
import { compileExcludes, type Excluder } from "../tree/exclude.ts";
import { blankMetadata, type StagePolicy, stageMetadata } from "../tree/policy.ts";
import { encodeDevice, FLAG_SPARSE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../tree/tree.ts";
import { compileXattrNames, type Xattr } from "../tree/xattrs.ts";
import {
  type ByteStream,
  checkEntry,
  checkId,
  type Entry,
  KINDS,
  listXattrs,
  permissions,
  refuse,
  splitPath,
  splitTime,
} from "./entry.ts";
import { EntryContents, streamOf, toByteSource } from "./entry-contents.ts";
import type { StagedSource, StreamSpool } from "./source.ts";

export type { ByteStream, Entry, EntryTime } from "./entry.ts";

/**
 * A tree of `list`'s entries, in whatever order they come.
 *
 * @param list may be read once only, as a generator is: then the source is for one build
 */
export function entries(list: Iterable<Entry> | AsyncIterable<Entry>): StagedSource {
  let isRead = false;
  return {
    isClosure: false,
    async stage(tree, policy, job, spool) {
      if (!isIterable(list)) throw new ImageError("INPUT", `entries(): ${showValue(list)} is no list of entries`);
      const isOnce = canBeReadOnce(list);
      if (isOnce && isRead)
        throw new ImageError("INPUT", "entries(): the iterator has been read by another build already");
      isRead = true;
      const stage = new EntryStage(tree, policy, spool);
      const count = await stage.add(list, job);
      if (isOnce && count === 0)
        throw new ImageError("INPUT", "entries(): the iterator gives nothing; it may be used up");
      return stage.finish();
    },
  };
}

/** Streams that have been read: such a one would seem to be empty. */
const read = new WeakSet<ByteStream>();

function isIterable(list: unknown): list is Iterable<Entry> | AsyncIterable<Entry> {
  return typeof list === "object" && list !== null && (Symbol.iterator in list || Symbol.asyncIterator in list);
}

/** Iterators, generators among them, and streams; collections make a new iterator for each reader. */
function canBeReadOnce(list: Iterable<Entry> | AsyncIterable<Entry>): boolean {
  return "next" in list || "getReader" in list || "pipe" in list;
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
  readonly #takesXattr: (name: Uint8Array) => boolean;
  readonly #xattrIndex = new Map<string, number>();
  /** What the entry that is being stored is given. */
  readonly #given = blankMetadata();
  readonly #spooler: StreamSpool | undefined;
  #nextLinkKey = 0;

  constructor(tree: Tree, policy: StagePolicy, spooler: StreamSpool | undefined) {
    this.#spooler = spooler;
    this.#tree = tree;
    this.#policy = policy;
    this.#excluded = compileExcludes(policy.exclude);
    this.#takesXattr = compileXattrNames(policy.xattrNames);
  }

  /** Arranges all entries; returns how many there were. */
  async add(list: Iterable<Entry> | AsyncIterable<Entry>, job: JobContext): Promise<number> {
    let count = 0;
    for await (const entry of list) {
      checkEntry(entry, ++count);
      const stream = streamOf(entry);
      this.#add(stream ? { ...entry, contents: await this.#spool(entry, stream) } : entry);
      const breathing = job.breathe(1);
      if (breathing !== undefined) await breathing;
    }
    return count;
  }

  /** Puts them into the tree. */
  finish(): { contents: Contents; xattrs: Xattr[][] } {
    this.#tree.allocate(1);
    this.#store(0, this.#root);
    const pending = [this.#root];
    for (let directory = pending.pop(); directory; directory = pending.pop()) {
      for (const child of this.#storeChildren(directory)) pending.push(child);
    }
    return { contents: new EntryContents(this.#tree, this.#sources), xattrs: this.#xattrs };
  }

  /** Reads a stream: who makes it may go on to the next entry only then. */
  async #spool({ path }: Entry, stream: ByteStream): Promise<ByteSource> {
    const shown = showBytes(pathBytes(path));
    if (this.#spooler === undefined) throw refuse(shown, "contents: there can be no stream");
    if (read.has(stream)) throw refuse(shown, "contents: the stream has been read already, and can be read only once");
    read.add(stream);
    try {
      return await this.#spooler.add(stream);
    } catch (cause) {
      if (cause instanceof ImageError && cause.code === "INPUT") throw refuse(shown, `contents: ${cause.message}`);
      if (cause instanceof ImageError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ImageError("IO", `${shown}: contents: ${why}`, { path: shown, cause });
    }
  }

  #add(entry: Entry): void {
    const shown = showBytes(pathBytes(entry.path));
    const names = splitPath(entry.path, shown);
    const kind = entry.kind ?? "file";
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
    const all = listXattrs(given, shown);
    const set = all.filter(({ name }) => this.#takesXattr(name)).sort((a, b) => compareBytes(a.name, b.name));
    if (set.length === 0 && all.length > 0) return 0;
    const key = JSON.stringify(set.map(({ name, value }) => [latin1FromBytes(name), latin1FromBytes(value)]));
    const index = this.#xattrIndex.get(key) ?? this.#xattrs.push(set) - 1;
    this.#xattrIndex.set(key, index);
    return index;
  }

  #storeContents(id: number, entry: Entry, shown: string): void {
    const source = toByteSource(entry.contents ?? "");
    const { size } = source;
    if (!Number.isSafeInteger(size) || size < 0) throw refuse(shown, `contents.size: ${showValue(size)} is no size`);
    this.#tree.size.view[id] = size;
    if (entry.sparse) this.#tree.flags.view[id]! |= FLAG_SPARSE;
    this.#sources.set(id, source);
  }
}

function makeNode(kind: number): Node {
  const children = kind === S_IFDIR ? new Map<string, Node>() : undefined;
  return { entry: undefined, kind, children, linkTo: undefined, isLinked: false, id: 0, linkKey: undefined };
}
