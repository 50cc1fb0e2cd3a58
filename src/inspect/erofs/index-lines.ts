/** What a dump says of the arrays behind inodes: chunks, and the indexes of compressed files. */
import { decodeStruct, type StructShape, type StructView, structName } from "../../core/struct.ts";
import {
  EXTENT,
  EXTENT_START,
  LCLUSTER_DELTAS,
  LCLUSTER_INDEX,
  LCLUSTER_NONHEAD,
  LCLUSTER_PLAIN,
  PACK_BASE,
} from "../../erofs/disk/format.ts";
import { type Element, elementLines } from "../element-lines.ts";
import { type ImageBytes, viewOf } from "../image.ts";
import { describe, type LineAt, show } from "../text.ts";
import { chunkList } from "./contents/chunk-map.ts";
import type { FileIndex } from "./contents/file-index.ts";
import { LCLUSTER_TYPE_MASK } from "./contents/lclusters.ts";
import { PackEntries, packsOf } from "./contents/packs.ts";
import type { ErofsImage } from "./image.ts";
import type { ErofsInode } from "./inode.ts";

/** A record that has nothing but a length. */
const BARE_RECORD = 4;

/** A line for each chunk, or row of chunks. */
export function chunkLines(image: ErofsImage, inode: ErofsInode, lineAt: LineAt): AsyncGenerator<string> {
  const { at, end, shape } = chunkList(image, inode);
  return elementLines(
    elements(inode.space, at, end, shape.byteSize, () => shape),
    lineAt,
  );
}

/** A line for each lcluster of a full index, or row of these; for each pack of a compact one; for each record. */
export function indexLines(index: FileIndex, lineAt: LineAt): AsyncGenerator<string> {
  if (index.kind === "compact") return packLines(index, lineAt);
  if (index.kind === "records") return recordLines(index, lineAt);
  return elementLines(elements(index.space, index.at, index.end, LCLUSTER_INDEX.byteSize, indexShape), lineAt);
}

function indexShape(view: StructView): StructShape {
  const type = view.getU16(0, LCLUSTER_INDEX.di_advise) & LCLUSTER_TYPE_MASK;
  return type === LCLUSTER_NONHEAD ? LCLUSTER_DELTAS : LCLUSTER_INDEX;
}

/** Structures of one size, one behind the other. */
async function* elements(
  space: ImageBytes,
  at: number,
  end: number,
  length: number,
  shapeOf: (view: StructView) => StructShape,
): AsyncGenerator<Element> {
  for (let from = at; from < end; from += length) {
    const view = await space.view(from, length);
    const shape = shapeOf(view);
    yield { at: from, length, name: structName(shape), fields: decodeStruct(view, 0, shape) };
  }
}

async function* packLines(index: FileIndex, lineAt: LineAt): AsyncGenerator<string> {
  const entries = new PackEntries();
  for (const pack of packsOf(index)) {
    const view = await index.space.view(pack.at, pack.bytes);
    const base = show("blkaddr", view.getU32(pack.bytes - PACK_BASE.byteSize, PACK_BASE.blkaddr));
    entries.read(view, 0, pack, { lclusterBits: index.lclusterBits, isBig: index.isBig[0] });
    const words = Array.from({ length: pack.entries }, (_, place) => showEntry(entries, place));
    yield lineAt(pack.at, pack.bytes, `pack of ${pack.entries}: ${words.join(" ")} blkaddr=${base}`);
  }
}

/** A head by where its extent starts; what is none by its distance, or by its blocks. */
function showEntry({ types, values, isCount }: PackEntries, place: number): string {
  const [type, value] = [types[place]!, values[place]!];
  if (type === LCLUSTER_NONHEAD) return isCount[place] === 1 ? `blocks=${value}` : `+${value}`;
  return `${type === LCLUSTER_PLAIN ? "plain" : `head${type === 1 ? 1 : 2}`}@${value}`;
}

/** Where an index begins: records that are lengths alone have in front of them where all data starts. */
export function indexStart({ kind, at, recordBytes }: FileIndex): number {
  return kind === "records" && recordBytes === BARE_RECORD ? at - EXTENT_START.byteSize : at;
}

async function* recordLines(index: FileIndex, lineAt: LineAt): AsyncGenerator<string> {
  const from = indexStart(index);
  if (from < index.at) {
    const start = await index.space.view(from, EXTENT_START.byteSize);
    yield lineAt(from, EXTENT_START.byteSize, describe(EXTENT_START, start, 0));
  }
  yield* elementLines(records(index), lineAt);
}

/** A record is the start of the whole structure. */
async function* records({ space, at, end, recordBytes }: FileIndex): AsyncGenerator<Element> {
  const names = Object.entries(EXTENT).filter(([name, offset]) => name !== "byteSize" && offset < recordBytes);
  const whole = new Uint8Array(EXTENT.byteSize);
  for (let from = at; from < end; from += recordBytes) {
    whole.set(await space.read(from, recordBytes));
    const record: Record<string, unknown> = decodeStruct(viewOf(whole), 0, EXTENT);
    const fields = Object.fromEntries(names.map(([name]) => [name, record[name]]));
    yield { at: from, length: recordBytes, name: structName(EXTENT), fields };
  }
}
