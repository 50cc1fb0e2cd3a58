/** What is known of a range of a file's bytes, and how all of them are asked for. */
import { roundUp } from "../../../core/bytes.ts";
import { damaged, type ImageBytes } from "../../image.ts";
import type { ErofsDevice, ErofsImage } from "../image.ts";

/** A range of a file's bytes. */
export interface Extent {
  /** First byte of the file, and how many. */
  readonly start: number;
  readonly length: number;
  /**
   * What there is of it: bytes of the image, in blocks or behind the inode; bytes of the packed inode, or of a device;
   * nothing.
   */
  readonly source: "blocks" | "inode" | "packed" | "device" | "hole";
  /** The number of the device. */
  readonly device: number;
  /** In what that lies; undefined where it lies in none, or in a device that is not there. */
  readonly space: ImageBytes | undefined;
  /** Where that starts, and its bytes as they are stored. */
  readonly at: number;
  readonly stored: number;
  /** Undefined: it is not compressed. */
  readonly algorithm: number | undefined;
  /** It is but the start of what is stored. */
  readonly isPartial: boolean;
  /** Not compressed, and turned: byte x of the file stands at x modulo a block. */
  readonly isTurned: boolean;
}

/** The extents of a file, which are looked up as they are asked for: a list of them may take more memory than the image. */
export interface FileMap {
  /**
   * The extent in which a byte of the file lies; several that go on may be told as one. It costs least from front to back.
   *
   * @throws ImageError `DAMAGED` where it cannot be
   */
  extentAt(offset: number): Extent | Promise<Extent>;
}

/** Where a range lies. */
type ExtentPlace = Pick<Extent, "source" | "device" | "space" | "at">;

/** A range of bytes that are stored as they are. */
function plainExtent(
  start: number,
  length: number,
  stored: number,
  { source, device, space, at }: ExtentPlace,
): Extent {
  // written out, as everywhere for extents: an object that is spread takes a multiple of the time
  return {
    start,
    length,
    source,
    device,
    space,
    at,
    stored,
    algorithm: undefined,
    isPartial: false,
    isTurned: false,
  };
}

/** A range that lies in the packed inode, from `at` on. */
export function packedExtent(start: number, length: number, at: number): Extent {
  return plainExtent(start, length, length, { source: "packed", device: 0, space: undefined, at });
}

/** A range of zeros that is not stored. */
export function holeExtent(start: number, length: number): Extent {
  return plainExtent(start, length, 0, { source: "hole", device: 0, space: undefined, at: 0 });
}

/** A range that lies behind the inode. */
export function inodeExtent(start: number, length: number, space: ImageBytes, at: number): Extent {
  space.check(at, length);
  return plainExtent(start, length, length, { source: "inode", device: 0, space, at });
}

/** A range that lies in whole blocks from `blk` on, of the image or of a device: see {@link placeBytes}. */
export function blockExtent(image: ErofsImage, start: number, length: number, blk: number, number = 0): Extent {
  const { blockSize } = image;
  const stored = roundUp(length, blockSize);
  return plainExtent(start, length, stored, placeBytes(image, blk * blockSize, stored, number));
}

/**
 * Where an address leads: into the image, or a device. In the image are also addresses that count through all devices.
 *
 * @param number of the device that the address is one of; 0: none is named
 * @throws ImageError `DAMAGED` where there are not so many bytes
 */
export function placeBytes(
  { bytes, blockSize, devices }: ErofsImage,
  address: number,
  stored: number,
  number: number,
): ExtentPlace {
  const isOf = ({ startBlk, blocks }: ErofsDevice) =>
    startBlk > 0 && address >= startBlk * blockSize && address < (startBlk + blocks) * blockSize;
  const device = number || (devices.length === 0 ? 0 : devices.findIndex(isOf) + 1);
  if (device === 0) {
    bytes.check(address, stored);
    return { source: "blocks", device, space: bytes, at: address };
  }
  const { blocks, startBlk, bytes: space } = devices[device - 1] ?? noDevice(device);
  const at = number === 0 ? address - startBlk * blockSize : address;
  // mkfs.erofs 1.5 says of none how many it has
  if (blocks > 0 && at + stored > blocks * blockSize) throw damaged(at, `device ${device} has ${blocks} blocks`);
  return { source: "device", device, space, at };
}

function noDevice(number: number): never {
  throw damaged(0, `data lies in device ${number}, of which there is none`);
}
