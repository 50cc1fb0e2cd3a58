/** How much memory is taken at once: a number in an image may not say that. */

/** The largest array that has been made since this was set to 0, where, and what is too much. */
export const largestArray = { bytes: 0, stack: "", limit: 4 << 20 };

/** Looks at all arrays of bytes that are made by their length, until what it gives is called. */
export function watchArrays(): () => void {
  const { Uint8Array: Original } = globalThis;
  const proxy: Uint8ArrayConstructor = new Proxy(Original, {
    construct(target, words: [unknown], newTarget): object {
      if (typeof words[0] === "number" && words[0] > largestArray.bytes) {
        largestArray.bytes = words[0];
        if (words[0] > largestArray.limit) largestArray.stack = new Error("it is made here").stack ?? "";
      }
      return Reflect.construct(target, words, newTarget === proxy ? target : newTarget);
    },
  });
  globalThis.Uint8Array = proxy;
  return () => {
    globalThis.Uint8Array = Original;
  };
}
