/** Sources that are files on this machine: a directory, a list of paths, a closure list. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathBytes, showBytes } from "../core/bytes.ts";
import type { JobContext } from "../core/control.ts";
import { ImageError } from "../core/error.ts";
import { systemMessage } from "../core/node-errors.ts";
import { arrangeClosure, type ClosurePath, parseClosureList, topName } from "./closure.ts";
import { compileExcludes } from "./exclude.ts";
import { type SharedPaths, sharePaths } from "./node-paths.ts";
import type { ExcludeRules, StagePolicy } from "./policy.ts";
import type { Source, Xattr } from "./source.ts";
import type { Tree } from "./tree.ts";

/** What the walk starts from. */
export interface WalkStart {
  paths: SharedPaths;
  excluded: number;
  /** Completes the tree after the walk; gives its attribute sets. */
  finish?(tree: Tree, policy: StagePolicy, context: JobContext): Promise<Xattr[][]>;
  /** Removes what was made for the time of the build. */
  release?(): void;
  /** Says more of an error about one of the paths: the line of the list that named it. */
  explain(error: unknown): unknown;
}

/** A source whose entries lie on this machine. */
export interface FileSource extends Source {
  /** Finds out where the walk starts; touches no entry yet. */
  open(exclude: ExcludeRules): Promise<WalkStart>;
}

/** The contents of directory `path` become the root of the image. */
export function directory(path: string | Uint8Array): FileSource {
  return {
    isClosure: false,
    async open() {
      const root = diskPath(path);
      if (root.length === 0 || root.indexOf(0) >= 0)
        throw new ImageError("INPUT", `${JSON.stringify(showBytes(root))}: not a path`);
      return { paths: sharePaths([root], true), excluded: 0, explain: (error) => error };
    },
  };
}

/** Each path becomes a top-level entry under its base name, and all is as in a Nix store. */
export function paths(list: readonly (string | Uint8Array)[]): FileSource {
  return topsOf(list, true);
}

/** Each path becomes a top-level entry under its base name. */
export function topsOf(list: readonly (string | Uint8Array)[], isClosure: boolean): FileSource {
  return {
    isClosure,
    open: (exclude) =>
      openTops(
        list.map((path, index) => ({ path: diskPath(path), where: `path ${index + 1}` })),
        exclude,
      ),
  };
}

/** No entries but an empty root: what {@link amend} begins with where nothing is walked. */
export function nothing(): FileSource {
  return {
    isClosure: false,
    async open() {
      return { paths: sharePaths([], false), excluded: 0, explain: (error) => error };
    },
  };
}

/**
 * A closure list: a file with one path a line, or a `closureInfo` folder that holds one as `store-paths`.
 * With `input`, the list is read from there instead (standard input) and `list` only names it.
 */
export function closure(list: string, input?: AsyncIterable<Uint8Array>): FileSource {
  return {
    isClosure: true,
    async open(exclude) {
      const { name, text } = input ? { name: list, text: await readAll(input) } : await readList(list);
      return openTops(parseClosureList(diskPath(text), name), exclude);
    },
  };
}

/** Paths inside this package have slashes only. */
function diskPath(path: string | Uint8Array): Uint8Array {
  const bytes = pathBytes(path);
  return process.platform === "win32" ? bytes.map((byte) => (byte === 0x5c ? 0x2f : byte)) : bytes;
}

async function readList(list: string): Promise<{ name: string; text: Uint8Array }> {
  let name = list;
  try {
    if ((await stat(list)).isDirectory()) name = join(list, "store-paths");
    return { name, text: await readFile(name) };
  } catch (cause) {
    throw new ImageError("INPUT", `${name}: ${systemMessage(cause)}`, { path: name, cause });
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function openTops(given: readonly ClosurePath[], exclude: ExcludeRules): Promise<WalkStart> {
  const isExcluded = compileExcludes(exclude);
  const all = arrangeClosure(given);
  const tops = isExcluded ? all.filter((top) => !isExcluded(topName(top.path))) : all;
  const shared = sharePaths(
    tops.map((top) => top.path),
    false,
  );
  const lines = tops.map((top) => top.where);
  return {
    paths: shared,
    excluded: all.length - tops.length,
    explain(error) {
      if (!(error instanceof ImageError && error.code === "INPUT")) return error;
      const { bytes, offsets } = shared;
      const line = lines.find((_, top) => showBytes(bytes.slice(offsets[top], offsets[top + 1])) === error.path);
      return line
        ? new ImageError("INPUT", `${line}: ${error.message}`, { path: error.path, cause: error.cause })
        : error;
    },
  };
}

/** Whether a source is a {@link FileSource}. */
export function isFileSource(source: Source): source is FileSource {
  return "open" in source;
}
