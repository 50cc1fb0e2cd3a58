/**
 * What one piece of compression has made: blocks for the image, extents and inline bytes for the spill file that the
 * indexes are made from, ends of files for the packed inode. All offsets count from the piece's start until it is placed.
 */
import type { PieceResult } from "../core/ordered.ts";
import type { Sink } from "../core/sink.ts";
import { ByteLog } from "./extents.ts";
import type { StoredFiles } from "./stored.ts";

/** Numbers of one record in {@link PieceOutput.parts}; see {@link PieceOutput.endPart}. */
const PART_FIELDS = 9;

/** Where the parts of a piece go. */
export interface PieceTargets {
  image: Sink;
  /** Extents and inline bytes. */
  records: Sink;
  /** Contents of the packed inode. */
  fragments: Sink;
}

/** A part of a file that lies in one piece. */
export interface Part {
  entry: number;
  /** Index into {@link StoredFiles.methods}. */
  method: number;
  /** The file starts with this part, and ends with it. */
  isFirst: boolean;
  isLast: boolean;
  /** Something in it is compressed, or a fragment. */
  isPacked: boolean;
  /** Bytes behind the extents of the last part that go behind the inode. */
  inlineLen: number;
  /** Bytes at its end that are a fragment. */
  fragmentLen: number;
}

/** Collects a piece's output; used again when it has been written. */
export class PieceOutput implements PieceResult {
  /** Whole blocks, up to {@link blocksUsed} bytes. */
  readonly blocks: Uint8Array;
  blocksUsed = 0;
  readonly records = new ByteLog();
  readonly fragments = new ByteLog();
  readonly #parts: number[] = [];
  readonly #stored: StoredFiles;
  readonly #targets: PieceTargets;
  readonly #done: (output: PieceOutput) => void;
  #imageOff = 0;
  #recordOff = 0;
  #fragmentOff = 0;

  /** @param done takes the output back when it has been written */
  constructor(roomBytes: number, stored: StoredFiles, targets: PieceTargets, done: (output: PieceOutput) => void) {
    this.blocks = new Uint8Array(roomBytes);
    this.#stored = stored;
    this.#targets = targets;
    this.#done = done;
  }

  get heldBytes(): number {
    return this.blocks.length;
  }

  /** Notes a part whose blocks, records and fragment are all there is behind those offsets. */
  endPart(part: Part, blocksAt: number, recordsAt: number, fragmentsAt: number): void {
    const flags = (part.isFirst ? 1 : 0) | (part.isLast ? 2 : 0) | (part.isPacked ? 4 : 0);
    const { entry, method, inlineLen, fragmentLen } = part;
    this.#parts.push(entry, method, flags, blocksAt, this.blocksUsed, recordsAt, inlineLen, fragmentsAt, fragmentLen);
  }

  place(): void {
    const stored = this.#stored;
    this.#imageOff = stored.takeBlocks(this.blocksUsed);
    this.#recordOff = stored.takeRecords(this.records.length);
    this.#fragmentOff = stored.takeFragments(this.fragments.length);
    const parts = this.#parts;
    for (let at = 0; at < parts.length; at += PART_FIELDS) {
      const flags = parts[at + 2]!;
      stored.placePart(
        parts[at]!,
        parts[at + 1]!,
        (flags & 1) !== 0,
        (flags & 2) !== 0,
        (flags & 4) !== 0,
        this.#imageOff + parts[at + 3]!,
        parts[at + 4]! - parts[at + 3]!,
        this.#recordOff + parts[at + 5]!,
        parts[at + 6]!,
        this.#fragmentOff + parts[at + 7]!,
        parts[at + 8]!,
      );
    }
  }

  async write(): Promise<void> {
    const { image, records, fragments } = this.#targets;
    if (this.blocksUsed > 0) await image.writeAt(this.blocks.subarray(0, this.blocksUsed), this.#imageOff);
    if (this.records.length > 0) await records.writeAt(this.records.bytes, this.#recordOff);
    if (this.fragments.length > 0) await fragments.writeAt(this.fragments.bytes, this.#fragmentOff);
    this.blocksUsed = 0;
    this.records.clear();
    this.fragments.clear();
    this.#parts.length = 0;
    this.#done(this);
  }
}
