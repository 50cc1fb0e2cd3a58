/** Bytes of a file that are stored as they are, in the blocks of a piece. */
import { equalBytes, roundUp } from "../../../core/bytes.ts";
import type { PieceOutput } from "../piece-output.ts";
import type { PartInput } from "./part-input.ts";

/** Appends bytes as they are, and zeros up to a multiple of `unit`. */
export function storeBytes(out: PieceOutput, bytes: Uint8Array, unit: number): void {
  const { blocks, blocksUsed } = out;
  const stored = roundUp(bytes.length, unit);
  blocks.set(bytes, blocksUsed);
  blocks.fill(0, blocksUsed + bytes.length, blocksUsed + stored);
  out.blocksUsed += stored;
}

/** Appends up to a block, its first byte at `turn`, what goes beyond its end at its start. */
export function storeTurned(out: PieceOutput, bytes: Uint8Array, turn: number, blockSize: number, unit: number): void {
  const { blocks, blocksUsed } = out;
  const first = Math.min(bytes.length, blockSize - turn);
  const stored = roundUp(bytes.length, unit);
  if (bytes.length < stored) blocks.fill(0, blocksUsed, blocksUsed + stored);
  blocks.set(bytes.subarray(0, first), blocksUsed + turn);
  blocks.set(bytes.subarray(first), blocksUsed);
  out.blocksUsed += stored;
}

/** How many whole blocks of `bytes` are equal to one in front of them. */
export function countEqualBlocks(bytes: Uint8Array, blockSize: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = new Map<number, number>();
  let count = 0;
  for (let at = 0; at + blockSize <= bytes.length; at += blockSize) {
    // bytes that look random tell blocks apart by any few of them
    const key = view.getUint32(at, true) ^ Math.imul(view.getUint32(at + blockSize / 2, true), 0x9e3779b1);
    const before = first.get(key);
    if (before === undefined) first.set(key, at);
    else if (equalBytes(bytes.subarray(before, before + blockSize), bytes.subarray(at, at + blockSize))) count++;
  }
  return count;
}

/**
 * Nothing of the file is compressed: it needs no index, and its last block may go behind its inode. Returns where its
 * blocks start.
 */
export function flatten(
  out: PieceOutput,
  { size, flatRoom }: PartInput,
  blockSize: number,
  { blocksAt, extentsAt }: { blocksAt: number; extentsAt: number },
): number {
  const tail = size % blockSize;
  const start = roundUp(blocksAt, blockSize);
  // whoever refers to them is told where they have gone
  out.dropExtents(start, extentsAt);
  if (start > blocksAt) {
    out.blocks.copyWithin(start, blocksAt, blocksAt + size);
    out.blocks.fill(0, blocksAt, start);
  }
  const whole = start + size - tail;
  const isInline = tail > 0 && tail <= flatRoom;
  if (isInline) out.inline.append(out.blocks.subarray(whole, whole + tail));
  out.blocksUsed = whole + (tail === 0 || isInline ? 0 : blockSize);
  if (!isInline) out.blocks.fill(0, start + size, out.blocksUsed);
  return start;
}
