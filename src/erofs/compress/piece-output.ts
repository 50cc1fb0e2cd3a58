/**
 * What one piece of compression has made: blocks for the image, extents and inline bytes for the spill file that the
 * indexes are made from, ends of files for the packed inode. It is placed as a whole: see PiecePlacer.
 */
import type { PieceResult } from "../../core/threads/ordered.ts";
import type { Part } from "../plan/stored.ts";
import { ByteLog } from "./extent-log.ts";
import { NO_SOURCE, PieceExtents } from "./piece-extents.ts";

/** Where a part's blocks, extents, inline bytes and fragment end in its piece. */
export type PartEnd = Pick<Part, "blocksAt" | "extentsAt" | "inlineAt" | "fragmentAt">;

/** Who gives pieces their places: PiecePlacer. */
export interface Placer {
  /** Notes what only the piece decides; needs no turn. */
  prepare(piece: PieceOutput): void;
  /** Gives the piece its place and writes it; all pieces before it have theirs. */
  place(piece: PieceOutput): void;
}

/** Collects a piece's output; used again when it has been placed. */
export class PieceOutput implements PieceResult {
  /** Whole blocks, up to {@link blocksUsed} bytes. */
  readonly blocks: Uint8Array;
  blocksUsed = 0;
  /** The most of them that have been used so far: memory that was never touched is none. */
  #touched = 0;
  readonly inline = new ByteLog();
  readonly fragments = new ByteLog();
  readonly extents = new PieceExtents();
  readonly parts: Part[] = [];
  /** By part: checksum of the fragment, where equal ones are looked for. */
  readonly fragmentSums: number[] = [];
  /** Slots of extents that have been dropped, as the file needs no index; and where their blocks are. */
  readonly flatSlots: { slot: number; at: number }[] = [];
  readonly #placer: Placer;
  readonly #done: (output: PieceOutput) => void;

  /** @param done takes the output back when it has been placed */
  constructor(roomBytes: number, placer: Placer, done: (output: PieceOutput) => void) {
    this.blocks = new Uint8Array(roomBytes);
    this.#placer = placer;
    this.#done = done;
  }

  get heldBytes(): number {
    return this.#touched + this.inline.room + this.fragments.room;
  }

  /**
   * Adds an extent; `storedLen` are the bytes of its blocks, which have just been added.
   *
   * @param slot which is told where it lies, or -1
   */
  addExtent(length: number, storedLen: number, flags: number, slot: number): void {
    this.extents.push(length, storedLen, flags, NO_SOURCE, slot);
  }

  /** Adds an extent that has its blocks elsewhere, where `source` says: see PieceExtent. */
  addReference(length: number, storedLen: number, flags: number, source: number, slot: number): void {
    this.extents.push(length, storedLen, flags, source, slot);
  }

  /** Forgets the extents from `count` on, none of them a reference; their blocks stay, and start at `blocksAt`. */
  dropExtents(blocksAt: number, count: number): void {
    let at = blocksAt;
    for (let index = count; index < this.extents.length; index++) {
      const { slot, storedLen } = this.extents.at(index);
      if (slot >= 0) this.flatSlots.push({ slot, at });
      at += storedLen;
    }
    this.extents.length = count;
  }

  /** Ends a part: what has been added since its start is its. */
  endPart(part: Part): void {
    this.parts.push(part);
  }

  /** Where a part ends. */
  endOf(index: number): PartEnd {
    return (
      this.parts[index + 1] ?? {
        blocksAt: this.blocksUsed,
        extentsAt: this.extents.length,
        inlineAt: this.inline.length,
        fragmentAt: this.fragments.length,
      }
    );
  }

  /** The last thing to do before the piece waits for its turn. */
  seal(): void {
    this.#touched = Math.max(this.#touched, this.blocksUsed);
    this.#placer.prepare(this);
  }

  place(): void {
    this.#placer.place(this);
  }

  /** All has been written when it was placed: the output is empty again. */
  write(): void {
    this.blocksUsed = 0;
    this.inline.clear();
    this.fragments.clear();
    this.extents.length = 0;
    this.flatSlots.length = 0;
    this.parts.length = 0;
    this.#done(this);
  }
}
