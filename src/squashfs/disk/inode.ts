/**
 * Inodes. Each kind has a basic form, and an extended one for what the basic form has no field for: attributes, and for
 * files further names, holes, large sizes and positions.
 *
 *     | type mode uid gid mtime number | what the kind needs | words of blocks, target, or index of the directory |
 */
import type { StructView } from "../../core/struct.ts";
import {
  ABSENT,
  BASE_INODE,
  DEV_INODE,
  DIR_INODE,
  DOTS_SIZE,
  EXTENDED,
  IPC_INODE,
  LDEV_INODE,
  LDIR_INODE,
  LIPC_INODE,
  LREG_INODE,
  REG_INODE,
  SYMLINK_INODE,
  SYMLINK_XATTR,
  TYPE,
} from "./format.ts";

/** Writes what all inodes begin with. `uid` and `gid` are indexes into the id table. */
export function emitBase(
  view: StructView,
  at: number,
  type: number,
  mode: number,
  uid: number,
  gid: number,
  mtime: number,
  number: number,
): void {
  view.setU16(at, BASE_INODE.inode_type, type);
  view.setU16(at, BASE_INODE.mode, mode & 0o7777);
  view.setU16(at, BASE_INODE.uid, uid);
  view.setU16(at, BASE_INODE.guid, gid);
  view.setU32(at, BASE_INODE.mtime, mtime);
  view.setU32(at, BASE_INODE.inode_number, number);
}

/** The type of a regular file's inode: the basic form has one name, no holes, no attributes, and 32 bits for the rest. */
export function fileType(size: number, startOff: number, nlink: number, sparseBytes: number, xattr: number): number {
  const isBasic = size < 2 ** 32 && startOff < 2 ** 32 && nlink === 1 && sparseBytes === 0 && xattr === ABSENT;
  return isBasic ? TYPE.file : TYPE.file + EXTENDED;
}

/**
 * Writes a regular file's part behind the base; returns where its words of blocks go.
 *
 * @param sparseBytes bytes of blocks that are holes: the kernel does not count them in st_blocks
 */
export function emitFile(
  view: StructView,
  at: number,
  type: number,
  size: number,
  startOff: number,
  fragment: number,
  fragmentOff: number,
  nlink: number,
  sparseBytes: number,
  xattr: number,
): number {
  if (type === TYPE.file) {
    view.setU32(at, REG_INODE.start_block, startOff);
    view.setU32(at, REG_INODE.fragment, fragment);
    view.setU32(at, REG_INODE.offset, fragmentOff);
    view.setU32(at, REG_INODE.file_size, size);
    return at + REG_INODE.byteSize;
  }
  view.setU64(at, LREG_INODE.start_block, startOff);
  view.setU64(at, LREG_INODE.file_size, size);
  view.setU64(at, LREG_INODE.sparse, sparseBytes);
  view.setU32(at, LREG_INODE.nlink, nlink);
  view.setU32(at, LREG_INODE.fragment, fragment);
  view.setU32(at, LREG_INODE.offset, fragmentOff);
  view.setU32(at, LREG_INODE.xattr, xattr);
  return at + LREG_INODE.byteSize;
}

/** The type of a directory's inode: the basic form has 16 bits for the size, no index and no attributes. */
export function directoryType(listingBytes: number, indexEntries: number, xattr: number): number {
  const isBasic = listingBytes + DOTS_SIZE <= 0xffff && indexEntries === 0 && xattr === ABSENT;
  return isBasic ? TYPE.dir : TYPE.dir + EXTENDED;
}

/** Writes a directory's part behind the base; returns where its index goes. */
export function emitDirectoryInode(
  view: StructView,
  at: number,
  type: number,
  listingBytes: number,
  listingBlock: number,
  listingOff: number,
  nlink: number,
  parentNumber: number,
  indexEntries: number,
  xattr: number,
): number {
  if (type === TYPE.dir) {
    view.setU32(at, DIR_INODE.start_block, listingBlock);
    view.setU32(at, DIR_INODE.nlink, nlink);
    view.setU16(at, DIR_INODE.file_size, listingBytes + DOTS_SIZE);
    view.setU16(at, DIR_INODE.offset, listingOff);
    view.setU32(at, DIR_INODE.parent_inode, parentNumber);
    return at + DIR_INODE.byteSize;
  }
  view.setU32(at, LDIR_INODE.nlink, nlink);
  view.setU32(at, LDIR_INODE.file_size, listingBytes + DOTS_SIZE);
  view.setU32(at, LDIR_INODE.start_block, listingBlock);
  view.setU32(at, LDIR_INODE.parent_inode, parentNumber);
  view.setU16(at, LDIR_INODE.i_count, indexEntries);
  view.setU16(at, LDIR_INODE.offset, listingOff);
  view.setU32(at, LDIR_INODE.xattr, xattr);
  return at + LDIR_INODE.byteSize;
}

/** The type of any other inode, given its basic one: only attributes need the extended form. */
export function otherType(basic: number, xattr: number): number {
  return xattr === ABSENT ? basic : basic + EXTENDED;
}

/** Writes a symbolic link's part behind the base; returns the offset behind the inode. */
export function emitSymlink(
  bytes: Uint8Array,
  view: StructView,
  at: number,
  target: Uint8Array,
  nlink: number,
  xattr: number,
): number {
  view.setU32(at, SYMLINK_INODE.nlink, nlink);
  view.setU32(at, SYMLINK_INODE.symlink_size, target.length);
  const targetAt = at + SYMLINK_INODE.byteSize;
  bytes.set(target, targetAt);
  if (xattr === ABSENT) return targetAt + target.length;
  view.setU32(targetAt + target.length, SYMLINK_XATTR.xattr, xattr);
  return targetAt + target.length + SYMLINK_XATTR.byteSize;
}

/** Writes a device's part behind the base; returns the offset behind the inode. `rdev` is in the kernel's encoding. */
export function emitDevice(view: StructView, at: number, rdev: number, nlink: number, xattr: number): number {
  view.setU32(at, DEV_INODE.nlink, nlink);
  view.setU32(at, DEV_INODE.rdev, rdev);
  if (xattr === ABSENT) return at + DEV_INODE.byteSize;
  view.setU32(at, LDEV_INODE.xattr, xattr);
  return at + LDEV_INODE.byteSize;
}

/** Writes a FIFO's or socket's part behind the base; returns the offset behind the inode. */
export function emitIpc(view: StructView, at: number, nlink: number, xattr: number): number {
  view.setU32(at, IPC_INODE.nlink, nlink);
  if (xattr === ABSENT) return at + IPC_INODE.byteSize;
  view.setU32(at, LIPC_INODE.xattr, xattr);
  return at + LIPC_INODE.byteSize;
}
