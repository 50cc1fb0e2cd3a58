/** Sources that are changed after the walk: entries added from anywhere on this machine, metadata replaced. */

import { type BigIntStats, lstatSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { bytesFromLatin1, compareBytes, latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";
import { fileId } from "../../core/node/node-identity.ts";
import { readLink } from "../../core/node/node-link.ts";
import { isInUse } from "../../core/node/node-litter.ts";
import type { TemporaryFiles } from "../../core/node/node-temporary.ts";
import { type DiskPaths, type EntryMeta, TreeEditor } from "../tree/edit.ts";
import { compileExcludes, type Excluder } from "../tree/exclude.ts";
import type { StagePolicy } from "../tree/policy.ts";
import {
  encodeDevice,
  FLAG_DISK_PATH,
  FLAG_SPARSE,
  NONE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type Tree,
} from "../tree/tree.ts";
import { compileXattrNames, type Xattr, XattrSets } from "../tree/xattrs.ts";
import { sourceStamp } from "./disk/node-files.ts";
import { hostMode } from "./disk/node-modes.ts";
import { OwnFileFilter } from "./disk/node-own-files.ts";
import { PathBuilder, type SharedPaths } from "./disk/node-paths.ts";
import { splitDevice } from "./disk/node-stager.ts";
import { imageTarget, systemPath } from "./disk/node-windows.ts";
import type { FileSource } from "./node-sources.ts";

/** Does what is to be done with a tree that has been walked. */
export type Amendment = (work: Amending) => void | Promise<void>;

/** A source whose tree `amendment` changes after the walk. `defaults`: of directories that nobody has described. */
export function amend(source: FileSource, defaults: EntryMeta, amendment: Amendment): FileSource {
  return {
    isClosure: source.isClosure,
    isStore: source.isStore === true,
    isBare: source.isBare === true,
    restore: (error) => source.restore(error),
    async open(stagePolicy, arena, temporary) {
      const start = await source.open(stagePolicy, arena, temporary);
      // stats of files that are added are exact, so all must be
      const paths = { ...start.paths, exactStats: true };
      return {
        ...start,
        paths,
        async finish(tree, policy, job, found) {
          const given = await start.finish?.(tree, policy, job, found);
          const sets = new XattrSets(given ?? found?.sets ?? [[]]);
          const work = new Amending(tree, policy, { paths, defaults, sets, temporary, readXattrs: found?.read });
          await amendment(work);
          job.control.check();
          work.editor.finish();
          job.advance(tree.length);
          return sets.sets;
        },
      };
    },
  };
}

/** What {@link Amending} is made of besides. */
export interface AmendingFrom {
  paths: SharedPaths;
  /** Of directories that nobody has described. */
  defaults: EntryMeta;
  sets: XattrSets;
  temporary: TemporaryFiles;
  /** Gives the attributes of what lies at a path; undefined where they are not read. */
  readXattrs: ((path: Buffer) => Xattr[]) | undefined;
  /** See TreeEditor; with it, what is in the tree lies on no disk. */
  copied?: ((from: number, to: number) => void) | undefined;
}

/** Paths of entries that lie on no disk, but for those that have been added from there. */
function addedPaths(tree: Tree, builder: PathBuilder): DiskPaths {
  const isAdded = (entry: number) => (tree.flags.view[entry]! & FLAG_DISK_PATH) !== 0;
  return { path: (entry) => (isAdded(entry) ? builder.path(entry) : NO_PATH), isNumbered: () => false };
}

const NO_PATH = new Uint8Array(0);

/** What an {@link Amendment} works with. Paths of the image, and of the disk, are latin1 strings. */
export class Amending {
  readonly tree: Tree;
  readonly editor: TreeEditor;
  /** Hard links become files of their own. */
  readonly copiesLinks: boolean;
  /** Entries from this number on were added. */
  readonly firstAdded: number;
  /** Whether rules for names let an attribute be taken that a source gives. */
  readonly takesXattr: (name: Uint8Array) => boolean;
  readonly #excluded: Excluder | undefined;
  readonly #sets: XattrSets;
  readonly #readXattrs: ((path: Buffer) => Xattr[]) | undefined;
  readonly #temporary: TemporaryFiles;
  readonly #own: OwnFileFilter;
  readonly #paths: PathBuilder;
  readonly #isDirectory: boolean;
  /** False: everything in the tree has been added by another amendment. */
  readonly #isWalked: boolean;
  readonly #tops: number;
  /** Those above a store's paths. */
  readonly #folders: number;

  constructor(tree: Tree, policy: StagePolicy, from: AmendingFrom) {
    const { paths, defaults, sets, temporary, readXattrs, copied } = from;
    this.tree = tree;
    this.#readXattrs = readXattrs;
    this.#sets = sets;
    this.#temporary = temporary;
    this.#own = new OwnFileFilter(policy.own);
    this.copiesLinks = policy.copyLinks;
    this.takesXattr = compileXattrNames(policy.xattrNames);
    this.#excluded = compileExcludes(policy.exclude);
    this.#isWalked = paths.isDirectory || paths.from.length > 0;
    this.firstAdded = this.#isWalked ? tree.length : 0;
    this.#paths = new PathBuilder(tree, paths);
    this.#isDirectory = paths.isDirectory;
    this.#tops = paths.from.length;
    this.#folders = policy.below.length;
    this.editor = new TreeEditor(tree, policy, copied ? addedPaths(tree, this.#paths) : this.#paths, defaults, copied);
  }

  /** Takes out again what rules exclude; what is below it goes with it, and other names of a file stay. */
  leaveOutExcluded(): void {
    const { editor, tree } = this;
    if (!this.#excluded) return;
    const pending: [path: string, entry: number][] = [["", 0]];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [folder, directory] = next;
      for (const [name, entry] of [...editor.children(directory)]) {
        const path = folder === "" ? name : `${folder}/${name}`;
        if (this.#excluded(path)) {
          editor.remove(entry);
          tree.addExcluded(1);
        } else if (tree.kind(entry) === S_IFDIR) pending.push([path, entry]);
      }
    }
  }

  /**
   * Adds a regular file whose contents are those of `diskPath`, a symbolic link followed. Returns NONE for one of the build's
   * own, which is left out.
   */
  addFile(path: string, meta: EntryMeta, diskPath: string): number {
    const stats = this.stat(diskPath, true);
    if ((Number(stats.mode) & S_IFMT) !== S_IFREG) throw this.#refuse(diskPath, "not a regular file");
    return this.#addFile(path, meta, diskPath, stats);
  }

  /**
   * Adds a regular file with contents that are on no disk yet: `make` writes them to an empty file. That keeps its name, as it
   * is packed by its path like any other.
   */
  addMade(path: string, meta: EntryMeta, make: (file: string) => void): number {
    const file = this.#temporary.create();
    make(file);
    return this.addAlike(path, meta, latin1FromBytes(Buffer.from(file)));
  }

  /** Adds a regular file with the contents of one that {@link addMade} has added, which lies at `diskPath`. */
  addAlike(path: string, meta: EntryMeta, diskPath: string): number {
    return this.#placeFile(path, meta, diskPath, this.stat(diskPath, false));
  }

  /**
   * Adds whatever lies at `diskPath` with its attributes, without what is in it; `stats` are its own. Returns NONE for a file of the build's own,
   * which is left out.
   *
   * @param root a directory of the disk that is in the image with all between it and `diskPath`: see {@link LinkPlace}
   */
  addFrom(path: string, meta: EntryMeta, diskPath: string, stats: BigIntStats, root?: string): number {
    const entry = this.#addFrom(path, meta, diskPath, stats, root);
    // those of a file are taken where it is added
    if ((meta.mode & S_IFMT) !== S_IFREG) this.#takeXattrs(entry, diskPath);
    return entry;
  }

  #addFrom(path: string, meta: EntryMeta, diskPath: string, stats: BigIntStats, root?: string): number {
    const kind = meta.mode & S_IFMT;
    if (kind === S_IFREG) return this.#addFile(path, meta, diskPath, stats);
    if (kind === S_IFLNK) {
      const entry = this.editor.add(path, meta);
      const target = this.#attempt(diskPath, (at) => readLink(at));
      const place = () => ({
        link: bytesFromLatin1(diskPath),
        root: root === undefined ? root : bytesFromLatin1(root),
      });
      this.editor.setTarget(entry, latin1FromBytes(imageTarget(target, place)));
      return entry;
    }
    if (kind === S_IFCHR || kind === S_IFBLK) {
      const { major, minor } = splitDevice(stats.rdev);
      return this.addDevice(path, meta, major, minor);
    }
    return this.editor.add(path, meta);
  }

  /** Adds a device. */
  addDevice(path: string, meta: EntryMeta, major: number, minor: number): number {
    const entry = this.editor.add(path, meta);
    this.tree.ref.view[entry] = encodeDevice(major, minor, path);
    return entry;
  }

  /** Everything in the image, the root first (as `""`), each directory before what is in it, by name. */
  *entries(): Generator<[path: string, entry: number]> {
    const pending: [path: string, entry: number][] = [["", 0]];
    for (let next = pending.pop(); next; next = pending.pop()) {
      yield next;
      const [path, entry] = next;
      if (this.tree.kind(entry) !== S_IFDIR) continue;
      const children = [...this.editor.children(entry)].sort(([a], [b]) => (a < b ? 1 : -1));
      for (const [name, child] of children) pending.push([path === "" ? name : `${path}/${name}`, child]);
    }
  }

  /** The attributes of an entry. */
  xattrs(entry: number): readonly Xattr[] {
    return this.#sets.sets[this.tree.xattrs.view[entry]!]!;
  }

  /** Gives an entry, and its other names, these attributes instead of those that it had. */
  setXattrs(entry: number, xattrs: readonly Xattr[]): void {
    const set = this.#sets.index(xattrs);
    for (const name of this.editor.namesOf(entry)) this.tree.xattrs.view[name] = set;
  }

  /** Gives an entry, and its other names, an attribute more, or another value of one that it has. */
  addXattr(entry: number, xattr: Xattr): void {
    const others = this.xattrs(entry).filter(({ name }) => compareBytes(name, xattr.name) !== 0);
    this.setXattrs(entry, [...others, xattr]);
  }

  /** What is at a path of the disk; `follow`: not the symbolic link there but what it leads to. */
  stat(diskPath: string, follow: boolean): BigIntStats {
    return this.#attempt(diskPath, (path) => (follow ? statSync : lstatSync)(path, { bigint: true }));
  }

  /** The path without links in its directories, and with `follow` not one itself; a latin1 string. */
  realPath(diskPath: string, follow: boolean): string {
    const slash = diskPath.lastIndexOf("/");
    const real = (path: string) => this.#attempt(path, (at) => latin1FromBytes(realpathSync(at, "buffer")));
    if (follow || /(?:^|\/)\.{0,2}$/.test(diskPath)) return real(diskPath);
    const directory = real(slash < 0 ? "." : diskPath.slice(0, slash) || "/");
    return `${directory === "/" ? "" : directory}/${diskPath.slice(slash + 1)}`;
  }

  /** Whether an entry that was in the tree before lies on disk: the root of several sources, and folders of a store, do not. */
  hasDiskPath(entry: number): boolean {
    if (this.#isDirectory) return true;
    if (!this.#isWalked) return (this.tree.flags.view[entry]! & FLAG_DISK_PATH) !== 0;
    // folders stand behind the tops: see stageTops()
    return entry !== 0 && (entry <= this.#tops || entry > this.#tops + this.#folders);
  }

  /** Where an entry lies on disk: of what was in the tree before, or has been added from there; `""` where nothing is. */
  diskPath(entry: number): string {
    if (!this.#isWalked && !this.hasDiskPath(entry)) return "";
    return latin1FromBytes(this.#paths.path(entry));
  }

  /** The mode of what is at a path of the disk, type bits included, by its {@link stat}; by rule where the host holds none. */
  mode(diskPath: string, stats: BigIntStats): number {
    return this.#attempt(diskPath, (path) => hostMode(stats, path, this.tree));
  }

  /** Whether a file is the build's own, or another's, and so left out: the image that is there already, a temporary file. */
  leavesOut(stats: BigIntStats, diskPath: string): boolean {
    const isOwn = this.#own.isOwn(stats) || this.#temporary.has(fileId(stats));
    if (!isOwn && !isInUse(basename(diskPath))) return false;
    this.tree.addOwnFiles(1);
    return true;
  }

  #addFile(path: string, meta: EntryMeta, diskPath: string, stats: BigIntStats): number {
    if (this.leavesOut(stats, diskPath)) return NONE;
    const entry = this.#placeFile(path, meta, diskPath, stats);
    this.#takeXattrs(entry, diskPath, true);
    return entry;
  }

  /** Gives an entry the attributes of what lies at a path of the disk; `follow`: of what a link there leads to. */
  #takeXattrs(entry: number, diskPath: string, follow = false): void {
    const read = this.#readXattrs;
    if (read !== undefined)
      this.setXattrs(entry, this.#attempt(follow ? this.realPath(diskPath, true) : diskPath, read));
  }

  #placeFile(path: string, meta: EntryMeta, diskPath: string, stats: BigIntStats): number {
    // contents are opened without following links, so what is opened is what the link leads to
    const isLink = (Number(this.stat(diskPath, false).mode) & S_IFMT) === S_IFLNK;
    const real = isLink ? this.#attempt(diskPath, (at) => latin1FromBytes(realpathSync(at, "buffer"))) : diskPath;
    const entry = this.editor.add(path, meta, real);
    this.tree.size.view[entry] = Number(stats.size);
    this.tree.stamp.view[entry] = sourceStamp(stats);
    if (stats.blocks * 512n < stats.size) this.tree.flags.view[entry]! |= FLAG_SPARSE;
    return entry;
  }

  #attempt<T>(diskPath: string, work: (path: Buffer) => T): T {
    try {
      return work(systemPath(Buffer.from(bytesFromLatin1(diskPath))));
    } catch (cause) {
      if (cause instanceof ImageError) throw cause;
      throw this.#refuse(diskPath, systemMessage(cause), cause);
    }
  }

  #refuse(diskPath: string, why: string, cause?: unknown): ImageError {
    const shown = showBytes(bytesFromLatin1(diskPath));
    return new ImageError("INPUT", `${shown}: ${why}`, { path: shown, cause });
  }
}
