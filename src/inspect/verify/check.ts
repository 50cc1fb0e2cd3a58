/** Whether an image holds together: its structure, the order of its names, its checksum; and which data is to be decoded. */

import { checkErofs } from "../erofs/check.ts";
import type { OpenedImage } from "../open-image.ts";
import { checkSquashfs } from "../squashfs/check.ts";
import type { CheckedStructure } from "./finding.ts";
import type { StoredPieces } from "./stored-pieces.ts";

/**
 * Goes through all structures.
 *
 * @param pieces is given all data that is stored
 * @throws ImageError `DAMAGED` where one cannot be read, so that no more can be said
 */
export function checkStructure(image: OpenedImage, pieces: StoredPieces): Promise<CheckedStructure> {
  return image.format === "erofs" ? checkErofs(image.reader, pieces) : checkSquashfs(image.reader, pieces);
}
