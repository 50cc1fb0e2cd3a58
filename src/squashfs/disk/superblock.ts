/** The superblock, at byte 0 of every image. It is written last: it says where everything else is. */
import { setU64 } from "../../core/struct.ts";
import { ABSENT, SUPER, SUPER_MAGIC } from "./format.ts";

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
  /** One of COMPRESSION. */
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
  const view = new DataView(bytes.buffer);
  const setTable = (at: number, offset: number | undefined) => {
    if (offset !== undefined) return setU64(view, at, offset);
    view.setUint32(at, ABSENT, true);
    view.setUint32(at + 4, ABSENT, true);
  };
  view.setUint32(SUPER.s_magic, SUPER_MAGIC, true);
  view.setUint32(SUPER.inodes, fields.inodes, true);
  view.setUint32(SUPER.mkfs_time, fields.mkfsTime, true);
  view.setUint32(SUPER.block_size, fields.blockSize, true);
  view.setUint32(SUPER.fragments, fields.fragments, true);
  view.setUint16(SUPER.compression, fields.compression, true);
  view.setUint16(SUPER.block_log, Math.log2(fields.blockSize), true);
  view.setUint16(SUPER.flags, fields.flags, true);
  view.setUint16(SUPER.no_ids, fields.ids, true);
  view.setUint16(SUPER.s_major, 4, true);
  setU64(view, SUPER.root_inode, fields.rootRef);
  setU64(view, SUPER.bytes_used, fields.bytesUsed);
  setTable(SUPER.id_table_start, fields.idTableOff);
  setTable(SUPER.xattr_id_table_start, fields.xattrTableOff);
  setTable(SUPER.inode_table_start, fields.inodeTableOff);
  setTable(SUPER.directory_table_start, fields.directoryTableOff);
  setTable(SUPER.fragment_table_start, fields.fragmentTableOff);
  setTable(SUPER.lookup_table_start, fields.exportTableOff);
  return bytes;
}
