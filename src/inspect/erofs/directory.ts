/** Blocks of directories as they are read. Source: Linux fs/erofs/dir.c. */
import { compareBytes } from "../../core/bytes.ts";
import { DIRENT } from "../../erofs/disk/format.ts";
import { damaged, viewOf } from "../image.ts";
import { isDots, isEntryName } from "../rules/entry-name.ts";
import { quote } from "../text.ts";
import { type ErofsImage, readNid } from "./image.ts";
import { type ErofsInode, isCompressedInode } from "./inode.ts";

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

/** Looks at the names of one directory as they come: each can be one, and stands behind the one before it. */
export class NameOrder {
  readonly #nid: number;
  #before: Uint8Array | undefined;

  /** @param directory whose names they are */
  constructor({ nid }: ErofsInode) {
    this.#nid = nid;
  }

  /** What is wrong with an entry, if anything: Linux would not find it, or not show it. */
  fault(name: Uint8Array, nid: number): string | undefined {
    if (!isEntryName(name)) return `in a directory there can be no name ${quote(name)}`;
    const before = this.#before;
    this.#before = name;
    // so each name stands once
    if (before !== undefined && compareBytes(before, name) >= 0)
      return `in a directory the name ${quote(name)} stands behind ${quote(before)}`;
    return name.length === 1 && isDots(name) && nid !== this.#nid
      ? `in a directory to something else leads ${quote(name)}`
      : undefined;
  }
}

/** No algorithm makes less of anything: directories that decode to more name the same bytes again and again. */
const MOST_RATIO = 256;

/** Bytes that all directories of an image decode to at most. */
export function mostDirectoryBytes({ bytes }: ErofsImage): number {
  return MOST_RATIO * bytes.size;
}

/** What is read of directories: no more than an image of this size can hold. */
export class DirectoryAllowance {
  readonly #image: ErofsImage;
  /** Those that have been read, and their bytes as far as these can have a place of their own. */
  readonly #known = new Set<number>();
  #bytes = 0;

  constructor(image: ErofsImage) {
    this.#image = image;
  }

  /** Counts a directory, once. @throws ImageError `DAMAGED` where that is too much */
  take(directory: ErofsInode): void {
    const { nid, size, space, at } = directory;
    if (this.#known.has(nid)) return;
    this.#known.add(nid);
    const { bytes } = this.#image;
    // what lies in the metabox may be compressed with that
    this.#bytes += isCompressedInode(directory) || space !== bytes ? size / MOST_RATIO : size;
    if (this.#bytes > bytes.size)
      throw space.damaged(at, "directories come to more than an image of this size can hold");
  }
}
