/**
 * What a dump says of a table: a line for each of its metadata blocks, and below it what starts in there, each by its
 * reference: place of the block in the table, offset in what it holds.
 */

import type { XxHash } from "../../core/hash/xxhash.ts";
import { decodeStruct, type StructShape, structName } from "../../core/struct.ts";
import { EXPORT, FRAGMENT_ENTRY, ID, META_BLOCK, META_HEADER, XATTR_ID } from "../../squashfs/disk/format.ts";
import { checksumOf } from "../checksum.ts";
import { type Element, elementLines } from "../element-lines.ts";
import { type LineAt, line } from "../text.ts";
import { tileLines } from "../tile-lines.ts";
import type { Gap, Tile } from "../tiles.ts";
import type { TableName } from "./image.ts";
import type { TableKind } from "./kinds.ts";
import type { MappedTable, SquashfsMap } from "./map.ts";
import type { MetaTable } from "./metadata.ts";
import { structureTexts } from "./structure-texts.ts";

/** Records of the tables that hold nothing else. */
const RECORDS: Readonly<Partial<Record<TableName, StructShape>>> = {
  fragments: FRAGMENT_ENTRY,
  exports: EXPORT,
  ids: ID,
  "xattr ids": XATTR_ID,
};

/** The lines of a table. */
export async function* tableLines(map: SquashfsMap, mapped: MappedTable, xxhash: XxHash): AsyncGenerator<string> {
  const { place, table, tiles } = mapped;
  const lineAt: LineAt = (at, length, text) => placedLine(table, at, length, text);
  const shape = RECORDS[place.name];
  if (shape !== undefined) {
    for (let block = 0; block < table.blocks.length; block++) {
      yield blockLine(table, block);
      yield* elementLines(records(table, shape, block), lineAt);
    }
    return;
  }
  let shown = 0;
  /** The lines of blocks up to the one that holds a place. */
  function* blocksTo(at: number): Generator<string> {
    for (; shown < table.blocks.length && shown * META_BLOCK <= at; shown++) yield blockLine(table, shown);
  }
  const rest = ({ at, end }: Gap) => checksumOf(table.bytes, at, end, xxhash);
  async function* lines(tile: Tile<TableKind>): AsyncGenerator<string> {
    for await (const { at, length, text } of structureTexts(map, table.bytes, tile, xxhash)) {
      yield* blocksTo(at);
      yield lineAt(at, length, text);
    }
  }
  yield* tileLines(tiles, { lines, rest, lineAt });
  yield* blocksTo(Number.POSITIVE_INFINITY);
}

function blockLine({ blocks, name }: MetaTable, number: number): string {
  const { at, stored, isRaw } = blocks[number]!;
  const how = isRaw ? "as they are" : "compressed";
  return line(at, META_HEADER.byteSize + stored, `metadata block of ${name}: ${stored} bytes ${how}`);
}

/** A line below that of a block. */
function placedLine({ blocks }: MetaTable, at: number, length: number, text: string): string {
  const number = Math.min(Math.floor(at / META_BLOCK), blocks.length - 1);
  const reference = `${blocks[number]!.at - blocks[0]!.at}:${at - number * META_BLOCK}`;
  return `${reference.padStart(14)} ${String(length).padStart(7)}  ${text}`;
}

/** The records of one block; none goes on in the next. */
async function* records({ bytes }: MetaTable, shape: StructShape, block: number): AsyncGenerator<Element> {
  const { byteSize: length } = shape;
  const end = Math.min((block + 1) * META_BLOCK, bytes.size);
  for (let at = block * META_BLOCK; at + length <= end; at += length) {
    const fields = decodeStruct(await bytes.view(at, length), 0, shape);
    yield { at, length, name: structName(shape), fields };
  }
}
