/** What is known of a range of a file's bytes. */
import type { ImageBytes } from "../image.ts";

/** A range of a file's bytes. */
export interface Extent {
  /** First byte of the file, and how many. */
  readonly start: number;
  readonly length: number;
  /**
   * What there is of it: bytes of the image, in blocks or behind the inode; bytes of the packed inode, or of a device;
   * nothing.
   */
  readonly source: "blocks" | "inode" | "packed" | "device" | "hole";
  /** The number of the device. */
  readonly device?: number;
  /** In what that lies which stands behind the inode; all else is in the image. */
  readonly space?: ImageBytes;
  /** Where that starts, and its bytes as they are stored. */
  readonly at: number;
  readonly stored: number;
  /** Undefined: it is not compressed. */
  readonly algorithm: number | undefined;
  /** Not compressed, and turned: byte x of the file stands at x modulo a block. */
  readonly isTurned: boolean;
}

/** Of bytes that are stored as they are. */
export const PLAIN_BYTES = { algorithm: undefined, isTurned: false } as const;

/** A range that lies in the packed inode, from `at` on. */
export function packedExtent(start: number, length: number, at: number): Extent {
  return { start, length, source: "packed", at, stored: length, ...PLAIN_BYTES };
}

/** A range of zeros that is not stored. */
export function holeExtent(start: number, length: number): Extent {
  return { start, length, source: "hole", at: 0, stored: 0, ...PLAIN_BYTES };
}
