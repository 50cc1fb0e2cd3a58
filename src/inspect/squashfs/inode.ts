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
import type { ImageBytes } from "../image.ts";

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

/** What a kind of inode adds to the fields that all have. */
type Body = Partial<Omit<SquashfsInode, "at" | "bodyAt" | "type" | "shape" | "number" | "mode" | "mtime">>;

/**
 * Reads the inode at a place of the table.
 *
 * @throws ImageError `DAMAGED` where there can be none
 */
export async function readInode(table: ImageBytes, at: number, blockSize: number): Promise<SquashfsInode> {
  const head = await table.view(at, BASE_INODE.byteSize);
  const type = head.getU16(0, BASE_INODE.inode_type);
  const shape = SHAPES[type];
  if (shape === undefined) throw table.damaged(at, `no inode has the type ${type}`);
  const view = await table.view(at, shape.byteSize);
  const kind = (type - 1) % EXTENDED;
  const bodyAt = at + shape.byteSize;
  return {
    ...{ at, bodyAt, end: bodyAt, type, shape },
    mode: KINDS[kind]! | (view.getU16(0, BASE_INODE.mode) & PERMISSIONS),
    number: view.getU32(0, BASE_INODE.inode_number),
    uidNumber: view.getU16(0, BASE_INODE.uid),
    gidNumber: view.getU16(0, BASE_INODE.guid),
    nlink: 1,
    mtime: view.getU32(0, BASE_INODE.mtime),
    ...{ size: 0, rdev: 0, xattrSet: undefined, listing: undefined, file: undefined },
    ...(await readBody(table, shape, { at, bodyAt, view, type, blockSize })),
  };
}

interface BodyPlace {
  at: number;
  bodyAt: number;
  view: StructView;
  type: number;
  blockSize: number;
}

function readBody(table: ImageBytes, shape: StructShape, place: BodyPlace): Body | Promise<Body> {
  const { at, bodyAt, view, type } = place;
  switch (shape) {
    case DIR_INODE:
      return directoryBody(view);
    case LDIR_INODE:
      return longDirectoryBody(table, bodyAt, view);
    case REG_INODE:
      return fileBody(table, place, {
        size: view.getU32(0, REG_INODE.file_size),
        startOff: view.getU32(0, REG_INODE.start_block),
        fragment: view.getU32(0, REG_INODE.fragment),
        fragmentOff: view.getU32(0, REG_INODE.offset),
      });
    case LREG_INODE:
      return {
        nlink: view.getU32(0, LREG_INODE.nlink),
        xattrSet: setOf(view.getU32(0, LREG_INODE.xattr)),
        ...fileBody(table, place, {
          size: table.toNumber(view.getU64(0, LREG_INODE.file_size), at),
          startOff: table.toNumber(view.getU64(0, LREG_INODE.start_block), at),
          fragment: view.getU32(0, LREG_INODE.fragment),
          fragmentOff: view.getU32(0, LREG_INODE.offset),
        }),
      };
    case SYMLINK_INODE:
      return linkBody(table, bodyAt, view, type > EXTENDED);
    case DEV_INODE:
      return { nlink: view.getU32(0, DEV_INODE.nlink), rdev: view.getU32(0, DEV_INODE.rdev) };
    case LDEV_INODE:
      return {
        nlink: view.getU32(0, LDEV_INODE.nlink),
        rdev: view.getU32(0, LDEV_INODE.rdev),
        xattrSet: setOf(view.getU32(0, LDEV_INODE.xattr)),
      };
    case LIPC_INODE:
      return { nlink: view.getU32(0, LIPC_INODE.nlink), xattrSet: setOf(view.getU32(0, LIPC_INODE.xattr)) };
    default:
      return { nlink: view.getU32(0, IPC_INODE.nlink) };
  }
}

function setOf(number: number): number | undefined {
  return number === ABSENT ? undefined : number;
}

function directoryBody(view: StructView): Body {
  const size = view.getU16(0, DIR_INODE.file_size);
  return {
    size,
    nlink: view.getU32(0, DIR_INODE.nlink),
    listing: {
      block: view.getU32(0, DIR_INODE.start_block),
      offset: view.getU16(0, DIR_INODE.offset),
      bytes: Math.max(size - DOTS_SIZE, 0),
    },
  };
}

async function longDirectoryBody(table: ImageBytes, bodyAt: number, view: StructView): Promise<Body> {
  const size = view.getU32(0, LDIR_INODE.file_size);
  return {
    size,
    nlink: view.getU32(0, LDIR_INODE.nlink),
    xattrSet: setOf(view.getU32(0, LDIR_INODE.xattr)),
    end: await indexEnd(table, bodyAt, view.getU16(0, LDIR_INODE.i_count)),
    listing: {
      block: view.getU32(0, LDIR_INODE.start_block),
      offset: view.getU16(0, LDIR_INODE.offset),
      bytes: Math.max(size - DOTS_SIZE, 0),
    },
  };
}

/** Where the index of a directory ends. */
async function indexEnd(table: ImageBytes, at: number, count: number): Promise<number> {
  let end = at;
  for (let entry = 0; entry < count; entry++) {
    const view = await table.view(end, DIR_INDEX.byteSize);
    end += DIR_INDEX.byteSize + view.getU32(0, DIR_INDEX.size) + 1;
  }
  table.check(at, end - at);
  return end;
}

interface FileFields {
  size: number;
  startOff: number;
  fragment: number;
  fragmentOff: number;
}

function fileBody(table: ImageBytes, { at, bodyAt, blockSize }: BodyPlace, fields: FileFields): Body {
  const { size, startOff, fragmentOff } = fields;
  const fragment = setOf(fields.fragment);
  const words = fragment === undefined ? Math.ceil(size / blockSize) : Math.floor(size / blockSize);
  const end = bodyAt + words * BLOCK_WORD.byteSize;
  table.check(at, end - at);
  return { size, end, file: { startOff, words, fragment, fragmentOff } };
}

function linkBody(table: ImageBytes, bodyAt: number, view: StructView, isExtended: boolean): Promise<Body> | Body {
  const size = view.getU32(0, SYMLINK_INODE.symlink_size);
  const nlink = view.getU32(0, SYMLINK_INODE.nlink);
  const targetEnd = bodyAt + size;
  table.check(bodyAt, size);
  if (!isExtended) return { size, nlink, end: targetEnd };
  const end = targetEnd + SYMLINK_XATTR.byteSize;
  return table
    .view(targetEnd, SYMLINK_XATTR.byteSize)
    .then((set) => ({ size, nlink, end, xattrSet: setOf(set.getU32(0, SYMLINK_XATTR.xattr)) }));
}
