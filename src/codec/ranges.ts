/** The check that stands between callers and a codec's memory. */
import { ImageError } from "../core/error.ts";

/**
 * Refuses ranges that do not lie in their windows: inside a module there is nothing to stop an address that is wrong.
 *
 * @throws ImageError `INTERNAL`
 */
export function checkRanges(a: Uint8Array, aAt: number, aLen: number, b: Uint8Array, bAt: number, bLen: number): void {
  if (!(isRange(a, aAt, aLen) && isRange(b, bAt, bLen))) {
    throw new ImageError("INTERNAL", `a codec was called for ${aAt}+${aLen}, ${bAt}+${bLen}: not in its windows`);
  }
}

function isRange(window: Uint8Array, at: number, length: number): boolean {
  return Number.isInteger(at) && Number.isInteger(length) && at >= 0 && length >= 0 && at + length <= window.length;
}
