/** All entries of an image, or of a directory of one. */

import { latin1FromBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { isDirectoryMode } from "../core/mode.ts";
import type { ImageEntry, ImageInode, ImageReader } from "./reader.ts";
import { quote } from "./text.ts";

/** An entry on the way through an image. */
export interface WalkedEntry<I extends ImageInode = ImageInode> {
  /** From where the walk started, as latin1, without a slash at either end; of that itself empty. */
  readonly path: string;
  readonly id: number;
  readonly inode: I;
}

/**
 * Goes through a directory and all below it: each entry is behind its directory, and in front of the entries that come later
 * in that; entries of a directory are in the order of the image.
 *
 * @throws ImageError `DAMAGED` where a directory is in two, or in itself, or has more entries than an image can hold
 */
export async function* walkImage<I extends ImageInode>(
  reader: ImageReader<I>,
  startId: number = reader.rootId,
): AsyncGenerator<WalkedEntry<I>> {
  const start = await reader.inode(startId);
  yield { path: "", id: startId, inode: start };
  if (!isDirectoryMode(start.mode)) return;
  const known = new Set([startId]);
  let left = reader.mostDirectoryBytes;
  const open: { path: string; entries: AsyncIterator<ImageEntry> }[] = [];
  open.push({ path: "", entries: reader.entries(start) });
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = await top.entries.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    const { name, id } = next.value;
    const path = top.path + latin1FromBytes(name);
    left -= name.length;
    const inode = await reader.inode(id);
    if (left < 0 || (isDirectoryMode(inode.mode) && known.has(id))) throw manyTimes(name, left < 0);
    yield { path, id, inode };
    if (!isDirectoryMode(inode.mode)) continue;
    known.add(id);
    open.push({ path: `${path}/`, entries: reader.entries(inode) });
  }
}

/** What is said of a name in directories that are told again and again. @param isTooMuch all of them, not this one */
export function manyTimes(name: Uint8Array, isTooMuch: boolean): ImageError {
  const why = isTooMuch
    ? "directories have more entries than an image of this size"
    : "a directory is in two, or in itself";
  return new ImageError("DAMAGED", `damaged image: ${quote(name)}: ${why}`);
}
