/**
 * A memory of bytes that have been written, by a checksum of them: a table of fixed size in shared memory, in which
 * newer bytes take the place of older ones. Used in the order of the pieces, it does not depend on who made them.
 */
import type { XxHash } from "../core/xxhash.ts";

/** Places remembered at most. */
const SLOTS = 1 << 19;

/** The table, for other threads. */
export interface SharedFound {
  checksums: Uint32Array;
  /** What the bytes are; see {@link FoundBytes.find}. */
  kinds: Uint8Array;
  /** Where the bytes are, and one more: 0 is an empty slot. */
  places: Float64Array;
}

/** An empty table. */
export function shareFound(): SharedFound {
  return {
    checksums: new Uint32Array(new SharedArrayBuffer(4 * SLOTS)),
    kinds: new Uint8Array(new SharedArrayBuffer(SLOTS)),
    places: new Float64Array(new SharedArrayBuffer(8 * SLOTS)),
  };
}

/** The table as one thread sees it. */
export class FoundBytes {
  readonly #shared: SharedFound;
  readonly #xxhash: XxHash;

  constructor(shared: SharedFound, xxhash: XxHash) {
    this.#shared = shared;
    this.#xxhash = xxhash;
  }

  /** The checksum of some bytes, and of their number. */
  checksum(bytes: Uint8Array): number {
    return this.#xxhash.h32Raw(bytes, bytes.length);
  }

  /**
   * Where bytes with this checksum are, or -1; whether they are the same is to be seen.
   *
   * @param kind of what the bytes are, 0 to 255: one place is read in one way only
   */
  find(checksum: number, kind: number): number {
    const { checksums, kinds, places } = this.#shared;
    const slot = checksum % SLOTS;
    return checksums[slot] === checksum && kinds[slot] === kind ? places[slot]! - 1 : -1;
  }

  /** Remembers that bytes with this checksum are at `place`. */
  remember(checksum: number, kind: number, place: number): void {
    const slot = checksum % SLOTS;
    this.#shared.checksums[slot] = checksum;
    this.#shared.kinds[slot] = kind;
    this.#shared.places[slot] = place + 1;
  }
}
