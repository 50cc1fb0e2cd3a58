/**
 * What both formats are as a filesystem, by numbers of inodes: {@link ErofsReader} and {@link SquashfsReader} are such
 * readers, and all that looks into images is written for them. Whatever does not hold together is `DAMAGED`; time and memory
 * are bounded by the image, never by a number that stands in it.
 */
import type { ByteSource } from "../core/byte-source.ts";

/** Zeros that come at once. */
const ZEROS = new Uint8Array(1 << 16);

/** An inode, as far as both formats have it. */
export interface ImageInode {
  /** Type and permissions, as of stat(2). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** Bytes of a file's contents, or of a link's target; of a directory what the format says. */
  readonly size: number;
  /** Seconds since 1970, and nanoseconds. */
  readonly mtime: number;
  readonly mtimeNsec: number;
}

/** An entry of a directory: of several with the same number each is a name of the same inode. */
export interface ImageEntry {
  readonly name: Uint8Array;
  /** Which inode that is: a NID, or a place in the table of inodes. */
  readonly id: number;
}

/** An extended attribute with its whole name. */
export interface ImageXattr {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** A piece of contents: bytes that are valid until the next piece is asked for, or so many zeros that are not stored. */
export type ImagePiece = Uint8Array | { readonly zeros: number };

/** The contents of a file as bytes, each part valid until the next is asked for; zeros come 64 KiB at a time. */
export async function* contentsOf<I extends ImageInode>(reader: ImageReader<I>, file: I): AsyncGenerator<Uint8Array> {
  for await (const piece of reader.pieces(file)) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* zeros(piece.zeros);
  }
}

/** So many zeros, 64 KiB at a time, which are not to be changed. */
export function* zeros(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}

/** Reads one image. One call at a time: what has been decoded last is kept. */
export interface ImageReader<I extends ImageInode = ImageInode> {
  readonly rootId: number;
  /** All directories together have names of fewer bytes: more is told again and again. */
  readonly mostDirectoryBytes: number;
  inode(id: number): Promise<I>;
  /** The entries of a directory in their order, without itself and its parent. */
  entries(directory: I): AsyncGenerator<ImageEntry>;
  /** The target of a symbolic link: at once where that can be. */
  target(link: I): Uint8Array | Promise<Uint8Array>;
  /** Numbers of a device. */
  device(inode: I): { major: number; minor: number };
  /** What Linux shows of an inode's attributes. */
  xattrs(inode: I): Promise<ImageXattr[]>;
  /** Whether there are any, without their values. */
  hasXattrs(inode: I): Promise<boolean>;
  /** The contents of a file from front to back; a piece has 12 MiB of bytes at most. */
  pieces(file: I): AsyncGenerator<ImagePiece>;
  /** The same at any place. */
  open(file: I): Promise<ByteSource>;
}
