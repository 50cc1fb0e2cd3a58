/**
 * Rows of work that the main thread adds to while others take from them already; what a row holds stands elsewhere. Which
 * thread takes which hangs on time, so it must not show.
 *
 *     row      0 1 2 3 4 5 6 7 8 …
 *                    ^taken      ^added: so far they may be taken; once ended, all may
 */
import type { JobContext } from "./threads.ts";

/** Rows that are there; rows that have been taken; 1 when no more will come. */
const [ADDED, TAKEN, ENDED, WORDS] = [0, 1, 2, 3] as const;
/** How long a thread waits before it looks whether it is to stop. */
const WAIT_MS = 20;
/** So many are told of at once: to wake a thread takes longer than a row. */
const TOLD_AT_ONCE = 32;

/** How far a row of work has come; in shared memory. */
export class Feed {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * WORDS)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** So many rows are there by now. */
  add(count: number): void {
    if (count % TOLD_AT_ONCE === 0) this.#tell(count);
  }

  /** So many there are in all. */
  end(count: number): void {
    this.#tell(count);
    Atomics.store(this.#words, ENDED, 1);
    Atomics.notify(this.#words, ADDED);
  }

  /**
   * Takes rows, `atOnce` at a time, until none is left. The main thread, which adds them, is to begin when it has ended; any
   * other waits for more.
   */
  *take(job: JobContext, atOnce: number): Generator<{ from: number; to: number }, void, void> {
    for (;;) {
      const from = Atomics.add(this.#words, TAKEN, atOnce);
      const added = this.#waitFor(from + atOnce, job);
      if (from >= added) return;
      yield { from, to: Math.min(from + atOnce, added) };
    }
  }

  /** Waits until so many rows are there, or all; gives how many are. */
  #waitFor(count: number, job: JobContext): number {
    for (;;) {
      job.control.check();
      const isEnded = Atomics.load(this.#words, ENDED) === 1;
      const added = Atomics.load(this.#words, ADDED);
      if (isEnded || added >= count) return added;
      Atomics.wait(this.#words, ADDED, added, WAIT_MS);
    }
  }

  #tell(count: number): void {
    Atomics.store(this.#words, ADDED, count);
    Atomics.notify(this.#words, ADDED);
  }
}
