/** What ends work when a signal fires. One listener a signal, however many builds it ends: of more than ten Node would warn. */
import { AbortedError } from "./error.ts";

const LISTENERS = new WeakMap<AbortSignal, Set<() => void>>();

/** Has `listener` called when the signal fires, or now if it has; returns what takes it back. */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener();
  let listeners = LISTENERS.get(signal);
  if (!listeners) {
    const all = new Set<() => void>();
    const tellAll = () => {
      for (const each of all) each();
    };
    signal.addEventListener("abort", tellAll, { once: true });
    LISTENERS.set(signal, all);
    listeners = all;
  }
  const own = listeners;
  own.add(listener);
  return () => {
    own.delete(listener);
  };
}

/** How long work may go on before others get through. */
const PAUSE_EVERY_MS = 50;

/** Has a signal end work that waits for nothing: then no signal of the system gets through of itself, and no timer. */
export class Interruption {
  readonly #signal: AbortSignal | undefined;
  #last = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /**
   * To be called often; throws `ABORTED` once the signal has fired. What it returns is to be awaited: now and then it lets
   * others through. Mostly there is nothing to await.
   */
  check(): Promise<void> | undefined {
    this.#throwIfAborted();
    if (this.#signal === undefined || performance.now() - this.#last < PAUSE_EVERY_MS) return undefined;
    return this.#pause();
  }

  async #pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#last = performance.now();
    this.#throwIfAborted();
  }

  #throwIfAborted(): void {
    if (this.#signal?.aborted) throw new AbortedError(this.#signal.reason);
  }
}
