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

/** Returns a NID as the plans hold it; throws `LIMIT` for one that has more than 32 bits. */
export function checkNid(nid: number): number {
  if (nid <= 0xffffffff) return nid;
  throw new ImageError("LIMIT", "the metadata of the image would take more than 128 GiB");
}
