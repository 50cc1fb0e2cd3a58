/** What a build of a SquashFS image did. */
import type { BuildSeconds, EntryCounts } from "./report.ts";

/** What a build of a SquashFS image did. Sizes in bytes, times in seconds. */
export interface SquashfsReport {
  /** Bytes of the image with its padding, without `offset`. */
  bytes: number;
  /** Bytes without padding: what the superblock says. */
  bytesUsed: number;
  /** Bytes of a data block. */
  blockSize: number;
  /** Bytes of data and fragment blocks as they are stored. */
  dataBytes: number;
  /** Bytes of everything else: superblock, options, tables. */
  metaBytes: number;
  /** Fragment blocks. */
  fragments: number;
  /** Different owners. */
  ids: number;
  /** What blocks are compressed with, and its level where it has some: `zstd,15`. */
  compressor: string;
  /** As the options had it. */
  mountPoint: string | undefined;
  /** Inodes by kind. */
  counts: EntryCounts;
  /** Bytes of contents that are stored once for several files. */
  savedByDedupe: number;
  /** Bytes of zero blocks that are stored as holes. */
  savedByHoles: number;
  /** Inodes whose time SquashFS cannot hold: they got the nearest that it can. */
  clampedTimes: number;
  /** Entries left out by rules, and by `oneFileSystem`. */
  excluded: number;
  /** Paths of the sort rules that are for no file. */
  unmatchedRules: string[];
  /** Lowest Linux version that mounts and reads the image, such as `4.14`. */
  minimumKernel: string;
  /** Wall time of each stage, and of all. */
  seconds: BuildSeconds;
}
