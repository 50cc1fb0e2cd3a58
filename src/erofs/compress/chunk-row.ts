/**
 * Chunks of a part of a file as they get their places, where those that lie one behind the other are put together in the
 * end: all chunks of a file have one size, the largest at whose multiples alone a chunk lies elsewhere than behind the one
 * before it. Parts start at multiples that are large enough.
 */
import { isZero } from "../../core/bytes.ts";
import type { Part, StoredFiles } from "../plan/stored.ts";

/** Where a chunk of zeros lies. */
export const HOLE = -1;

/** The chunks of one part, one after the other. */
export class ChunkRow {
  readonly #stored: StoredFiles;
  readonly #entry: number;
  readonly #isJoined: boolean;
  /** The block of the file that the next chunk starts with. */
  #block: number;
  /** Where it lies if it is behind the one before it; undefined: there is none in this part. */
  #next: number | undefined;

  constructor(stored: StoredFiles, { entry }: Part) {
    this.#stored = stored;
    this.#entry = entry;
    const { chunkBits, sharesChunks } = stored.shared;
    this.#isJoined = chunkBits !== undefined && sharesChunks && !stored.isRow(entry);
    this.#block = stored.shared.blocks[entry]!;
  }

  /** Whether a chunk is not stored, as it is all zeros. */
  isHole(blocks: Uint8Array, at: number, length: number): boolean {
    return this.#isJoined && isZero(blocks.subarray(at, at + length));
  }

  /** Adds a chunk that lies at `off` of the device, or is a {@link HOLE}. */
  add(off: number, length: number): void {
    if (!this.#isJoined) return;
    if (off !== this.#next && this.#block > 0) this.#stored.breakChunks(this.#entry, this.#block);
    this.#next = off === HOLE ? HOLE : off + length;
    this.#block += length / this.#stored.blockSize;
  }
}
