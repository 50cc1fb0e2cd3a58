/** Sources that fill the tree themselves, and whose contents lie at offsets of files that every thread can read. */
import type { TemporaryFiles } from "../../../core/node/node-temporary.ts";
import type { JobContext } from "../../../core/threads/threads.ts";
import type { StagePolicy } from "../../tree/policy.ts";
import type { Tree } from "../../tree/tree.ts";
import type { Xattr } from "../../tree/xattrs.ts";
import type { SharedPaths } from "../disk/node-paths.ts";
import type { Origins } from "../merge.ts";
import type { Source } from "../source.ts";
import type { ArchiveRanges } from "./node-archive-contents.ts";
import type { UnpackWork } from "./zip/node-unpack.ts";

/** What staging comes to. */
export interface StagedRanges {
  ranges: ArchiveRanges;
  /** Indexed by the tree's column of that name; index 0 is the empty set. */
  xattrs: Xattr[][];
  /** What threads have to do before contents can be read. */
  unpack?: UnpackWork | undefined;
  /** Where the tree was changed: what each entry is of the archive, or else where it lies on disk. */
  amended?: { origins: Origins; paths: SharedPaths } | undefined;
}

/** A source of this kind. */
export interface RangedSource extends Source {
  /** Not only archives are read: what lies on disk is looked at too. Default: false. */
  readsDisk?: boolean;
  /** Says the paths of an error as they were given. */
  restore(error: unknown): unknown;
  /**
   * Fills an empty tree, pausing now and then.
   *
   * @param temporary makes files that the build needs to its end
   */
  stageRanges(tree: Tree, policy: StagePolicy, job: JobContext, temporary: TemporaryFiles): Promise<StagedRanges>;
}

/** Whether a source is a {@link RangedSource}. */
export function isRanged(source: Source): source is RangedSource {
  return "stageRanges" in source;
}
