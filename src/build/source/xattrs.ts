/** Extended attributes of the files of a source, by whatever reads them on this machine. */
import { bytesFromLatin1, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { threadsFor } from "../../core/threads/threads.ts";
import type { SharedPaths } from "../../stage/source/disk/node-paths.ts";
import type { FoundXattrs } from "../../stage/source/node-sources.ts";
import { countLeftOut, FoundSets, numberSets, shareCounts, takeSkipped } from "../../stage/source/xattr/found-sets.ts";
import { XattrNames } from "../../stage/source/xattr/names.ts";
import { EntryPaths } from "../../stage/source/xattr/node-entry-paths.ts";
import { getfattr, type NamedValue, readByGetfattr } from "../../stage/source/xattr/node-getfattr.ts";
import type { XattrParams } from "../../stage/source/xattr/node-read-sets.ts";
import type { XattrReader } from "../../stage/source/xattr/node-reader.ts";
import { type CallingReader, chooseReader, isThere, loadReader } from "../../stage/source/xattr/node-readers.ts";
import type { StagePolicy, XattrReaderName } from "../../stage/tree/policy.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import type { SourceHost } from "./part.ts";

/** Whether files here have attributes that belong into images: those of other systems are in namespaces of their own. */
const HAS_XATTRS = process.platform === "linux" || process.platform === "android";

/**
 * Decides how the attributes of entries are read that are about to be listed. Undefined: nothing reads them here. Throws
 * `INPUT` for a reader that is asked for and is not there.
 */
export function planXattrs(
  tree: Tree,
  paths: SharedPaths,
  policy: StagePolicy,
  host: SourceHost,
): XattrStage | undefined {
  const { xattrReader: wish } = policy;
  const reader = wish === "none" ? undefined : chooseReader(wish);
  const xattrsUnread = HAS_XATTRS && paths.from.length > 0;
  host.noteXattrs(reader === undefined ? { xattrsUnread } : { xattrReader: reader });
  return reader && new XattrStage(tree, paths, policy, host, reader);
}

/** One source of which attributes are read. */
export class XattrStage {
  readonly #tree: Tree;
  readonly #paths: SharedPaths;
  readonly #policy: StagePolicy;
  readonly #host: SourceHost;
  /** Undefined: a program, which is asked once all is listed. */
  readonly #reader: CallingReader | undefined;
  readonly #names: XattrNames;
  readonly #counts = shareCounts();

  constructor(tree: Tree, paths: SharedPaths, policy: StagePolicy, host: SourceHost, reader: XattrReaderName) {
    this.#tree = tree;
    this.#paths = paths;
    this.#policy = policy;
    this.#host = host;
    this.#reader = reader === "getfattr" ? undefined : reader;
    this.#names = new XattrNames(policy);
  }

  /** What the threads that list the tree are to read on the way; undefined: nothing. */
  get inWalk(): XattrParams | undefined {
    return this.#reader && { reader: this.#reader, counts: this.#counts };
  }

  /** Once all is listed: reads what is left, and gives the sets, whose numbers entries have from now on. */
  async finish(): Promise<FoundXattrs> {
    const tree = this.#tree;
    const { length } = tree;
    if (this.#reader === undefined) await this.#ask(Array.from({ length }, (_, entry) => entry));
    else {
      const skipped = takeSkipped(tree, this.#counts);
      if (skipped.length > 0 && !this.#hasSpare()) throw notSpelt(this.#pathsOf().path(skipped[0]!)!);
      if (skipped.length > 0) await this.#ask(skipped);
    }
    this.#host.noteXattrs({ xattrsLeftOut: countLeftOut(tree, this.#counts) });
    return { sets: numberSets(tree), read: (path) => this.#readOne(path) };
  }

  /** Whether what a reader cannot spell is asked of the program. */
  #hasSpare(): boolean {
    return this.#policy.xattrReader === "auto" && isThere("getfattr");
  }

  #pathsOf(): EntryPaths {
    return new EntryPaths(this.#tree, this.#paths, this.#policy);
  }

  /** Reads the attributes of entries by the program, by as many of its processes as there may be threads. */
  async #ask(entries: readonly number[]): Promise<void> {
    const found = new FoundSets(this.#tree, this.#counts);
    const parts = Math.min(this.#host.threads, threadsFor({ entries: entries.length }));
    const length = Math.ceil(entries.length / parts);
    const works = Array.from({ length: parts }, (_, part) => ({
      ...{ found, names: this.#names, pathsOf: () => this.#pathsOf() },
      entries: entries.slice(part * length, (part + 1) * length),
    }));
    await this.#host.here((job) => readByGetfattr(job, works));
  }

  /** The attributes of what lies at a path. */
  #readOne(path: Buffer): Xattr[] {
    const set = this.#reader === undefined ? getfattr(path) : listAll(loadReader(this.#reader), path);
    if (set === undefined && !this.#hasSpare()) throw notSpelt(path);
    const all = set ?? getfattr(path);
    if (all.some(({ name }) => this.#names.fate(name) === "homeless")) this.#host.noteXattrs({ xattrsLeftOut: 1 });
    const taken = all.filter(({ name }) => this.#names.fate(name) === "taken");
    return taken.map(({ name, value }) => ({ name: bytesFromLatin1(name), value }));
  }
}

/** All attributes of what lies at a path; undefined: the reader cannot spell them. */
function listAll(reader: XattrReader, path: Buffer): NamedValue[] | undefined {
  return reader.list(path)?.flatMap((name) => {
    const value = reader.value(name);
    return value === undefined ? [] : [{ name, value: value.slice() }];
  });
}

function notSpelt(path: Uint8Array): ImageError {
  const shown = showBytes(path);
  const why = "its name, or that of an attribute, is no UTF-8, which @napi-rs/xattr cannot spell: getfattr can";
  return new ImageError("INPUT", `${shown}: ${why}`, { path: shown });
}
