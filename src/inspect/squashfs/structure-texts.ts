/** What a dump says of each structure in the tables of inodes, listings and attributes. */

import type { XxHash } from "../../core/hash/xxhash.ts";
import type { StructView } from "../../core/struct.ts";
import {
  BLOCK_WORD,
  DIR_ENTRY,
  DIR_HEADER,
  DIR_INDEX,
  EXTENDED,
  SYMLINK_XATTR,
  TYPE,
  WORD_RAW,
  XATTR_ENTRY,
  XATTR_REFERENCE,
  XATTR_VALUE,
} from "../../squashfs/disk/format.ts";
import { checksum } from "../checksum.ts";
import type { ImageBytes } from "../image.ts";
import { describe, quote } from "../text.ts";
import type { Tile } from "../tiles.ts";
import { readListing } from "./directory.ts";
import { readInode, type SquashfsInode } from "./inode.ts";
import { TABLE_KINDS, type TableKind } from "./kinds.ts";
import type { SquashfsMap } from "./map.ts";
import { readPairs } from "./xattrs.ts";

/** A structure in a table. */
export interface StructureText {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/** Words of blocks that share a line. */
const WORDS_A_LINE = 16;

/** The structures of one tile of a table. */
export async function* structureTexts(
  map: SquashfsMap,
  bytes: ImageBytes,
  tile: Tile<TableKind>,
  xxhash: XxHash,
): AsyncGenerator<StructureText> {
  const { kind, at, end, owner, detail } = tile;
  if (kind === TABLE_KINDS.inode) yield* inodeTexts(map, bytes, at, owner);
  else if (kind === TABLE_KINDS.listing) yield* listingTexts(bytes, at, end, map.paths.show(owner));
  else if (kind === TABLE_KINDS.pairs) yield* pairTexts(bytes, at, detail, owner, xxhash);
  else yield await valueText(bytes, at, end, xxhash);
}

async function* inodeTexts(
  map: SquashfsMap,
  bytes: ImageBytes,
  at: number,
  owner: number,
): AsyncGenerator<StructureText> {
  const inode = await readInode(bytes, at, map.image.blockSize);
  const { shape, bodyAt, end, type, file } = inode;
  const head = describe(shape, await bytes.view(at, shape.byteSize), 0, map.paths.show(owner));
  yield { at, length: shape.byteSize, text: head };
  if (file !== undefined) yield* wordTexts(bytes, inode);
  else if (type === TYPE.dir + EXTENDED) yield* indexTexts(bytes, bodyAt, end);
  else if (type === TYPE.symlink || type === TYPE.symlink + EXTENDED) yield* targetTexts(bytes, inode);
}

/** The words of a file's blocks: bytes as stored, behind `+` where they are so as they are. */
async function* wordTexts(bytes: ImageBytes, { bodyAt, end }: SquashfsInode): AsyncGenerator<StructureText> {
  const { byteSize } = BLOCK_WORD;
  for (let at = bodyAt; at < end; at += WORDS_A_LINE * byteSize) {
    const length = Math.min(WORDS_A_LINE * byteSize, end - at);
    const view = await bytes.view(at, length);
    const words: string[] = [];
    for (let word = 0; word < length; word += byteSize) words.push(showWord(view, word));
    yield { at, length, text: `block_list: ${words.join(" ")}` };
  }
}

function showWord(view: StructView, at: number): string {
  const word = view.getU32(at, BLOCK_WORD.size);
  return word < WORD_RAW ? `${word}` : `+${word - WORD_RAW}`;
}

async function* indexTexts(bytes: ImageBytes, from: number, end: number): AsyncGenerator<StructureText> {
  for (let at = from; at < end; ) {
    const view = await bytes.view(at, DIR_INDEX.byteSize);
    const name = await bytes.read(at + DIR_INDEX.byteSize, view.getU32(0, DIR_INDEX.size) + 1);
    const length = DIR_INDEX.byteSize + name.length;
    yield { at, length, text: describe(DIR_INDEX, view, 0, quote(name)) };
    at += length;
  }
}

async function* targetTexts(bytes: ImageBytes, { bodyAt, end, type }: SquashfsInode): AsyncGenerator<StructureText> {
  const length = end - bodyAt - (type > EXTENDED ? SYMLINK_XATTR.byteSize : 0);
  yield { at: bodyAt, length, text: `target: ${quote(await bytes.read(bodyAt, length))}` };
  if (type < EXTENDED) return;
  const at = bodyAt + length;
  const view = await bytes.view(at, SYMLINK_XATTR.byteSize);
  yield { at, length: SYMLINK_XATTR.byteSize, text: describe(SYMLINK_XATTR, view, 0) };
}

async function* listingTexts(bytes: ImageBytes, from: number, to: number, path: string): AsyncGenerator<StructureText> {
  for await (const { at, end, name } of readListing(bytes, from, to - from)) {
    const shape = name === undefined ? DIR_HEADER : DIR_ENTRY;
    const subject = name === undefined ? `of ${path}` : quote(name);
    yield { at, length: end - at, text: describe(shape, await bytes.view(at, shape.byteSize), 0, subject) };
  }
}

async function* pairTexts(
  bytes: ImageBytes,
  from: number,
  count: number,
  set: number,
  xxhash: XxHash,
): AsyncGenerator<StructureText> {
  for await (const { at, valueAt, end, prefix, name, valueRef } of readPairs(bytes, from, count)) {
    const subject = `${prefix}${quote(name)} of set ${set}`;
    const entry = describe(XATTR_ENTRY, await bytes.view(at, XATTR_ENTRY.byteSize), 0, subject);
    yield { at, length: valueAt - at, text: entry };
    const value = await valueText(bytes, valueAt, end, xxhash);
    if (valueRef === undefined) yield value;
    else {
      const reference = await bytes.view(end - XATTR_REFERENCE.byteSize, XATTR_REFERENCE.byteSize);
      yield { ...value, text: describe(XATTR_REFERENCE, reference, 0) };
    }
  }
}

async function valueText(bytes: ImageBytes, at: number, end: number, xxhash: XxHash): Promise<StructureText> {
  const head = describe(XATTR_VALUE, await bytes.view(at, XATTR_VALUE.byteSize), 0);
  const valueAt = at + XATTR_VALUE.byteSize;
  const value = checksum(await bytes.read(valueAt, end - valueAt), xxhash);
  return { at, length: end - at, text: `${head} value ${value}` };
}
