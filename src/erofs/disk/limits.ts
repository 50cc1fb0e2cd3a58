/** What EROFS can address. */
import { ImageError } from "../../core/error.ts";
import { NULL_BLOCK } from "./format.ts";

/** Throws `LIMIT` where an image has more blocks than can be addressed. */
export function checkBlocks(blocks: number): void {
  if (blocks < NULL_BLOCK) return;
  throw new ImageError(
    "LIMIT",
    `the image would have more than ${NULL_BLOCK - 1} blocks, the most that EROFS addresses`,
  );
}
