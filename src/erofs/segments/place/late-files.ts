/**
 * Files that say what all others hold, written when these are in the image: until then zeros stand in their place. What lies
 * beside the inode counts for the UUID, so the metadata of its segment is hashed anew.
 */
import type { XxHash } from "../../../core/xxhash.ts";
import type { ImageFile } from "../copies.ts";
import type { SegmentRow } from "./row.ts";

/** Bytes of a file in the image. */
interface Place {
  length: number;
  imageOff: number;
}

/** Such a file, whose segment has its place. */
export interface LateFile {
  entry: number;
  /** What lies in blocks, from the file's start. */
  body: Place;
  /** What lies beside the inode. */
  tail: Place;
  segment: {
    number: number;
    /** All its metadata, and where that starts in the image. */
    metaOff: number;
    metadata: Uint8Array[];
  };
}

/** Where they are written. */
export interface LateTarget {
  row: SegmentRow;
  image: ImageFile;
  xxhash: XxHash;
}

/** Writes files. @param bytesOf what one holds */
export function writeLate(
  { row, image, xxhash }: LateTarget,
  files: readonly LateFile[],
  bytesOf: (file: LateFile) => Uint8Array,
): void {
  for (const file of files) {
    const { body, tail, segment } = file;
    const bytes = bytesOf(file);
    if (body.length > 0) image.writeAt(bytes.subarray(0, body.length), body.imageOff);
    if (tail.length === 0) continue;
    const end = bytes.subarray(body.length);
    image.writeAt(end, tail.imageOff);
    putBytes(segment.metadata, tail.imageOff - segment.metaOff, end);
  }
  for (const { number, metadata } of new Set(files.map(({ segment }) => segment))) {
    const hash = xxhash.create64();
    for (const bytes of metadata) hash.update(bytes);
    row.setHash(number, hash.digest());
  }
}

/** Puts bytes at an offset of what stands in several pieces; all of them lie in one. */
function putBytes(pieces: readonly Uint8Array[], offset: number, bytes: Uint8Array): void {
  let at = offset;
  for (const piece of pieces) {
    if (at < piece.length) {
      piece.set(bytes, at);
      return;
    }
    at -= piece.length;
  }
}
