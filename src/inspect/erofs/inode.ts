/** Inodes of both forms, as they are on disk. Source: Linux fs/erofs/inode.c. */
import { roundUp } from "../../core/bytes.ts";
import type { StructView } from "../../core/struct.ts";
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
import { type ImageBytes, viewOf } from "../image.ts";
import { type ErofsImage, locateInode } from "./image.ts";

/** i_format bits 1..3, and bit 4 of an inode that is no directory: one link, and i_nb has the upper half of i_u. */
const [LAYOUT_MASK, FORMAT_NLINK_1] = [7, 0x10] as const;
/** Bits of i_format that mean something. */
const KNOWN_FORMAT = 0x1f;
/** The type bits of i_mode, and what they are of a directory and of a symbolic link. */
const [MODE_TYPE, MODE_DIRECTORY, MODE_LINK] = [0xf000, 0x4000, 0xa000] as const;
/** All that they can be: those two, regular files, devices of both kinds, FIFOs and sockets. */
const TYPES = new Set([MODE_DIRECTORY, MODE_LINK, 0x8000, 0x2000, 0x6000, 0x1000, 0xc000]);
/** Nanoseconds. */
const SECOND = 1e9;
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
export function readInode(image: ErofsImage, nid: number): ErofsInode | Promise<ErofsInode> {
  const { space, at } = locateInode(image, nid);
  // most are of the smaller form, and most of the larger one are in the same page
  const bytes = space.borrow(at, COMPACT.byteSize);
  return bytes instanceof Promise
    ? bytes.then((head) => parseHead(image, nid, space, at, head))
    : parseHead(image, nid, space, at, bytes);
}

function parseHead(
  image: ErofsImage,
  nid: number,
  space: ImageBytes,
  at: number,
  head: Uint8Array,
): ErofsInode | Promise<ErofsInode> {
  const view = viewOf(head);
  const format = view.getU16(0, COMPACT.i_format);
  if (format > KNOWN_FORMAT || layoutOf(format) > LAYOUT_CHUNK)
    throw space.damaged(at, `no inode has the format ${format}`);
  if ((format & FORMAT_EXTENDED) === 0) return parseCompact(image, { nid, space, at, format }, view);
  const bytes = space.borrow(at, EXTENDED.byteSize);
  return bytes instanceof Promise
    ? bytes.then((whole) => parseExtended({ nid, space, at, format }, viewOf(whole)))
    : parseExtended({ nid, space, at, format }, viewOf(bytes));
}

function layoutOf(format: number): number {
  return (format >> FORMAT_LAYOUT_SHIFT) & LAYOUT_MASK;
}

/** Which inode is parsed. */
interface Place {
  readonly nid: number;
  readonly space: ImageBytes;
  readonly at: number;
  readonly format: number;
}

function parseCompact(image: ErofsImage, { nid, space, at, format }: Place, view: StructView): ErofsInode {
  const mode = checkMode(view.getU16(0, COMPACT.i_mode), space, at);
  const high = view.getU16(0, COMPACT.i_nb);
  const union = view.getU32(0, COMPACT.i_u);
  const isWide = !isDirectory({ mode }) && (format & FORMAT_NLINK_1) !== 0;
  const xattrAt = at + COMPACT.byteSize;
  return {
    nid,
    space,
    at,
    isExtended: false,
    layout: layoutOf(format),
    mode,
    uid: view.getU16(0, COMPACT.i_uid),
    gid: view.getU16(0, COMPACT.i_gid),
    nlink: isWide ? 1 : high,
    mtime: image.epoch + view.getU32(0, COMPACT.i_mtime),
    mtimeNsec: image.fixedNsec,
    size: view.getU32(0, COMPACT.i_size),
    union,
    startBlk: union + (isWide ? high * 2 ** 32 : 0),
    xattrAt,
    end: xattrEnd(space, xattrAt, view.getU16(0, COMPACT.i_xattr_icount)),
  };
}

function parseExtended({ nid, space, at, format }: Place, view: StructView): ErofsInode {
  const size = view.getNumber(0, EXTENDED.i_size);
  const mtime = view.getSigned(0, EXTENDED.i_mtime);
  if (!Number.isSafeInteger(size)) throw space.damaged(at, `${size} bytes are more than anything can have`);
  if (!Number.isSafeInteger(mtime)) throw space.damaged(at, `${mtime} is no time`);
  const mtimeNsec = view.getU32(0, EXTENDED.i_mtime_nsec);
  if (mtimeNsec >= SECOND) throw space.damaged(at, `${mtimeNsec} nanoseconds are more than a second`);
  const union = view.getU32(0, EXTENDED.i_u);
  const xattrAt = at + EXTENDED.byteSize;
  return {
    nid,
    space,
    at,
    isExtended: true,
    layout: layoutOf(format),
    mode: checkMode(view.getU16(0, EXTENDED.i_mode), space, at),
    uid: view.getU32(0, EXTENDED.i_uid),
    gid: view.getU32(0, EXTENDED.i_gid),
    nlink: view.getU32(0, EXTENDED.i_nlink),
    mtime,
    mtimeNsec,
    size,
    union,
    startBlk: union + view.getU16(0, EXTENDED.i_nb) * 2 ** 32,
    xattrAt,
    end: xattrEnd(space, xattrAt, view.getU16(0, EXTENDED.i_xattr_icount)),
  };
}

/** Where attributes end that start at `xattrAt`. */
function xattrEnd(space: ImageBytes, xattrAt: number, count: number): number {
  const length = count === 0 ? 0 : XATTR_HEADER.byteSize + 4 * (count - 1);
  space.check(xattrAt, length);
  return xattrAt + length;
}

function checkMode(mode: number, space: ImageBytes, at: number): number {
  if (!TYPES.has(mode & MODE_TYPE)) throw space.damaged(at, `no inode has the mode ${mode.toString(8)}`);
  return mode;
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
