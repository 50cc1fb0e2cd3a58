/** `node:stream`: how chunks get to what inflates them. */

/** Chunks stay what they are. */
export const Readable = { from: <T>(chunks: T): T => chunks };

/** Connects the two; what goes wrong is thrown to whoever reads. */
export function pipeline<T>(chunks: T, into: { chunks: T }): void {
  into.chunks = chunks;
}
