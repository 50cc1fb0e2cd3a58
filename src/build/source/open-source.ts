/** What a session tells a build of its source before anything is listed. */
import type { SharedPaths } from "../../stage/source/disk/node-paths.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { Staged } from "./part.ts";
import type { StraightNix } from "./straight-nix.ts";

/** A source that is open, and has not been looked at any further. */
export interface OpenSource {
  tree: Tree;
  /** The paths of a closure of which nothing has to be known before it is packed; else undefined. */
  tops: SharedPaths | undefined;
  /** The registration that is to be made of them; undefined: none is. */
  nix: StraightNix | undefined;
  /** Left out so far. */
  excluded: number;
  /** Lists everything. @param canWait see {@link Staged.late}: the build can write such files when it has read all others */
  stage(canWait?: boolean): Promise<Staged>;
  /** Says more of an error about one of the tops. */
  explain(error: unknown): unknown;
}
