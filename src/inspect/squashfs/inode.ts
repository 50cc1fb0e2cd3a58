/** Inodes of all kinds, as they are in the table. Source: Linux fs/squashfs/inode.c. */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../core/mode.ts";
import type { StructShape, StructView } from "../../core/struct.ts";
import {
  ABSENT,
  BASE_INODE,
  BLOCK_WORD,
  DEV_INODE,
  DIR_INDEX,
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
} from "../../squashfs/disk/format.ts";
import { type ImageBytes, viewOf } from "../image.ts";

/** Structures by type. */
const SHAPES: Readonly<Record<number, StructShape>> = {
  [TYPE.dir]: DIR_INODE,
  [TYPE.file]: REG_INODE,
  [TYPE.symlink]: SYMLINK_INODE,
  [TYPE.block]: DEV_INODE,
  [TYPE.char]: DEV_INODE,
  [TYPE.fifo]: IPC_INODE,
  [TYPE.socket]: IPC_INODE,
  [TYPE.dir + EXTENDED]: LDIR_INODE,
  [TYPE.file + EXTENDED]: LREG_INODE,
  [TYPE.symlink + EXTENDED]: SYMLINK_INODE,
  [TYPE.block + EXTENDED]: LDEV_INODE,
  [TYPE.char + EXTENDED]: LDEV_INODE,
  [TYPE.fifo + EXTENDED]: LIPC_INODE,
  [TYPE.socket + EXTENDED]: LIPC_INODE,
};

/** Type bits of a mode by type, less one. */
const KINDS = [S_IFDIR, S_IFREG, S_IFLNK, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK] as const;
/** Bits of `mode` that mean something. */
const PERMISSIONS = 0o7777;

/** An inode of the table. */
export interface SquashfsInode {
  /** Where it is in the table, where its structure ends, and where all of it does. */
  readonly at: number;
  readonly bodyAt: number;
  readonly end: number;
  readonly type: number;
  readonly shape: StructShape;
  /** i_ino. */
  readonly number: number;
  /** Type and permissions. */
  readonly mode: number;
  /** Numbers of the owner and the group in the table of ids. */
  readonly uidNumber: number;
  readonly gidNumber: number;
  readonly nlink: number;
  /** Seconds. */
  readonly mtime: number;
  /** What stat(2) says of it. */
  readonly size: number;
  /** Of a device its numbers, as on disk. */
  readonly rdev: number;
  /** Number of its set of attributes; undefined: it has none. */
  readonly xattrSet: number | undefined;
  /** Of a directory: its listing. */
  readonly listing: { readonly block: number; readonly offset: number; readonly bytes: number } | undefined;
  readonly file: SquashfsFile | undefined;
}

/** Where the contents of a file are. */
export interface SquashfsFile {
  /** Where its blocks start in the image. */
  readonly startOff: number;
  /** How many words it has. */
  readonly words: number;
  /** The fragment block that has its end; undefined: all of it is in blocks. */
  readonly fragment: number | undefined;
  /** Where in that. */
  readonly fragmentOff: number;
}

/** An inode whose fields are filled in. */
type Draft = { -readonly [K in keyof SquashfsInode]: SquashfsInode[K] };

/**
 * Reads the inode at a place of the table.
 *
 * @throws ImageError `DAMAGED` where there can be none
 */
export async function readInode(table: ImageBytes, at: number, blockSize: number): Promise<SquashfsInode> {
  const head = table.borrow(at, BASE_INODE.byteSize);
  const type = viewOf(head instanceof Promise ? await head : head).getU16(0, BASE_INODE.inode_type);
  const shape = SHAPES[type];
  if (shape === undefined) throw table.damaged(at, `no inode has the type ${type}`);
  const body = table.borrow(at, shape.byteSize);
  // all of its fields are read before anything else is
  const view = viewOf(body instanceof Promise ? await body : body);
  const bodyAt = at + shape.byteSize;
  const inode: Draft = {
    at,
    bodyAt,
    end: bodyAt,
    type,
    shape,
    number: view.getU32(0, BASE_INODE.inode_number),
    mode: KINDS[(type - 1) % EXTENDED]! | (view.getU16(0, BASE_INODE.mode) & PERMISSIONS),
    uidNumber: view.getU16(0, BASE_INODE.uid),
    gidNumber: view.getU16(0, BASE_INODE.guid),
    nlink: 1,
    mtime: view.getU32(0, BASE_INODE.mtime),
    size: 0,
    rdev: 0,
    xattrSet: undefined,
    listing: undefined,
    file: undefined,
  };
  const filling = fillBody(table, inode, view, blockSize);
  if (filling !== undefined) await filling;
  return inode;
}

/** Whether an inode is a symbolic link. */
export function isLink({ shape }: SquashfsInode): boolean {
  return shape === SYMLINK_INODE;
}

/** Fills in what a kind of inode has besides; at once where nothing else is to be read. */
function fillBody(table: ImageBytes, inode: Draft, view: StructView, blockSize: number): undefined | Promise<void> {
  const { at, shape } = inode;
  switch (shape) {
    case DIR_INODE: {
      inode.size = view.getU16(0, DIR_INODE.file_size);
      inode.nlink = view.getU32(0, DIR_INODE.nlink);
      const [block, offset] = [view.getU32(0, DIR_INODE.start_block), view.getU16(0, DIR_INODE.offset)];
      inode.listing = { block, offset, bytes: Math.max(inode.size - DOTS_SIZE, 0) };
      return undefined;
    }
    case LDIR_INODE: {
      inode.size = view.getU32(0, LDIR_INODE.file_size);
      inode.nlink = view.getU32(0, LDIR_INODE.nlink);
      inode.xattrSet = setOf(view.getU32(0, LDIR_INODE.xattr));
      const [block, offset] = [view.getU32(0, LDIR_INODE.start_block), view.getU16(0, LDIR_INODE.offset)];
      inode.listing = { block, offset, bytes: Math.max(inode.size - DOTS_SIZE, 0) };
      return fillIndexEnd(table, inode, view.getU16(0, LDIR_INODE.i_count));
    }
    case REG_INODE:
      inode.size = view.getU32(0, REG_INODE.file_size);
      fillFile(table, inode, blockSize, {
        startOff: view.getU32(0, REG_INODE.start_block),
        fragment: setOf(view.getU32(0, REG_INODE.fragment)),
        fragmentOff: view.getU32(0, REG_INODE.offset),
      });
      return undefined;
    case LREG_INODE:
      inode.size = table.toNumber(view.getU64(0, LREG_INODE.file_size), at);
      inode.nlink = view.getU32(0, LREG_INODE.nlink);
      inode.xattrSet = setOf(view.getU32(0, LREG_INODE.xattr));
      fillFile(table, inode, blockSize, {
        startOff: table.toNumber(view.getU64(0, LREG_INODE.start_block), at),
        fragment: setOf(view.getU32(0, LREG_INODE.fragment)),
        fragmentOff: view.getU32(0, LREG_INODE.offset),
      });
      return undefined;
    case SYMLINK_INODE:
      inode.size = view.getU32(0, SYMLINK_INODE.symlink_size);
      inode.nlink = view.getU32(0, SYMLINK_INODE.nlink);
      return fillLink(table, inode);
    case DEV_INODE:
      inode.nlink = view.getU32(0, DEV_INODE.nlink);
      inode.rdev = view.getU32(0, DEV_INODE.rdev);
      return undefined;
    case LDEV_INODE:
      inode.nlink = view.getU32(0, LDEV_INODE.nlink);
      inode.rdev = view.getU32(0, LDEV_INODE.rdev);
      inode.xattrSet = setOf(view.getU32(0, LDEV_INODE.xattr));
      return undefined;
    case LIPC_INODE:
      inode.nlink = view.getU32(0, LIPC_INODE.nlink);
      inode.xattrSet = setOf(view.getU32(0, LIPC_INODE.xattr));
      return undefined;
    default:
      inode.nlink = view.getU32(0, IPC_INODE.nlink);
      return undefined;
  }
}

function setOf(number: number): number | undefined {
  return number === ABSENT ? undefined : number;
}

/** Where the index of a directory ends. */
async function fillIndexEnd(table: ImageBytes, inode: Draft, count: number): Promise<void> {
  let { end } = inode;
  for (let entry = 0; entry < count; entry++) {
    const view = await table.view(end, DIR_INDEX.byteSize);
    end += DIR_INDEX.byteSize + view.getU32(0, DIR_INDEX.size) + 1;
  }
  table.check(inode.bodyAt, end - inode.bodyAt);
  inode.end = end;
}

function fillFile(table: ImageBytes, inode: Draft, blockSize: number, place: Omit<SquashfsFile, "words">): void {
  const blocks = inode.size / blockSize;
  const words = place.fragment === undefined ? Math.ceil(blocks) : Math.floor(blocks);
  inode.end = inode.bodyAt + words * BLOCK_WORD.byteSize;
  table.check(inode.at, inode.end - inode.at);
  inode.file = { ...place, words };
}

function fillLink(table: ImageBytes, inode: Draft): undefined | Promise<void> {
  const targetEnd = inode.bodyAt + inode.size;
  table.check(inode.bodyAt, inode.size);
  inode.end = targetEnd;
  if (inode.type < EXTENDED) return undefined;
  inode.end = targetEnd + SYMLINK_XATTR.byteSize;
  return table.view(targetEnd, SYMLINK_XATTR.byteSize).then((set) => {
    inode.xattrSet = setOf(set.getU32(0, SYMLINK_XATTR.xattr));
  });
}
