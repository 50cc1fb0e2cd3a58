/** Tells SOURCEs that are EROFS images from what is packed as it is. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { SUPER_MAGIC, SUPER_OFFSET } from "../../erofs/disk/format.ts";
import { READ_FLAGS } from "../../stage/source/disk/node-files.ts";

/** Whether all of some SOURCEs are files with EROFS images in them: then it is these that are merged. */
export function areImages(sources: readonly string[]): boolean {
  return sources.length > 0 && sources.every(isImage);
}

function isImage(path: string): boolean {
  try {
    // a FIFO would wait for a writer
    if (!statSync(path).isFile()) return false;
    const descriptor = openSync(path, READ_FLAGS);
    try {
      const magic = Buffer.alloc(4);
      return readSync(descriptor, magic, 0, 4, SUPER_OFFSET) === 4 && magic.readUInt32LE() === SUPER_MAGIC;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // whoever packs it says why that cannot be
    return false;
  }
}
