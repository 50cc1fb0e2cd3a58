/** What a dump says of each structure of a SquashFS image. */

import type { XxHash } from "../../core/hash/xxhash.ts";
import { decodeStruct, type StructShape, structName } from "../../core/struct.ts";
import { compressorOf } from "../../squashfs/disk/compressors.ts";
import { META_HEADER, SUPER, TABLE_BLOCK, XATTR_ID_TABLE } from "../../squashfs/disk/format.ts";
import { checksumOf } from "../checksum.ts";
import { type Element, elementLines } from "../element-lines.ts";
import { treeLine } from "../hash-tree.ts";
import { count, describe, line, showRaw } from "../text.ts";
import type { Tile } from "../tiles.ts";
import { KINDS, type SquashfsKind } from "./kinds.ts";
import type { SquashfsMap } from "./map.ts";
import { tableLines } from "./table-lines.ts";

type SquashfsTile = Tile<SquashfsKind>;

/** The lines of one tile, as {@link mapSquashfs} has found it. */
export async function* squashfsLines(map: SquashfsMap, tile: SquashfsTile, xxhash: XxHash): AsyncGenerator<string> {
  const { kind, at, detail } = tile;
  if (kind === KINDS.superblock) yield await structLine(map, SUPER, at);
  else if (kind === KINDS.xattrHead) yield await structLine(map, XATTR_ID_TABLE, at);
  else if (kind === KINDS.veritySuperblock || kind === KINDS.hashes)
    yield await treeLine(map.image.bytes, tile, xxhash);
  else if (kind === KINDS.options) yield* optionLines(map, tile);
  else if (kind === KINDS.table) yield* tableLines(map, map.tables[detail]!, xxhash);
  else if (kind === KINDS.list) yield* elementLines(listElements(map, tile));
  else yield await dataLine(map, tile, xxhash);
}

async function structLine({ image }: SquashfsMap, shape: StructShape, at: number): Promise<string> {
  const view = await image.bytes.view(at, shape.byteSize);
  return line(at, shape.byteSize, describe(shape, view, 0));
}

async function* optionLines(map: SquashfsMap, { at, end }: SquashfsTile): AsyncGenerator<string> {
  yield await structLine(map, META_HEADER, at);
  const from = at + META_HEADER.byteSize;
  const shape = compressorOf(map.image.compression)?.options?.shape;
  if (shape && from + shape.byteSize === end) yield await structLine(map, shape, from);
  else yield line(from, end - from, `options: ${showRaw(await map.image.bytes.read(from, end - from))}`);
}

async function* listElements({ image }: SquashfsMap, { at, end }: SquashfsTile): AsyncGenerator<Element> {
  const { byteSize } = TABLE_BLOCK;
  for (let from = at; from < end; from += byteSize) {
    const { start } = decodeStruct(await image.bytes.view(from, byteSize), 0, TABLE_BLOCK);
    yield { at: from, length: byteSize, name: structName(TABLE_BLOCK), fields: { start } };
  }
}

/** Contents: of a file, or of a fragment block. */
async function dataLine({ image, paths }: SquashfsMap, tile: SquashfsTile, xxhash: XxHash): Promise<string> {
  const { kind, at, end, owner, owners, detail } = tile;
  const words = kind === KINDS.fragment ? [`${kind.name} ${detail}`] : [`${kind.name} of ${paths.show(owner)}`];
  if (owners > 1) words.push(`and ${count(owners - 1, "other")}`);
  if (kind === KINDS.data) words.push(count(detail, "block"));
  words.push((await checksumOf(image.bytes, at, end, xxhash)) ?? "zeros");
  return line(at, end - at, words.join(", "));
}
