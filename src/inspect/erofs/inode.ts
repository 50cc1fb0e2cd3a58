/** Inodes of both forms, as they are on disk. Source: Linux fs/erofs/inode.c. */
import { roundUp } from "../../core/bytes.ts";
import { decodeStruct } from "../../core/struct.ts";
import {
  COMPACT,
  EXTENDED,
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  LAYOUT_CHUNK,
  LAYOUT_COMPRESSED_COMPACT,
  LAYOUT_COMPRESSED_FULL,
  MAP_HEADER,
  XATTR_HEADER,
} from "../../erofs/disk/format.ts";
import type { ImageBytes } from "../image.ts";
import { type ErofsImage, locateInode, toSeconds } from "./image.ts";

/** i_format bits 1..3, and bit 4 of an inode that is no directory: one link, and i_nb has the upper half of i_u. */
const [LAYOUT_MASK, FORMAT_NLINK_1] = [7, 0x10] as const;
/** Bits of i_format that mean something. */
const KNOWN_FORMAT = 0x1f;
/** The type bits of i_mode, and what they are of a directory and of a symbolic link. */
const [MODE_TYPE, MODE_DIRECTORY, MODE_LINK] = [0xf000, 0x4000, 0xa000] as const;
/** Data layouts in words, by their numbers. */
const LAYOUT_NAMES = ["plain", "compressed, full index", "inline", "compressed, compact index", "chunks"] as const;

/** An inode. */
export interface ErofsInode {
  readonly nid: number;
  /** In what it lies, with all that stands behind it: the image, or the metabox. */
  readonly space: ImageBytes;
  readonly at: number;
  readonly isExtended: boolean;
  /** One of the LAYOUT_ numbers. */
  readonly layout: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** Seconds and nanoseconds. */
  readonly mtime: number;
  readonly mtimeNsec: number;
  readonly size: number;
  /** i_u: what it means hangs on the layout. */
  readonly union: number;
  /** First block of a plain or inline file. */
  readonly startBlk: number;
  /** Where attributes start, directly behind the inode, and where they end. */
  readonly xattrAt: number;
  readonly end: number;
}

/**
 * Reads an inode.
 *
 * @throws ImageError `DAMAGED` where there can be none
 */
export async function readInode(image: ErofsImage, nid: number): Promise<ErofsInode> {
  const { space, at } = locateInode(image, nid);
  const format = (await space.view(at, COMPACT.byteSize)).getU16(0, COMPACT.i_format);
  const layout = (format >> FORMAT_LAYOUT_SHIFT) & LAYOUT_MASK;
  if (format > KNOWN_FORMAT || layout > LAYOUT_CHUNK) throw space.damaged(at, `no inode has the format ${format}`);
  const isExtended = (format & FORMAT_EXTENDED) !== 0;
  const { byteSize } = isExtended ? EXTENDED : COMPACT;
  const view = await space.view(at, byteSize);
  const fields = isExtended ? decodeStruct(view, 0, EXTENDED) : decodeStruct(view, 0, COMPACT);
  const { i_mode: mode, i_xattr_icount: count, i_u: union, i_nb: high } = fields;
  const isWide = isExtended || (!isDirectory({ mode }) && (format & FORMAT_NLINK_1) !== 0);
  const xattrAt = at + byteSize;
  const end = xattrAt + (count === 0 ? 0 : XATTR_HEADER.byteSize + 4 * (count - 1));
  space.check(at, end - at);
  return {
    nid,
    space,
    at,
    isExtended,
    layout,
    mode,
    uid: fields.i_uid,
    gid: fields.i_gid,
    ...("i_nlink" in fields
      ? { nlink: fields.i_nlink, mtime: toSeconds(space, fields.i_mtime, at), mtimeNsec: fields.i_mtime_nsec }
      : { nlink: isWide ? 1 : high, mtime: image.epoch + fields.i_mtime, mtimeNsec: image.fixedNsec }),
    size: space.toNumber(BigInt(fields.i_size), at),
    union,
    startBlk: union + (isWide ? high * 2 ** 32 : 0),
    xattrAt,
    end,
  };
}

/** Whether a mode is that of a directory. */
export function isDirectory({ mode }: { mode: number }): boolean {
  return (mode & MODE_TYPE) === MODE_DIRECTORY;
}

/** Whether a mode is that of a symbolic link. */
export function isLink({ mode }: { mode: number }): boolean {
  return (mode & MODE_TYPE) === MODE_LINK;
}

/** A data layout in words. */
export function layoutName(layout: number): string {
  return LAYOUT_NAMES[layout]!;
}

/** Where the map header of a compressed inode lies. */
export function mapHeaderOff({ end }: ErofsInode): number {
  return roundUp(end, MAP_HEADER.byteSize);
}

/** Whether an inode's data is compressed. */
export function isCompressedInode({ layout }: ErofsInode): boolean {
  return layout === LAYOUT_COMPRESSED_FULL || layout === LAYOUT_COMPRESSED_COMPACT;
}
