/**
 * Inodes. Each kind has a basic form, and an extended one for what the basic form has no field for: attributes, and for
 * files further names, holes, large sizes and positions.
 *
 *     | type mode uid gid mtime number | what the kind needs | words of blocks, target, or index of the directory |
 */
import { setU64 } from "../../core/struct.ts";
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
  TYPE,
} from "./format.ts";

/** Writes what all inodes begin with. `uid` and `gid` are indexes into the id table. */
export function emitBase(
  view: DataView,
  at: number,
  type: number,
  mode: number,
  uid: number,
  gid: number,
  mtime: number,
  number: number,
): void {
  view.setUint16(at + BASE_INODE.inode_type, type, true);
  view.setUint16(at + BASE_INODE.mode, mode & 0o7777, true);
  view.setUint16(at + BASE_INODE.uid, uid, true);
  view.setUint16(at + BASE_INODE.guid, gid, true);
  view.setUint32(at + BASE_INODE.mtime, mtime, true);
  view.setUint32(at + BASE_INODE.inode_number, number, true);
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
  view: DataView,
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
    view.setUint32(at + REG_INODE.start_block, startOff, true);
    view.setUint32(at + REG_INODE.fragment, fragment, true);
    view.setUint32(at + REG_INODE.offset, fragmentOff, true);
    view.setUint32(at + REG_INODE.file_size, size, true);
    return at + REG_INODE.byteSize;
  }
  setU64(view, at + LREG_INODE.start_block, startOff);
  setU64(view, at + LREG_INODE.file_size, size);
  setU64(view, at + LREG_INODE.sparse, sparseBytes);
  view.setUint32(at + LREG_INODE.nlink, nlink, true);
  view.setUint32(at + LREG_INODE.fragment, fragment, true);
  view.setUint32(at + LREG_INODE.offset, fragmentOff, true);
  view.setUint32(at + LREG_INODE.xattr, xattr, true);
  return at + LREG_INODE.byteSize;
}

/** The type of a directory's inode: the basic form has 16 bits for the size, no index and no attributes. */
export function directoryType(listingBytes: number, indexEntries: number, xattr: number): number {
  const isBasic = listingBytes + DOTS_SIZE <= 0xffff && indexEntries === 0 && xattr === ABSENT;
  return isBasic ? TYPE.dir : TYPE.dir + EXTENDED;
}

/** Writes a directory's part behind the base; returns where its index goes. */
export function emitDirectoryInode(
  view: DataView,
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
    view.setUint32(at + DIR_INODE.start_block, listingBlock, true);
    view.setUint32(at + DIR_INODE.nlink, nlink, true);
    view.setUint16(at + DIR_INODE.file_size, listingBytes + DOTS_SIZE, true);
    view.setUint16(at + DIR_INODE.offset, listingOff, true);
    view.setUint32(at + DIR_INODE.parent_inode, parentNumber, true);
    return at + DIR_INODE.byteSize;
  }
  view.setUint32(at + LDIR_INODE.nlink, nlink, true);
  view.setUint32(at + LDIR_INODE.file_size, listingBytes + DOTS_SIZE, true);
  view.setUint32(at + LDIR_INODE.start_block, listingBlock, true);
  view.setUint32(at + LDIR_INODE.parent_inode, parentNumber, true);
  view.setUint16(at + LDIR_INODE.i_count, indexEntries, true);
  view.setUint16(at + LDIR_INODE.offset, listingOff, true);
  view.setUint32(at + LDIR_INODE.xattr, xattr, true);
  return at + LDIR_INODE.byteSize;
}

/** The type of any other inode, given its basic one: only attributes need the extended form. */
export function otherType(basic: number, xattr: number): number {
  return xattr === ABSENT ? basic : basic + EXTENDED;
}

/** Writes a symbolic link's part behind the base; returns the offset behind the inode. */
export function emitSymlink(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  target: Uint8Array,
  nlink: number,
  xattr: number,
): number {
  view.setUint32(at + SYMLINK_INODE.nlink, nlink, true);
  view.setUint32(at + SYMLINK_INODE.symlink_size, target.length, true);
  const targetAt = at + SYMLINK_INODE.byteSize;
  bytes.set(target, targetAt);
  if (xattr === ABSENT) return targetAt + target.length;
  view.setUint32(targetAt + target.length, xattr, true);
  return targetAt + target.length + 4;
}

/** Writes a device's part behind the base; returns the offset behind the inode. `rdev` is in the kernel's encoding. */
export function emitDevice(view: DataView, at: number, rdev: number, nlink: number, xattr: number): number {
  view.setUint32(at + DEV_INODE.nlink, nlink, true);
  view.setUint32(at + DEV_INODE.rdev, rdev, true);
  if (xattr === ABSENT) return at + DEV_INODE.byteSize;
  view.setUint32(at + LDEV_INODE.xattr, xattr, true);
  return at + LDEV_INODE.byteSize;
}

/** Writes a FIFO's or socket's part behind the base; returns the offset behind the inode. */
export function emitIpc(view: DataView, at: number, nlink: number, xattr: number): number {
  view.setUint32(at + IPC_INODE.nlink, nlink, true);
  if (xattr === ABSENT) return at + IPC_INODE.byteSize;
  view.setUint32(at + LIPC_INODE.xattr, xattr, true);
  return at + LIPC_INODE.byteSize;
}
