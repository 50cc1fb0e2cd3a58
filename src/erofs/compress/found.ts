/**
 * A memory of bytes that have been written, by a checksum of them: a table of fixed size in shared memory, in which
 * newer bytes take the place of older ones. Used in the order of the pieces, it does not depend on who made them.
 */
import { sharedFloat64, sharedUint32 } from "../../core/shared.ts";
import type { XxHash } from "../../core/xxhash.ts";

/** Places remembered at most, of anything but chunks. */
const SLOTS = 1 << 19;
/** The same of chunks, and how many of one place in the table: all equal ones shall be found as long as there is room. */
const [CHUNK_SLOTS, CHUNK_WAYS] = [1 << 22, 8] as const;

/** The table, for other threads. */
export interface SharedFound {
  checksums: Uint32Array;
  /** What the bytes are; see {@link FoundBytes.find}. */
  kinds: Uint8Array;
  /** How many there are. */
  lengths: Uint32Array;
  /** Where the bytes are, and one more: 0 is an empty slot. */
  places: Float64Array;
  /** Slots in a row that a checksum may be in, the newest first. */
  ways: number;
}

/** An empty table. */
export function shareFound(): SharedFound {
  return shareSlots(SLOTS, 1);
}

/** An empty table of chunks. */
export function shareFoundChunks(): SharedFound {
  return shareSlots(CHUNK_SLOTS, CHUNK_WAYS);
}

function shareSlots(slots: number, ways: number): SharedFound {
  return {
    checksums: sharedUint32(slots),
    kinds: new Uint8Array(new SharedArrayBuffer(slots)),
    lengths: sharedUint32(slots),
    places: sharedFloat64(slots),
    ways,
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
   * Where `length` bytes with this checksum are, or -1; whether they are the same is to be seen. What is longer than what
   * has been remembered is not found, even where it is the same as that and what follows it: the two may part yet.
   *
   * @param kind of what the bytes are, 0 to 255: one place is read in one way only
   */
  find(checksum: number, kind: number, length: number): number {
    const { checksums, kinds, lengths, places, ways } = this.#shared;
    const first = this.#slotOf(checksum);
    for (let slot = first; slot < first + ways; slot++) {
      const isFound = checksums[slot] === checksum && kinds[slot] === kind && lengths[slot] === length;
      if (isFound) return places[slot]! - 1;
    }
    return -1;
  }

  /** Remembers that `length` bytes with this checksum are at `place`. */
  remember(checksum: number, kind: number, length: number, place: number): void {
    const { checksums, kinds, lengths, places, ways } = this.#shared;
    const slot = this.#slotOf(checksum);
    if (ways > 1)
      for (const column of [checksums, kinds, lengths, places]) column.copyWithin(slot + 1, slot, slot + ways - 1);
    checksums[slot] = checksum;
    kinds[slot] = kind;
    lengths[slot] = length;
    places[slot] = place + 1;
  }

  #slotOf(checksum: number): number {
    const { checksums, ways } = this.#shared;
    return (checksum % (checksums.length / ways)) * ways;
  }
}
