/** All entries of an image, or of a directory of one. */

import { latin1FromBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { isDirectoryMode } from "../core/mode.ts";
import type { ImageEntry, ImageInode, ImageReader } from "./reader.ts";
import { IN_TWO } from "./rules/entry-name.ts";
import { quote } from "./text.ts";

/** An entry on the way through an image. */
export interface WalkedEntry<I extends ImageInode = ImageInode> {
  /** From where the walk started, as latin1, without a slash at either end; of that itself empty. */
  readonly path: string;
  readonly id: number;
  readonly inode: I;
}

/**
 * Sees to it that whatever goes through directories ends: none is gone into twice, and all of them together have no more
 * names than the image can hold.
 */
export class DirectoryGuard {
  readonly #entered = new Set<number>();
  #left: number;

  /** @param startId where it begins */
  constructor({ mostDirectoryBytes }: Pick<ImageReader, "mostDirectoryBytes">, startId: number) {
    this.#left = mostDirectoryBytes;
    this.#entered.add(startId);
  }

  /** Counts a name that has been read. Throws `DAMAGED` where there are more than there can be. */
  read(name: Uint8Array): void {
    this.#left -= name.length;
    if (this.#left < 0) throw damaged(name, "directories have more entries than an image of this size");
  }

  /** To be asked before a directory is gone into. Throws `DAMAGED` for one that is in two, or in itself. */
  enter(id: number, name: Uint8Array): void {
    if (this.#entered.has(id)) throw damaged(name, IN_TWO);
    this.#entered.add(id);
  }
}

function damaged(name: Uint8Array, why: string): ImageError {
  return new ImageError("DAMAGED", `damaged image: ${quote(name)}: ${why}`);
}

/**
 * Goes through a directory and all below it: each entry is behind its directory, and in front of the entries that come later
 * in that; entries of a directory are in the order of the image.
 *
 * @param guard of a walk that this one is a part of, which has entered the directory
 * @throws ImageError `DAMAGED` where a directory is in two, or in itself, or has more entries than an image can hold
 */
export async function* walkImage<I extends ImageInode>(
  reader: ImageReader<I>,
  startId: number = reader.rootId,
  guard: DirectoryGuard = new DirectoryGuard(reader, startId),
): AsyncGenerator<WalkedEntry<I>> {
  const start = await reader.inode(startId);
  yield { path: "", id: startId, inode: start };
  if (!isDirectoryMode(start.mode)) return;
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
    guard.read(name);
    const inode = await reader.inode(id);
    if (!isDirectoryMode(inode.mode)) {
      yield { path, id, inode };
      continue;
    }
    guard.enter(id, name);
    yield { path, id, inode };
    open.push({ path: `${path}/`, entries: reader.entries(inode) });
  }
}
