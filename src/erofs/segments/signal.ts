/** A word of shared memory by which threads tell each other that something has changed: whoever waits looks again. */

/** How long a wait takes at most: a thread that was to raise it may be gone. */
const WAIT_MS = 50;

/** A signal as one thread sees it. */
export class Signal {
  readonly #word: Int32Array;

  /** @param word shared memory */
  constructor(word: Int32Array) {
    this.#word = word;
  }

  /** To be read before looking at what may change. */
  get state(): number {
    return Atomics.load(this.#word, 0);
  }

  /** Something has changed. */
  raise(): void {
    Atomics.add(this.#word, 0, 1);
    Atomics.notify(this.#word, 0);
  }

  /** Waits a moment, unless it has been raised since `state` was read; false: it was not raised meanwhile. */
  wait(state: number, ms: number = WAIT_MS): boolean {
    return Atomics.wait(this.#word, 0, state, ms) !== "timed-out";
  }
}
