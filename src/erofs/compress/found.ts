/**
 * A memory of bytes that have been written, by a checksum of them: a table of fixed size in shared memory, in which
 * newer bytes take the place of older ones. Used in the order of the pieces, it does not depend on who made them.
 *
 *     slot:  | checksum (4) | length (4) | place, one more (lower 4) | its upper 3 bytes, kind (1) |
 *
 * What is looked at together lies together: a slot is on one page of memory, which is made when it is first touched.
 */

import type { XxHash } from "../../core/hash/xxhash.ts";
import { sharedUint32 } from "../../core/shared.ts";

/** Places remembered at most, of anything but chunks. */
const SLOTS = 1 << 19;
/** The same of chunks, and how many of one place in the table: all equal ones shall be found as long as there is room. */
const [CHUNK_SLOTS, CHUNK_WAYS] = [1 << 22, 8] as const;

const SLOT_WORDS = 4;
const [LENGTH, PLACE, UPPER] = [1, 2, 3] as const;
const [KIND_SHIFT, UPPER_MASK] = [24, 0xffffff] as const;

/** The table, for other threads. */
export interface SharedFound {
  /** Its slots; all of an empty one is 0. */
  words: Uint32Array;
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
  return { words: sharedUint32(SLOT_WORDS * slots), ways };
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
    const { words, ways } = this.#shared;
    const first = this.#slotOf(checksum);
    for (let at = first; at < first + SLOT_WORDS * ways; at += SLOT_WORDS) {
      if (words[at] !== checksum || words[at + LENGTH] !== length) continue;
      const upper = words[at + UPPER]!;
      if (upper >>> KIND_SHIFT === kind) return (upper & UPPER_MASK) * 2 ** 32 + words[at + PLACE]! - 1;
    }
    return -1;
  }

  /** Remembers that `length` bytes with this checksum are at `place`. */
  remember(checksum: number, kind: number, length: number, place: number): void {
    const { words, ways } = this.#shared;
    const first = this.#slotOf(checksum);
    for (let at = first + SLOT_WORDS * ways - 1; at >= first + SLOT_WORDS; at--) words[at] = words[at - SLOT_WORDS]!;
    words[first] = checksum;
    words[first + LENGTH] = length;
    words[first + PLACE] = place + 1;
    words[first + UPPER] = (kind << KIND_SHIFT) | Math.floor((place + 1) / 2 ** 32);
  }

  /** The first word of the slots of a checksum. */
  #slotOf(checksum: number): number {
    const { words, ways } = this.#shared;
    const wordsOfOne = SLOT_WORDS * ways;
    return (checksum % (words.length / wordsOfOne)) * wordsOfOne;
  }
}
