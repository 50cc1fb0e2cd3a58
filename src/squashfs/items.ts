/**
 * What data consists of: items, each a row of blocks, either a file's or a single fragment block.
 *
 *     items   | blocks of file a | fragment 0: ends of x, a, y | blocks of file b        | …
 *     pieces  |<-- about 1 MiB -->|<-- about 1 MiB -->|<-- …
 *
 * A file's blocks stand one behind the other; its end is in a fragment block or is a short block of its own. Fragment
 * blocks are filled in the order of the files, and stand before the file whose end no longer fitted. Two are filled at a
 * time, one with files that have no other blocks and one with the ends of those that have, since like compresses better
 * with like; within a block, files of one kind can be beside each other too. Files that are said to belong together have
 * fragments of their own.
 */
import { roundUp } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { sharedFloat64, sharedUint32, shareFloat64, shareUint32 } from "../core/shared.ts";
import { NONE } from "../stage/tree/tree.ts";

/** Bytes of contents after which a piece is full. */
export const PIECE_BYTES = 1 << 20;
/** Each block of a piece begins at a multiple of this in the window that it is read into. */
export const BLOCK_ALIGN = 8;
/** Numbers of one record in {@link ItemRow.pieces}: item, block in it, word of that block, number of blocks. */
export const PIECE_FIELDS = 4;
/** Items from here on are fragment blocks; below, entries. */
export const FRAGMENT_ITEM = 0x80000000;

/** All items, in the order in which they are stored; in shared memory, results included. */
export interface ItemRow {
  blockSize: number;
  /** Entries with blocks of their own, and FRAGMENT_ITEM + number of a fragment block. */
  items: Uint32Array;
  /** By item: the index of its first word. */
  itemWord: Uint32Array;
  /** Records of PIECE_FIELDS. */
  pieces: Float64Array;
  /** Result: the word of each block. */
  words: Uint32Array;
  /** Result, by item: where its first block lies. */
  itemOff: Float64Array;
}

/** Which ends of files lie in which fragments; in shared memory. */
export interface Fragments {
  /** Files whose ends lie in fragments, fragment by fragment. */
  tails: Uint32Array;
  /** By fragment: its first in `tails`; one more for the end. */
  fragmentTails: Uint32Array;
  /** By entry: the fragment that its end lies in, or NONE. */
  fragment: Uint32Array;
  /** By entry: where in the fragment. */
  fragmentOff: Uint32Array;
}

/** Puts items in a row, and cuts the row of all their blocks into pieces. */
export class ItemRowBuilder {
  readonly #blockSize: number;
  readonly #items: number[] = [];
  readonly #itemWord: number[] = [];
  readonly #pieces: number[] = [];
  #words = 0;
  /** Bytes of the last piece; the first block opens one. */
  #pieceBytes = PIECE_BYTES;

  constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /** Adds the blocks of an entry, or a fragment block; returns the number of the item. */
  add(what: number, bytes: number): number {
    const item = this.#items.push(what) - 1;
    this.#itemWord.push(this.#words);
    for (let done = 0, block = 0; done < bytes; done += this.#blockSize, block++) {
      const length = Math.min(this.#blockSize, bytes - done);
      if (this.#pieceBytes + length > PIECE_BYTES) {
        this.#pieces.push(item, block, this.#words, 0);
        this.#pieceBytes = 0;
      }
      this.#pieces[this.#pieces.length - 1]!++;
      this.#pieceBytes += roundUp(length, BLOCK_ALIGN);
      this.#words++;
    }
    return item;
  }

  /** All that was added. Throws `LIMIT` where it is too much. */
  finish(): ItemRow {
    if (this.#words > 0xffffffff) throw new ImageError("LIMIT", "the image would have more than 2^32 blocks");
    return {
      blockSize: this.#blockSize,
      items: shareUint32(this.#items),
      itemWord: shareUint32(this.#itemWord),
      pieces: shareFloat64(this.#pieces),
      words: sharedUint32(this.#words),
      itemOff: sharedFloat64(this.#items.length),
    };
  }
}

/** A fragment block that is being filled, with the ends of these files; `lengths` of each. */
interface OpenFragment {
  entries: number[];
  lengths: number[];
  bytes: number;
}

function openFragment(): OpenFragment {
  return { entries: [], lengths: [], bytes: 0 };
}

/** Fills fragment blocks with the ends of files, and puts those that are full into the row. */
export class FragmentFiller {
  readonly #row: ItemRowBuilder;
  readonly #blockSize: number;
  readonly #tails: number[] = [];
  readonly #fragmentTails: number[] = [0];
  readonly #fragment: Uint32Array;
  readonly #fragmentOff: Uint32Array;
  readonly #whole = openFragment();
  readonly #ends = openFragment();
  readonly #kindOf: ((entry: number) => string) | undefined;
  /** By the number of what belongs together. */
  readonly #groups = new Map<number, OpenFragment>();

  /**
   * @param entries how many there are in the tree
   * @param kindOf if given, files of one kind are beside each other in a fragment block, in the order of their kinds
   */
  constructor(row: ItemRowBuilder, blockSize: number, entries: number, kindOf?: (entry: number) => string) {
    this.#row = row;
    this.#blockSize = blockSize;
    this.#fragment = sharedUint32(entries).fill(NONE);
    this.#fragmentOff = sharedUint32(entries);
    this.#kindOf = kindOf;
  }

  /** Adds the end of a file; `isWhole`: the file has no other blocks. `group`: of files that belong together, else 0. */
  add(entry: number, bytes: number, isWhole: boolean, group: number): void {
    const open = group > 0 ? this.#groupOf(group) : isWhole ? this.#whole : this.#ends;
    if (open.bytes + bytes > this.#blockSize) this.#seal(open);
    open.entries.push(entry);
    open.lengths.push(bytes);
    open.bytes += bytes;
  }

  /** All that was added. */
  finish(): Fragments {
    this.#seal(this.#whole);
    this.#seal(this.#ends);
    for (const open of this.#groups.values()) this.#seal(open);
    return {
      tails: shareUint32(this.#tails),
      fragmentTails: shareUint32(this.#fragmentTails),
      fragment: this.#fragment,
      fragmentOff: this.#fragmentOff,
    };
  }

  #groupOf(group: number): OpenFragment {
    const open = this.#groups.get(group) ?? openFragment();
    this.#groups.set(group, open);
    return open;
  }

  #seal(open: OpenFragment): void {
    if (open.bytes === 0) return;
    const number = this.#fragmentTails.length - 1;
    let off = 0;
    for (const place of this.#order(open)) {
      const entry = open.entries[place]!;
      this.#fragment[entry] = number;
      this.#fragmentOff[entry] = off;
      off += open.lengths[place]!;
      this.#tails.push(entry);
    }
    this.#row.add(FRAGMENT_ITEM + number, open.bytes);
    this.#fragmentTails.push(this.#tails.length);
    open.entries.length = 0;
    open.lengths.length = 0;
    open.bytes = 0;
  }

  /** The order of the ends in a fragment block. */
  #order({ entries }: OpenFragment): number[] {
    const places = entries.map((_, place) => place);
    if (!this.#kindOf) return places;
    const kinds = entries.map(this.#kindOf);
    return places.sort((a, b) => (kinds[a]! < kinds[b]! ? -1 : kinds[a]! > kinds[b]! ? 1 : a - b));
  }
}
