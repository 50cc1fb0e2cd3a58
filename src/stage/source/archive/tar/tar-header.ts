/**
 * The header of a member of a tar archive, a block of 512 bytes. Fields are those of POSIX's ustar and of GNU tar; older
 * archives have the first half only.
 *
 *     | name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | chksum 8 | typeflag | linkname 100 |
 *     | magic 6 | version 2 | uname 32 | gname 32 | devmajor 8 | devminor 8 | prefix 155 |   (or what GNU tar has there)
 *
 * Numbers are octal digits, or, with the first bit set, a binary number of all other bits (GNU, star).
 */
import { latin1FromBytes } from "../../../../core/bytes.ts";

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

/** Which tar has written a header. */
export type Dialect = "v7" | "ustar" | "gnu";

/** Tells by the magic number which tar has written a header. */
export function dialectOf(block: Uint8Array): Dialect {
  const magic = latin1FromBytes(block, MAGIC, MAGIC + 8);
  return magic === "ustar  \0" ? "gnu" : magic.startsWith("ustar") ? "ustar" : "v7";
}

/** Whether all of a block is zero: two such blocks end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let at = 0; at < BLOCK; at++) if (block[at] !== 0) return false;
  return true;
}

/** Whether the checksum is right; some writers have added bytes up as if they had signs. */
export function hasChecksum(block: Uint8Array): boolean {
  const said = readNumber(block, HEADER.chksum);
  return said === addUp(block, 0) || said === addUp(block, 0x80);
}

/** The sum of all bytes, of which those with the bits of `sign` count as less than zero; the checksum itself counts as blanks. */
function addUp(block: Uint8Array, sign: number): number {
  const [from, length] = HEADER.chksum;
  let sum = length * 0x20;
  for (let at = 0; at < from; at++) sum += block[at]! - 2 * (block[at]! & sign);
  for (let at = from + length; at < BLOCK; at++) sum += block[at]! - 2 * (block[at]! & sign);
  return sum;
}

/** A text up to its NUL, as a latin1 string. */
export function readText(block: Uint8Array, [from, length]: Field): string {
  let end = from;
  while (end < from + length && block[end] !== 0) end++;
  return latin1FromBytes(block, from, end);
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
