/** What a build can be told, and what it tells while it runs. */
import type { ErofsLayoutOptions } from "../erofs/options.ts";
import type { SortRule } from "../stage/tree/file-order.ts";
import type { StageOptions } from "../stage/tree/policy.ts";

/** What every build can be told, whatever the format. */
export interface RunOptions extends StageOptions {
  /** Threads that walk, compare and write; never shows in the bytes (`--workers`). Default: the processors available. */
  workers?: number | undefined;
  /** The order in which the contents of files are stored: see `parseSortFile()`. Default: that of their paths. */
  sort?: readonly SortRule[] | undefined;
  /** Bytes before the image (`--offset`): zeros in a file, what was there on a device. Default: 0. */
  offset?: number | undefined;
  /** Prefix under which the image will be mounted (`--mount-point`): recorded in the report, changes no byte. */
  mountPoint?: string | undefined;
  /** Stops the build; the promise rejects with `ABORTED` and the target is as it was. */
  signal?: AbortSignal | undefined;
  /** Called at most about ten times a second. */
  onProgress?: ((progress: BuildProgress) => void) | undefined;
}

/** Everything that `buildErofs` can be told. */
export interface BuildOptions extends RunOptions, ErofsLayoutOptions {}

/** Where a build stands. */
export interface BuildProgress {
  /** Listing the tree, comparing files of equal size, compressing them, or writing the image. */
  stage: "walk" | "compare" | "compress" | "write";
  /** Entries found so far (`walk`), else bytes of content done. */
  done: number;
  /** Bytes of content in all; undefined during `walk`, and wherever nobody knows: a closure is not listed before. */
  total: number | undefined;
}
