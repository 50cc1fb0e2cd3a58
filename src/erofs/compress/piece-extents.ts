/** The extents of a piece, in the order of their blocks. */

/** What an extent with blocks of its own has as its source. */
export const NO_SOURCE = -1;

/** An index, where numbers that are none are -1 or more, and stand for something else; given one, the index. */
export const indexCode = (index: number) => -2 - index;

/** One extent. Records are used again and again. */
export interface PieceExtent {
  /** Bytes of the file. */
  length: number;
  /** Bytes of its blocks. */
  storedLen: number;
  /** EXTENT_ bits. */
  flags: number;
  /** Slot of the extent whose blocks it refers to, {@link indexCode} of one of its own part, or {@link NO_SOURCE}. */
  source: number;
  /** Slot that is told where its blocks lie, or -1. */
  slot: number;
  /** Of its own blocks, where equal ones are looked for. */
  checksum: number;
}

/** A list that grows and is emptied, and makes no garbage. */
export class PieceExtents {
  readonly #records: PieceExtent[] = [];
  /** Number of extents. */
  length = 0;

  /** The extent at an index below {@link length}. */
  at(index: number): PieceExtent {
    return this.#records[index]!;
  }

  /** Appends an extent. */
  push(length: number, storedLen: number, flags: number, source: number, slot: number): void {
    let record = this.#records[this.length];
    if (record === undefined) {
      record = { length: 0, storedLen: 0, flags: 0, source: 0, slot: 0, checksum: 0 };
      this.#records.push(record);
    }
    record.length = length;
    record.storedLen = storedLen;
    record.flags = flags;
    record.source = source;
    record.slot = slot;
    record.checksum = 0;
    this.length++;
  }
}
