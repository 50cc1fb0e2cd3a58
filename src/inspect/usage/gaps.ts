/** What lies between structures: zeros that fill up, or what nothing leads to. */
import { isZero } from "../../core/bytes.ts";
import type { ImageBytes } from "../image.ts";
import type { Gap } from "../tiles.ts";

/** Bytes that are read at once. */
const READ_BYTES = 1 << 20;

/** Whether a gap is nothing but zeros. */
export async function isPadding(space: ImageBytes, { at, end }: Gap): Promise<boolean> {
  for (let from = at; from < end; from += READ_BYTES) {
    if (!isZero(await space.read(from, Math.min(READ_BYTES, end - from)))) return false;
  }
  return true;
}
