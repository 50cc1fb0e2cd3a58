/** Inodes of all kinds, as they are in the table. Source: Linux fs/squashfs/inode.c. */
import { decodeStruct, type StructShape } from "../../core/struct.ts";
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

/** An inode of the table. */
export interface SquashfsInode {
  /** Where it is in the table, where its structure ends, and where all of it does. */
  readonly at: number;
  readonly bodyAt: number;
  readonly end: number;
  readonly type: number;
  readonly shape: StructShape;
  /** Of a directory: its listing. */
  readonly listing: { readonly block: number; readonly offset: number; readonly bytes: number } | undefined;
  /** Of a file: where its blocks start in the image, and how many words it has. */
  readonly file: { readonly startOff: number; readonly words: number } | undefined;
}

/**
 * Reads the inode at a place of the table.
 *
 * @throws ImageError `DAMAGED` where there can be none
 */
export async function readInode(table: ImageBytes, at: number, blockSize: number): Promise<SquashfsInode> {
  const type = (await table.view(at, BASE_INODE.byteSize)).getU16(0, BASE_INODE.inode_type);
  const shape = SHAPES[type];
  if (shape === undefined) throw table.damaged(at, `no inode has the type ${type}`);
  const bodyAt = at + shape.byteSize;
  const common = { at, bodyAt, end: bodyAt, type, shape, listing: undefined, file: undefined };
  const view = await table.view(at, shape.byteSize);
  if (shape === DIR_INODE) {
    const { start_block: block, offset, file_size: size } = decodeStruct(view, 0, DIR_INODE);
    return { ...common, listing: { block, offset, bytes: Math.max(size - DOTS_SIZE, 0) } };
  }
  if (shape === LDIR_INODE) {
    const { start_block: block, offset, file_size: size, i_count: count } = decodeStruct(view, 0, LDIR_INODE);
    const listing = { block, offset, bytes: Math.max(size - DOTS_SIZE, 0) };
    return { ...common, end: await indexEnd(table, bodyAt, count), listing };
  }
  if (shape === REG_INODE || shape === LREG_INODE) {
    const fields = shape === REG_INODE ? decodeStruct(view, 0, REG_INODE) : decodeStruct(view, 0, LREG_INODE);
    const size = table.toNumber(BigInt(fields.file_size), at);
    const words = fields.fragment === ABSENT ? Math.ceil(size / blockSize) : Math.floor(size / blockSize);
    const end = bodyAt + words * BLOCK_WORD.byteSize;
    table.check(at, end - at);
    return { ...common, end, file: { startOff: table.toNumber(BigInt(fields.start_block), at), words } };
  }
  if (shape !== SYMLINK_INODE) return common;
  const target = decodeStruct(view, 0, SYMLINK_INODE).symlink_size;
  const end = bodyAt + target + (type > EXTENDED ? SYMLINK_XATTR.byteSize : 0);
  table.check(at, end - at);
  return { ...common, end };
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
