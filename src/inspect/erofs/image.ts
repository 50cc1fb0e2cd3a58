/** An EROFS image as a reader finds it: what its superblock says. Source: Linux fs/erofs/super.c. */
import { decodeStruct } from "../../core/struct.ts";
import {
  INCOMPAT_48BIT,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_COMPR_CFGS,
  INCOMPAT_FRAGMENTS,
  INCOMPAT_ZERO_PADDING,
  INCOMPAT_ZTAILPACKING,
  SLOT,
  SUPER,
  SUPER_MAGIC,
  SUPER_OFFSET,
} from "../../erofs/disk/format.ts";
import { damaged, type ImageBytes, unsupported } from "../image.ts";

/** What is read here of all that an image may need. */
const KNOWN_INCOMPAT =
  INCOMPAT_ZERO_PADDING |
  INCOMPAT_COMPR_CFGS |
  INCOMPAT_CHUNKED_FILE |
  INCOMPAT_ZTAILPACKING |
  INCOMPAT_FRAGMENTS |
  INCOMPAT_48BIT;

/** Bytes of one slot behind the superblock. */
const SUPER_SLOT = 16;
/** The smallest and the largest block, in bits. */
const [LEAST_BLOCK_BITS, MOST_BLOCK_BITS] = [9, 16] as const;

/** An image whose superblock has been read. */
export interface ErofsImage {
  readonly bytes: ImageBytes;
  readonly blockSize: number;
  readonly blockBits: number;
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
  readonly rootNid: number;
  /** 0: there is none. */
  readonly packedNid: number;
}

/** Whether an image is one of EROFS. */
export async function isErofs(bytes: ImageBytes): Promise<boolean> {
  if (bytes.size < SUPER_OFFSET + SUPER.byteSize) return false;
  const view = await bytes.view(SUPER_OFFSET, SUPER.byteSize);
  return view.getU32(0, SUPER.magic) === SUPER_MAGIC;
}

/**
 * Reads the superblock.
 *
 * @throws ImageError `DAMAGED` where there is none, `INPUT` where it has features that are not read here
 */
export async function openErofs(bytes: ImageBytes): Promise<ErofsImage> {
  const fields = decodeStruct(await bytes.view(SUPER_OFFSET, SUPER.byteSize), 0, SUPER);
  const { blkszbits, feature_incompat: incompat } = fields;
  if (fields.magic !== SUPER_MAGIC) throw damaged(SUPER_OFFSET, "there is no superblock of EROFS");
  if (blkszbits < LEAST_BLOCK_BITS || blkszbits > MOST_BLOCK_BITS || fields.dirblkbits !== 0) {
    throw damaged(SUPER_OFFSET, `blocks of 2^${blkszbits} bytes, directory blocks of 2^${fields.dirblkbits} of these`);
  }
  const unknown = incompat & ~KNOWN_INCOMPAT;
  if (unknown !== 0) throw unsupported(`the features 0x${(unknown >>> 0).toString(16)}`);
  const blockSize = 2 ** blkszbits;
  const superEnd = SUPER_OFFSET + SUPER.byteSize + fields.sb_extslots * SUPER_SLOT;
  bytes.check(SUPER_OFFSET, superEnd - SUPER_OFFSET);
  const isWide = (incompat & INCOMPAT_48BIT) !== 0 && fields.rootnid_8b !== 0n;
  return {
    bytes,
    blockSize,
    blockBits: blkszbits,
    superEnd,
    algorithms: (incompat & INCOMPAT_COMPR_CFGS) === 0 ? 0 : fields.available_compr_algs,
    isPadded: (incompat & INCOMPAT_ZERO_PADDING) !== 0,
    // Linux takes it as a signed number: NIDs may count from before the image
    nidOff: (fields.meta_blkaddr | 0) * blockSize,
    xattrOff: fields.xattr_blkaddr * blockSize,
    rootNid: isWide ? bytes.toNumber(fields.rootnid_8b, SUPER_OFFSET) : fields.rootnid_2b,
    packedNid: bytes.toNumber(fields.packed_nid, SUPER_OFFSET),
  };
}

/** Where the inode of a NID lies. */
export function inodeOff(image: ErofsImage, nid: number): number {
  return image.nidOff + nid * SLOT;
}
