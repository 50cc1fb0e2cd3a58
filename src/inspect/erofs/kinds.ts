/** The kinds of structures that an EROFS image is made of. */
import { TREE_KINDS } from "../hash-tree.ts";
import type { StructureKind } from "../tiles.ts";

/** All of them; `owner` of a tile is a number of {@link ErofsMap.paths}. */
export const KINDS = {
  superblock: { name: "superblock", sharing: "none" },
  /** `detail`: the number of the algorithm. */
  configuration: { name: "configuration", sharing: "none" },
  /** `detail`: the number of the device. */
  device: { name: "device", sharing: "none" },
  inode: { name: "inode", sharing: "none" },
  xattrs: { name: "attributes", sharing: "none" },
  sharedXattr: { name: "shared attribute", sharing: "same" },
  /** `detail`: its number. */
  prefix: { name: "long prefix", sharing: "none" },
  chunks: { name: "list of chunks", sharing: "none" },
  mapHeader: { name: "map header", sharing: "none" },
  index: { name: "index", sharing: "none" },
  tail: { name: "tail", sharing: "none" },
  /** A block of a directory, or its tail. */
  directory: { name: "directory block", sharing: "none" },
  /** `detail`: in how many pclusters; 0: it is not compressed. */
  data: { name: "data", sharing: "any" },
  ...TREE_KINDS,
} as const satisfies Record<string, StructureKind>;

/** One of them. */
export type ErofsKind = (typeof KINDS)[keyof typeof KINDS];
