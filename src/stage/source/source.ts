/** What a tree can be staged from. */
import type { ByteSource } from "../../core/byte-source.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../tree/contents.ts";
import type { StagePolicy } from "../tree/policy.ts";
import type { Tree } from "../tree/tree.ts";
import type { Xattr } from "../tree/xattrs.ts";

/**
 * A source of entries, made by `directory()`, `closure()`, `paths()`, `entries()` and the like. Opaque to callers.
 */
export interface Source {
  /** Whether Nix's policy is the default: owner root, time 0, hard links dereferenced. */
  readonly isClosure: boolean;
  /** Whether its entries are paths of a store, which `storeDir` puts in a folder of their own. */
  readonly isStore?: boolean;
  /** Whether attributes of its files are read only if that is asked for. */
  readonly isBare?: boolean;
}

/** A source that fills the tree itself, from memory or from an archive. */
export interface StagedSource extends Source {
  /**
   * Fills an empty tree, pausing now and then. `xattrs` is indexed by the tree's column of that name; index 0 is the empty set.
   *
   * @param spool keeps streams; without it there can be none
   */
  stage(
    tree: Tree,
    policy: StagePolicy,
    job: JobContext,
    spool?: StreamSpool,
  ): Promise<{ contents: Contents; xattrs: Xattr[][] }>;
}

/** Keeps bytes that come in order, so that they can be read at random. */
export interface StreamSpool {
  /** Reads a stream to its end. */
  add(stream: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>): Promise<ByteSource>;
}

/** Whether a source is a {@link StagedSource}. */
export function isStaged(source: Source): source is StagedSource {
  return "stage" in source;
}

/** A source that `merge()` has made. */
export interface MergedSource extends Source {
  /** What it is made of, in order. */
  readonly parts: readonly Source[];
  /** Says the paths of an error as they were given. */
  restore(error: unknown): unknown;
}

/** Whether a source is a {@link MergedSource}. */
export function isMerged(source: Source): source is MergedSource {
  return "parts" in source;
}
