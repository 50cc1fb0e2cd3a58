/**
 * Extents that are one byte again and again, as long as a pcluster holds: what follows of it needs no blocks, as the first
 * bytes of such an extent will do. One of LZ4 ends after a megabyte, often just in front of a link, and what is between
 * would take a block.
 */
import { equalBytes } from "../../../core/bytes.ts";
import { EXTENT_PARTIAL } from "../../disk/lcluster.ts";
import type { PieceExtents } from "../piece-extents.ts";

/** The last such extent of a part. */
export class OneByteExtent {
  /** The byte; -1: there is no such extent. */
  #byte = -1;
  /** Bytes of the file in it, and EXTENT_ bits. */
  #length = 0;
  #flags = 0;
  /** Bytes of its blocks, 0 where there is none, and where it stands in its piece. */
  storedLen = 0;
  index = 0;

  /** Forgets it: another part begins. */
  clear(): void {
    this.#byte = -1;
    this.storedLen = 0;
  }

  /** Remembers the last of `extents`, whose contents are `plain`, if it is one. */
  add(plain: Uint8Array, extents: PieceExtents): void {
    if (!isOneByte(plain)) return;
    this.#byte = plain[0]!;
    this.#length = plain.length;
    this.index = extents.length - 1;
    ({ storedLen: this.storedLen, flags: this.#flags } = extents.at(this.index));
  }

  /**
   * How many bytes of `plain` its first bytes are: all, or as many as it has; 0 if they are not, be it that a run ends in
   * them, or too few to refer to them.
   */
  measure(plain: Uint8Array, blockSize: number): number {
    const length = Math.min(plain.length, this.#length);
    // the index must have room for the number of its blocks
    if (plain[0] !== this.#byte || length < Math.max(blockSize, this.storedLen)) return 0;
    return isOneByte(plain.subarray(0, length)) ? length : 0;
  }

  /** EXTENT_ bits of a reference to so many bytes of it. */
  flagsOf(length: number): number {
    return length < this.#length ? this.#flags | EXTENT_PARTIAL : this.#flags;
  }
}

function isOneByte(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(1), bytes.subarray(0, -1));
}
