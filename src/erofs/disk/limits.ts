/** What EROFS can address. */
import { ImageError } from "../../core/error.ts";
import { NULL_BLOCK } from "./format.ts";
import type { Device } from "./superblock.ts";

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

/** The blocks of an image and its devices: addresses may count through all of them. */
export function countBlocks(blocks: number, devices: readonly Device[] = []): number {
  return devices.reduce((sum, device) => sum + device.blocks, blocks);
}
