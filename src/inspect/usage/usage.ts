/** What an image is used for: every byte is for something, and an entry's or the image's own. */
import type { OpenedImage } from "../open-image.ts";
import { erofsUsage } from "./erofs.ts";
import type { Usage } from "./ledger.ts";
import { squashfsUsage } from "./squashfs.ts";

/**
 * Finds it out: what several share is the first one's, in the order of the image; compressed pieces that hold several owners'
 * bytes are divided in proportion to these. Memory is taken for inodes, and the ranges that they name.
 *
 * @throws ImageError `DAMAGED` where the image does not hold together
 */
export function measureUsage(image: OpenedImage): Promise<Usage> {
  return image.format === "erofs" ? erofsUsage(image.reader.image) : squashfsUsage(image.reader.image);
}
