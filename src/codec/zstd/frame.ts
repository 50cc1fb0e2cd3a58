/**
 * The outline of a Zstandard frame (RFC 8878), as far as it must be known to tell where a frame and its blocks end, and
 * to make a shorter one of its first blocks. What is inside of blocks is libzstd's business.
 *
 *   | magic | descriptor | window | dictionary | content size | block ... block | checksum |
 *   | 4     | 1          | 0, 1   | 0          | 0, 1, 2, 4, 8|                 | 0, 4     |
 *
 *   a block: | last (1 bit), type (2 bits), size (21 bits) | contents |
 */
import { ImageError } from "../../core/error.ts";

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** Types of blocks: this one holds a single byte, whatever its size says; the last one does not exist. */
const RLE = 1;
const RESERVED = 3;
/** No block decodes to more. */
export const MAX_BLOCK = 0x20000;
/** The header of a block. */
export const BLOCK_HEAD = 3;
/** A size that is told by two bytes is larger by this. */
const TWO_BYTES_MORE = 256;
/** The smallest header of a frame, and the one that is made for its first blocks. */
const HEAD = 6;

/** The bytes of a window, as its byte in a header tells it. */
function windowSize(window: number): number {
  return 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
}

/** What a frame's header says. */
interface FrameHead {
  /** Offset of the size of the contents, and how many bytes tell it. */
  readonly sizeOff: number;
  readonly sizeLen: number;
  /** Offset of the first block. */
  readonly blocksOff: number;
  /** The window as its byte in a header tells it, at least as large as the frame needs; no block decodes to more. */
  readonly window: number;
  /** How many bytes are behind the last block. */
  readonly checksumLen: number;
}

/** What is thrown for a frame that cannot be read. */
export function damagedFrame(what: string): ImageError {
  return new ImageError("DAMAGED", `this is no Zstandard frame: ${what}`);
}

/** Reads the header of the frame in `bytes[from, to)`. */
function readHead(bytes: Uint8Array, from: number, to: number): FrameHead {
  if (to - from < HEAD || MAGIC.some((byte, i) => bytes[from + i] !== byte)) throw damagedFrame("it has no header");
  const descriptor = bytes[from + 4]!;
  if ((descriptor & 0x08) !== 0) throw damagedFrame("a reserved bit is set");
  if ((descriptor & 3) !== 0) throw damagedFrame("it needs a dictionary");
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >> 6;
  const sizeLen = sizeCode === 0 ? (isSingle ? 1 : 0) : 1 << sizeCode;
  const sizeOff = from + 5 + (isSingle ? 0 : 1);
  const blocksOff = sizeOff + sizeLen;
  if (blocksOff > to) throw damagedFrame("it ends inside its header");
  const checksumLen = (descriptor & 4) !== 0 ? 4 : 0;
  if (!isSingle) return { sizeOff, sizeLen, blocksOff, window: bytes[from + 5]!, checksumLen };
  let size = 0;
  for (let i = sizeLen - 1; i >= 0; i--) size = size * 256 + bytes[sizeOff + i]!;
  if (sizeLen === 2) size += TWO_BYTES_MORE;
  let windowBits = 10;
  while (2 ** windowBits < size) windowBits++;
  return { sizeOff, sizeLen, blocksOff, window: Math.min(31, windowBits - 10) << 3, checksumLen };
}

/** Reads the header of the block at `at`; gives the offset behind the block, and whether it is the last one. */
function readBlock(bytes: Uint8Array, at: number, to: number): { end: number; isLast: boolean } {
  if (at + BLOCK_HEAD > to) throw damagedFrame("it ends too early");
  const head = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  const type = (head >> 1) & 3;
  if (type === RESERVED) throw damagedFrame("a block is of a type that does not exist");
  const end = at + BLOCK_HEAD + (type === RLE ? 1 : head >> 3);
  if (end > to) throw damagedFrame("it ends too early");
  return { end, isLast: (head & 1) !== 0 };
}

/**
 * Checks that `bytes[from, to)` is one frame and nothing else.
 *
 * @throws ImageError `DAMAGED`
 */
export function checkFrame(bytes: Uint8Array, from: number, to: number): void {
  const { blocksOff, checksumLen } = readHead(bytes, from, to);
  let at = blocksOff;
  for (let isLast = false; !isLast; ) ({ end: at, isLast } = readBlock(bytes, at, to));
  if (at + checksumLen !== to) throw damagedFrame("its end is not where it should be");
}

/** The largest size of contents that so many bytes can tell. */
const MOST_TOLD: Record<number, number> = { 1: 0xff, 2: 0xffff + TWO_BYTES_MORE, 4: 0xffffffff };

/**
 * Makes the frame in `bytes[from, to)`, with contents of `size` bytes and no checksum, longer by a block of bytes as they
 * are: as many of `more` as have room up to `end`, and as its header can tell.
 *
 * @returns how many bytes of `more` are in it now; {@link BLOCK_HEAD} more than these is what the frame has grown by
 */
export function appendStored(
  bytes: Uint8Array,
  from: number,
  to: number,
  end: number,
  size: number,
  more: Uint8Array,
): number {
  const { sizeOff, sizeLen, blocksOff, window } = readHead(bytes, from, to);
  const mostSize = MOST_TOLD[sizeLen] ?? 0;
  // no block is larger than the window: a single segment's is what it holds
  const mostBlock = sizeOff === from + 5 ? MAX_BLOCK : Math.min(windowSize(window), MAX_BLOCK);
  const added = Math.min(more.length, end - to - BLOCK_HEAD, mostSize - size, mostBlock);
  if (added <= 0) return 0;
  for (let at = blocksOff, isLast = false; !isLast; ) {
    const block = readBlock(bytes, at, to);
    if (block.isLast) bytes[at]! &= ~1;
    ({ end: at, isLast } = block);
  }
  // type 0, and it is the last one
  const head = added * 8 + 1;
  bytes.set([head & 255, (head >> 8) & 255, head >> 16], to);
  bytes.set(more.subarray(0, added), to + BLOCK_HEAD);
  let told = size + added - (sizeLen === 2 ? TWO_BYTES_MORE : 0);
  for (let i = 0; i < sizeLen; i++, told = Math.floor(told / 256)) bytes[sizeOff + i] = told & 255;
  return added;
}

/** Most bytes that a block of the frame in `bytes[from, to)` decodes to. */
export function mostOfBlock(bytes: Uint8Array, from: number, to: number): number {
  return Math.min(windowSize(readHead(bytes, from, to).window), MAX_BLOCK);
}

/**
 * Runs `use` on a frame of the first `blocks` blocks of the frame in `bytes[from, to)`, or of all: on a range of
 * `bytes`, which is changed for so long. What is behind these blocks need not be there.
 *
 * @returns what `use` gave, and whether that were all blocks
 * @throws ImageError `DAMAGED` when there are neither so many blocks nor a last one
 */
export function withFirstBlocks<T>(
  bytes: Uint8Array,
  from: number,
  to: number,
  blocks: number,
  use: (from: number, to: number) => T,
): { result: T; isAll: boolean } {
  const { blocksOff, window } = readHead(bytes, from, to);
  let last = blocksOff;
  let { end, isLast } = readBlock(bytes, last, to);
  for (let i = 1; i < blocks && !isLast; i++) {
    last = end;
    ({ end, isLast } = readBlock(bytes, last, to));
  }
  const start = blocksOff - HEAD;
  const head = bytes.slice(start, blocksOff);
  const lastByte = bytes[last]!;
  bytes.set([...MAGIC, 0, window], start);
  bytes[last] = lastByte | 1;
  try {
    return { result: use(start, end), isAll: isLast };
  } finally {
    bytes[last] = lastByte;
    bytes.set(head, start);
  }
}
