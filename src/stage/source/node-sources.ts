/** Sources that are files on this machine: a directory, a list of paths. Closure lists: nix/list/node-closure.ts. */
import { encodeUtf8, latin1FromBytes, pathBytes, showBytes, writeLatin1 } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { excerpt } from "../../core/excerpt.ts";
import { CallFolder, givenPath, settle } from "../../core/node/node-folder.ts";
import type { TemporaryFiles } from "../../core/node/node-temporary.ts";
import { showValue } from "../../core/options/checks.ts";
import { sharedUint32, shareUint32 } from "../../core/shared.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import { compileExcludes } from "../tree/exclude.ts";
import type { StagePolicy } from "../tree/policy.ts";
import type { Tree } from "../tree/tree.ts";
import type { Xattr } from "../tree/xattrs.ts";
import { arrangeClosure, type ClosurePaths, pickTops, topName, topPath } from "./disk/closure.ts";
import { OwnFileFilter } from "./disk/node-own-files.ts";
import type { SharedPaths } from "./disk/node-paths.ts";
import { IS_WINDOWS, systemPath, useSlashes } from "./disk/node-windows.ts";
import type { KnownPath } from "./nix/known-path.ts";
import type { Source } from "./source.ts";

const SLASH = 0x2f;
/** Stands between names of Windows too; elsewhere a name may hold it, and is then asked for in vain. */
const BACKSLASH = 0x5c;

/** Characters of a path in the message about a line of a list. */
const MOST_SHOWN = 1024;

/** Attributes of files. */
export interface FoundXattrs {
  /** By the numbers that entries have of them. */
  sets: Xattr[][];
  /** Those of what lies at a path, no link followed. */
  read(path: Buffer): Xattr[];
}

/** What the walk starts from. */
export interface WalkStart {
  paths: SharedPaths;
  excluded: number;
  /** Completes the tree after the walk; gives its attribute sets. `found`: those of files, where they are read. */
  finish?(tree: Tree, policy: StagePolicy, job: JobContext, found?: FoundXattrs): Promise<Xattr[][]>;
  /** Says more of an error about one of the paths: the line of the list that named it. */
  explain(error: unknown): unknown;
  /** What is known of the store paths of a closure; absent, or undefined, where nothing is but their names. */
  known?: (() => Promise<readonly KnownPath[] | undefined>) | undefined;
}

/** A source whose entries lie on this machine. */
export interface FileSource extends Source {
  /**
   * Finds out where the walk starts, and puts the paths of the tops into the tree's arena; touches no entry yet.
   *
   * @param temporary makes files that the build needs to its end
   */
  open(policy: StagePolicy, tree: Tree, temporary: TemporaryFiles): Promise<WalkStart>;
  /** Says the paths of an error as they were given. */
  restore(error: unknown): unknown;
}

/** The contents of directory `path` become the root of the image. */
export function directory(path: string | Uint8Array): FileSource {
  const folder = CallFolder.now();
  const root = settle(() => folder.resolve(givenPath("directory()", path)));
  return {
    isClosure: false,
    restore: (error) => folder.restore(error),
    async open(policy, tree) {
      const { from, to } = joinPaths([root()], tree);
      return {
        paths: { from, to, isDirectory: true, exactStats: policy.times !== "fixed" },
        excluded: 0,
        explain: (error) => error,
      };
    },
  };
}

/** Each path becomes a top-level entry under its base name, and all is as in a Nix store. */
export function paths(list: readonly (string | Uint8Array)[]): FileSource {
  return { ...besides(list), isStore: true };
}

/** {@link paths} that are none of a store: they go into the root, wherever store paths go. */
export function besides(list: readonly (string | Uint8Array)[]): FileSource {
  const folder = CallFolder.now();
  const tops = settle(() => checkPaths(list).map((path) => folder.resolve(path)));
  return {
    isClosure: true,
    restore: (error) => folder.restore(error),
    open: async (policy, tree) => openTops(joinPaths(tops(), tree), policy, tree),
  };
}

/** Each path becomes a top-level entry of a name of its own; one may lie inside another. Throws `INPUT` for no name, or one given twice. */
export function namedPaths(list: readonly { path: string; name: string }[]): FileSource {
  return {
    isClosure: false,
    restore: (error) => error,
    async open(policy, tree) {
      const isExcluded = compileExcludes(policy.exclude);
      const all = list.map(({ path, name }) => ({ path, name: latin1FromBytes(encodeUtf8(name)) }));
      const allowed = all.filter(({ name }) => !isExcluded?.(name));
      const filter = new OwnFileFilter(policy.own);
      const tops = allowed
        .filter(({ path }) => !isOwn(filter, path, baseName(path)))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      tree.addOwnFiles(allowed.length - tops.length);
      tops.forEach(({ path, name }, index) => {
        const isName = name !== "" && name !== "." && name !== "..";
        if (isName && name !== tops[index - 1]?.name) return;
        throw new ImageError("INPUT", `${path}: ${isName ? "has the name of another" : "has no name of its own"}`, {
          path,
        });
      });
      const { from, to } = joinPaths(
        tops.map(({ path }) => pathBytes(path)),
        tree,
      );
      const names = sharedUint32(tops.length);
      const lengths = sharedUint32(tops.length);
      for (const [index, { name }] of tops.entries()) {
        lengths[index] = name.length;
        names[index] = tree.allocateName(name.length);
        writeLatin1(name, tree.names.view, names[index]);
      }
      return {
        paths: { from, to, names: { at: names, lengths }, isDirectory: false, exactStats: policy.times !== "fixed" },
        excluded: list.length - allowed.length,
        explain: (error) => error,
      };
    },
  };
}

function checkPaths(list: readonly (string | Uint8Array)[]): Uint8Array[] {
  if (!Array.isArray(list)) throw new ImageError("INPUT", `the paths are no array: ${showValue(list)}`);
  // whatever was to find them has failed: an image of nothing helps nobody
  if (list.length === 0) throw new ImageError("INPUT", "the array of paths is empty");
  // from(): holes too
  return Array.from(list, (path, index) => givenPath(`path ${index + 1}`, path));
}

/** No entries but an empty root: what {@link amend} begins with where nothing is walked. */
export function nothing(): FileSource {
  return {
    isClosure: false,
    restore: (error) => error,
    async open() {
      const none = { from: sharedUint32(0), to: sharedUint32(0), isDirectory: false, exactStats: true };
      return { paths: none, excluded: 0, explain: (error) => error };
    },
  };
}

/** The name that a path has on disk, as a latin1 string. */
function baseName(path: string): string {
  const bytes = pathBytes(path);
  return latin1FromBytes(bytes, Math.max(bytes.lastIndexOf(SLASH), bytes.lastIndexOf(BACKSLASH)) + 1);
}

/** Paths of an argument, put into the arena of a tree. */
export function joinPaths(list: readonly Uint8Array[], tree: Tree): ClosurePaths {
  const [from, to, line] = [sharedUint32(list.length), sharedUint32(list.length), new Uint32Array(list.length)];
  for (const [index, path] of list.entries()) {
    from[index] = tree.allocateName(path.length);
    to[index] = from[index]! + path.length;
    line[index] = index + 1;
    tree.names.view.set(path, from[index]);
  }
  useSlashes(tree.names.view);
  return { bytes: tree.names.view, from, to, line, where: "path ", isWindows: IS_WINDOWS };
}

/** The start of a walk of paths that become entries of the root. */
export function openTops(given: ClosurePaths, policy: StagePolicy, tree: Tree): WalkStart {
  const excluder = compileExcludes(policy.exclude);
  const folders = policy.below.map((_, depth) => policy.below.slice(0, depth + 1).join("/"));
  const isExcluded =
    excluder && ((name: string) => [...folders, [...policy.below, name].join("/")].some((path) => excluder(path)));
  const all = arrangeClosure(given);
  const kept = isExcluded ? all.from.map((_, top) => top).filter((top) => !isExcluded(topName(all, top))) : undefined;
  const allowed = kept ? pickTops(all, kept) : all;
  const tops = withoutOwn(allowed, policy);
  tree.addOwnFiles(allowed.from.length - tops.from.length);
  return {
    paths: {
      from: shareUint32(tops.from),
      to: shareUint32(tops.to),
      isDirectory: false,
      exactStats: policy.times !== "fixed",
    },
    excluded: all.from.length - allowed.from.length,
    explain(error) {
      if (!(error instanceof ImageError && error.code === "INPUT")) return error;
      const line = tops.line.find((_, top) => showBytes(topPath(tops, top)) === error.path);
      if (!line) return error;
      const { message, path = "", cause } = error;
      // what was to be a path may be anything
      const said = path.length > MOST_SHOWN ? message.replaceAll(path, () => excerpt(path)) : message;
      return new ImageError("INPUT", `${tops.where}${line}: ${said}`, { path, cause });
    },
  };
}

/** Whether the path of a top-level entry is that of a file of the build itself, or of another one. */
function isOwn(filter: OwnFileFilter, path: string | Uint8Array, name: string): boolean {
  return filter.suspects(name) && filter.isAt(systemPath(Buffer.from(path)), name);
}

/** The paths without those of the build's own files. */
function withoutOwn(tops: ClosurePaths, { own }: StagePolicy): ClosurePaths {
  const filter = new OwnFileFilter(own);
  const isKept = (top: number) => {
    const path = topPath(tops, top);
    return !isOwn(filter, path, latin1FromBytes(path, path.lastIndexOf(SLASH) + 1));
  };
  const indexes = tops.from.map((_, top) => top).filter(isKept);
  return indexes.length < tops.from.length ? pickTops(tops, indexes) : tops;
}

/** Whether a source is a {@link FileSource}. */
export function isFileSource(source: Source): source is FileSource {
  return "open" in source;
}
