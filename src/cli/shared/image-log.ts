/** `-log` of ts-mksquashfs: where the data of a finished image starts. */
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { attempt } from "../../core/node/node-errors.ts";
import { ImageBytes } from "../../inspect/image.ts";
import { listDataPlaces } from "../../inspect/squashfs/data-places.ts";

/**
 * Writes a line for each file with blocks, and for each fragment, in the order of their bytes: `PATH, START`.
 *
 * @param log the file to write, and what stands before each path
 * @param image the path of a finished image of `size` bytes, `offset` bytes from the start of what is there
 */
export async function writeImageLog(
  log: { file: string; prefix: string },
  image: string,
  size: number,
  offset: number,
): Promise<void> {
  const descriptor = attempt(image, () => openSync(image, "r"));
  try {
    const readAt = (into: Uint8Array, at: number) =>
      attempt(image, () => readSync(descriptor, into, 0, into.length, offset + at));
    const places = await listDataPlaces(new ImageBytes({ size, readAt }));
    const nameOf = (owner: string | number) => (typeof owner === "number" ? `Fragment ${owner}` : log.prefix + owner);
    const lines = places.map(({ at, owner }) => `${nameOf(owner)}, ${at}\n`);
    attempt(log.file, () => writeFileSync(log.file, lines.join("")));
  } finally {
    closeSync(descriptor);
  }
}
