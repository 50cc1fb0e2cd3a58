/**
 * The plan of an image whose files have their data where it is: in other devices, or in blocks of the image that someone
 * else fills in.
 *
 *     | superblock, devices | metadata | room for data, if it is to be in the image |
 */
import { sharedFloat64, sharedUint32 } from "../../core/shared.ts";
import { NONE, S_IFREG } from "../../stage/tree/tree.ts";
import {
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_DEVICE_TABLE,
  LAYOUT_CHUNK,
  NULL_BLOCK,
} from "../disk/format.ts";
import { checkBlocks } from "../disk/limits.ts";
import { type Device, measureHead } from "../disk/superblock.ts";
import { type ErofsPlan, ImagePlanner, type PlanInput } from "./plan.ts";
import { type SharedStored, StoredFiles, shareStored, wholeBits } from "./stored.ts";

/** Where data lies, by entry; of files that hold something. */
export interface OutsideData {
  /** Those of the table; none: data will be in the image. */
  devices: readonly Device[];
  /** Number of the device; 0 in the image. */
  device: Uint16Array;
  /** First block there of a file whose blocks are in a row; undefined: a log has each chunk's. */
  startBlk: Uint32Array | undefined;
  /** Of what is in a log: log2 of the blocks of a chunk, and where its first one is in the log. */
  chunks: { bits: Uint8Array; recordOff: Float64Array } | undefined;
}

/** Columns for a number of entries, all in rows. */
export function createOutside(devices: readonly Device[], entries: number): OutsideData {
  const device = new Uint16Array(new SharedArrayBuffer(2 * entries));
  return { devices, device, startBlk: sharedUint32(entries), chunks: undefined };
}

/** The same where a log has every chunk. */
export function createScattered(devices: readonly Device[], entries: number): OutsideData {
  const chunks = { bits: new Uint8Array(new SharedArrayBuffer(entries)), recordOff: sharedFloat64(entries) };
  return { ...createOutside(devices, entries), startBlk: undefined, chunks };
}

/** Plans it. */
export function planOutside(input: PlanInput, outside: OutsideData): ErofsPlan {
  const { tree, settings } = input;
  const { blockSize } = settings;
  const planner = new ImagePlanner(input);
  const { devices } = outside;
  const shared = describeFiles(input, planner, outside);
  const stored = new StoredFiles(shared);
  planner.sizes.stored = stored;
  const headBytes = measureHead(undefined, false, devices.length);
  const metadata = planner.placeMetadata(Math.ceil(headBytes / blockSize), headBytes);
  let { endBlk } = metadata;
  if (devices.length === 0) endBlk = placeInside(input, planner.startBlk, outside, endBlk);
  const hasFiles = tree.length > 1;
  const incompat = (hasFiles ? INCOMPAT_CHUNKED_FILE : 0) | (devices.length > 0 ? INCOMPAT_DEVICE_TABLE : 0);
  return planner.finish(metadata, endBlk, incompat, {
    description: undefined,
    stored: shared,
    boxBlocks: 0,
    metaboxNid: 0,
    devices: devices.length > 0 ? devices : undefined,
    savedByDedupe: 0,
  });
}

function describeFiles(input: PlanInput, planner: ImagePlanner, outside: OutsideData): SharedStored {
  const { tree, inodes, settings } = input;
  const { formats } = planner.sizes;
  const shared = shareStored({
    entries: tree.length,
    blockSize: settings.blockSize,
    ...{ firstBlk: 0, unit: settings.blockSize, packedEntry: NONE, boxEntry: NONE, fullIndexes: false, methods: [] },
    ...{ chunkBytes: 0, sharesChunks: outside.chunks !== undefined, joinsChunks: true, sketchWords: 0 },
    ...{ formats, startBlk: planner.startBlk },
  });
  shared.devices = outside.device;
  for (const entry of inodes.order) {
    const size = tree.size.view[entry]!;
    if (tree.kind(entry) !== S_IFREG || size === 0) continue;
    formats[entry] = (formats[entry]! & FORMAT_EXTENDED) | (LAYOUT_CHUNK << FORMAT_LAYOUT_SHIFT);
    planner.startBlk[entry] = outside.startBlk?.[entry] ?? NULL_BLOCK;
    shared.chunkBits![entry] = outside.chunks?.bits[entry] ?? wholeBits(size, settings.blockSize);
    if (outside.chunks) shared.recordOff[entry] = outside.chunks.recordOff[entry]!;
  }
  return shared;
}

/** Gives files blocks of the image from `firstBlk` on, in the order in which their data lies elsewhere. */
function placeInside(
  { tree, files, settings }: PlanInput,
  startBlk: Uint32Array,
  outside: OutsideData,
  firstBlk: number,
) {
  let blk = firstBlk;
  const elsewhere = outside.startBlk!;
  const listed = files.files.filter((entry) => tree.size.view[entry]! > 0);
  for (const entry of listed.sort((a, b) => elsewhere[a]! - elsewhere[b]!)) {
    startBlk[entry] = blk;
    blk += Math.ceil(tree.size.view[entry]! / settings.blockSize);
    checkBlocks(blk);
  }
  return blk;
}
