/**
 * The filter of RISC-V code, see branch.ts: `jal`, and `auipc` with the instruction behind it, which has the lower bits of the
 * address. The two trade places: the address, absolute and big-endian, stands where the second instruction did, and most of
 * that one in the first, whose register is then x2. What looks like that already is turned the other way, so that any bytes
 * can be filtered. After the description of the filter in .xz 1.2.
 */
import {
  type BranchKind,
  bigEndian,
  type Direction,
  ENCODE,
  littleEndian,
  putBigEndian,
  putLittleEndian,
} from "./branch.ts";

const JAL = 0xef;
const AUIPC = 0x17;
/** The register that says that a pair has been turned. */
const TURNED = 2;
const PAIR = 8;

/** RISC-V, with instructions of two bytes between others. */
export const riscv: BranchKind = (direction) => (bytes, at) => {
  let from = 0;
  while (from + PAIR <= bytes.length) {
    if (bytes[from] === JAL) from += turnJump(bytes, from, at + from, direction);
    else if ((bytes[from]! & 0x7f) === AUIPC) from += turnPair(bytes, from, at + from, direction);
    else from += 2;
  }
  return from;
};

/** A `jal` that keeps where it came from in x1 or x5; gives how far to go on. */
function turnJump(bytes: Uint8Array, from: number, position: number, direction: Direction): number {
  const [b1, b2, b3] = [bytes[from + 1]!, bytes[from + 2]!, bytes[from + 3]!];
  if ((b1 & 0x0d) !== 0) return 2;
  if (direction === ENCODE) {
    const near = ((b1 & 0xf0) << 8) | ((b2 & 0x0f) << 16) | ((b2 & 0x10) << 7) | ((b2 & 0xe0) >> 4);
    const address = (near | ((b3 & 0x7f) << 4) | ((b3 & 0x80) << 13)) + position;
    bytes[from + 1] = (b1 & 0x0f) | ((address >>> 13) & 0xf0);
    bytes[from + 2] = address >>> 9;
    bytes[from + 3] = address >>> 1;
  } else {
    const address = (((b1 & 0xf0) << 13) | (b2 << 9) | (b3 << 1)) - position;
    bytes[from + 1] = (b1 & 0x0f) | ((address >>> 8) & 0xf0);
    bytes[from + 2] = ((address >>> 16) & 0x0f) | ((address >>> 7) & 0x10) | ((address << 4) & 0xe0);
    bytes[from + 3] = ((address >>> 4) & 0x7f) | ((address >>> 13) & 0x80);
  }
  return 4;
}

/** An `auipc`; gives how far to go on. */
function turnPair(bytes: Uint8Array, from: number, position: number, direction: Direction): number {
  const first = littleEndian(bytes, from);
  const second = littleEndian(bytes, from + 4);
  // its register is neither x0 nor x2
  if ((first & 0xe80) !== 0) {
    // the second has another register, or is one of two bytes: it may be the first of a pair itself
    if ((((first << 8) ^ (second - 3)) & 0xf8003) !== 0) return 6;
    const base = first & 0xfffff000;
    putLittleEndian(bytes, from, AUIPC | (TURNED << 7) | (second << 12));
    // the lower bits have a sign
    if (direction === ENCODE) putBigEndian(bytes, from + 4, base + (second >> 20) + position);
    else putLittleEndian(bytes, from + 4, base | (second >>> 20));
    return PAIR;
  }
  const register = first >>> 27;
  if ((first - (AUIPC | (TURNED << 7) | 0x3000)) << 18 !== 0 || (register & 0x1d) === 0) return 4;
  if (direction === ENCODE) {
    putLittleEndian(bytes, from, AUIPC | (register << 7) | (second & 0xfffff000));
    putLittleEndian(bytes, from + 4, (first >>> 12) | (second << 20));
  } else {
    const address = bigEndian(bytes, from + 4) - position;
    putLittleEndian(bytes, from, AUIPC | (register << 7) | ((address + 0x800) & 0xfffff000));
    putLittleEndian(bytes, from + 4, (first >>> 12) | (address << 20));
  }
  return PAIR;
}
