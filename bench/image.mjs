// What a command has left behind.
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";

/** What to say where {@link sizeOfImage} knows no size. */
export const NO_IMAGE = "ended well, but left no EROFS image";

/** Bytes of an EROFS image; undefined for no file, and for one that is none. */
export function sizeOfImage(image) {
  const size = existsSync(image) ? statSync(image).size : 0;
  return size > 1028 && magic(image) === 0xe0f5e1e2 ? size : undefined;
}

function magic(image) {
  const word = Buffer.alloc(4);
  const fd = openSync(image);
  readSync(fd, word, 0, 4, 1024);
  closeSync(fd);
  return word.readUInt32LE(0);
}
