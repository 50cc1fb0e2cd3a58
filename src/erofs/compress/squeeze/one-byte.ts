/**
 * Extents that are one byte again and again: what follows of it needs no blocks, as the first bytes of such an extent will do.
 * One of LZ4 ends after a megabyte, often just in front of a link, and what is between would take a block.
 */
import { equalBytes } from "../../../core/bytes.ts";
import type { PieceExtent } from "../piece-extents.ts";

/** What shrinks to no less than one of so many parts is not one byte only, for any codec. */
const LEAST_RATIO = 128;

/** The last such extent of a part. */
export class OneByteExtent {
  #byte = -1;
  /** Its bytes, those of its blocks, EXTENT_ bits. */
  #length = 0;
  storedLen = 0;
  flags = 0;
  /** Where it stands among the extents of its piece. */
  index = 0;

  /** There is none yet. */
  clear(): void {
    this.#byte = -1;
  }

  /** Remembers the extent with this index, whose contents are `plain`, if it is one. */
  add(plain: Uint8Array, { storedLen, flags }: Pick<PieceExtent, "storedLen" | "flags">, index: number): void {
    if (plain.length < LEAST_RATIO * storedLen || !isOneByte(plain)) return;
    this.#byte = plain[0]!;
    this.#length = plain.length;
    this.storedLen = storedLen;
    this.flags = flags;
    this.index = index;
  }

  /** How many bytes of `plain` its first bytes are: all, or all that it has; 0 if they are not, or too few to refer to them. */
  measure(plain: Uint8Array, blockSize: number): number {
    const length = Math.min(plain.length, this.#length);
    // the index must have room for the number of its blocks
    if (plain[0] !== this.#byte || length < Math.max(blockSize, this.storedLen)) return 0;
    return isOneByte(plain.subarray(0, length)) ? length : 0;
  }

  /** Whether so many bytes are not all of it. */
  isPart(length: number): boolean {
    return length < this.#length;
  }
}

function isOneByte(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(1), bytes.subarray(0, -1));
}
