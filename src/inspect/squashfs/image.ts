/** A SquashFS image as a reader finds it: the superblock, and where its tables are. Source: Linux fs/squashfs/super.c. */
import { decodeStruct } from "../../core/struct.ts";
import {
  EXPORT,
  FRAGMENT_ENTRY,
  ID,
  MAX_BLOCK,
  META_BLOCK,
  MIN_BLOCK,
  SUPER,
  SUPER_MAGIC,
  TABLE_BLOCK,
  XATTR_ID,
  XATTR_ID_TABLE,
} from "../../squashfs/disk/format.ts";
import { damaged, type ImageBytes } from "../image.ts";

/** The names of the tables. */
export type TableName = "inodes" | "directories" | "fragments" | "exports" | "ids" | "xattr ids" | "attributes";

/** Where a table lies. */
export interface TablePlace {
  readonly name: TableName;
  /** The first of its metadata blocks, and the byte behind the last. */
  readonly at: number;
  readonly end: number;
  /** Bytes of its records, decoded; undefined where only the blocks tell. */
  readonly bytes: number | undefined;
  /** Where the positions of its blocks stand; an empty range where there are none. */
  readonly listAt: number;
  readonly listEnd: number;
}

/** An image whose superblock has been read. */
export interface SquashfsImage {
  readonly bytes: ImageBytes;
  readonly blockSize: number;
  /** `compression` of the superblock. */
  readonly compression: number;
  /** FLAG_ bits of the superblock. */
  readonly flags: number;
  /** Reference of the root. */
  readonly rootRef: number;
  /** Where the last table ends. */
  readonly end: number;
  /** Where the head of the attributes is; undefined where there are none. */
  readonly xattrHeadAt: number | undefined;
  /** In the order of the image. */
  readonly tables: readonly TablePlace[];
}

/** A table that is not there. */
const NO_TABLE = 0xffff_ffff_ffff_ffffn;

/** Whether an image is one of SquashFS. */
export async function isSquashfs(bytes: ImageBytes): Promise<boolean> {
  if (bytes.size < SUPER.byteSize) return false;
  return (await bytes.view(0, SUPER.byteSize)).getU32(0, SUPER.s_magic) === SUPER_MAGIC;
}

/**
 * Reads the superblock, and finds the tables.
 *
 * @throws ImageError `DAMAGED` where they do not hold together
 */
export async function openSquashfs(bytes: ImageBytes): Promise<SquashfsImage> {
  const fields = decodeStruct(await bytes.view(0, SUPER.byteSize), 0, SUPER);
  const { block_size: blockSize, inodes, no_ids: ids } = fields;
  if (fields.s_magic !== SUPER_MAGIC || fields.s_major !== 4 || fields.s_minor !== 0) {
    throw damaged(0, "there is no superblock of SquashFS 4.0");
  }
  if (blockSize < MIN_BLOCK || blockSize > MAX_BLOCK || 2 ** fields.block_log !== blockSize) {
    throw damaged(0, `blocks of ${blockSize} bytes, which are not 2^${fields.block_log}`);
  }
  const end = bytes.toNumber(fields.bytes_used, 0);
  bytes.check(0, end);
  const lookups: TablePlace[] = [];
  for (const [name, start, records, recordBytes] of [
    ["fragments", fields.fragment_table_start, fields.fragments, FRAGMENT_ENTRY.byteSize],
    ["exports", fields.lookup_table_start, inodes, EXPORT.byteSize],
    ["ids", fields.id_table_start, ids, ID.byteSize],
  ] as const) {
    if (start === NO_TABLE || records === 0) continue;
    const listAt = bytes.toNumber(start, 0);
    lookups.push(await lookupTable(bytes, name, listAt, listAt, records * recordBytes));
  }
  const hasXattrs = fields.xattr_id_table_start !== NO_TABLE;
  const xattrHeadAt = hasXattrs ? bytes.toNumber(fields.xattr_id_table_start, 0) : undefined;
  if (xattrHeadAt !== undefined) lookups.push(...(await xattrTables(bytes, xattrHeadAt)));
  const inodesAt = bytes.toNumber(fields.inode_table_start, 0);
  const directoriesAt = bytes.toNumber(fields.directory_table_start, 0);
  const behind = lookups.map(({ at }) => at).filter((at) => at >= directoriesAt);
  return {
    bytes,
    blockSize,
    compression: fields.compression,
    flags: fields.flags,
    rootRef: bytes.toNumber(fields.root_inode, 0),
    end,
    xattrHeadAt,
    tables: [
      streamTable("inodes", inodesAt, directoriesAt),
      streamTable("directories", directoriesAt, Math.min(end, ...behind)),
      ...lookups,
    ],
  };
}

/** A table that nothing lists the blocks of. */
function streamTable(name: TableName, at: number, end: number): TablePlace {
  if (end < at) throw damaged(at, `the table of ${name} ends before it starts`);
  return { name, at, end, bytes: undefined, listAt: end, listEnd: end };
}

/** A table of records, whose blocks are listed from `listAt` on and end at `end`. */
async function lookupTable(
  bytes: ImageBytes,
  name: TableName,
  end: number,
  listAt: number,
  length: number,
): Promise<TablePlace> {
  const listEnd = listAt + Math.ceil(length / META_BLOCK) * TABLE_BLOCK.byteSize;
  bytes.check(listAt, listEnd - listAt);
  const first = (await bytes.view(listAt, TABLE_BLOCK.byteSize)).getU64(0, TABLE_BLOCK.start);
  const at = bytes.toNumber(first, listAt);
  if (at > end) throw damaged(listAt, `the table of ${name} ends before it starts`);
  return { name, at, end, bytes: length, listAt, listEnd };
}

/** Attributes and the sets of them, whose number stands in a head of their own. */
async function xattrTables(bytes: ImageBytes, headAt: number): Promise<TablePlace[]> {
  const head = decodeStruct(await bytes.view(headAt, XATTR_ID_TABLE.byteSize), 0, XATTR_ID_TABLE);
  const at = bytes.toNumber(head.xattr_table_start, headAt);
  if (head.xattr_ids === 0) return [streamTable("attributes", at, headAt)];
  const listAt = headAt + XATTR_ID_TABLE.byteSize;
  const sets = await lookupTable(bytes, "xattr ids", headAt, listAt, head.xattr_ids * XATTR_ID.byteSize);
  return [streamTable("attributes", at, sets.at), sets];
}
