/** Where the bytes of a file lie, whatever its data layout: a row of extents. Source: Linux fs/erofs/{data,zmap}.c. */
import { roundUp } from "../../core/bytes.ts";
import {
  CHUNK_ADDRESS,
  CHUNK_INDEX,
  CHUNK_INDEXES,
  LAYOUT_CHUNK,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  MAX_CHUNK_BITS,
  NULL_BLOCK,
} from "../../erofs/disk/format.ts";
import { damaged } from "../image.ts";
import { indexExtents, recordExtents } from "./compressed-extents.ts";
import { type Extent, PLAIN_BYTES, packedExtent } from "./extent.ts";
import { readIndex } from "./file-index.ts";
import type { ErofsDevice, ErofsImage } from "./image.ts";
import type { ErofsInode } from "./inode.ts";

/** Chunk format: all bits that mean something, and that addresses have an upper half. */
const [CHUNK_KNOWN, CHUNK_48BIT] = [0x7f, 0x40] as const;

/**
 * The extents of a file, from its first byte to its last. Holes in front of data are told, those of the rest need not be.
 *
 * @throws ImageError `DAMAGED` where they do not hold together
 */
export async function* readExtents(image: ErofsImage, inode: ErofsInode): AsyncGenerator<Extent> {
  const { layout, size } = inode;
  if (size === 0) return;
  if (layout === LAYOUT_PLAIN || layout === LAYOUT_INLINE) yield* flatExtents(image, inode);
  else if (layout === LAYOUT_CHUNK) yield* chunkExtents(image, inode);
  else {
    const index = await readIndex(image, inode);
    if (index.kind === "fragment") yield packedExtent(0, size, index.fragmentOff!);
    else if (index.kind === "records") yield* recordExtents(image, inode, index);
    else yield* indexExtents(image, inode, index);
  }
}

function* flatExtents(image: ErofsImage, { layout, size, startBlk, end, at, space }: ErofsInode): Generator<Extent> {
  const { blockSize } = image;
  const whole = layout === LAYOUT_PLAIN ? size : Math.floor((size - 1) / blockSize) * blockSize;
  if (whole > 0 && startBlk % 2 ** 32 !== NULL_BLOCK) {
    yield placed(image, { start: 0, length: whole }, startBlk);
  } else if (whole > 0) yield { start: 0, length: whole, source: "hole", at: 0, stored: 0, ...PLAIN_BYTES };
  if (whole === size) return;
  const tail = size - whole;
  space.check(end, tail);
  if (Math.floor(end / blockSize) !== Math.floor((end + tail - 1) / blockSize))
    throw space.damaged(at, "its tail crosses a block");
  yield { start: whole, length: tail, source: "inode", space, at: end, stored: tail, ...PLAIN_BYTES };
}

/** Where the chunks of a file are listed, and how. */
export function chunkList(image: ErofsImage, { union, size, end, at, space }: ErofsInode) {
  if ((union & ~CHUNK_KNOWN) !== 0) throw space.damaged(at, `chunks have no format ${union}`);
  const shape = (union & CHUNK_INDEXES) === 0 ? CHUNK_ADDRESS : CHUNK_INDEX;
  const chunkBytes = image.blockSize * 2 ** (union & MAX_CHUNK_BITS);
  const entries = Math.ceil(size / chunkBytes);
  const from = roundUp(end, shape.byteSize);
  space.check(from, entries * shape.byteSize);
  return { at: from, end: from + entries * shape.byteSize, shape, chunkBytes, isWide: (union & CHUNK_48BIT) !== 0 };
}

async function* chunkExtents(image: ErofsImage, inode: ErofsInode): AsyncGenerator<Extent> {
  // as many of the number's bits count as are needed
  const mask = 2 ** Math.ceil(Math.log2(image.devices.length + 1)) - 1;
  const { at, end, shape, chunkBytes, isWide } = chunkList(image, inode);
  let start = 0;
  for (let entry = at; entry < end; entry += shape.byteSize, start += chunkBytes) {
    const view = await inode.space.view(entry, shape.byteSize);
    const low = view.getU32(0, shape.startblk_lo);
    const device = shape === CHUNK_INDEX ? view.getU16(0, CHUNK_INDEX.device_id) & mask : 0;
    const high = isWide && shape === CHUNK_INDEX ? view.getU16(0, CHUNK_INDEX.startblk_hi) : 0;
    const length = Math.min(chunkBytes, inode.size - start);
    const isHole = low === NULL_BLOCK && (!isWide || high === 0xffff);
    const blk = low + high * 2 ** 32;
    if (isHole) yield { start, length, source: "hole", at: 0, stored: 0, ...PLAIN_BYTES };
    else yield placed(image, { start, length }, blk, device);
  }
}

/** Whole blocks from `blk` on, of the image or of a device: an address of the image that is a device's is so too. */
function placed(image: ErofsImage, range: Pick<Extent, "start" | "length">, blk: number, number = 0): Extent {
  const { blockSize, bytes, devices } = image;
  const stored = roundUp(range.length, blockSize);
  const isOf = ({ startBlk, blocks }: ErofsDevice) => startBlk > 0 && blk >= startBlk && blk < startBlk + blocks;
  const unified = number === 0 ? devices.findIndex(isOf) : -1;
  const device = number || unified + 1;
  if (device === 0) {
    bytes.check(blk * blockSize, stored);
    return { ...range, source: "blocks", at: blk * blockSize, stored, ...PLAIN_BYTES };
  }
  const { blocks, startBlk } = devices[device - 1] ?? noDevice(device);
  const at = (number === 0 ? blk - startBlk : blk) * blockSize;
  if (at + stored > blocks * blockSize) throw damaged(at, `device ${device} has ${blocks} blocks`);
  return { ...range, source: "device", device, at, stored, ...PLAIN_BYTES };
}

function noDevice(number: number): never {
  throw damaged(0, `data lies in device ${number}, of which there is none`);
}
