/** Opens an EROFS image, with the inode in which others may lie. */
import { ImageBytes } from "../image.ts";
import { ErofsData } from "./data.ts";
import { type ErofsImage, readSuperblock } from "./image.ts";
import { readInode } from "./inode.ts";

/**
 * Reads the superblock, and finds the metabox if there is one.
 *
 * @param devices in what its data lies besides, as far as that is there
 * @throws ImageError `DAMAGED` where there is none, `INPUT` where it has features that are not read here
 */
export async function openErofs(bytes: ImageBytes, devices: readonly ImageBytes[] = []): Promise<ErofsImage> {
  const image = await readSuperblock(bytes, devices);
  if (image.metaboxNid === 0) return image;
  // of what it needs nothing can lie in itself: this image has none yet
  const contents = await new ErofsData(image).open(await readInode(image, image.metaboxNid));
  return { ...image, box: new ImageBytes(contents, "the metabox") };
}
