/** Which entries of a tree lie on disk, and where attributes are asked for. */
import type { StagePolicy } from "../../tree/policy.ts";
import type { Tree } from "../../tree/tree.ts";
import { PathBuilder, type SharedPaths } from "../disk/node-paths.ts";

const HERE = Buffer.from("/.");

/** Paths of entries. */
export class EntryPaths {
  readonly #tree: Tree;
  readonly #paths: SharedPaths;
  readonly #builder: PathBuilder;
  /** Entries of the root that are made up: the folders of a store, which stand behind its paths, see stageTops(). */
  readonly #madeUp: { from: number; to: number };

  constructor(tree: Tree, paths: SharedPaths, { below }: StagePolicy) {
    this.#tree = tree;
    this.#paths = paths;
    this.#builder = new PathBuilder(tree, paths);
    this.#madeUp = { from: paths.from.length + 1, to: paths.from.length + 1 + below.length };
  }

  /** Where an entry lies, as a view that the next call overwrites; undefined: nowhere. */
  path(entry: number): Buffer | undefined {
    // what was left out has left a gap
    if (this.#tree.mode.view[entry] === 0) return undefined;
    const { isDirectory } = this.#paths;
    const isMadeUp = entry === 0 || (entry >= this.#madeUp.from && entry < this.#madeUp.to);
    if (!isDirectory && isMadeUp) return undefined;
    const path = this.#builder.path(entry);
    // the directory whose contents are wanted may itself be named through a symbolic link
    return isDirectory && entry === 0 ? Buffer.concat([path, HERE]) : path;
  }
}
