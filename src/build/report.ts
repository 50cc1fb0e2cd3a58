/** What a build tells when it is done. */

import type { ErrorCode } from "../core/error.ts";
import type { WrittenImage } from "../erofs/report.ts";
import type { InodeCounts } from "../stage/tree/counts.ts";
import type { XattrReaderName } from "../stage/tree/policy.ts";

/** What both ways to build an EROFS image say of what they have made. */
export interface MadeImage extends WrittenImage {
  bytes: number;
  /** Paths of the sort rules that are for no file. */
  unmatched: string[];
  /** Entries that rules left out. */
  excluded: number;
  verity?: VerityReport;
}

/** What a build of an EROFS image did. Sizes in bytes, times in seconds. */
export interface BuildReport {
  /** What the image is. */
  format: "erofs";
  /** Bytes of the image, without `offset`; a hash tree that is appended, and padding before it, count too. */
  bytes: number;
  /** Bytes of a block. */
  blockSize: number;
  /** Blocks of the image. */
  blocks: number;
  /** Blocks of the metadata zone: superblock, inodes, directories, inline tails, attributes. */
  metaBlocks: number;
  /** What data of files lies in besides the image, in the order in which it is mounted (`-o device=`). */
  devices: DeviceReport[];
  /** As 8-4-4-4-12 hex digits. */
  uuid: string;
  /** Volume label. */
  label: string;
  /**
   * Bytes of contents that were read of the sources; what is read again, to be compared or once its place is known, counts
   * again, so that it may be another number each time.
   */
  bytesRead: number;
  /** SHA-256 of the image's bytes, from `offset` on, as 64 hex digits; undefined without the option `digest`. */
  digest: string | undefined;
  /** What dm-verity needs to know; undefined without the option `verity`. */
  verity: VerityReport | undefined;
  /** As the options had it. */
  mountPoint: string | undefined;
  /** Inodes by kind. */
  counts: InodeCounts;
  /** Bytes of blocks that equal files share and that are stored once. */
  savedByDedupe: number;
  /** Bytes of zero blocks that are stored as holes. */
  savedByHoles: number;
  /** Entries left out by rules, and by `oneFileSystem`. */
  excluded: number;
  /**
   * Files of the build itself that were found among what is packed, and left out: the image that was there before,
   * temporary files, told by device and inode. So are temporary files of other builds that run, told by their names.
   */
  ownFiles: number;
  /** Names of the on-disk features in use, as the kernel spells them. */
  features: string[];
  /** Compression algorithms that a reader must know. */
  algorithms: string[];
  /** Paths of the sort rules that are for no file, and exclude rules that are for no entry, as they were given. */
  unmatchedRules: string[];
  /** Patterns of the `chmod` rules that match no entry. */
  unmatchedChmod: string[];
  /**
   * The host's files hold neither modes nor owners (Windows): 0755 was taken for directories and for what begins as a
   * program does (ELF, Mach-O, `#!`), 0644 for other files, root for owners. Options and lists that give others overrule.
   */
  modesByRule: boolean;
  /** What has read extended attributes of files: `none` where none were read. */
  xattrReader: XattrReaderName | "none";
  /** Attributes of files were to be read, and nothing on this machine does it. */
  xattrsUnread: boolean;
  /** Inodes of which some attributes were left out, as the format has no place for them: those of other namespaces. */
  xattrsLeftOut: number;
  /** Lowest Linux version that mounts and reads the image, such as `5.4`. */
  minimumKernel: string;
  /** Wall time of each stage, and of all. */
  seconds: BuildSeconds;
}

/** The hash tree of an image. Sizes in bytes. */
export interface VerityReport {
  /** What the image is proved by: 64 hex digits. */
  rootHash: string;
  /** What every hash begins with, as hex digits; empty: nothing. */
  salt: string;
  /** That of the superblock, as 8-4-4-4-12 hex digits; undefined without one. */
  uuid: string | undefined;
  /** Blocks of 4096 bytes that are hashed: the image, padded to whole ones. */
  dataBlocks: number;
  /** Where superblock and tree begin: counted from the start of the image, 0 in a file of their own. */
  hashOffset: number;
  /** Bytes of superblock and tree. */
  hashBytes: number;
  /** The file that they are in, as the options had it; undefined: the image. */
  path: string | undefined;
}

/** A device of an EROFS image. */
export interface DeviceReport {
  /** Bytes of it that are used. */
  bytes: number;
  /** By what it is found where none is named; empty: by nothing. */
  tag: string;
  /** The file, where there is one that is known. */
  path: string | undefined;
}

/** What a build of a SquashFS image did. Sizes in bytes, times in seconds. */
export interface SquashfsReport {
  /** What the image is. */
  format: "squashfs";
  /** Bytes of the image with its padding, without `offset`; a hash tree that is appended counts too. */
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
  /** What blocks are compressed with, and its level where it has some: `zstd,15`, `xz,9e` (extreme). */
  compressor: string;
  /**
   * Bytes of contents that were read of the sources; what is read again, to be compared or once its place is known, counts
   * again, so that it may be another number each time.
   */
  bytesRead: number;
  /** SHA-256 of the image's bytes, from `offset` on, as 64 hex digits; undefined without the option `digest`. */
  digest: string | undefined;
  /** What dm-verity needs to know; undefined without the option `verity`. */
  verity: VerityReport | undefined;
  /** As the options had it. */
  mountPoint: string | undefined;
  /** Inodes by kind. */
  counts: InodeCounts;
  /** Bytes of contents that are stored once for several files. */
  savedByDedupe: number;
  /** Bytes of zero blocks that are stored as holes. */
  savedByHoles: number;
  /** Inodes whose time SquashFS cannot hold: they got the nearest that it can. */
  clampedTimes: number;
  /** Entries left out by rules, and by `oneFileSystem`. */
  excluded: number;
  /**
   * Files of the build itself that were found among what is packed, and left out: the image that was there before,
   * temporary files, told by device and inode. So are temporary files of other builds that run, told by their names.
   */
  ownFiles: number;
  /** Paths of the sort rules that are for no file, and exclude rules that are for no entry, as they were given. */
  unmatchedRules: string[];
  /** Patterns of the `chmod` rules that match no entry. */
  unmatchedChmod: string[];
  /**
   * The host's files hold neither modes nor owners (Windows): 0755 was taken for directories and for what begins as a
   * program does (ELF, Mach-O, `#!`), 0644 for other files, root for owners. Options and lists that give others overrule.
   */
  modesByRule: boolean;
  /** What has read extended attributes of files: `none` where none were read. */
  xattrReader: XattrReaderName | "none";
  /** Attributes of files were to be read, and nothing on this machine does it. */
  xattrsUnread: boolean;
  /** Inodes of which some attributes were left out, as the format has no place for them: ACLs, and those of other namespaces. */
  xattrsLeftOut: number;
  /** Lowest Linux version that mounts and reads the image, such as `4.14`; empty where none does (`lzma`). */
  minimumKernel: string;
  /** Wall time of each stage, and of all. */
  seconds: BuildSeconds;
}

/** What a session knows of a build that is done. */
export type SessionReport = Pick<
  BuildReport,
  | "bytesRead"
  | "digest"
  | "modesByRule"
  | "ownFiles"
  | "unmatchedChmod"
  | "xattrReader"
  | "xattrsUnread"
  | "xattrsLeftOut"
>;

/** Wall time of each stage, and of all, in seconds. */
export interface BuildSeconds {
  /** Listing the tree. */
  walk: number;
  /** Comparing files, looking for holes. */
  compare: number;
  /** Deciding the place of everything. */
  plan: number;
  /** Compressing the contents and writing what becomes of them. */
  compress: number;
  /** Reading the contents, where they are not compressed, and writing the image. */
  write: number;
  /** Reading the image back, where that is asked for. */
  verify: number;
  /** From the call to its end. */
  total: number;
}

/** What the commands print with `--json` when an image is made. What is undefined is not there. */
export type PrintedReport = (BuildReport | SquashfsReport) & {
  /** Version of the command. */
  version: string;
  /** Path of the image as it was given; `-` is standard output. */
  image: string;
};

/** What the commands print with `--json` when none is made. */
export interface PrintedError {
  /** Version of the command. */
  version: string;
  /** What went wrong. */
  error: {
    /** That of an ImageError; `USAGE`: the command line cannot be understood, or asks for what is not supported. */
    code: ErrorCode | "USAGE";
    /** What would be printed for people, without the command's name. */
    message: string;
    /** Path of the source entry, or of the image, that failed, where it is about one. */
    path?: string;
  };
}
