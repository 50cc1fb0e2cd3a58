/** What a dump says of each structure of an EROFS image. */
import { isZero } from "../../core/bytes.ts";
import type { XxHash } from "../../core/hash/xxhash.ts";
import type { StructShape } from "../../core/struct.ts";
import { algorithmOf, CFGS_HEAD } from "../../erofs/disk/algorithms.ts";
import {
  COMPACT,
  DEVICE_SLOT,
  DIRENT,
  EXTENDED,
  MAP_HEADER,
  SHARED_XATTR,
  SUPER,
  SUPER_METABOX,
  SUPER_OFFSET,
  XATTR_ENTRY,
  XATTR_HEADER,
} from "../../erofs/disk/format.ts";
import { checksum, checksumOf } from "../checksum.ts";
import { treeLine } from "../hash-tree.ts";
import { type ImageBytes, viewOf } from "../image.ts";
import { count, describe, type LineAt, line, quote, showRaw } from "../text.ts";
import type { Tile } from "../tiles.ts";
import { readIndex } from "./contents/file-index.ts";
import { type Dirent, readDirents } from "./directory.ts";
import { showNid, xattrSpace } from "./image.ts";
import { chunkLines, indexLines } from "./index-lines.ts";
import { type ErofsInode, isCompressedInode, isDirectory, isLink, layoutName, readInode } from "./inode.ts";
import { type ErofsKind, KINDS } from "./kinds.ts";
import type { ErofsMap } from "./map.ts";
import {
  readLongPrefix,
  readName,
  readValue,
  readXattrEntry,
  readXattrIbody,
  showPrefix,
  type XattrEntry,
} from "./xattrs.ts";

type ErofsTile = Tile<ErofsKind>;

/** In what lines are: the image, or the metabox. */
interface Place {
  readonly bytes: ImageBytes;
  readonly lineAt: LineAt;
  /** What all of its lines begin with. */
  readonly prefix: string;
}

const BOX_PREFIX = "box:";

/** How the dump shows a place in the metabox. */
export const boxLine: LineAt = (at, length, text) => `${BOX_PREFIX}${line(at, length, text)}`;

/** The lines of one tile, as {@link mapErofs} has found it; `isInBox`: of those of the metabox. */
export async function* erofsLines(
  map: ErofsMap,
  tile: ErofsTile,
  xxhash: XxHash,
  isInBox = false,
): AsyncGenerator<string> {
  const { image, paths, nids } = map;
  const place: Place = isInBox
    ? { bytes: image.box!, lineAt: boxLine, prefix: BOX_PREFIX }
    : { bytes: image.bytes, lineAt: line, prefix: "" };
  const { kind, at, end, owner } = tile;
  const inode = () => readInode(image, nids[owner]!);
  if (kind === KINDS.superblock) yield* superLines(map, place, tile);
  else if (kind === KINDS.configuration) yield* configurationLines(place, tile);
  else if (kind === KINDS.prefix)
    yield place.lineAt(at, end - at, `long prefix ${tile.detail}: ${(await readLongPrefix(place.bytes, at)).prefix}`);
  else if (kind === KINDS.veritySuperblock || kind === KINDS.hashes) yield await treeLine(image.bytes, tile, xxhash);
  else if (kind === KINDS.device) yield* structLines(place, DEVICE_SLOT, at, `device ${tile.detail}`);
  else if (kind === KINDS.inode) yield* inodeLines(map, place, await inode(), owner);
  else if (kind === KINDS.xattrs) yield* xattrLines(map, place, await inode(), xxhash);
  else if (kind === KINDS.sharedXattr) {
    const entry = await readXattrEntry(place.bytes, at, end);
    yield `${await entryLine(place, entry, xxhash)}, of ${count(tile.owners, "inode")}`;
  } else if (kind === KINDS.chunks) yield* chunkLines(image, await inode(), place.lineAt);
  else if (kind === KINDS.mapHeader) yield* mapHeaderLines(map, place, await inode(), at);
  else if (kind === KINDS.index) yield* indexLines(await readIndex(image, await inode()), place.lineAt);
  else if (kind === KINDS.directory)
    yield* blockLines(place, tile, await place.bytes.read(at, end - at), paths.show(owner));
  else if (kind === KINDS.tail && isLink(await inode())) yield await targetLine(map, place, tile);
  else yield await dataLine(map, place, tile, xxhash);
}

async function* structLines(place: Place, shape: StructShape, at: number, subject = ""): AsyncGenerator<string> {
  const view = await place.bytes.view(at, shape.byteSize);
  yield place.lineAt(at, shape.byteSize, describe(shape, view, 0, subject));
}

async function* superLines({ image }: ErofsMap, place: Place, { end }: ErofsTile): AsyncGenerator<string> {
  yield* structLines(place, SUPER, SUPER_OFFSET);
  let slots = SUPER_OFFSET + SUPER.byteSize;
  if (image.metaboxNid !== 0) {
    yield* structLines(place, SUPER_METABOX, slots);
    slots += SUPER_METABOX.byteSize;
  }
  if (slots < end) yield line(slots, end - slots, `slots: ${showRaw(await place.bytes.read(slots, end - slots))}`);
}

async function* configurationLines(place: Place, { at, end, detail }: ErofsTile): AsyncGenerator<string> {
  yield* structLines(place, CFGS_HEAD, at);
  const from = at + CFGS_HEAD.byteSize;
  const shape = algorithmOf(detail)?.configuration.shape;
  if (shape && from + shape.byteSize === end) yield* structLines(place, shape, from);
  else yield line(from, end - from, `of algorithm ${detail}: ${showRaw(await place.bytes.read(from, end - from))}`);
}

function inodeLines(map: ErofsMap, place: Place, inode: ErofsInode, owner: number): AsyncGenerator<string> {
  const subject = `${map.paths.show(owner)} nid=${showNid(inode.nid)} ${layoutName(inode.layout)}`;
  return structLines(place, inode.isExtended ? EXTENDED : COMPACT, inode.at, subject);
}

async function* xattrLines(
  { image }: ErofsMap,
  place: Place,
  inode: ErofsInode,
  xxhash: XxHash,
): AsyncGenerator<string> {
  const body = await readXattrIbody(image, inode);
  yield* structLines(place, XATTR_HEADER, inode.xattrAt);
  for (const { at, entryAt } of body!.shared) {
    const space = xattrSpace(image);
    const entry = await readXattrEntry(space, entryAt, space.size);
    yield* structLines(place, SHARED_XATTR, at, `${showPrefix(entry)}${quote(await readName(entry))}`);
  }
  for (const entry of body!.own) yield await entryLine(place, entry, xxhash);
}

async function entryLine({ bytes, lineAt }: Place, entry: XattrEntry, xxhash: XxHash): Promise<string> {
  const { at, end, nameLen, valueLen } = entry;
  const view = await bytes.view(at, XATTR_ENTRY.byteSize);
  const what = describe(XATTR_ENTRY, view, 0, `${showPrefix(entry)}${quote(await readName(entry))}`);
  const used = XATTR_ENTRY.byteSize + nameLen + valueLen;
  const filler = await bytes.read(at + used, end - at - used);
  const rest = isZero(filler) ? "" : `, unknown: ${showRaw(filler)}`;
  return lineAt(at, end - at, `${what} value ${checksum(await readValue(entry), xxhash)}${rest}`);
}

/** A directory whose blocks are compressed has no place for them: they are told here, by their place in it. */
async function* mapHeaderLines(map: ErofsMap, place: Place, inode: ErofsInode, at: number): AsyncGenerator<string> {
  yield* structLines(place, MAP_HEADER, at);
  if (!isDirectory(inode) || !isCompressedInode(inode)) return;
  let blockAt = 0;
  for await (const block of map.data.read(inode, map.image.blockSize)) {
    for (const { text } of direntTexts(block, readDirents(block, inode.at).dirents)) {
      yield `${place.prefix}    at ${blockAt}: ${text}`;
    }
    blockAt += block.length;
  }
}

function* blockLines({ lineAt }: Place, { at }: ErofsTile, block: Uint8Array, path: string): Generator<string> {
  const { dirents, end } = readDirents(block, at);
  for (const { from, text } of direntTexts(block, dirents)) yield lineAt(at + from, DIRENT.byteSize, text);
  const names = dirents.length * DIRENT.byteSize;
  const rest = block.subarray(end);
  const filler = rest.length > 0 && isZero(rest) ? `, then ${count(rest.length, "zero")}` : "";
  yield lineAt(at + names, end - names, `${count(dirents.length, "name")} of ${path}${filler}`);
  if (filler === "" && rest.length > 0) yield lineAt(at + end, rest.length, `unknown: ${showRaw(rest)}`);
}

function* direntTexts(block: Uint8Array, dirents: readonly Dirent[]): Generator<{ from: number; text: string }> {
  const view = viewOf(block);
  for (const { at, name } of dirents) yield { from: at, text: describe(DIRENT, view, at, quote(name)) };
}

async function targetLine(
  { paths }: ErofsMap,
  { bytes, lineAt }: Place,
  { at, end, owner }: ErofsTile,
): Promise<string> {
  return lineAt(at, end - at, `target of ${paths.show(owner)}: ${quote(await bytes.read(at, end - at))}`);
}

/** Contents, compressed or not: whose, which blocks, and a checksum. */
async function dataLine(
  { image, paths }: ErofsMap,
  { bytes, lineAt }: Place,
  tile: ErofsTile,
  xxhash: XxHash,
): Promise<string> {
  const { kind, at, end, owner, owners, detail } = tile;
  const { blockSize } = image;
  const words = [`${kind.name} of ${paths.show(owner)}`];
  if (owners > 1) words.push(`and ${count(owners - 1, "other")}`);
  if (kind === KINDS.data && at % blockSize === 0)
    words.push(`blocks ${at / blockSize}..${Math.ceil(end / blockSize) - 1}`);
  if (detail > 0) words.push(count(detail, "pcluster"));
  words.push((await checksumOf(bytes, at, end, xxhash)) ?? "zeros");
  return lineAt(at, end - at, words.join(", "));
}
