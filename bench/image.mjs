// What a command has left behind.
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";

/** @typedef {keyof typeof FORMATS} Format */

/** Where the superblock begins, how long it is at least, and what it begins with. */
const FORMATS = {
  EROFS: { at: 1024, length: 128, magic: 0xe0f5e1e2 },
  SquashFS: { at: 0, length: 96, magic: 0x73717368 },
};

/** What to say where {@link sizeOfImage} knows no size. @param {Format} format */
export function noImage(format) {
  return `ended well, but left no ${format} image`;
}

/** Bytes of an image; undefined for no file, and for one that is none. @param {string} image @param {Format} format */
export function sizeOfImage(image, format) {
  const { at, length, magic } = FORMATS[format];
  const size = existsSync(image) ? statSync(image).size : 0;
  return size >= at + length && wordAt(image, at) === magic ? size : undefined;
}

/** @param {string} image @param {number} at */
function wordAt(image, at) {
  const word = Buffer.alloc(4);
  const fd = openSync(image, "r");
  readSync(fd, word, 0, 4, at);
  closeSync(fd);
  return word.readUInt32LE(0);
}
