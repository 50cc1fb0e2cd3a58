/** What lies between structures: zeros that fill up, or what nothing leads to. */
import { isZero } from "../../core/bytes.ts";
import type { ImageBytes } from "../image.ts";
import type { Gap } from "../tiles.ts";

/** Whether a gap is nothing but zeros. */
export async function isPadding(space: ImageBytes, { at, end }: Gap): Promise<boolean> {
  for (let from = at; from < end; ) {
    const bytes = await space.borrowSome(from, end - from);
    if (!isZero(bytes)) return false;
    from += bytes.length;
  }
  return true;
}
