/** The kinds of structures that a SquashFS image, and its tables, are made of. */
import { TREE_KINDS } from "../hash-tree.ts";
import type { StructureKind } from "../tiles.ts";

/** Those of the image itself. */
export const KINDS = {
  superblock: { name: "superblock", sharing: "none" },
  options: { name: "compressor options", sharing: "none" },
  /** `owner`: a number of {@link SquashfsMap.paths}; `detail`: blocks, without those of zeros. */
  data: { name: "data", sharing: "any" },
  /** `detail`: the number of the fragment block. */
  fragment: { name: "fragment block", sharing: "none" },
  /** The blocks of a table, which is the `detail`th of {@link SquashfsMap.tables}. */
  table: { name: "table", sharing: "none" },
  /** The positions of these blocks. */
  list: { name: "list of blocks", sharing: "none" },
  xattrHead: { name: "head of the attributes", sharing: "none" },
  ...TREE_KINDS,
} as const satisfies Record<string, StructureKind>;

/** One of them. */
export type SquashfsKind = (typeof KINDS)[keyof typeof KINDS];

/** Those of tables whose records have sizes of their own. */
export const TABLE_KINDS = {
  /** `owner` as above. */
  inode: { name: "inode", sharing: "none" },
  listing: { name: "listing", sharing: "none" },
  /** Attributes, `detail` of them, of the set `owner`. */
  pairs: { name: "attributes", sharing: "none" },
  /** A value that attributes refer to, and that is in none of them. */
  value: { name: "value", sharing: "none" },
} as const satisfies Record<string, StructureKind>;

/** One of them. */
export type TableKind = (typeof TABLE_KINDS)[keyof typeof TABLE_KINDS];
