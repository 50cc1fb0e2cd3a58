/** What the superblock of an image says, for people and for programs. */
import { showBytes } from "../core/bytes.ts";
import { FIRST_KERNEL, latestKernel } from "../core/kernel.ts";
import { showUuid } from "../core/options/uuid.ts";
import { decodeStruct } from "../core/struct.ts";
import { ALGORITHMS } from "../erofs/disk/algorithms.ts";
import { COMPAT_FEATURES, FEATURES } from "../erofs/disk/features.ts";
import { SUPER as EROFS_SUPER, INCOMPAT_COMPR_CFGS, SUPER_OFFSET } from "../erofs/disk/format.ts";
import { compressorOf } from "../squashfs/disk/compressors.ts";
import * as squashfs from "../squashfs/disk/format.ts";
import type { OpenedErofs, OpenedImage, OpenedSquashfs } from "./open-image.ts";

/** What is known of an image before anything but its superblock is read. */
export interface ImageInfo {
  format: "erofs" | "squashfs";
  /** Bytes of the image as it says itself, and of what it lies in. */
  bytes: number;
  fileBytes: number;
  blockSize: number;
  /** As it says itself. */
  inodes: number;
  /** The time at which it was made, or which most inodes have, in seconds since 1970. */
  time: number;
  /** EROFS: derived from all of it, or given. */
  uuid?: string;
  /** EROFS: the name of the volume. */
  label?: string;
  /** Names of the features, or flags, as the kernel has them. */
  features: string[];
  /** What data is compressed with, as readers call it. */
  algorithms: string[];
  /** EROFS: in what data lies besides. */
  devices?: { bytes: number; tag: string }[];
  /** Lowest Linux version that reads it, as far as the superblock tells; empty where none does. */
  minimumKernel: string;
}

/** Reads the superblock once more, for what a reader has no use for. */
export function readInfo(image: OpenedImage): Promise<ImageInfo> {
  return image.format === "erofs" ? describeErofs(image) : describeSquashfs(image);
}

async function describeErofs({ bytes, reader }: OpenedErofs): Promise<ImageInfo> {
  const fields = decodeStruct(await bytes.view(SUPER_OFFSET, EROFS_SUPER.byteSize), 0, EROFS_SUPER);
  const { blockSize, blocks, devices, epoch, algorithms, isPadded } = reader.image;
  const has = (bits: number) => (feature: { bit: number }) => (bits & feature.bit) !== 0;
  const compat = Object.entries(COMPAT_FEATURES).filter(([, feature]) => has(fields.feature_compat)(feature));
  const incompat = Object.entries(FEATURES).filter(([, feature]) => has(fields.feature_incompat)(feature));
  const rows = Object.values(ALGORITHMS).filter(({ id, isFirst }) => {
    // without configurations it is the one that was there first
    if ((fields.feature_incompat & INCOMPAT_COMPR_CFGS) === 0) return isFirst && isPadded;
    return ((algorithms >> id) & 1) !== 0;
  });
  const used = new Map(rows.map(({ reader: name, since }) => [name, since]));
  return {
    format: "erofs",
    bytes: blocks * blockSize,
    fileBytes: bytes.size,
    blockSize,
    inodes: Number(fields.inos),
    time: epoch,
    uuid: showUuid(fields.uuid),
    label: showText(fields.volume_name),
    features: [...compat, ...incompat].map(([name]) => name),
    algorithms: [...used.keys()],
    devices: devices.map(({ blocks, tag }) => ({ bytes: blocks * blockSize, tag: showText(tag) })),
    minimumKernel: latestKernel([FIRST_KERNEL, ...incompat.map(([, { since }]) => since), ...used.values()]),
  };
}

/** Names of the flags that are told, by their bits. */
const FLAGS = {
  uncompressed_inodes: squashfs.FLAG_NOI,
  uncompressed_data: squashfs.FLAG_NOD,
  uncompressed_fragments: squashfs.FLAG_NOF,
  no_fragments: squashfs.FLAG_NO_FRAGMENTS,
  always_use_fragments: squashfs.FLAG_ALWAYS_FRAGMENTS,
  duplicates: squashfs.FLAG_DUPLICATES,
  exportable: squashfs.FLAG_EXPORTABLE,
  uncompressed_xattrs: squashfs.FLAG_NOX,
  no_xattrs: squashfs.FLAG_NO_XATTRS,
  compressor_options: squashfs.FLAG_COMP_OPT,
  uncompressed_ids: squashfs.FLAG_NOID,
} as const;

async function describeSquashfs({ bytes }: OpenedSquashfs): Promise<ImageInfo> {
  const fields = decodeStruct(await bytes.view(0, squashfs.SUPER.byteSize), 0, squashfs.SUPER);
  const row = compressorOf(fields.compression);
  return {
    format: "squashfs",
    bytes: Number(fields.bytes_used),
    fileBytes: bytes.size,
    blockSize: fields.block_size,
    inodes: fields.inodes,
    time: fields.mkfs_time,
    features: Object.entries(FLAGS).flatMap(([name, bit]) => ((fields.flags & bit) === 0 ? [] : [name])),
    algorithms: [ALGORITHM_NAMES[fields.compression] ?? `${fields.compression}`],
    minimumKernel: row?.since ?? "",
  };
}

/** Compressors by their numbers: each has several rows. */
const ALGORITHM_NAMES = [undefined, "gzip", "lzma", "lzo", "xz", "lz4", "zstd"] as const;

/** A text that zeros fill up. */
function showText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return showBytes(end < 0 ? bytes : bytes.subarray(0, end));
}
