/**
 * The header of a member of a tar archive, a block of 512 bytes. Fields are those of POSIX's ustar and of GNU tar; older
 * archives have the first half only.
 *
 *     | name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | chksum 8 | typeflag | linkname 100 |
 *     | magic 6 | version 2 | uname 32 | gname 32 | devmajor 8 | devminor 8 | prefix 155 |   (or what GNU tar has there)
 *
 * Numbers are octal digits, or, with the first bit set, a binary number of all other bits (GNU, star).
 */
import { bytesFromLatin1, latin1FromBytes } from "../../../../core/bytes.ts";

/** Bytes of a block: all that an archive is made of. */
export const BLOCK = 512;

/** Where a field starts, and its bytes. */
type Field = readonly [at: number, length: number];

/** Fields of a header. */
export const HEADER = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  chksum: [148, 8],
  linkname: [157, 100],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
  /** GNU tar, of a sparse file. */
  realsize: [483, 12],
} as const satisfies Record<string, Field>;

/** The byte that tells what a member is. */
export const TYPEFLAG = 156;
const MAGIC = 257;
const USTAR = bytesFromLatin1("ustar");
/** What GNU tar writes behind it. */
const OF_GNU = bytesFromLatin1("  \0");

/** Which tar has written a header. */
export type Dialect = "v7" | "ustar" | "gnu";

/** Tells by the magic number which tar has written a header. */
export function dialectOf(block: Uint8Array): Dialect {
  for (let at = 0; at < USTAR.length; at++) if (block[MAGIC + at] !== USTAR[at]) return "v7";
  for (let at = 0; at < OF_GNU.length; at++) if (block[MAGIC + USTAR.length + at] !== OF_GNU[at]) return "ustar";
  return "gnu";
}

/** Whether all of a block is zero: two such blocks end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let at = 0; at < BLOCK; at++) if (block[at] !== 0) return false;
  return true;
}

/** Whether the checksum is right; some writers have added bytes up as if they had signs. */
export function hasChecksum(block: Uint8Array): boolean {
  const said = readNumber(block, HEADER.chksum);
  const [from, length] = HEADER.chksum;
  const blanks = length * 0x20;
  const view = new DataView(block.buffer, block.byteOffset, BLOCK);
  return (
    said === blanks + addUp(view, 0, from) + addUp(view, from + length, BLOCK) ||
    said === blanks + addUpSigned(view, 0, from) + addUpSigned(view, from + length, BLOCK)
  );
}

/** The sum of bytes, four at a time: both ends have to be multiples of that. */
function addUp(view: DataView, from: number, to: number): number {
  let [even, odd] = [0, 0];
  for (let at = from; at < to; at += 4) {
    const word = view.getUint32(at, true);
    even += word & 0xff00ff;
    odd += (word >>> 8) & 0xff00ff;
  }
  return (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16);
}

function addUpSigned(view: DataView, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum += view.getInt8(at);
  return sum;
}

/** A text up to its NUL, as a latin1 string. */
export function readText(bytes: Uint8Array, [from, length]: Field): string {
  let end = from;
  while (end < from + length && bytes[end] !== 0) end++;
  return latin1FromBytes(bytes, from, end);
}

/** A number; 0 where there is none. NaN for what is none, and for one beyond what JavaScript counts exactly. */
export function readNumber(block: Uint8Array, [from, length]: Field): number {
  const value = (block[from]! & 0x80) !== 0 ? readBinary(block, from, length) : readOctal(block, from, from + length);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

function readOctal(block: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  let value = 0;
  for (; at < end && block[at] !== 0x20 && block[at] !== 0; at++) {
    const digit = block[at]! - 0x30;
    if (digit < 0 || digit > 7) return Number.NaN;
    value = value * 8 + digit;
  }
  return value;
}

/** Two's complement of all bits but the first, which says that it is one. */
function readBinary(block: Uint8Array, from: number, length: number): number {
  const isNegative = (block[from]! & 0x40) !== 0;
  const flip = isNegative ? 0xff : 0;
  let value = (block[from]! ^ flip) & 0x3f;
  for (let at = from + 1; at < from + length; at++) value = value * 256 + (block[at]! ^ flip);
  return isNegative ? -value - 1 : value;
}
