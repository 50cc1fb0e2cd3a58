/**
 * What not every Linux with EROFS reads, or makes use of: for each the first that does. This is what `--target-kernel`
 * checks options by, and what a report says of an image. Source: Linux fs/erofs/erofs_fs.h and its history. Algorithms
 * have a table of their own.
 */
import { isAtLeast } from "../../core/kernel.ts";
import {
  COMPAT_ISHARE_XATTRS,
  COMPAT_MTIME,
  COMPAT_PLAIN_XATTR_PFX,
  COMPAT_SB_CHKSUM,
  COMPAT_XATTR_FILTER,
  INCOMPAT_48BIT,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_COMPR_CFGS,
  INCOMPAT_DEVICE_TABLE,
  INCOMPAT_FRAGMENTS,
  INCOMPAT_METABOX,
  INCOMPAT_XATTR_PREFIXES,
  INCOMPAT_ZERO_PADDING,
  INCOMPAT_ZTAILPACKING,
} from "./format.ts";

/** What options ask for, or an image has. */
export interface Demands {
  readonly blockSize: number;
  readonly isCompressed: boolean;
  /** Every file is chunk-based; some may be without having been asked for. */
  readonly hasChunks?: boolean;
  readonly hasBigPclusters?: boolean;
  readonly hasTailPacking?: boolean;
  readonly hasPackedInode?: boolean;
  readonly hasLinks?: boolean;
  readonly hasExtentRecords?: boolean;
  readonly omitsDot?: boolean;
  readonly hasMetabox?: boolean;
  readonly hasXattrPrefixes?: boolean;
  /** They lie in the image itself, and not in the metabox or packed inode that there is. */
  readonly hasPlainPrefixes?: boolean;
  readonly hasDevices?: boolean;
}

/** What some versions of Linux do not read. */
export interface Feature {
  /** Of feature_incompat; 0: no bit tells of it. */
  readonly bit: number;
  /** The first Linux version that reads it. */
  readonly since: string;
  /** What it is for those who ask for it. */
  readonly what: (demands: Demands) => string;
  /** Whether it is needed, or may be. */
  readonly isNeeded: (demands: Demands) => boolean;
}

/** Bytes of a page nearly everywhere: the block size that every Linux reads. */
const COMMON_PAGE = 4096;

const ROWS = {
  // of those without a bit the names are our own
  "sub-page": {
    bit: 0,
    since: "6.4",
    what: ({ blockSize }) => `a block size of ${blockSize}`,
    isNeeded: ({ blockSize }) => blockSize < COMMON_PAGE,
  },
  "compressed-sub-page": {
    bit: 0,
    since: "6.8",
    what: ({ blockSize }) => `compression with a block size of ${blockSize}`,
    isNeeded: ({ blockSize, isCompressed }) => isCompressed && blockSize < COMMON_PAGE,
  },
  lz4_0padding: {
    bit: INCOMPAT_ZERO_PADDING,
    since: "5.4",
    what: () => "compression",
    isNeeded: ({ isCompressed }) => isCompressed,
  },
  compr_cfgs: {
    bit: INCOMPAT_COMPR_CFGS,
    since: "5.13",
    what: () => "a pcluster of several blocks",
    isNeeded: ({ hasBigPclusters = false }) => hasBigPclusters,
  },
  chunked_file: {
    bit: INCOMPAT_CHUNKED_FILE,
    since: "5.15",
    what: () => "a chunk size",
    isNeeded: ({ hasChunks = false }) => hasChunks,
  },
  device_table: {
    bit: INCOMPAT_DEVICE_TABLE,
    since: "5.16",
    what: () => "data in another device",
    isNeeded: ({ hasDevices = false }) => hasDevices,
  },
  xattr_prefixes: {
    bit: INCOMPAT_XATTR_PREFIXES,
    since: "6.4",
    what: () => "a prefix of attributes' names",
    isNeeded: ({ hasXattrPrefixes = false }) => hasXattrPrefixes,
  },
  ztailpacking: {
    bit: INCOMPAT_ZTAILPACKING,
    since: "5.17",
    what: () => "tail packing",
    isNeeded: ({ hasTailPacking = false }) => hasTailPacking,
  },
  fragments: {
    bit: INCOMPAT_FRAGMENTS,
    since: "6.1",
    what: () => "fragments",
    isNeeded: ({ hasPackedInode = false }) => hasPackedInode,
  },
  // the bit of fragments tells of it too
  dedupe: {
    bit: 0,
    since: "6.1",
    what: () => "files that refer to each other's extents",
    isNeeded: ({ hasLinks = false }) => hasLinks,
  },
  "48bit": {
    bit: INCOMPAT_48BIT,
    since: "6.15",
    what: () => "extents listed one by one",
    isNeeded: ({ hasExtentRecords = false }) => hasExtentRecords,
  },
  // the bit of 48bit tells of it too
  "dot-omitted": {
    bit: 0,
    since: "6.15",
    what: () => "directories without an entry for themselves",
    isNeeded: ({ omitsDot = false }) => omitsDot,
  },
  metabox: {
    bit: INCOMPAT_METABOX,
    since: "6.17",
    what: () => "inodes in a metabox",
    isNeeded: ({ hasMetabox = false }) => hasMetabox,
  },
  // a bit of feature_compat tells of it, and older readers look for the table elsewhere
  "plain-xattr-prefixes": {
    bit: 0,
    since: "6.17",
    what: () => "a table of prefixes beside a metabox or a packed inode",
    isNeeded: ({ hasPlainPrefixes = false }) => hasPlainPrefixes,
  },
} satisfies Readonly<Record<string, Feature>>;

/** A feature, as the kernel spells it. */
export type FeatureName = keyof typeof ROWS;

/** The features by name. */
export const FEATURES: Readonly<Record<FeatureName, Feature>> = ROWS;

/** Bits of feature_compat, as the kernel spells them: every Linux reads the image, from `since` on it makes use of them. */
export const COMPAT_FEATURES = {
  // unless it is not wanted
  sb_chksum: { bit: COMPAT_SB_CHKSUM, since: "5.5" },
  // always
  mtime: { bit: COMPAT_MTIME, since: "5.18" },
  // where there are attributes, unless it is not wanted
  xattr_filter: { bit: COMPAT_XATTR_FILTER, since: "6.6" },
  // where the table of prefixes is asked to be in the image itself
  plain_xattr_pfx: { bit: COMPAT_PLAIN_XATTR_PFX, since: "6.17" },
  // where files are to have fingerprints
  ishare_xattrs: { bit: COMPAT_ISHARE_XATTRS, since: "7.0" },
} as const;

/** Whether a Linux version reads a feature. */
export function readsFeature(kernel: string, name: FeatureName): boolean {
  return isAtLeast(kernel, FEATURES[name].since);
}
