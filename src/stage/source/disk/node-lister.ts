/** The names in one directory, in the order that they have in the image, without what is excluded and the build's own. */
import { type Dirent, lstatSync, opendirSync, readdirSync } from "node:fs";
import { latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { isNameLost, nameLost } from "../../../core/node/node-errors.ts";
import { compileExcludes, type Excluder } from "../../tree/exclude.ts";
import type { StagePolicy } from "../../tree/policy.ts";
import { S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../tree/tree.ts";
import { stripCaseHack } from "./case-hack.ts";
import { NameList } from "./name-list.ts";
import { OwnFileFilter } from "./node-own-files.ts";
import { SEPARATOR } from "./node-windows.ts";

/** A directory that takes this many bytes on disk may have so many names that they are read some at a time. */
const LARGE_DIRECTORY = 64 * 1024;
const NAMES_AT_ONCE = 256;
/** Bytes of a name that any system allows. */
export const MAX_DISK_NAME = 1024;

/** Lists directories, one after another. */
export class DirectoryLister {
  readonly #tree: Tree;
  readonly #caseHack: boolean;
  readonly #excluded: Excluder | undefined;
  readonly #own: OwnFileFilter;
  readonly #strips: boolean;
  /** The names of the directory that was listed last. */
  readonly names: NameList;

  constructor(tree: Tree, policy: StagePolicy) {
    this.#tree = tree;
    this.#caseHack = policy.caseHack;
    this.#excluded = compileExcludes(policy.exclude);
    this.#own = new OwnFileFilter(policy.own);
    this.#strips = policy.overlay === "strip";
    this.names = new NameList(tree, policy.caseHack);
  }

  /**
   * Lists a directory of the tree. Throws `INPUT` for two names that are one in the image.
   *
   * @param path by which it can be reached
   * @param bytes that it takes on disk, as the system says: it decides no more than how the names are asked for
   */
  list(directory: number, path: Buffer, bytes: number): void {
    // kinds tell that most entries are no whiteouts
    if (this.#strips) {
      this.listKinds(directory, path);
      return;
    }
    const take = this.#start(directory, path);
    if (bytes < LARGE_DIRECTORY) take(readdirSync(path, "latin1").sort());
    else readNames(path, take);
    this.#end(path);
  }

  /**
   * The same with the kinds of the entries, where the filesystem tells them with the names: see {@link NameList.kind}.
   */
  listKinds(directory: number, path: Buffer): void {
    const take = this.#start(directory, path);
    let listed: Dirent[];
    try {
      listed = readdirSync(path, { withFileTypes: true, encoding: "latin1" });
    } catch {
      // where it tells no kinds, Node looks for some names under others: what the reason is will be seen
      take(readdirSync(path, "latin1").sort());
      this.#end(path);
      return;
    }
    if (listed.length > 1) listed.sort(byName);
    const names: string[] = [];
    const kinds: number[] = [];
    for (const entry of listed) {
      names.push(entry.name);
      kinds.push(kindOf(entry));
    }
    take(names, kinds);
    this.#end(path);
  }

  #start(directory: number, path: Buffer): (names: string[], kinds?: number[]) => void {
    const prefix = this.#excluded && directory !== 0 ? `${latin1FromBytes(this.#tree.path(directory))}/` : "";
    this.names.clear();
    return (names, kinds) => {
      const isKept = this.#choose(prefix, path, names, kinds);
      if (isKept === undefined) return this.names.add(names, kinds);
      this.names.add(
        names.filter((_, index) => isKept[index]),
        kinds?.filter((_, index) => isKept[index]),
      );
    };
  }

  /** Which names of a directory are taken; undefined: all. */
  #choose(prefix: string, path: Buffer, names: readonly string[], kinds?: readonly number[]): boolean[] | undefined {
    const excluded = this.#excluded;
    const suspects = (name: string) => this.#own.suspects(name);
    if (!excluded && !this.#strips && !names.some(suspects)) return undefined;
    return names.map((name, index) => {
      const isStripped = this.#strips && !kinds?.[index] && isWhiteoutAt(childPath(path, name));
      if (isStripped || excluded?.(prefix + (this.#caseHack ? stripCaseHack(name) : name))) {
        this.#tree.addExcluded(1);
        return false;
      }
      if (!suspects(name) || !this.#own.isAt(childPath(path, name), name)) return true;
      this.#tree.addOwnFiles(1);
      return false;
    });
  }

  #end(path: Buffer): void {
    const twin = this.names.sort();
    if (twin >= 0) this.#refuseTwin(path, twin);
  }

  /** Two names that are one in the image: the store is not what Nix made. */
  #refuseTwin(directory: Buffer, index: number): never {
    const nameAt = (at: number) => {
      const name = Buffer.alloc(MAX_DISK_NAME);
      return name.subarray(0, this.names.copy(at, name, 0));
    };
    const bytes = Buffer.concat([directory, Buffer.from("/"), nameAt(index)]);
    if (isNameLost(bytes)) throw nameLost(bytes);
    const path = showBytes(bytes);
    const other = showBytes(nameAt(index - 1));
    throw new ImageError("INPUT", `${path}: has the same name in the image as ${other}`, { path });
  }
}

function childPath(directory: Buffer, name: string): Buffer {
  const separator = directory[directory.length - 1] === SEPARATOR ? [] : [SEPARATOR];
  return Buffer.concat([directory, Buffer.from(separator), Buffer.from(name, "latin1")]);
}

/** Whether what lies at a path is a whiteout of overlayfs: a character device 0:0. */
function isWhiteoutAt(path: Buffer): boolean {
  // whatever is wrong is said when it is to be packed
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isCharacterDevice() === true && stats.rdev === 0;
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

/** The type bits of an entry's mode; 0: to be asked for. */
function kindOf(entry: Dirent): number {
  if (entry.isFile()) return S_IFREG;
  if (entry.isDirectory()) return S_IFDIR;
  return entry.isSymbolicLink() ? S_IFLNK : 0;
}

/**
 * Calls `take` with the names in a directory, some at a time: an array of all names of a whole store, and the C
 * library's before that, would be the largest things in memory.
 */
function readNames(path: Buffer, take: (names: string[]) => void): void {
  // as buffers: with strings, Node fails where the filesystem does not tell what kind an entry is of
  const listing = opendirSync(path, { encoding: "buffer" as BufferEncoding, bufferSize: NAMES_AT_ONCE });
  try {
    let names: string[] = [];
    for (let found = listing.readSync(); found !== null; found = listing.readSync()) {
      names.push((found.name as unknown as Buffer).toString("latin1"));
      if (names.length < NAMES_AT_ONCE) continue;
      take(names);
      names = [];
    }
    take(names);
  } finally {
    listing.closeSync();
  }
}
