/**
 * Inodes. Each kind has a basic form, and an extended one for what the basic form has no field for: attributes, and for
 * files further names, holes, large sizes and positions. Emitters choose the form themselves.
 *
 *     | type mode uid gid mtime number | what the kind needs | words of blocks, target, or index of the directory |
 *
 * Whoever writes many inodes fills one {@link InodeHead} and one {@link FileBody} again and again: no object is made for
 * each.
 */
import type { StructView } from "../../core/struct.ts";
import type { PlacedListing } from "./directory.ts";
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
} from "./format.ts";

/** What inodes of all kinds say. */
export interface InodeHead {
  /** The basic type; one of TYPE. */
  type: number;
  /** st_mode. */
  mode: number;
  /** Indexes into the id table. */
  uid: number;
  gid: number;
  /** Seconds since 1970, 0..2^32-1. */
  mtime: number;
  /** Number of the inode, from 1 on. */
  number: number;
  nlink: number;
  /** Number of the attribute set, or ABSENT. */
  xattr: number;
}

/** What a regular file's inode says besides. */
export interface FileBody {
  /** Bytes. */
  size: number;
  /** Position of the first block. */
  startOff: number;
  /** The fragment block that the file's end is in, or ABSENT, and where in there it begins. */
  fragment: number;
  fragmentOff: number;
  /** Bytes of blocks that are holes: the kernel does not count them in st_blocks. */
  sparseBytes: number;
}

/** A record to be filled. */
export function blankHead(): InodeHead {
  return { type: 0, mode: 0, uid: 0, gid: 0, mtime: 0, number: 0, nlink: 0, xattr: 0 };
}

/** A record to be filled. */
export function blankFile(): FileBody {
  return { size: 0, startOff: 0, fragment: 0, fragmentOff: 0, sparseBytes: 0 };
}

/** Writes what all inodes begin with. */
function emitBase(view: StructView, at: number, head: InodeHead, isBasic: boolean): void {
  view.setU16(at, BASE_INODE.inode_type, isBasic ? head.type : head.type + EXTENDED);
  view.setU16(at, BASE_INODE.mode, head.mode & 0o7777);
  view.setU16(at, BASE_INODE.uid, head.uid);
  view.setU16(at, BASE_INODE.guid, head.gid);
  view.setU32(at, BASE_INODE.mtime, head.mtime);
  view.setU32(at, BASE_INODE.inode_number, head.number);
}

/** Whether the basic form holds a regular file: it has one name, no holes, no attributes, and 32 bits for the rest. */
function isBasicFile(
  { nlink, xattr }: Pick<InodeHead, "nlink" | "xattr">,
  { size, startOff, sparseBytes }: Pick<FileBody, "size" | "startOff" | "sparseBytes">,
): boolean {
  return size < 2 ** 32 && startOff < 2 ** 32 && nlink === 1 && sparseBytes === 0 && xattr === ABSENT;
}

/** Writes a regular file's inode; returns where its words of blocks go. */
export function emitFile(view: StructView, at: number, head: InodeHead, file: FileBody): number {
  const isBasic = isBasicFile(head, file);
  emitBase(view, at, head, isBasic);
  // a function each: where both were in one, V8 would inline the setters of the more frequent form only
  return isBasic ? emitBasicFile(view, at, file) : emitExtendedFile(view, at, head, file);
}

function emitBasicFile(view: StructView, at: number, file: FileBody): number {
  view.setU32(at, REG_INODE.start_block, file.startOff);
  view.setU32(at, REG_INODE.fragment, file.fragment);
  view.setU32(at, REG_INODE.offset, file.fragmentOff);
  view.setU32(at, REG_INODE.file_size, file.size);
  return at + REG_INODE.byteSize;
}

function emitExtendedFile(view: StructView, at: number, head: InodeHead, file: FileBody): number {
  view.setU64(at, LREG_INODE.start_block, file.startOff);
  view.setU64(at, LREG_INODE.file_size, file.size);
  view.setU64(at, LREG_INODE.sparse, file.sparseBytes);
  view.setU32(at, LREG_INODE.nlink, head.nlink);
  view.setU32(at, LREG_INODE.fragment, file.fragment);
  view.setU32(at, LREG_INODE.offset, file.fragmentOff);
  view.setU32(at, LREG_INODE.xattr, head.xattr);
  return at + LREG_INODE.byteSize;
}

/** Whether the basic form holds a directory: it has 16 bits for the size, no index and no attributes. */
function isBasicDirectory({ xattr }: InodeHead, { bytes, indexEntries }: PlacedListing): boolean {
  return bytes + DOTS_SIZE <= 0xffff && indexEntries === 0 && xattr === ABSENT;
}

/** Writes a directory's inode; returns where its index goes. */
export function emitDirectoryInode(
  view: StructView,
  at: number,
  head: InodeHead,
  listing: PlacedListing,
  parentNumber: number,
): number {
  const size = listing.bytes + DOTS_SIZE;
  const isBasic = isBasicDirectory(head, listing);
  emitBase(view, at, head, isBasic);
  if (isBasic) {
    view.setU32(at, DIR_INODE.start_block, listing.block);
    view.setU32(at, DIR_INODE.nlink, head.nlink);
    view.setU16(at, DIR_INODE.file_size, size);
    view.setU16(at, DIR_INODE.offset, listing.offset);
    view.setU32(at, DIR_INODE.parent_inode, parentNumber);
    return at + DIR_INODE.byteSize;
  }
  view.setU32(at, LDIR_INODE.nlink, head.nlink);
  view.setU32(at, LDIR_INODE.file_size, size);
  view.setU32(at, LDIR_INODE.start_block, listing.block);
  view.setU32(at, LDIR_INODE.parent_inode, parentNumber);
  view.setU16(at, LDIR_INODE.i_count, listing.indexEntries);
  view.setU16(at, LDIR_INODE.offset, listing.offset);
  view.setU32(at, LDIR_INODE.xattr, head.xattr);
  return at + LDIR_INODE.byteSize;
}

/**
 * Writes a symbolic link's inode, of which only attributes need the extended form; returns the offset behind it. `view`
 * covers `bytes`.
 */
export function emitSymlink(
  bytes: Uint8Array,
  view: StructView,
  at: number,
  head: InodeHead,
  target: Uint8Array,
): number {
  emitBase(view, at, head, head.xattr === ABSENT);
  view.setU32(at, SYMLINK_INODE.nlink, head.nlink);
  view.setU32(at, SYMLINK_INODE.symlink_size, target.length);
  bytes.set(target, at + SYMLINK_INODE.byteSize);
  const end = at + SYMLINK_INODE.byteSize + target.length;
  if (head.xattr === ABSENT) return end;
  view.setU32(end, SYMLINK_XATTR.xattr, head.xattr);
  return end + SYMLINK_XATTR.byteSize;
}

/** Writes a device's inode, in the form that a link's would have; returns the offset behind it. `rdev` is in the kernel's encoding. */
export function emitDevice(view: StructView, at: number, head: InodeHead, rdev: number): number {
  emitBase(view, at, head, head.xattr === ABSENT);
  view.setU32(at, DEV_INODE.nlink, head.nlink);
  view.setU32(at, DEV_INODE.rdev, rdev);
  if (head.xattr === ABSENT) return at + DEV_INODE.byteSize;
  view.setU32(at, LDEV_INODE.xattr, head.xattr);
  return at + LDEV_INODE.byteSize;
}

/** Writes a FIFO's or socket's inode, in the form that a link's would have; returns the offset behind it. */
export function emitIpc(view: StructView, at: number, head: InodeHead): number {
  emitBase(view, at, head, head.xattr === ABSENT);
  view.setU32(at, IPC_INODE.nlink, head.nlink);
  if (head.xattr === ABSENT) return at + IPC_INODE.byteSize;
  view.setU32(at, LIPC_INODE.xattr, head.xattr);
  return at + LIPC_INODE.byteSize;
}
