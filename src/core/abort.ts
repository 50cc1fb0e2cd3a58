/** One listener a signal, however many builds it ends: of more than ten Node would warn. */

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
