/** The words of `-E`, which mkfs.erofs calls extended options. */
import { IS_DEFAULT, type Option, rowsFor } from "../shared/option.ts";
import { choice, number } from "../shared/value.ts";
import type { Settings } from "./settings.ts";

const { flag, optional } = rowsFor<Settings>();

const PACKED = number("#", { min: 512, max: 2 ** 20, suffix: true });

/** A row a word. */
export const FEATURES: readonly Option<Settings>[] = [
  flag({
    names: "inline_data",
    sets: { inlineData: true },
    unset: { inlineData: false },
    default: IS_DEFAULT,
    help: "the end of a file stands beside its inode",
  }),
  flag({
    names: "noinline_data",
    sets: { inlineData: false },
    help: "no file's end stands beside its inode, the same as ^inline_data",
  }),
  flag({
    names: "force-inode-compact",
    sets: { inodes: "compact", ignoreMtime: true },
    help: "32-byte inodes only; implies --ignore-mtime",
  }),
  flag({ names: "force-inode-extended", sets: { inodes: "extended" }, help: "64-byte inodes only" }),
  flag({
    names: "force-inode-blockmap",
    sets: { chunkIndexes: false },
    default: IS_DEFAULT,
    help: "4-byte entries for chunks",
  }),
  flag({ names: "force-chunk-indexes", sets: { chunkIndexes: true }, help: "8-byte entries for chunks" }),
  flag({
    names: "ztailpacking",
    sets: { tailPacking: true },
    unset: { tailPacking: false },
    needs: "-z",
    help: "the compressed end of a file stands beside its inode",
  }),
  optional({
    names: "fragments",
    value: PACKED,
    sets: (size) => ({ fragments: "tails", ...(size !== undefined && { packedPclusterSize: size }) }),
    unset: { fragments: "none" },
    needs: "-z",
    help: "ends of files are compressed together, in clusters of # bytes if given",
  }),
  optional({
    names: "all-fragments",
    value: PACKED,
    sets: (size) => ({ fragments: "all", ...(size !== undefined && { packedPclusterSize: size }) }),
    unset: { fragments: "none" },
    needs: "-z",
    help: "whole files are compressed together, in clusters of # bytes if given",
  }),
  flag({
    names: "dedupe",
    sets: { dedupeExtents: true },
    unset: { dedupeExtents: false },
    help: "equal runs of bytes inside of files are stored once; without -z, equal chunks, of a block or --chunksize",
  }),
  optional({
    names: "fragdedupe",
    value: choice("X", ["full", "inode"]),
    sets: () => ({ dedupeFragments: true }),
    unset: { dedupeFragments: false },
    default: IS_DEFAULT,
    needs: "-z",
    help: "equal ends of files are compressed once; full and inode are the same here",
  }),
  flag({
    names: "48bit",
    sets: { extentRecords: true },
    unset: { extentRecords: false },
    needs: "-z",
    help:
      "compressed data starts at any byte, for Linux 6.15 and later; so by default with --target-kernel=6.15 or later " +
      "where ends of files have no other place",
  }),
  flag({
    names: "legacy-compress",
    sets: { fullIndexes: true },
    unset: { fullIndexes: false },
    needs: "-z",
    help: "8-byte indexes of compressed files",
  }),
  flag({ names: "nosbcrc", sets: { checksum: false }, help: "no checksum of the superblock" }),
  flag({
    names: "xattr-name-filter",
    sets: { xattrFilter: true },
    unset: { xattrFilter: false },
    default: IS_DEFAULT,
    help: "a filter of attribute names, which saves Linux 6.6 and later lookups",
  }),
  flag({
    names: "dot-omitted",
    sets: { omitDot: true },
    unset: { omitDot: false },
    help: "directories have no entry for themselves, which takes 13 bytes; for Linux 6.15 and later",
  }),
  flag({
    names: "plain-xattr-prefixes",
    sets: { plainXattrPrefixes: true },
    unset: { plainXattrPrefixes: false },
    help:
      "the table of --xattr-prefix lies in the image itself, also where there are fragments or a metabox; for Linux 6.17 and " +
      "later",
  }),
];
