/** What sources of every kind come to on the way into a build. */
import type { TemporaryFiles } from "../../core/node/node-temporary.ts";
import type { JobContext, JobParams } from "../../core/threads/threads.ts";
import type { KnownPath } from "../../stage/source/nix/known-path.ts";
import type { HashWork } from "../../stage/source/nix/nar/node-hash-paths.ts";
import type { WalkStart } from "../../stage/source/node-sources.ts";
import type { Source } from "../../stage/source/source.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { StagePolicy, XattrReaderName } from "../../stage/tree/policy.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import type { SharedContents } from "../contents.ts";
import type { JOBS } from "../jobs.ts";

/** What a tree was staged into. */
export interface Staged {
  tree: Tree;
  contents: SharedContents | Contents;
  xattrs: Xattr[][];
  /** Left out before the walk. */
  excluded: number;
  /** Directories of which several sources have something; undefined: there are none. */
  joined?: ReadonlySet<number> | undefined;
  /** Undefined: all contents are known. */
  late?: LateFiles | undefined;
}

/** Files that say what the others hold: so far they have names alone, and their entries say so (`FLAG_LATE`). */
export interface LateFiles {
  /** The store paths that are to be hashed meanwhile; undefined: there are none. */
  work: HashWork | undefined;
  /** What the files hold, by entry; once the work is done. */
  finish(): ReadonlyMap<number, Uint8Array>;
}

/** What opening a source takes from a build. */
export interface SourceHost {
  /** What becomes of the entries of a source. */
  policyOf(source: Source): StagePolicy;
  readonly temporary: TemporaryFiles;
  /** How many threads there may be. */
  readonly threads: number;
  here<R>(work: (job: JobContext) => Promise<R>): Promise<R>;
  run<K extends keyof typeof JOBS>(name: K, params: JobParams<typeof JOBS, K>): Promise<void>;
  /** Notes for the report how attributes of files were read. */
  noteXattrs(note: XattrNote): void;
}

/** How attributes of files were read; what is not there is as it was. */
export interface XattrNote {
  xattrReader?: XattrReaderName | "none";
  /** They were to be read, and nothing here reads them. */
  xattrsUnread?: boolean;
  /** Further inodes that have some for which the image has no place. */
  xattrsLeftOut?: number;
}

/** What images of a format have a place for. */
export interface Holding {
  /** No extended attributes are stored, so that none are read. */
  isNone?: boolean;
  /** Access control lists. Default: they are held. */
  holdsAcls?: boolean;
  /** Contents of files, which else stay where they are. Default: they are held. */
  holdsContents?: boolean;
  /** Parts of a second. Default: they are held. */
  holdsNanoseconds?: boolean;
}

/** Store paths of a source. */
export interface StorePaths {
  /** The folders of the image that they lie in, as latin1 strings. */
  below: readonly string[];
  /** Where each lies on this machine, or where it is said to lie. */
  paths(): readonly string[];
  /** Whether the tree has been changed since, so that a path may be gone, or no longer what is known of it. */
  isAmended: boolean;
  /** What is known of them; undefined: nothing but their names. */
  known(): Promise<readonly KnownPath[] | undefined>;
}

/** A source that is open, and of which nothing has been listed. */
export interface OpenPart {
  tree: Tree;
  /** Of files on this machine: where the walk starts. */
  start: WalkStart | undefined;
  /** Entries left out so far. */
  excluded: number;
  /** Lists everything; to be called once. */
  stage(): Promise<Staged>;
  /** The store paths among its entries. */
  stores: readonly StorePaths[];
}
