/** The superblock, at byte 1024 of every image. */
import { roundUp } from "../../core/bytes.ts";
import { crc32c } from "../../core/hash/crc32c.ts";
import { StructView } from "../../core/struct.ts";
import {
  COMPAT_MTIME,
  COMPAT_SB_CHKSUM,
  DEVICE_SLOT,
  PREFIX_UNIT,
  SUPER,
  SUPER_MAGIC,
  SUPER_METABOX,
  SUPER_OFFSET,
} from "./format.ts";

/** Bytes of a slot behind the superblock. */
const SUPER_SLOT = 16;

/** What a superblock says, in this package's units. */
export interface Superblock {
  blockSize: number;
  rootNid: number;
  /** Number of inodes. */
  inodes: number;
  /** Seconds and nanoseconds of every compact inode. */
  epoch: number;
  fixedNsec: number;
  /** Seconds from `epoch` to the build time, 0..2^32-1. */
  buildTime: number;
  blocks: number;
  /** Block from which NIDs count. */
  nidBlk: number;
  /** First block of the shared attributes. */
  xattrBlk: number;
  /** 16 bytes. */
  uuid: Uint8Array;
  /** At most 15 bytes. */
  label: Uint8Array;
  /** COMPAT_ flags besides MTIME and the checksum's. */
  compat: number;
  /** INCOMPAT_ flags. */
  incompat: number;
  /** What is said of compression; undefined where nothing is compressed. */
  compression: SuperCompression | undefined;
  /** NID of the inode in whose data all others lie, the root too; 0: there is none. */
  metaboxNid: number;
  /** The table of long prefixes: see {@link PrefixPlace}; undefined: there is none. */
  prefixes?: PrefixPlace | undefined;
  /** In what data lies besides the image, in the order of their numbers, from 1 on; undefined: in nothing. */
  devices?: readonly Device[] | undefined;
  hasChecksum: boolean;
}

/** Where the table of long prefixes begins in what it lies in, the image, the packed inode or the metabox; how many it has. */
export interface PrefixPlace {
  off: number;
  count: number;
  /** The number of the prefix that is the name of fingerprints; undefined: there are none. */
  fingerprint?: number | undefined;
}

/** A device that data lies in: a file, or what else can be mounted beside the image. */
export interface Device {
  blocks: number;
  /** What it is found by, at most 64 bytes; empty: nothing. */
  tag: Uint8Array;
  /** The file, where there is one that is known; no part of the image. */
  path?: string | undefined;
}

/** What a superblock says of compression. */
export interface SuperCompression {
  /** Bits of the algorithms, where their configurations follow; else the largest LZ4 distance. */
  algorithms: number;
  /** The configurations, with their lengths, in the order of the bits. */
  configurations: Uint8Array[];
  /** 0: there is no packed inode. */
  packedNid: number;
}

/** What stands in feature_compat. */
export function compatBits({ compat, hasChecksum }: Superblock): number {
  return compat | COMPAT_MTIME | (hasChecksum ? COMPAT_SB_CHKSUM : 0);
}

/** Bytes at the image's head that the superblock takes with all that follows it. */
export function measureHead(compression: SuperCompression | undefined, hasMetabox = false, devices = 0): number {
  let end = SUPER_OFFSET + SUPER.byteSize + (hasMetabox ? SUPER_METABOX.byteSize : 0);
  for (const { length } of compression?.configurations ?? []) end = roundUp(end, 4) + length;
  return devices === 0 ? end : roundUp(end, DEVICE_SLOT.byteSize) + devices * DEVICE_SLOT.byteSize;
}

/** Writes the superblock into the zeroed bytes of the image's head; returns the offset behind it. */
export function emitSuperblock(head: Uint8Array, fields: Superblock): number {
  const view = new StructView(head.buffer, head.byteOffset, head.byteLength);
  const at = SUPER_OFFSET;
  view.setU32(at, SUPER.magic, SUPER_MAGIC);
  view.setU32(at, SUPER.feature_compat, compatBits(fields));
  view.setU8(at, SUPER.blkszbits, Math.log2(fields.blockSize));
  view.setU64(at, SUPER.inos, fields.inodes);
  view.setS64(at, SUPER.epoch, fields.epoch);
  view.setU32(at, SUPER.fixed_nsec, fields.fixedNsec);
  view.setU32(at, SUPER.blocks_lo, fields.blocks);
  view.setU32(at, SUPER.xattr_blkaddr, fields.xattrBlk);
  view.setRaw(at, SUPER.uuid, fields.uuid);
  view.setRaw(at, SUPER.volume_name, fields.label);
  view.setU32(at, SUPER.feature_incompat, fields.incompat);
  view.setU32(at, SUPER.build_time, fields.buildTime);
  view.setU32(at, SUPER.meta_blkaddr, fields.nidBlk);
  if (fields.prefixes) {
    view.setU8(at, SUPER.xattr_prefix_count, fields.prefixes.count);
    view.setU32(at, SUPER.xattr_prefix_start, fields.prefixes.off / PREFIX_UNIT);
    view.setU8(at, SUPER.ishare_xattr_prefix_id, fields.prefixes.fingerprint ?? 0);
  }
  let end = at + SUPER.byteSize;
  if (fields.metaboxNid === 0) view.setU16(at, SUPER.rootnid_2b, fields.rootNid);
  else {
    view.setU64(at, SUPER.rootnid_8b, fields.rootNid);
    view.setTopBit(at, SUPER.rootnid_8b);
    view.setU8(at, SUPER.sb_extslots, SUPER_METABOX.byteSize / SUPER_SLOT);
    view.setU64(end, SUPER_METABOX.metabox_nid, fields.metaboxNid);
    end += SUPER_METABOX.byteSize;
  }
  if (fields.compression) {
    view.setU16(at, SUPER.available_compr_algs, fields.compression.algorithms);
    view.setU64(at, SUPER.packed_nid, fields.compression.packedNid);
    for (const bytes of fields.compression.configurations) {
      end = roundUp(end, 4);
      head.set(bytes, end);
      end += bytes.length;
    }
  }
  return fields.devices ? emitDevices(view, end, fields.devices, fields.blocks) : end;
}

/** Writes the table of devices behind `end`; addresses that count through all of them begin with the image's blocks. */
function emitDevices(view: StructView, end: number, devices: readonly Device[], imageBlocks: number): number {
  let slot = roundUp(end, DEVICE_SLOT.byteSize);
  view.setU16(SUPER_OFFSET, SUPER.extra_devices, devices.length);
  view.setU16(SUPER_OFFSET, SUPER.devt_slotoff, slot / DEVICE_SLOT.byteSize);
  let start = imageBlocks;
  for (const { blocks, tag } of devices) {
    view.setRaw(slot, DEVICE_SLOT.tag, tag);
    view.setU32(slot, DEVICE_SLOT.blocks_lo, blocks % 2 ** 32);
    view.setU16(slot, DEVICE_SLOT.blocks_hi, Math.floor(blocks / 2 ** 32));
    view.setU32(slot, DEVICE_SLOT.uniaddr_lo, start % 2 ** 32);
    view.setU16(slot, DEVICE_SLOT.uniaddr_hi, Math.floor(start / 2 ** 32));
    start += blocks;
    slot += DEVICE_SLOT.byteSize;
  }
  return slot;
}

/**
 * Fills in the checksum: crc32c from byte 1024 to the end of the block it lies in, taken with the field zero. All of
 * that block, early inodes too, must be in place. `head` covers at least that range.
 */
export function sealSuperblock(head: Uint8Array, blockSize: number): void {
  const length = blockSize > SUPER_OFFSET ? blockSize - SUPER_OFFSET : blockSize;
  const crc = crc32c(head.subarray(SUPER_OFFSET, SUPER_OFFSET + length));
  new StructView(head.buffer, head.byteOffset).setU32(SUPER_OFFSET, SUPER.checksum, crc);
}
