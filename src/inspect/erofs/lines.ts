/** What a dump says of each structure of an EROFS image. */
import { isZero } from "../../core/bytes.ts";
import type { StructShape } from "../../core/struct.ts";
import type { XxHash } from "../../core/xxhash.ts";
import { algorithmOf, CFGS_HEAD } from "../../erofs/disk/algorithms.ts";
import {
  COMPACT,
  DIRENT,
  EXTENDED,
  MAP_HEADER,
  SHARED_XATTR,
  SUPER,
  SUPER_OFFSET,
  XATTR_ENTRY,
  XATTR_HEADER,
} from "../../erofs/disk/format.ts";
import { checksum, checksumOf } from "../checksum.ts";
import { viewOf } from "../image.ts";
import { count, describe, line, quote, showRaw } from "../text.ts";
import type { Tile } from "../tiles.ts";
import { type Dirent, readDirents } from "./directory.ts";
import { readIndex } from "./file-index.ts";
import { chunkLines, indexLines } from "./index-lines.ts";
import { type ErofsInode, isCompressedInode, isDirectory, isLink, layoutName, readInode } from "./inode.ts";
import { type ErofsKind, KINDS } from "./kinds.ts";
import type { ErofsMap } from "./map.ts";
import { readXattrEntry, readXattrIbody, type XattrEntry } from "./xattrs.ts";

type ErofsTile = Tile<ErofsKind>;

/** The lines of one tile, as {@link mapErofs} has found it. */
export async function* erofsLines(map: ErofsMap, tile: ErofsTile, xxhash: XxHash): AsyncGenerator<string> {
  const { image, paths, nids } = map;
  const { kind, at, end, owner } = tile;
  const inode = () => readInode(image, nids[owner]!);
  if (kind === KINDS.superblock) yield* superLines(map, tile);
  else if (kind === KINDS.configuration) yield* configurationLines(map, tile);
  else if (kind === KINDS.inode) yield* inodeLines(map, await inode(), owner);
  else if (kind === KINDS.xattrs) yield* xattrLines(map, await inode(), xxhash);
  else if (kind === KINDS.sharedXattr) {
    const entry = await readXattrEntry(image, at, end);
    yield `${await entryLine(map, entry, xxhash)}, of ${count(tile.owners, "inode")}`;
  } else if (kind === KINDS.chunks) yield* chunkLines(image, await inode());
  else if (kind === KINDS.mapHeader) yield* mapHeaderLines(map, await inode(), at);
  else if (kind === KINDS.index) yield* indexLines(image, await readIndex(image, await inode()));
  else if (kind === KINDS.directory) yield* blockLines(await image.bytes.read(at, end - at), at, paths.show(owner));
  else if (kind === KINDS.tail && isLink(await inode())) yield await targetLine(map, tile);
  else yield await dataLine(map, tile, xxhash);
}

async function* structLines(map: ErofsMap, shape: StructShape, at: number, subject = ""): AsyncGenerator<string> {
  const view = await map.image.bytes.view(at, shape.byteSize);
  yield line(at, shape.byteSize, describe(shape, view, 0, subject));
}

async function* superLines(map: ErofsMap, { end }: ErofsTile): AsyncGenerator<string> {
  yield* structLines(map, SUPER, SUPER_OFFSET);
  const slots = SUPER_OFFSET + SUPER.byteSize;
  if (slots < end) yield line(slots, end - slots, `slots: ${showRaw(await map.image.bytes.read(slots, end - slots))}`);
}

async function* configurationLines(map: ErofsMap, { at, end, detail }: ErofsTile): AsyncGenerator<string> {
  yield* structLines(map, CFGS_HEAD, at);
  const from = at + CFGS_HEAD.byteSize;
  const shape = algorithmOf(detail)?.configuration.shape;
  if (shape && from + shape.byteSize === end) yield* structLines(map, shape, from);
  else yield line(from, end - from, `of algorithm ${detail}: ${showRaw(await map.image.bytes.read(from, end - from))}`);
}

function inodeLines(map: ErofsMap, inode: ErofsInode, owner: number): AsyncGenerator<string> {
  const subject = `${map.paths.show(owner)} nid=${inode.nid} ${layoutName(inode.layout)}`;
  return structLines(map, inode.isExtended ? EXTENDED : COMPACT, inode.at, subject);
}

async function* xattrLines(map: ErofsMap, inode: ErofsInode, xxhash: XxHash): AsyncGenerator<string> {
  const body = await readXattrIbody(map.image, inode);
  yield* structLines(map, XATTR_HEADER, inode.xattrAt);
  for (const { at, entryAt } of body!.shared) {
    const { prefix, name } = await readXattrEntry(map.image, entryAt, map.image.bytes.size);
    yield* structLines(map, SHARED_XATTR, at, `${prefix}${quote(name)}`);
  }
  for (const entry of body!.own) yield await entryLine(map, entry, xxhash);
}

async function entryLine(map: ErofsMap, entry: XattrEntry, xxhash: XxHash): Promise<string> {
  const { at, end, prefix, name, value } = entry;
  const view = await map.image.bytes.view(at, XATTR_ENTRY.byteSize);
  const what = describe(XATTR_ENTRY, view, 0, `${prefix}${quote(name)}`);
  const used = XATTR_ENTRY.byteSize + name.length + value.length;
  const filler = await map.image.bytes.read(at + used, end - at - used);
  const rest = isZero(filler) ? "" : `, unknown: ${showRaw(filler)}`;
  return line(at, end - at, `${what} value ${checksum(value, xxhash)}${rest}`);
}

/** A directory whose blocks are compressed has no place for them: they are told here, by their place in it. */
async function* mapHeaderLines(map: ErofsMap, inode: ErofsInode, at: number): AsyncGenerator<string> {
  yield* structLines(map, MAP_HEADER, at);
  if (!isDirectory(inode) || !isCompressedInode(inode)) return;
  let blockAt = 0;
  for await (const block of map.data.read(inode, map.image.blockSize)) {
    for (const { text } of direntTexts(block, readDirents(block, inode.at).dirents)) yield `    at ${blockAt}: ${text}`;
    blockAt += block.length;
  }
}

function* blockLines(block: Uint8Array, at: number, path: string): Generator<string> {
  const { dirents, end } = readDirents(block, at);
  for (const { from, text } of direntTexts(block, dirents)) yield line(at + from, DIRENT.byteSize, text);
  const names = dirents.length * DIRENT.byteSize;
  const rest = block.subarray(end);
  const filler = rest.length > 0 && isZero(rest) ? `, then ${count(rest.length, "zero")}` : "";
  yield line(at + names, end - names, `${count(dirents.length, "name")} of ${path}${filler}`);
  if (filler === "" && rest.length > 0) yield line(at + end, rest.length, `unknown: ${showRaw(rest)}`);
}

function* direntTexts(block: Uint8Array, dirents: readonly Dirent[]): Generator<{ from: number; text: string }> {
  const view = viewOf(block);
  for (const { at, name } of dirents) yield { from: at, text: describe(DIRENT, view, at, quote(name)) };
}

async function targetLine({ image, paths }: ErofsMap, { at, end, owner }: ErofsTile): Promise<string> {
  return line(at, end - at, `target of ${paths.show(owner)}: ${quote(await image.bytes.read(at, end - at))}`);
}

/** Contents, compressed or not: whose, which blocks, and a checksum. */
async function dataLine({ image, paths }: ErofsMap, tile: ErofsTile, xxhash: XxHash): Promise<string> {
  const { kind, at, end, owner, owners, detail } = tile;
  const { blockSize } = image;
  const words = [`${kind.name} of ${paths.show(owner)}`];
  if (owners > 1) words.push(`and ${count(owners - 1, "other")}`);
  if (kind === KINDS.data && at % blockSize === 0)
    words.push(`blocks ${at / blockSize}..${Math.ceil(end / blockSize) - 1}`);
  if (detail > 0) words.push(count(detail, "pcluster"));
  words.push((await checksumOf(image.bytes, at, end, xxhash)) ?? "zeros");
  return line(at, end - at, words.join(", "));
}
