/** An EROFS image as a reader finds it: what its superblock says. Source: Linux fs/erofs/super.c. */
import { ImageError } from "../../core/error.ts";
import { decodeStruct, type Offset, type StructView } from "../../core/struct.ts";
import {
  COMPAT_PLAIN_XATTR_PFX,
  COMPAT_SHARED_EA_IN_METABOX,
  DEVICE_SLOT,
  INCOMPAT_48BIT,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_COMPR_CFGS,
  INCOMPAT_DEVICE_TABLE,
  INCOMPAT_FRAGMENTS,
  INCOMPAT_METABOX,
  INCOMPAT_XATTR_PREFIXES,
  INCOMPAT_ZERO_PADDING,
  INCOMPAT_ZTAILPACKING,
  PREFIX_UNIT,
  SLOT,
  SUPER,
  SUPER_MAGIC,
  SUPER_METABOX,
  SUPER_OFFSET,
} from "../../erofs/disk/format.ts";
import { damaged, type ImageBytes, unsupported } from "../image.ts";

/** What is read here of all that an image may need. */
const KNOWN_INCOMPAT =
  INCOMPAT_ZERO_PADDING |
  INCOMPAT_COMPR_CFGS |
  INCOMPAT_CHUNKED_FILE |
  INCOMPAT_DEVICE_TABLE |
  INCOMPAT_ZTAILPACKING |
  INCOMPAT_FRAGMENTS |
  INCOMPAT_48BIT |
  INCOMPAT_METABOX |
  INCOMPAT_XATTR_PREFIXES;

/** Bytes of one slot behind the superblock. */
const SUPER_SLOT = 16;
/** The smallest and the largest block, in bits. */
const [LEAST_BLOCK_BITS, MOST_BLOCK_BITS] = [9, 16] as const;

/** An image whose superblock has been read. */
export interface ErofsImage {
  readonly bytes: ImageBytes;
  readonly blockSize: number;
  readonly blockBits: number;
  /** Of the image itself, as it says. */
  readonly blocks: number;
  readonly uuid: Uint8Array;
  /** Seconds and nanoseconds of every compact inode. */
  readonly epoch: number;
  readonly fixedNsec: number;
  /** Where the superblock ends, with its slots. */
  readonly superEnd: number;
  /** Bits of the algorithms whose configurations follow the superblock; 0 where none do. */
  readonly algorithms: number;
  /** Compressed data stands at the end of its blocks. */
  readonly isPadded: boolean;
  /** Byte from which NIDs count. */
  readonly nidOff: number;
  /** Byte from which the numbers of shared attributes count. */
  readonly xattrOff: number;
  /** Those lie in the metabox. */
  readonly hasXattrsInBox: boolean;
  /** The table of long prefixes: where it begins, in what, and how many it has. */
  readonly prefixes: { readonly at: number; readonly count: number; readonly within: "image" | "box" | "packed" };
  readonly rootNid: number;
  /** 0: there is none. */
  readonly packedNid: number;
  /** 0: there is none. */
  readonly metaboxNid: number;
  /** By number, less one. */
  readonly devices: readonly ErofsDevice[];
  /** The contents of the metabox, in which inodes lie whose NIDs say so; undefined where there is none. */
  readonly box: ImageBytes | undefined;
  /** The contents of the packed inode, where something is in them that is no file's. */
  readonly packed: ImageBytes | undefined;
}

/** In what data may lie besides the image. */
export interface ErofsDevice {
  /** Where the image says so. */
  readonly at: number;
  readonly tag: Uint8Array;
  readonly blocks: number;
  /** Addresses that count through all devices are its own from this block on; 0: none are. */
  readonly startBlk: number;
  /** What was given as such, or what lies behind the image, where both are one disk. Undefined: it is not there. */
  readonly bytes: ImageBytes | undefined;
}

/** What is added here to the NID of an inode in the metabox: on disk bit 63, which no safe integer has. */
const IN_BOX = 2 ** 52;
/** NIDs are less: their inodes start at bytes that can be told. */
const MOST_NID = 2 ** 48;

/** A NID as it is on disk, as a number; one that cannot be leads to nowhere. */
export function readNid(view: StructView, at: number, field: Offset<"u64">): number {
  const nid = Math.min(view.getUnderTop(at, field), MOST_NID);
  return view.getTopBit(at, field) ? nid + IN_BOX : nid;
}

/** A NID as a dump shows it. */
export function showNid(nid: number): string {
  return nid < IN_BOX ? `${nid}` : `box.${nid - IN_BOX}`;
}

/** Whether an image is one of EROFS. */
export async function isErofs(bytes: ImageBytes): Promise<boolean> {
  if (bytes.size < SUPER_OFFSET + SUPER.byteSize) return false;
  const view = await bytes.view(SUPER_OFFSET, SUPER.byteSize);
  return view.getU32(0, SUPER.magic) === SUPER_MAGIC;
}

/**
 * Reads the superblock. What lies in a metabox or in a packed inode is not to be reached yet: see openErofs.
 *
 * @param devices those that are there, in their order
 * @throws ImageError `DAMAGED` where there is none, `INPUT` where it has features that are not read here
 */
export async function readSuperblock(bytes: ImageBytes, devices: readonly ImageBytes[] = []): Promise<ErofsImage> {
  const view = await bytes.view(SUPER_OFFSET, SUPER.byteSize);
  const fields = decodeStruct(view, 0, SUPER);
  const { blkszbits, feature_incompat: incompat } = fields;
  if (fields.magic !== SUPER_MAGIC) throw damaged(SUPER_OFFSET, "there is no superblock of EROFS");
  refuseUnknown(incompat & ~KNOWN_INCOMPAT, fields.dirblkbits);
  if (blkszbits < LEAST_BLOCK_BITS || blkszbits > MOST_BLOCK_BITS)
    throw damaged(SUPER_OFFSET, `blocks of 2^${blkszbits} bytes`);
  if (fields.fixed_nsec >= 1e9) throw damaged(SUPER_OFFSET, `${fields.fixed_nsec} nanoseconds are more than a second`);
  const blockSize = 2 ** blkszbits;
  const superEnd = SUPER_OFFSET + SUPER.byteSize + fields.sb_extslots * SUPER_SLOT;
  bytes.check(SUPER_OFFSET, superEnd - SUPER_OFFSET);
  const isWide = (incompat & INCOMPAT_48BIT) !== 0 && fields.rootnid_8b !== 0n;
  const hasBox = (incompat & INCOMPAT_METABOX) !== 0;
  return {
    bytes,
    blockSize,
    blockBits: blkszbits,
    blocks: fields.blocks_lo + (isWide ? fields.rootnid_2b * 2 ** 32 : 0),
    uuid: fields.uuid,
    epoch: toSeconds(bytes, fields.epoch, SUPER_OFFSET),
    fixedNsec: fields.fixed_nsec,
    superEnd,
    algorithms: (incompat & INCOMPAT_COMPR_CFGS) === 0 ? 0 : fields.available_compr_algs,
    isPadded: (incompat & INCOMPAT_ZERO_PADDING) !== 0,
    // Linux takes it as a signed number: NIDs may count from before the image
    nidOff: (fields.meta_blkaddr | 0) * blockSize,
    xattrOff: fields.xattr_blkaddr * blockSize,
    hasXattrsInBox: hasBox && (fields.feature_compat & COMPAT_SHARED_EA_IN_METABOX) !== 0,
    prefixes: {
      at: PREFIX_UNIT * fields.xattr_prefix_start,
      count: (incompat & INCOMPAT_XATTR_PREFIXES) === 0 ? 0 : fields.xattr_prefix_count,
      within: prefixPlace(fields.feature_compat, hasBox, fields.packed_nid !== 0n),
    },
    rootNid: isWide ? readNid(view, 0, SUPER.rootnid_8b) : fields.rootnid_2b,
    packedNid: readNid(view, 0, SUPER.packed_nid),
    metaboxNid: hasBox ? await readMetaboxNid(bytes, fields.sb_extslots) : 0,
    devices: (incompat & INCOMPAT_DEVICE_TABLE) === 0 ? [] : await readDevices(bytes, fields, devices),
    box: undefined,
    packed: undefined,
  };
}

/** Refuses what an image may have, and what is not read here. */
function refuseUnknown(unknown: number, dirBlockBits: number): void {
  if (unknown !== 0)
    throw unsupported(`features that are not known, feature_incompat 0x${(unknown >>> 0).toString(16)}`);
  // Linux mounts none of those either
  if (dirBlockBits !== 0) throw unsupported(`directories in blocks of 2^${dirBlockBits} of its blocks (dirblkbits)`);
}

/** In what the table of long prefixes lies. */
function prefixPlace(compat: number, hasBox: boolean, hasPacked: boolean): "image" | "box" | "packed" {
  if ((compat & COMPAT_PLAIN_XATTR_PFX) !== 0) return "image";
  if (hasBox) return "box";
  return hasPacked ? "packed" : "image";
}

/** What the superblock says of devices. */
interface DeviceFields {
  extra_devices: number;
  devt_slotoff: number;
  blkszbits: number;
  feature_incompat: number;
}

/** The table of devices. */
async function readDevices(
  bytes: ImageBytes,
  { extra_devices: count, devt_slotoff: slot, blkszbits, feature_incompat: incompat }: DeviceFields,
  given: readonly ImageBytes[],
): Promise<ErofsDevice[]> {
  const from = slot * DEVICE_SLOT.byteSize;
  bytes.check(from, count * DEVICE_SLOT.byteSize);
  const high = (incompat & INCOMPAT_48BIT) === 0 ? 0 : 2 ** 32;
  const blockSize = 2 ** blkszbits;
  const devices: ErofsDevice[] = [];
  for (let index = 0; index < count; index++) {
    const at = from + index * DEVICE_SLOT.byteSize;
    const fields = decodeStruct(await bytes.view(at, DEVICE_SLOT.byteSize), 0, DEVICE_SLOT);
    const { blocks_lo, blocks_hi, uniaddr_lo, uniaddr_hi, tag } = fields;
    const [blocks, startBlk] = [blocks_lo + blocks_hi * high, uniaddr_lo + uniaddr_hi * high];
    const behind = () => findBehind(bytes, index + 1, startBlk * blockSize, blocks * blockSize);
    devices.push({ at, tag, blocks, startBlk, bytes: given[index] ?? behind() });
  }
  return devices;
}

/** A device behind the image: all of it; where the table does not say how long it is, all that is there. */
function findBehind(bytes: ImageBytes, number: number, at: number, length: number): ImageBytes | undefined {
  if (at === 0 || at >= bytes.size || at + length > bytes.size) return undefined;
  return bytes.part(at, length === 0 ? bytes.size - at : length, `device ${number}`);
}

/** What a device holds. @throws ImageError `INPUT` where it is not there */
export function deviceBytes({ devices }: ErofsImage, number: number): ImageBytes {
  const found = devices[number - 1]?.bytes;
  if (found !== undefined) return found;
  throw new ImageError(
    "INPUT",
    `this image has data in device ${number}, which is not there: --device (devices) says where`,
  );
}

/** A time, which must be one that this language has. */
function toSeconds(bytes: ImageBytes, value: bigint, at: number): number {
  const seconds = Number(value);
  if (!Number.isSafeInteger(seconds)) throw bytes.damaged(at, `${value} is no time`);
  return seconds;
}

async function readMetaboxNid(bytes: ImageBytes, slots: number): Promise<number> {
  if (slots === 0) throw damaged(SUPER_OFFSET, "there is a metabox, and no slot that says where");
  const view = await bytes.view(SUPER_OFFSET + SUPER.byteSize, SUPER_METABOX.byteSize);
  return readNid(view, 0, SUPER_METABOX.metabox_nid);
}

/** Where the inode of a NID lies: in the image, or in the metabox. */
export function locateInode({ bytes, box, nidOff }: ErofsImage, nid: number): { space: ImageBytes; at: number } {
  if (nid < IN_BOX) return { space: bytes, at: nidOff + nid * SLOT };
  const at = (nid - IN_BOX) * SLOT;
  if (box === undefined) throw damaged(SUPER_OFFSET, `there is no metabox, in which an inode should lie at ${at}`);
  return { space: box, at };
}

/** In what the shared attributes lie. */
export function xattrSpace({ bytes, box, hasXattrsInBox }: ErofsImage): ImageBytes {
  return hasXattrsInBox && box !== undefined ? box : bytes;
}

/** In what the table of long prefixes lies. */
export function prefixSpace({ bytes, box, packed, prefixes }: ErofsImage): ImageBytes {
  return (prefixes.within === "box" ? box : prefixes.within === "packed" ? packed : undefined) ?? bytes;
}
