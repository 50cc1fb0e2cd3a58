// What floor-verify.mjs is to decode of an image, and which files it is to make: a line each.
//   node bench/pieces.mjs IMAGE CODEC LIST [files]
import { writeFileSync } from "node:fs";
import { ImageFile } from "../dist/build/look/node-image-file.js";
import { openReader } from "../dist/inspect/open-image.js";
import { checkStructure } from "../dist/inspect/verify/check.js";
import { countStored, pieceOf, RAW, StoredPieces } from "../dist/inspect/verify/stored-pieces.js";
import { walkImage } from "../dist/inspect/walk.js";

const [, , path = "", codec = "", list = "", files] = process.argv;
/** Files of SquashFS, by type and bits of the mode. */
const [FILE, TYPE] = [0o100000, 0o170000];
const image = await openReader(new ImageFile(path));
const pieces = new StoredPieces();
await checkStructure(image, pieces);
const rows = pieces.sorted();
const lines = [codec];
for (let index = 0; index < countStored(rows); index++) {
  const { at, stored, length, method, isPartial } = pieceOf(rows, index);
  if (method !== RAW) lines.push(`${at} ${stored} ${length} ${isPartial ? 1 : 0}`);
}
if (files !== undefined) {
  for await (const { inode } of walkImage(/** @type {any} */ (image.reader))) {
    if ((inode.mode & TYPE) === FILE) lines.push(`0 0 0 0 ${inode.size}`);
  }
}
writeFileSync(list, `${lines.join("\n")}\n`);
