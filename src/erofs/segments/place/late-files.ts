/**
 * Files that say what all others hold, written when these are in the image. Their inodes have their places among the others,
 * but nothing else hangs on how long they are: they have no ends beside them, and their data stands behind all segments.
 *
 *     | head | segment | … | segment with the inode | … | data of the file | root's names |
 *                                  └──────── size and first block are filled in last ┘
 */
import { roundUp } from "../../../core/bytes.ts";
import type { XxHash } from "../../../core/hash/xxhash.ts";
import { StructView } from "../../../core/struct.ts";
import { COMPACT, EXTENDED } from "../../disk/format.ts";
import { measureInode } from "../../disk/inode.ts";
import type { ErofsSettings } from "../../options.ts";
import type { ImageFile } from "../copies.ts";
import type { SegmentRow } from "./row.ts";

/** The metadata of a segment in which such files are, kept to be hashed anew. */
export interface Metadata {
  /** The segment's number. */
  number: number;
  /** Where its inodes start in the image. */
  inodesOff: number;
  inodes: Uint8Array<ArrayBuffer>;
  /** Whole blocks of directories and links. */
  bodies: Uint8Array[];
}

/** Such a file, whose inode is in the image. */
export interface LateFile {
  entry: number;
  isExtended: boolean;
  /** Where its inode is in the image. */
  inodeOff: number;
  metadata: Metadata;
}

/** Where they are written. */
export interface LateTarget {
  row: SegmentRow;
  image: ImageFile;
  xxhash: XxHash;
  settings: Pick<ErofsSettings, "blockSize" | "dsunit">;
}

/** Writes files behind all that has its place. @param bytesOf what one holds */
export function writeLate(
  { row, image, xxhash, settings }: LateTarget,
  files: readonly LateFile[],
  bytesOf: (file: LateFile) => Uint8Array,
): void {
  const { blockSize, dsunit } = settings;
  for (const file of files) {
    const bytes = bytesOf(file);
    const startBlk = roundUp(row.nextBlk, dsunit);
    row.extend(startBlk + Math.ceil(bytes.length / blockSize));
    image.writeAt(bytes, startBlk * blockSize);
    image.writeAt(putPlace(file, bytes.length, startBlk), file.inodeOff);
  }
  for (const { number, inodes, bodies } of new Set(files.map(({ metadata }) => metadata))) {
    const hash = xxhash.create64().update(inodes);
    for (const bytes of bodies) hash.update(bytes);
    row.setHash(number, hash.digest());
  }
}

/** Has an inode say where its data is; returns its bytes. */
function putPlace({ isExtended, inodeOff, metadata }: LateFile, size: number, startBlk: number): Uint8Array {
  const { inodes, inodesOff } = metadata;
  const view = new StructView(inodes.buffer);
  const at = inodeOff - inodesOff;
  if (isExtended) {
    view.setU64(at, EXTENDED.i_size, size);
    view.setU32(at, EXTENDED.i_u, startBlk);
  } else {
    view.setU32(at, COMPACT.i_size, size);
    view.setU32(at, COMPACT.i_u, startBlk);
  }
  return inodes.subarray(at, at + measureInode(isExtended));
}
