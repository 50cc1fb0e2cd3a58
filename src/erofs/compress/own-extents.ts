/** The extents of a part that is being placed, by their blocks: some may be there again later in the same part. */
import { equalBytes } from "../../core/bytes.ts";

interface OwnExtent {
  kind: number;
  length: number;
  index: number;
  /** Where its blocks are in the piece. */
  at: number;
}

/** Finds extents of one part. */
export class OwnExtents {
  readonly #blocks: Uint8Array;
  /** By checksum: the first of them. */
  readonly #known = new Map<number, OwnExtent>();

  /** @param blocks of the piece */
  constructor(blocks: Uint8Array) {
    this.#blocks = blocks;
  }

  /** Remembers the extent with this index; what it is: see FoundBytes. */
  add(checksum: number, kind: number, length: number, index: number, at: number): void {
    if (!this.#known.has(checksum)) this.#known.set(checksum, { kind, length, index, at });
  }

  /** The index of the extent that has these bytes as its blocks and is the same, or -1. */
  find(checksum: number, kind: number, length: number, bytes: Uint8Array): number {
    const known = this.#known.get(checksum);
    if (known === undefined || known.kind !== kind || known.length !== length) return -1;
    return equalBytes(this.#blocks.subarray(known.at, known.at + bytes.length), bytes) ? known.index : -1;
  }
}
