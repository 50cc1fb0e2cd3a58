/**
 * The end of an image: once all data has its place, the tables are written behind it, front to back by one thread, and
 * at last the superblock, without which it is no image.
 */
import type { Codec } from "../codec/codec.ts";
import { roundUp } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import type { Sink } from "../core/sink.ts";
import { setU64 } from "../core/struct.ts";
import type { JobContext } from "../core/threads.ts";
import type { InodeOrder } from "../stage/tree/order.ts";
import type { Tree } from "../stage/tree/tree.ts";
import type { Xattr } from "../stage/tree/xattrs.ts";
import { compressionId, encodeCompressorOptions, makeCodec } from "./compressor.ts";
import {
  FLAG_ALWAYS_FRAGMENTS,
  FLAG_COMP_OPT,
  FLAG_DUPLICATES,
  FLAG_EXPORTABLE,
  FLAG_NO_FRAGMENTS,
  FLAG_NO_XATTRS,
  FLAG_NOD,
  FLAG_NOF,
  FLAG_NOI,
  FLAG_NOID,
  FLAG_NOX,
  FRAGMENT_ENTRY,
  META_BLOCK,
  SUPER,
} from "./disk/format.ts";
import { IdTable } from "./disk/ids.ts";
import { MetadataStream } from "./disk/metadata.ts";
import { OutputTail } from "./disk/output.ts";
import { encodeSuperblock } from "./disk/superblock.ts";
import { writeTable } from "./disk/table.ts";
import { XattrTable } from "./disk/xattr.ts";
import { InodeWriter } from "./inodes.ts";
import { FRAGMENT_ITEM } from "./items.ts";
import type { SquashfsLayout } from "./options.ts";
import type { DataPlan } from "./plan.ts";

/** What an image is finished from. */
export interface FinishInput {
  tree: Tree;
  inodes: InodeOrder;
  layout: SquashfsLayout;
  data: DataPlan;
  xattrs: readonly (readonly Xattr[])[];
  /** Seconds since 1970, 0..2^32-1. */
  mkfsTime: number;
}

/** What is known of an image once it is finished. */
export interface FinishedImage {
  /** Bytes with padding. */
  bytes: number;
  /** Bytes without. */
  bytesUsed: number;
  /** Bytes of all that is not data. */
  metaBytes: number;
  fragments: number;
  ids: number;
  /** Inodes whose time was out of range. */
  clampedTimes: number;
  savedByHoles: number;
}

/** Where the first data block goes. */
export function dataStart(layout: SquashfsLayout): number {
  return SUPER.byteSize + encodeCompressorOptions(layout).length;
}

/** Writes everything but the data, the superblock last; `sync` is called before that. */
export async function finishImage(
  context: JobContext,
  input: FinishInput,
  sink: Sink,
  sync: () => void,
): Promise<FinishedImage> {
  const { tree, inodes, layout, data } = input;
  const { uncompressed } = layout;
  const breathe = () => context.breathe();
  const options = encodeCompressorOptions(layout);
  if (options.length > 0) await sink.writeAt(options, SUPER.byteSize);
  const codec = await makeCodec(layout, { plainLen: META_BLOCK, packedLen: META_BLOCK });
  const codecOf = (isRaw: boolean) => (isRaw ? undefined : codec);
  const out = new OutputTail(sink, data.position[0]!);

  const ids = new IdTable();
  const xattrs = layout.xattrs ? new XattrTable(input.xattrs) : undefined;
  const inodeTableOff = out.offset;
  // the directory table comes behind the inode table but is written beside it: it waits in memory, compressed
  const directoryTable: Uint8Array[] = [];
  const inodeStream = new MetadataStream(codecOf(uncompressed.inodes), (bytes) => out.append(bytes));
  const listingStream = new MetadataStream(
    codecOf(uncompressed.inodes),
    (bytes) => void directoryTable.push(bytes.slice()),
  );
  const writer = new InodeWriter({ tree, inodes, data, ids, xattrs }, inodeStream, listingStream);
  const rootRef = await writer.write(() => out.drain() ?? breathe());
  inodeStream.finish();
  listingStream.finish();
  checkTable("inode", inodeStream);
  checkTable("directory", listingStream);
  const directoryTableOff = out.offset;
  for (const block of directoryTable) out.append(block);
  await out.flush();

  const fragments = data.fragmentTails.length - 1;
  const fragmentTableOff =
    fragments === 0 ? undefined : await writeFragments(out, codecOf(uncompressed.inodes), data, fragments, breathe);
  const exportTableOff = layout.exportable
    ? await writeExports(out, codecOf(uncompressed.inodes), writer.references, breathe)
    : undefined;
  const emitId = (view: DataView, at: number, index: number) => view.setUint32(at, ids.ids[index]!, true);
  const idTableOff = await writeTable(out, codecOf(uncompressed.ids), ids.ids.length, 4, emitId, breathe);
  const xattrTableOff = await xattrs?.write(out, codecOf(uncompressed.xattrs), breathe);
  await out.flush();

  const bytesUsed = out.offset;
  const bytes = roundUp(bytesUsed, layout.padding);
  if (bytes > bytesUsed) await sink.writeAt(new Uint8Array(bytes - bytesUsed), bytesUsed);
  sync();
  context.control.check();
  await sink.writeAt(
    encodeSuperblock({
      inodes: inodes.order.length,
      mkfsTime: input.mkfsTime,
      blockSize: layout.blockSize,
      fragments,
      compression: compressionId(layout.compressor),
      flags: flagsOf(layout, options.length > 0),
      ids: ids.ids.length,
      rootRef,
      bytesUsed,
      idTableOff,
      xattrTableOff,
      inodeTableOff,
      directoryTableOff,
      fragmentTableOff,
      exportTableOff,
    }),
    0,
  );
  return {
    bytes,
    bytesUsed,
    metaBytes: bytesUsed - inodeTableOff + SUPER.byteSize + options.length,
    fragments,
    ids: ids.ids.length,
    clampedTimes: writer.clampedTimes,
    savedByHoles: writer.savedByHoles,
  };
}

/** References hold 32 bits of a table's position. */
function checkTable(what: string, stream: MetadataStream): void {
  if (stream.storedLength <= 2 ** 32) return;
  throw new ImageError("LIMIT", `the ${what} table of the image would take more than 4 GiB`);
}

function writeFragments(
  out: OutputTail,
  codec: Codec | undefined,
  { items, itemOff, itemWord, words }: DataPlan,
  count: number,
  breathe: () => Promise<void> | undefined,
): Promise<number> {
  const itemOf = new Uint32Array(count);
  items.forEach((what, item) => {
    if (what >= FRAGMENT_ITEM) itemOf[what - FRAGMENT_ITEM] = item;
  });
  const emitFragment = (view: DataView, at: number, index: number) => {
    const item = itemOf[index]!;
    setU64(view, at + FRAGMENT_ENTRY.start_block, itemOff[item]!);
    view.setUint32(at + FRAGMENT_ENTRY.size, words[itemWord[item]!]!, true);
    view.setUint32(at + FRAGMENT_ENTRY.unused, 0, true);
  };
  return writeTable(out, codec, count, FRAGMENT_ENTRY.byteSize, emitFragment, breathe);
}

function writeExports(
  out: OutputTail,
  codec: Codec | undefined,
  references: Float64Array,
  breathe: () => Promise<void> | undefined,
): Promise<number> {
  const emitReference = (view: DataView, at: number, index: number) => setU64(view, at, references[index]!);
  return writeTable(out, codec, references.length, 8, emitReference, breathe);
}

function flagsOf(layout: SquashfsLayout, hasOptions: boolean): number {
  const { uncompressed, fragments } = layout;
  return (
    (uncompressed.inodes ? FLAG_NOI : 0) |
    (uncompressed.data ? FLAG_NOD : 0) |
    (uncompressed.fragments ? FLAG_NOF : 0) |
    (uncompressed.xattrs ? FLAG_NOX : 0) |
    (uncompressed.ids ? FLAG_NOID : 0) |
    (fragments === "none" ? FLAG_NO_FRAGMENTS : 0) |
    (fragments === "all" ? FLAG_ALWAYS_FRAGMENTS : 0) |
    (layout.dedupe ? FLAG_DUPLICATES : 0) |
    (layout.exportable ? FLAG_EXPORTABLE : 0) |
    (layout.xattrs ? 0 : FLAG_NO_XATTRS) |
    (hasOptions ? FLAG_COMP_OPT : 0)
  );
}
