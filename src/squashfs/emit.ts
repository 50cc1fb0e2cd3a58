/**
 * The end of an image: once all data has its place, the tables are written behind it and at last the superblock, without
 * which it is no image.
 */
import { roundUp } from "../core/bytes.ts";
import type { Sink } from "../core/sink.ts";
import type { JobContext } from "../core/threads/threads.ts";
import { COMPRESSORS, encodeCompressorOptions } from "./disk/compressors.ts";
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
  SUPER,
} from "./disk/format.ts";
import { OutputTail } from "./disk/output.ts";
import { encodeSuperblock } from "./disk/superblock.ts";
import type { SquashfsSettings } from "./options.ts";
import { type TableInput, type WrittenTables, writeTables } from "./tables.ts";

/** What an image is finished from. */
export interface FinishInput extends TableInput {
  /** Seconds since 1970, 0..2^32-1. */
  mkfsTime: number;
}

/** What is known of an image once it is finished. */
export interface FinishedImage extends Pick<WrittenTables, "fragments" | "ids" | "clampedTimes" | "savedByHoles"> {
  /** Bytes with padding. */
  bytes: number;
  /** Bytes without. */
  bytesUsed: number;
  /** Bytes of all that is not data. */
  metaBytes: number;
}

/** Where the first data block goes. */
export function dataStart(settings: SquashfsSettings): number {
  return SUPER.byteSize + encodeCompressorOptions(settings.compression).length;
}

/** Writes everything but the data, the superblock last; `sync` is called before that. */
export async function finishImage(
  job: JobContext,
  input: FinishInput,
  sink: Sink,
  sync: () => void,
): Promise<FinishedImage> {
  const { inodes, settings, data, mkfsTime } = input;
  const options = encodeCompressorOptions(settings.compression);
  if (options.length > 0) await sink.writeAt(options, SUPER.byteSize);
  const out = new OutputTail(sink, data.position[0]!);
  const tables = await writeTables(job, input, out);
  const bytesUsed = out.offset;
  const bytes = roundUp(bytesUsed, settings.padding);
  if (bytes > bytesUsed) await sink.writeAt(new Uint8Array(bytes - bytesUsed), bytesUsed);
  sync();
  job.control.check();
  const superblock = encodeSuperblock({
    ...tables,
    inodes: inodes.order.length,
    mkfsTime,
    blockSize: settings.blockSize,
    compression: COMPRESSORS[settings.compression.compressor].id,
    flags: flagsOf(settings, options.length > 0, tables.xattrTableOff !== undefined),
    bytesUsed,
  });
  await sink.writeAt(superblock, 0);
  const { inodeTableOff, fragments, ids, clampedTimes, savedByHoles } = tables;
  const metaBytes = bytesUsed - inodeTableOff + dataStart(settings);
  return { bytes, bytesUsed, metaBytes, fragments, ids, clampedTimes, savedByHoles };
}

function flagsOf(settings: SquashfsSettings, hasOptions: boolean, hasXattrs: boolean): number {
  const { uncompressed, fragments } = settings;
  return (
    (uncompressed.inodes ? FLAG_NOI : 0) |
    (uncompressed.data ? FLAG_NOD : 0) |
    (uncompressed.fragments ? FLAG_NOF : 0) |
    (uncompressed.xattrs ? FLAG_NOX : 0) |
    (uncompressed.ids ? FLAG_NOID : 0) |
    (fragments === "none" ? FLAG_NO_FRAGMENTS : 0) |
    (fragments === "all" ? FLAG_ALWAYS_FRAGMENTS : 0) |
    (settings.dedupe ? FLAG_DUPLICATES : 0) |
    (settings.exportable ? FLAG_EXPORTABLE : 0) |
    (settings.xattrs && !(settings.marksNoXattrs && !hasXattrs) ? 0 : FLAG_NO_XATTRS) |
    (hasOptions ? FLAG_COMP_OPT : 0)
  );
}
