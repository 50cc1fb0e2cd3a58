/** What becomes of times, for comparisons with trees that have them whole. */
import type { ExpectedMeta } from "./compare.ts";

/** Times are unsigned 32-bit seconds. */
export function wholeSeconds(meta: ExpectedMeta): void {
  if (meta.mtimeNs !== undefined) meta.mtimeNs = (meta.mtimeNs / 1_000_000_000n) * 1_000_000_000n;
}

/** No time is later than `sec`. */
export function clampTo(meta: ExpectedMeta, sec: bigint): void {
  if (meta.mtimeNs !== undefined && meta.mtimeNs > sec * 1_000_000_000n) meta.mtimeNs = sec * 1_000_000_000n;
}
