/**
 * Inodes: struct erofs_inode_compact and struct erofs_inode_extended. A compact one holds what most files of a store
 * need in half the bytes; what it cannot hold (large ids, sizes, link counts, a time of its own) needs the other.
 */
import { setS64, setU64 } from "../../core/struct.ts";
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
  view: DataView,
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
    view.setUint16(at + COMPACT.i_format, format, true);
    view.setUint16(at + COMPACT.i_xattr_icount, xattrCount, true);
    view.setUint16(at + COMPACT.i_mode, mode, true);
    view.setUint16(at + COMPACT.i_nb, nlink, true);
    view.setUint32(at + COMPACT.i_size, size, true);
    // kernels before 6.15 take the superblock's epoch and no difference, so there is none
    view.setUint32(at + COMPACT.i_u, union, true);
    view.setUint32(at + COMPACT.i_ino, serial, true);
    view.setUint16(at + COMPACT.i_uid, uid, true);
    view.setUint16(at + COMPACT.i_gid, gid, true);
    return at + COMPACT.byteSize;
  }
  view.setUint16(at + EXTENDED.i_format, format | FORMAT_EXTENDED, true);
  view.setUint16(at + EXTENDED.i_xattr_icount, xattrCount, true);
  view.setUint16(at + EXTENDED.i_mode, mode, true);
  setU64(view, at + EXTENDED.i_size, size);
  view.setUint32(at + EXTENDED.i_u, union, true);
  view.setUint32(at + EXTENDED.i_ino, serial, true);
  view.setUint32(at + EXTENDED.i_uid, uid, true);
  view.setUint32(at + EXTENDED.i_gid, gid, true);
  setS64(view, at + EXTENDED.i_mtime, mtime);
  view.setUint32(at + EXTENDED.i_mtime_nsec, mtimeNsec, true);
  view.setUint32(at + EXTENDED.i_nlink, nlink, true);
  return at + EXTENDED.byteSize;
}
