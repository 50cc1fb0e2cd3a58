/**
 * What is to be decoded of an image to know that it can be: each piece of data that is stored, by its place, once, and twice
 * where it is said to have several lengths. Rows stand in shared memory, so that threads can each do some.
 */
import { Column } from "../../core/column.ts";
import { shareFloat64 } from "../../core/shared.ts";

/** A piece of data as it is stored. */
export interface StoredPiece {
  /** In what it lies: 0, the image; 1, the metabox; from 2 on, the device of that number less 1. */
  readonly space: number;
  readonly at: number;
  /** Bytes that are stored, and that they decode to at the least. */
  readonly stored: number;
  readonly length: number;
  /** How they are compressed, the format's own number; {@link RAW}: not at all. */
  readonly method: number;
  /** It stands behind an inode; or, in SquashFS, it is a fragment block, of which files have so many bytes at the least. */
  readonly isSpecial: boolean;
  /** More may be stored than that. */
  readonly isPartial: boolean;
  /** Whose it is, in the order in which the image is gone through. */
  readonly owner: number;
}

/** Not compressed. */
export const RAW = -1;

/** Numbers of a row. */
const ROW = 8;
const [SPACE, AT, STORED, LENGTH, METHOD, SPECIAL, PARTIAL, OWNER] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** What is equal of pieces that are one. */
const SAME = [AT, STORED, METHOD, SPECIAL] as const;
/** Of so many lengths that a piece is said to have, one at the least is wrong where all of it is meant. */
const MOST_LENGTHS = 2;
/** Most rows: there are fewer of them than an image can be told to hold. */
const MOST_ROWS = 2 ** 28;
/** What is not compressed is read in parts of so many bytes, over gaps that are not larger than these. */
const [RAW_BYTES, RAW_GAP] = [1 << 20, 1 << 14] as const;

/** Collects pieces. */
export class StoredPieces {
  readonly #rows = Column.create(Float64Array, MOST_ROWS * ROW);
  #count = 0;

  /** Adds one; it may be there already. */
  add(piece: StoredPiece): void {
    const { view, at } = { view: this.#rows.ensure((this.#count + 1) * ROW), at: this.#count++ * ROW };
    view[at + SPACE] = piece.space;
    view[at + AT] = piece.at;
    view[at + STORED] = piece.stored;
    view[at + LENGTH] = piece.length;
    view[at + METHOD] = piece.method;
    view[at + SPECIAL] = piece.isSpecial ? 1 : 0;
    view[at + PARTIAL] = piece.isPartial ? 1 : 0;
    view[at + OWNER] = piece.owner;
  }

  /** All of them in the order of their places, but for those that can be read if another one can. */
  sorted(): Float64Array {
    const { view } = this.#rows;
    const order = Uint32Array.from({ length: this.#count }, (_, row) => row * ROW);
    // of those in one place whole ones come first, then long ones
    order.sort((a, b) => {
      const byPlace = view[a + SPACE]! - view[b + SPACE]! || view[a + AT]! - view[b + AT]!;
      const byStored = byPlace || view[b + STORED]! - view[a + STORED]! || view[a + METHOD]! - view[b + METHOD]!;
      const byKind = byStored || view[a + SPECIAL]! - view[b + SPECIAL]! || view[a + PARTIAL]! - view[b + PARTIAL]!;
      return byKind || view[b + LENGTH]! - view[a + LENGTH]! || a - b;
    });
    const kept: number[] = [];
    /** Row of the last one that was kept, and how many are kept of what is stored there. */
    let last = -ROW;
    let lengths = 0;
    for (const row of order) {
      const at = view[row + AT]!;
      const end = at + view[row + STORED]!;
      const isNear = last >= 0 && kept[last + SPACE] === view[row + SPACE];
      const isRaw = view[row + METHOD] === RAW;
      if (isNear && isRaw && kept[last + METHOD] === RAW) {
        const lastEnd = kept[last + AT]! + kept[last + STORED]!;
        if (end <= lastEnd) continue;
        if (at <= lastEnd + RAW_GAP && end - kept[last + AT]! <= RAW_BYTES) {
          kept[last + STORED] = end - kept[last + AT]!;
          continue;
        }
      }
      const isSame = isNear && SAME.every((field) => kept[last + field] === view[row + field]);
      const isMore = view[row + LENGTH]! > kept[last + LENGTH]!;
      const isKnown = view[row + LENGTH] === kept[last + LENGTH] || lengths === MOST_LENGTHS;
      if (isSame && (view[row + PARTIAL] === 1 ? !isMore : isKnown)) continue;
      lengths = isSame ? lengths + 1 : 1;
      last = kept.length;
      for (let field = 0; field < ROW; field++) kept.push(view[row + field]!);
    }
    return shareFloat64(kept);
  }
}

/** How many there are in what {@link StoredPieces.sorted} gives. */
export function countStored(rows: Float64Array): number {
  return rows.length / ROW;
}

/** One of them. */
export function pieceOf(rows: Float64Array, index: number): StoredPiece {
  const row = index * ROW;
  return {
    space: rows[row + SPACE]!,
    at: rows[row + AT]!,
    stored: rows[row + STORED]!,
    length: rows[row + LENGTH]!,
    method: rows[row + METHOD]!,
    isSpecial: rows[row + SPECIAL] === 1,
    isPartial: rows[row + PARTIAL] === 1,
    owner: rows[row + OWNER]!,
  };
}
