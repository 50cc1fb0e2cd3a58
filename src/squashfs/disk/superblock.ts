/** The superblock, at byte 0 of every image. It is written last: it says where everything else is. */
import { type Offset, StructView } from "../../core/struct.ts";
import { SUPER, SUPER_MAGIC } from "./format.ts";

/** Where tables lie; undefined for those that are not there. */
export interface TablePlaces {
  /** Reference of the root's inode. */
  rootRef: number;
  idTableOff: number;
  xattrTableOff: number | undefined;
  inodeTableOff: number;
  directoryTableOff: number;
  fragmentTableOff: number | undefined;
  exportTableOff: number | undefined;
}

/** What a superblock says. */
export interface Superblock extends TablePlaces {
  inodes: number;
  /** Seconds since 1970. */
  mkfsTime: number;
  blockSize: number;
  /** Number of fragment blocks. */
  fragments: number;
  /** The compressor's number: see compressors.ts. */
  compression: number;
  /** FLAG_ bits. */
  flags: number;
  /** Number of distinct owners. */
  ids: number;
  /** Bytes of the image without its padding. */
  bytesUsed: number;
}

/** The superblock's bytes. */
export function encodeSuperblock(fields: Superblock): Uint8Array {
  const bytes = new Uint8Array(SUPER.byteSize);
  const view = new StructView(bytes.buffer);
  const setTable = (field: Offset<"u64">, offset: number | undefined) => {
    if (offset !== undefined) view.setU64(0, field, offset);
    // ABSENT, in both halves
    else bytes.fill(0xff, field, field + 8);
  };
  view.setU32(0, SUPER.s_magic, SUPER_MAGIC);
  view.setU32(0, SUPER.inodes, fields.inodes);
  view.setU32(0, SUPER.mkfs_time, fields.mkfsTime);
  view.setU32(0, SUPER.block_size, fields.blockSize);
  view.setU32(0, SUPER.fragments, fields.fragments);
  view.setU16(0, SUPER.compression, fields.compression);
  view.setU16(0, SUPER.block_log, Math.log2(fields.blockSize));
  view.setU16(0, SUPER.flags, fields.flags);
  view.setU16(0, SUPER.no_ids, fields.ids);
  view.setU16(0, SUPER.s_major, 4);
  view.setU64(0, SUPER.root_inode, fields.rootRef);
  view.setU64(0, SUPER.bytes_used, fields.bytesUsed);
  setTable(SUPER.id_table_start, fields.idTableOff);
  setTable(SUPER.xattr_id_table_start, fields.xattrTableOff);
  setTable(SUPER.inode_table_start, fields.inodeTableOff);
  setTable(SUPER.directory_table_start, fields.directoryTableOff);
  setTable(SUPER.fragment_table_start, fields.fragmentTableOff);
  setTable(SUPER.lookup_table_start, fields.exportTableOff);
  return bytes;
}
