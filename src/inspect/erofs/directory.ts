/** Blocks of directories as they are read. Source: Linux fs/erofs/dir.c. */
import { compareBytes } from "../../core/bytes.ts";
import { DIRENT } from "../../erofs/disk/format.ts";
import { isDots, isEntryName } from "../entry-name.ts";
import { damaged, viewOf } from "../image.ts";
import { quote } from "../text.ts";
import { readNid } from "./image.ts";
import type { ErofsInode } from "./inode.ts";

/** An entry of a directory. */
export interface Dirent {
  /** Where it lies in its block. */
  readonly at: number;
  readonly nid: number;
  readonly name: Uint8Array;
  /** What the inode is, the format's own number. */
  readonly fileType: number;
}

/**
 * The entries of a block of a directory, and where their names end.
 *
 * @param where of the directory, for messages
 * @throws ImageError `DAMAGED` where they do not hold together
 */
export function readDirents(block: Uint8Array, where: number): { dirents: Dirent[]; end: number } {
  if (block.length < DIRENT.byteSize) throw damaged(where, `a directory ends with ${block.length} bytes`);
  const view = viewOf(block);
  const names = view.getU16(0, DIRENT.nameoff);
  if (names === 0 || names % DIRENT.byteSize !== 0 || names > block.length) {
    throw damaged(where, `the names of a directory start at ${names}`);
  }
  const dirents: Dirent[] = [];
  let end = names;
  for (let at = 0; at < names; at += DIRENT.byteSize) {
    const from = view.getU16(at, DIRENT.nameoff);
    const isLast = at + DIRENT.byteSize === names;
    const to = isLast ? nameEnd(block, from) : view.getU16(at + DIRENT.byteSize, DIRENT.nameoff);
    if (from < end || to <= from || to > block.length) throw damaged(where, `a name stands at ${from} to ${to}`);
    const fileType = view.getU8(at, DIRENT.file_type);
    dirents.push({ at, nid: readNid(view, at, DIRENT.nid), name: block.slice(from, to), fileType });
    end = to;
  }
  return { dirents, end };
}

/** The last name ends with the block, or where zeros fill that up. */
function nameEnd(block: Uint8Array, from: number): number {
  const zero = block.indexOf(0, from);
  return zero < 0 ? block.length : zero;
}

/** Checks the names of one directory as they come: each can be one, and stands behind the one before it. */
export class NameOrder {
  readonly #directory: ErofsInode;
  #before: Uint8Array | undefined;

  constructor(directory: ErofsInode) {
    this.#directory = directory;
  }

  /**
   * Whether an entry is one of those in the directory; false where it leads to the directory itself, or to its parent.
   *
   * @throws ImageError `DAMAGED` where it can be no entry: Linux would not find it, or not show it
   */
  check(name: Uint8Array, nid: number): boolean {
    if (!isEntryName(name)) throw this.#damaged("there can be no name", name);
    // so each name stands once
    if (this.#before !== undefined && compareBytes(this.#before, name) >= 0)
      throw this.#damaged("not in order is", name);
    this.#before = name;
    if (!isDots(name)) return true;
    if (name.length === 1 && nid !== this.#directory.nid) throw this.#damaged("to something else leads", name);
    return false;
  }

  #damaged(why: string, name: Uint8Array) {
    return this.#directory.space.damaged(this.#directory.at, `in a directory ${why} ${quote(name)}`);
  }
}
