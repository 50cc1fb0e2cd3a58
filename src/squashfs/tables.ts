/** The tables of an image, behind its data: written front to back by one thread, in the order in which they stand. */
import type { Codec } from "../codec/codec.ts";
import { ImageError } from "../core/error.ts";
import type { StructView } from "../core/struct.ts";
import type { JobContext } from "../core/threads/threads.ts";
import type { Xattr } from "../stage/tree/xattrs.ts";
import { makeCodec } from "./disk/compressors.ts";
import { EXPORT, FRAGMENT_ENTRY, ID, META_BLOCK } from "./disk/format.ts";
import { IdTable } from "./disk/ids.ts";
import { MetadataStream } from "./disk/metadata.ts";
import type { OutputTail } from "./disk/output.ts";
import type { TablePlaces } from "./disk/superblock.ts";
import { writeTable } from "./disk/table.ts";
import { XattrTable } from "./disk/xattr.ts";
import { type InodeInput, InodeWriter } from "./inodes.ts";
import { FRAGMENT_ITEM } from "./items.ts";
import type { SquashfsSettings, UncompressedPart } from "./options.ts";
import type { DataPlan } from "./plan.ts";

/** What tables are written from. */
export interface TableInput extends Pick<InodeInput, "tree" | "inodes" | "data"> {
  settings: SquashfsSettings;
  xattrs: readonly (readonly Xattr[])[];
}

/** What is known once they are written. */
export interface WrittenTables extends TablePlaces {
  /** Number of fragment blocks. */
  fragments: number;
  /** Number of distinct owners. */
  ids: number;
  /** Inodes whose time was out of range. */
  clampedTimes: number;
  savedByHoles: number;
}

/** What all tables are written with. */
interface TableContext {
  out: OutputTail;
  /** The codec for a part of the image; undefined where it is to be stored uncompressed. */
  codecOf: (part: UncompressedPart) => Codec | undefined;
  breathe: () => Promise<void> | undefined;
}

/** Writes all tables to `out`, which ends where they end. */
export async function writeTables(job: JobContext, input: TableInput, out: OutputTail): Promise<WrittenTables> {
  const { settings, data } = input;
  const codec = await makeCodec(settings.compression, { plainLen: META_BLOCK, compressedLen: META_BLOCK });
  const codecOf = (part: UncompressedPart) => (settings.uncompressed[part] ? undefined : codec);
  const context: TableContext = { out, codecOf, breathe: () => job.breathe() };
  const ids = new IdTable();
  const xattrs = settings.xattrs ? new XattrTable(input.xattrs) : undefined;
  const { references, clampedTimes, savedByHoles, ...inodes } = await writeInodes(context, { ...input, ids, xattrs });
  const fragmentTableOff = await writeFragments(context, data);
  const exportTableOff = settings.exportable ? await writeExports(context, references) : undefined;
  const idTableOff = await writeIds(context, ids);
  const xattrTableOff = await xattrs?.write(out, codecOf("xattrs"), context.breathe);
  await out.flush();
  return {
    ...inodes,
    fragmentTableOff,
    exportTableOff,
    idTableOff,
    xattrTableOff,
    fragments: data.fragmentTails.length - 1,
    ids: ids.ids.length,
    clampedTimes,
    savedByHoles,
  };
}

/** Writes the inode table and the directory table. */
async function writeInodes({ out, codecOf, breathe }: TableContext, input: InodeInput) {
  const inodeTableOff = out.offset;
  // the directory table comes behind the inode table but is written beside it: it waits in memory, compressed
  const waiting: Uint8Array[] = [];
  const inodes = new MetadataStream(codecOf("inodes"), (bytes) => out.append(bytes));
  const listings = new MetadataStream(codecOf("inodes"), (bytes) => void waiting.push(bytes.slice()));
  const writer = new InodeWriter(input, inodes, listings);
  const rootRef = await writer.write(() => out.drain() ?? breathe());
  inodes.finish();
  listings.finish();
  checkTable("inode", inodes);
  checkTable("directory", listings);
  const directoryTableOff = out.offset;
  for (const block of waiting) out.append(block);
  await out.flush();
  const { references, clampedTimes, savedByHoles } = writer;
  return { inodeTableOff, directoryTableOff, rootRef, references, clampedTimes, savedByHoles };
}

/** References hold 32 bits of a table's position. Throws `LIMIT` for a table that is longer. */
export function checkTable(what: string, { storedLength }: Pick<MetadataStream, "storedLength">): void {
  if (storedLength <= 2 ** 32) return;
  throw new ImageError("LIMIT", `the ${what} table of the image would take more than 4 GiB`);
}

/** Writes the table of fragment blocks; returns its position, or undefined where there are none. */
async function writeFragments(
  { out, codecOf, breathe }: TableContext,
  { fragmentTails, items, itemOff, itemWord, words }: DataPlan,
): Promise<number | undefined> {
  const count = fragmentTails.length - 1;
  if (count === 0) return undefined;
  const itemOf = new Uint32Array(count);
  items.forEach((what, item) => {
    if (what >= FRAGMENT_ITEM) itemOf[what - FRAGMENT_ITEM] = item;
  });
  const emit = (view: StructView, at: number, index: number) => {
    const item = itemOf[index]!;
    view.setU64(at, FRAGMENT_ENTRY.start_block, itemOff[item]!);
    view.setU32(at, FRAGMENT_ENTRY.size, words[itemWord[item]!]!);
    view.setU32(at, FRAGMENT_ENTRY.unused, 0);
  };
  return writeTable(out, codecOf("inodes"), { count, recordBytes: FRAGMENT_ENTRY.byteSize, emit }, breathe);
}

/** Writes the table by which NFS finds inodes; returns its position. */
function writeExports({ out, codecOf, breathe }: TableContext, references: Float64Array): Promise<number> {
  const emit = (view: StructView, at: number, index: number) => view.setU64(at, EXPORT.inode, references[index]!);
  const records = { count: references.length, recordBytes: EXPORT.byteSize, emit };
  return writeTable(out, codecOf("inodes"), records, breathe);
}

/** Writes the table of owners; returns its position. */
function writeIds({ out, codecOf, breathe }: TableContext, { ids }: IdTable): Promise<number> {
  const emit = (view: StructView, at: number, index: number) => view.setU32(at, ID.id, ids[index]!);
  return writeTable(out, codecOf("ids"), { count: ids.length, recordBytes: ID.byteSize, emit }, breathe);
}
