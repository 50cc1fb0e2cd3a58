/** The tree that is left when a caller's functions have left entries out, or changed them. */
import { latin1FromBytes, pathBytes, showBytes } from "../../core/bytes.ts";
import { Column } from "../../core/column.ts";
import { ImageError } from "../../core/error.ts";
import { BYTES, type Checks, either, NUMBER, object, record, showValue, TEXT } from "../../core/options/checks.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import { LinkIndex } from "../tree/link-index.ts";
import { resolvePolicy } from "../tree/policy.ts";
import { FLAG_SPARSE, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, type Tree } from "../tree/tree.ts";
import type { Xattr } from "../tree/xattrs.ts";
import { type Member, MemberTree } from "./archive/member-tree.ts";
import { checkId, KINDS, listXattrs, permissions, splitPath, splitTime, TIME } from "./entry.ts";
import type { EntryChange, TransformedSource, TreeEntry } from "./transformed.ts";

/** A tree, and its sets of attributes. */
export interface GivenTree {
  tree: Tree;
  xattrs: readonly (readonly Xattr[])[];
}

const CHANGE_CHECKS: Checks<EntryChange> = {
  path: either("a string or a Uint8Array", TEXT, BYTES),
  mode: NUMBER,
  uid: NUMBER,
  gid: NUMBER,
  mtime: TIME,
  target: either("a string or a Uint8Array", TEXT, BYTES),
  xattrs: object("attributes by name"),
};
const CHANGE = record("key of a change", CHANGE_CHECKS);
const MAX_ENTRIES = 2 ** 26;

/** What has become of a tree. */
export interface TransformedTree {
  /** What each entry was before. */
  origins: Uint32Array;
  xattrs: Xattr[][];
}

/** Fills an empty tree with what is left of another one. */
export async function transformTree(
  given: GivenTree,
  into: Tree,
  { keeps, change }: Pick<TransformedSource, "keeps" | "change">,
  job: JobContext,
): Promise<TransformedTree> {
  const transformer = new Transformer(given, into);
  const pending = [0];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    if (keeps && entry !== 0 && !transformer.keeps(entry, keeps)) continue;
    transformer.add(entry, change);
    if (given.tree.kind(entry) === S_IFDIR) {
      const first = given.tree.ref.view[entry]!;
      for (let child = first + given.tree.count.view[entry]! - 1; child >= first; child--) pending.push(child);
    }
    const breathing = job.breathe(1);
    if (breathing !== undefined) await breathing;
  }
  return transformer.finish();
}

class Transformer {
  readonly #given: GivenTree;
  readonly #into: Tree;
  readonly #members: MemberTree;
  readonly #links: LinkIndex;
  /** What each new entry was, from 1. */
  readonly #origins = Column.create(Uint32Array, MAX_ENTRIES);
  /** Where directories have gone, by entry, where they have gone anywhere else. */
  readonly #moved = new Map<number, string>();
  /** Where the first name of a file with several has gone. */
  readonly #firstNames = new Map<number, string>();
  /** Paths that are taken, once something has gone elsewhere: latin1 strings. */
  readonly #taken = new Set<string>();

  constructor(given: GivenTree, into: Tree) {
    this.#given = given;
    this.#into = into;
    this.#links = new LinkIndex(given.tree);
    // options for all entries have been applied
    const policy = { ...resolvePolicy({}, false), buildTime: undefined };
    this.#members = new MemberTree(into, policy, [this.#origins]);
    this.#members.startArchive("map()");
    into.addLeftOut(given.tree);
    if (given.tree.hasRuledModes) into.noteRuledMode();
  }

  keeps(entry: number, keeps: (entry: TreeEntry) => boolean): boolean {
    const view = new EntryView(this.#given, entry);
    const answer: unknown = keeps(view);
    if (typeof answer !== "boolean") throw refuse("filter()", view.path, `${showValue(answer)} is no boolean`);
    if (!answer) this.#into.addExcluded(1);
    return answer;
  }

  add(entry: number, change: ((entry: TreeEntry) => EntryChange | undefined) | undefined): void {
    const view = new EntryView(this.#given, entry);
    const changed = change === undefined ? undefined : checkChange(change(view), view);
    const path = this.#pathOf(entry, view, changed);
    if (change !== undefined) {
      if (this.#taken.has(path)) throw refuse("map()", showLatin1(path), "is given twice");
      this.#taken.add(path);
    }
    const names = this.#links.names(entry);
    const first = names.length > 1 ? this.#firstNames.get(names[0]!) : undefined;
    const member = first === undefined ? this.#describe(entry, view, path, changed) : linkTo(first, path);
    if (names.length > 1 && first === undefined) this.#firstNames.set(names[0]!, path);
    const added = this.#members.add(member);
    this.#origins.view[added] = entry + 1;
    const { tree } = this.#given;
    this.#into.flags.view[added] = tree.flags.view[entry]! & FLAG_SPARSE;
    this.#into.stamp.view[added] = tree.stamp.view[entry]!;
    if (!tree.hasStorage || tree.kind(entry) !== S_IFREG) return;
    const { flags, group } = tree.storage(entry);
    this.#into.noteStorage(added, flags, group);
  }

  finish(): TransformedTree {
    const xattrs = this.#members.finish();
    const origins = new Uint32Array(new SharedArrayBuffer(4 * this.#into.length));
    for (let entry = 0; entry < origins.length; entry++) {
      const origin = this.#origins.view[entry] ?? 0;
      // a directory that was made because something has gone there has no contents to be read
      origins[entry] = origin === 0 ? 0 : origin - 1;
    }
    return { origins, xattrs };
  }

  /** Where an entry goes; a latin1 string. */
  #pathOf(entry: number, view: TreeEntry, changed: EntryChange | undefined): string {
    const { tree } = this.#given;
    const before = latin1FromBytes(view.pathBytes);
    const folder = entry === 0 ? undefined : this.#moved.get(tree.parent.view[entry]!);
    const name = latin1FromBytes(tree.name(entry));
    const moved = folder === undefined ? before : folder === "" ? name : `${folder}/${name}`;
    const path = changed?.path === undefined ? moved : splitPath(changed.path, view.path).join("/");
    if ((entry === 0) !== (path === ""))
      throw refuse("map()", view.path, "what is the root stays so, and nothing else becomes it");
    if (path !== before && tree.kind(entry) === S_IFDIR) this.#moved.set(entry, path);
    return path;
  }

  #describe(entry: number, view: EntryView, path: string, changed: EntryChange = {}): Member {
    const { tree } = this.#given;
    const kind = tree.kind(entry);
    const { sec, nsec } = changed.mtime === undefined ? view.mtime : splitTime(changed.mtime, view.path);
    if (changed.target !== undefined && kind !== S_IFLNK)
      throw refuse("map()", view.path, "target: is for kind symlink");
    const target = changed.target === undefined ? tree.target.bind(tree, entry) : () => pathBytes(changed.target!);
    const ref = tree.ref.view[entry]!;
    return {
      ...{ path, kind, mtime: sec, mtimeNsec: nsec },
      mode: changed.mode === undefined ? view.mode : permissions({ path, mode: changed.mode }, kind, view.path),
      uid: changed.uid === undefined ? view.uid : checkId(changed.uid, view.path),
      gid: changed.gid === undefined ? view.gid : checkId(changed.gid, view.path),
      size: tree.size.view[entry]!,
      ...{ major: (ref >>> 8) & 0xfff, minor: (ref & 0xff) | ((ref >>> 12) & 0xfff00) },
      target: kind === S_IFLNK ? latin1FromBytes(target()) : undefined,
      xattrs: changed.xattrs === undefined ? view.sets : listXattrs(changed.xattrs, view.path),
    };
  }
}

/** A further name of what has gone to a path. */
function linkTo(target: string, path: string): Member {
  return {
    ...{
      path,
      target,
      kind: 0,
      mode: 0,
      uid: 0,
      gid: 0,
      mtime: 0,
      mtimeNsec: 0,
      size: 0,
      major: 0,
      minor: 0,
      xattrs: [],
    },
  };
}

function checkChange(change: unknown, { path }: TreeEntry): EntryChange | undefined {
  if (change === undefined) return undefined;
  const fault = CHANGE.find(change);
  if (fault) throw refuse("map()", path, `${fault.at === "" ? "" : `${fault.at.slice(1)}: `}${fault.why}`);
  return change as EntryChange;
}

function refuse(what: string, path: string, why: string): ImageError {
  return new ImageError("INPUT", `${what}: ${path || "the root"}: ${why}`, { path });
}

function showLatin1(path: string): string {
  return showBytes(Uint8Array.from(path, (char) => char.charCodeAt(0)));
}

const KIND_NAMES = new Map(Object.entries(KINDS).map(([name, type]) => [type, name as TreeEntry["kind"]]));

/** An entry as callers see it, read from the tree as it is asked for. */
class EntryView implements TreeEntry {
  readonly #given: GivenTree;
  readonly #entry: number;

  constructor(given: GivenTree, entry: number) {
    this.#given = given;
    this.#entry = entry;
  }

  get path(): string {
    return showBytes(this.pathBytes);
  }

  get pathBytes(): Uint8Array {
    return this.#given.tree.path(this.#entry);
  }

  get kind(): TreeEntry["kind"] {
    return KIND_NAMES.get(this.#given.tree.kind(this.#entry) as never)!;
  }

  get mode(): number {
    return this.#given.tree.mode.view[this.#entry]! & ~S_IFMT;
  }

  get uid(): number {
    return this.#given.tree.uid.view[this.#entry]!;
  }

  get gid(): number {
    return this.#given.tree.gid.view[this.#entry]!;
  }

  get mtime(): { sec: number; nsec: number } {
    const { mtime, mtimeNsec } = this.#given.tree;
    return { sec: mtime.view[this.#entry]!, nsec: mtimeNsec.view[this.#entry]! };
  }

  get size(): number {
    return this.#given.tree.size.view[this.#entry]!;
  }

  get target(): string | undefined {
    const { tree } = this.#given;
    return tree.kind(this.#entry) === S_IFLNK ? showBytes(tree.target(this.#entry)) : undefined;
  }

  get xattrs(): readonly (readonly [string, Uint8Array])[] {
    return this.sets.map(({ name, value }) => [showBytes(name), value] as const);
  }

  /** Its attributes, with names as bytes. */
  get sets(): readonly Xattr[] {
    return this.#given.xattrs[this.#given.tree.xattrs.view[this.#entry]!]!;
  }
}
