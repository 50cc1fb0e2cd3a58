/**
 * Inodes: struct erofs_inode_compact and struct erofs_inode_extended. A compact one holds what most files of a store
 * need in half the bytes; what it cannot hold (large ids, sizes, link counts, a time of its own) needs the other.
 */
import type { StructView } from "../../core/struct.ts";
import { COMPACT, EXTENDED, FORMAT_DOT_OMITTED, FORMAT_EXTENDED, FORMAT_LAYOUT_SHIFT } from "./format.ts";

/** What an inode says. Whoever writes many fills one record again and again: no object is made for each. */
export interface InodeRecord {
  isExtended: boolean;
  /** One of the LAYOUT_ constants. */
  layout: number;
  /** A directory has no entry for itself. */
  omitsDot: boolean;
  /** i_xattr_icount. */
  xattrCount: number;
  /** st_mode. */
  mode: number;
  nlink: number;
  /** Bytes. */
  size: number;
  /** The field i_u: start block, number of blocks, rdev or chunk format. */
  union: number;
  /** i_ino, what 32-bit programs see as inode number. */
  serial: number;
  uid: number;
  gid: number;
  /** Seconds and nanoseconds; a compact inode has the superblock's. */
  mtime: number;
  mtimeNsec: number;
}

/** A record to be filled. */
export function blankInode(): InodeRecord {
  return {
    isExtended: false,
    layout: 0,
    omitsDot: false,
    xattrCount: 0,
    mode: 0,
    nlink: 0,
    size: 0,
    union: 0,
    serial: 0,
    uid: 0,
    gid: 0,
    mtime: 0,
    mtimeNsec: 0,
  };
}

/** Whether a compact inode can hold these values; time is for the caller to decide. */
export function fitsCompact(size: number, uid: number, gid: number, nlink: number): boolean {
  return size <= 0xffffffff && uid <= 0xffff && gid <= 0xffff && nlink <= 0xffff;
}

/** Bytes of an inode without anything behind it. */
export function measureInode(extended: boolean): number {
  return extended ? EXTENDED.byteSize : COMPACT.byteSize;
}

/** Writes an inode into zeroed bytes at `at`; returns the offset behind it. */
export function emitInode(view: StructView, at: number, inode: InodeRecord): number {
  // a function each: where both were in one, V8 would inline the setters of the more frequent form only
  return inode.isExtended ? emitExtended(view, at, inode) : emitCompact(view, at, inode);
}

function formatOf({ layout, omitsDot }: InodeRecord): number {
  return (layout << FORMAT_LAYOUT_SHIFT) | (omitsDot ? FORMAT_DOT_OMITTED : 0);
}

function emitCompact(view: StructView, at: number, inode: InodeRecord): number {
  view.setU16(at, COMPACT.i_format, formatOf(inode));
  view.setU16(at, COMPACT.i_xattr_icount, inode.xattrCount);
  view.setU16(at, COMPACT.i_mode, inode.mode);
  view.setU16(at, COMPACT.i_nb, inode.nlink);
  view.setU32(at, COMPACT.i_size, inode.size);
  // kernels before 6.15 take the superblock's epoch and no difference, so there is none
  view.setU32(at, COMPACT.i_u, inode.union);
  view.setU32(at, COMPACT.i_ino, inode.serial);
  view.setU16(at, COMPACT.i_uid, inode.uid);
  view.setU16(at, COMPACT.i_gid, inode.gid);
  return at + COMPACT.byteSize;
}

function emitExtended(view: StructView, at: number, inode: InodeRecord): number {
  view.setU16(at, EXTENDED.i_format, formatOf(inode) | FORMAT_EXTENDED);
  view.setU16(at, EXTENDED.i_xattr_icount, inode.xattrCount);
  view.setU16(at, EXTENDED.i_mode, inode.mode);
  view.setU64(at, EXTENDED.i_size, inode.size);
  view.setU32(at, EXTENDED.i_u, inode.union);
  view.setU32(at, EXTENDED.i_ino, inode.serial);
  view.setU32(at, EXTENDED.i_uid, inode.uid);
  view.setU32(at, EXTENDED.i_gid, inode.gid);
  view.setS64(at, EXTENDED.i_mtime, inode.mtime);
  view.setU32(at, EXTENDED.i_mtime_nsec, inode.mtimeNsec);
  view.setU32(at, EXTENDED.i_nlink, inode.nlink);
  return at + EXTENDED.byteSize;
}
