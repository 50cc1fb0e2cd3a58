/** How much memory is taken at once: a number in an image may not say that. */

/** The largest array that has been made since this was set to 0, where, and what is too much. */
export const largestArray = { bytes: 0, stack: "", limit: 4 << 20 };

/** Looks at all arrays of bytes that are made by their length, until what it gives is called. */
export function watchArrays(): () => void {
  const { Uint8Array: Original } = globalThis;
  const proxy: Uint8ArrayConstructor = new Proxy(Original, {
    construct(target, words: [number, number?, number?], newTarget): object {
      const [length, at, count] = words;
      if (typeof length === "number" && length > largestArray.bytes) {
        largestArray.bytes = length;
        if (length > largestArray.limit) largestArray.stack = new Error("it is made here").stack ?? "";
      }
      if (newTarget !== proxy) return Reflect.construct(target, words, newTarget);
      // quicker than by Reflect
      return words.length === 1 ? new target(length) : new target(length as never, at, count);
    },
  });
  globalThis.Uint8Array = proxy;
  return () => {
    globalThis.Uint8Array = Original;
  };
}
