/**
 * Pieces of work whose results have no place before those of all earlier pieces are known: compressed data. Threads
 * compress pieces in whatever order they take them; each result waits in its thread until it is its piece's turn, is
 * given its place, and is then written. So places follow from the pieces alone, not from the threads.
 *
 *     thread 0:  piece 0 | piece 2      | piece 4 …     placed in order: 0 1 2 3 4 …
 *     thread 1:  piece 1     | piece 3 | …
 */
import type { JobContext } from "./threads.ts";

/** What a piece has become. */
export interface PieceResult {
  /** Bytes of memory that it holds until it is written. */
  readonly heldBytes: number;
  /** Takes its place; called in the order of the pieces, by one thread at a time. What it writes, later pieces can read. */
  place(): void | Promise<void>;
  /** Writes what can be written while other threads place theirs. */
  write(): void | Promise<void>;
}

/** A thread's results that wait for their turn. */
export class OrderedOutput {
  readonly #job: JobContext;
  readonly #roomBytes: number;
  readonly #waiting: { piece: number; result: PieceResult; isLast: boolean }[] = [];
  #heldBytes = 0;

  /** @param roomBytes how much may wait in this thread before it does */
  constructor(job: JobContext, roomBytes: number) {
    this.#job = job;
    this.#roomBytes = roomBytes;
  }

  /**
   * Takes over a result of a piece, of which this thread's numbers must not descend, and writes what can be written.
   *
   * @param isLast the piece has no further results
   */
  async add(piece: number, result: PieceResult, isLast = true): Promise<void> {
    this.#waiting.push({ piece, result, isLast });
    this.#heldBytes += result.heldBytes;
    await this.#drain(this.#roomBytes);
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Waits until all has been placed, and writes it. */
  async finish(): Promise<void> {
    await this.#drain(-1);
  }

  /** Writes what has its turn; waits for it as long as more than `roomBytes` are held. */
  async #drain(roomBytes: number): Promise<void> {
    const { control } = this.#job;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const placed = control.placed;
      if (placed === next.piece) {
        const placing = next.result.place();
        if (placing !== undefined) await placing;
        if (next.isLast) control.advancePlaced();
        this.#waiting.shift();
        this.#heldBytes -= next.result.heldBytes;
        const writing = next.result.write();
        if (writing !== undefined) await writing;
      } else if (this.#heldBytes > roomBytes) {
        control.waitPlaced(placed);
        await this.#job.breathe();
      } else return;
    }
  }
}
