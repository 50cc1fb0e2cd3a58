/**
 * Inodes: struct erofs_inode_compact and struct erofs_inode_extended. A compact one holds what most files of a store
 * need in half the bytes; what it cannot hold (large ids, sizes, link counts, a time of its own) needs the other.
 */
import type { StructView } from "../../core/struct.ts";
import { COMPACT, EXTENDED, FORMAT_EXTENDED, FORMAT_LAYOUT_SHIFT } from "./format.ts";

/** Whether a compact inode can hold these values; time is for the caller to decide. */
export function fitsCompact(size: number, uid: number, gid: number, nlink: number): boolean {
  return size <= 0xffffffff && uid <= 0xffff && gid <= 0xffff && nlink <= 0xffff;
}

/** Bytes of an inode without anything behind it. */
export function measureInode(extended: boolean): number {
  return extended ? EXTENDED.byteSize : COMPACT.byteSize;
}

/**
 * Writes an inode into zeroed bytes at `at`; returns the offset behind it.
 *
 * @param layout one of the LAYOUT_ constants
 * @param xattrCount i_xattr_icount
 * @param union start block, rdev or chunk format: the field i_u
 * @param serial i_ino, what 32-bit programs see as inode number
 */
export function emitInode(
  view: StructView,
  at: number,
  extended: boolean,
  layout: number,
  xattrCount: number,
  mode: number,
  nlink: number,
  size: number,
  union: number,
  serial: number,
  uid: number,
  gid: number,
  mtime: number,
  mtimeNsec: number,
): number {
  const format = layout << FORMAT_LAYOUT_SHIFT;
  if (!extended) {
    view.setU16(at, COMPACT.i_format, format);
    view.setU16(at, COMPACT.i_xattr_icount, xattrCount);
    view.setU16(at, COMPACT.i_mode, mode);
    view.setU16(at, COMPACT.i_nb, nlink);
    view.setU32(at, COMPACT.i_size, size);
    // kernels before 6.15 take the superblock's epoch and no difference, so there is none
    view.setU32(at, COMPACT.i_u, union);
    view.setU32(at, COMPACT.i_ino, serial);
    view.setU16(at, COMPACT.i_uid, uid);
    view.setU16(at, COMPACT.i_gid, gid);
    return at + COMPACT.byteSize;
  }
  view.setU16(at, EXTENDED.i_format, format | FORMAT_EXTENDED);
  view.setU16(at, EXTENDED.i_xattr_icount, xattrCount);
  view.setU16(at, EXTENDED.i_mode, mode);
  view.setU64(at, EXTENDED.i_size, size);
  view.setU32(at, EXTENDED.i_u, union);
  view.setU32(at, EXTENDED.i_ino, serial);
  view.setU32(at, EXTENDED.i_uid, uid);
  view.setU32(at, EXTENDED.i_gid, gid);
  view.setS64(at, EXTENDED.i_mtime, mtime);
  view.setU32(at, EXTENDED.i_mtime_nsec, mtimeNsec);
  view.setU32(at, EXTENDED.i_nlink, nlink);
  return at + EXTENDED.byteSize;
}
