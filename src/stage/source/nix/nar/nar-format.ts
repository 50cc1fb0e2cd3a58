/**
 * Nix's archives (nix-store --dump, libutil/archive.cc). All of it is strings: their length in 8 bytes, little-endian, their
 * bytes, and zeros up to a multiple of 8.
 *
 *     "nix-archive-1" NODE
 *
 *     NODE   "(" "type" "regular" ["executable" ""] "contents" BYTES ")"
 *            "(" "type" "symlink" "target" BYTES ")"
 *            "(" "type" "directory" { "entry" "(" "name" NAME "node" NODE ")" } ")"
 *
 * Names stand in byte order, each once.
 */
import { bytesFromLatin1 } from "../../../../core/bytes.ts";

/** Bytes that lengths and contents are filled up to. */
export const NAR_UNIT = 8;
/** What every archive begins with. */
export const NAR_MAGIC = "nix-archive-1";
/** The longest name that an entry may have. */
export const MAX_NAR_NAME = 255;
/** The longest target of a link: PATH_MAX of Linux, without the NUL. */
export const MAX_NAR_TARGET = 4095;

/** Bytes that a string takes. */
export function measureString(length: number): number {
  return NAR_UNIT + Math.ceil(length / NAR_UNIT) * NAR_UNIT;
}

/** Zeros behind a string of so many bytes. */
export function paddingOf(length: number): number {
  return (NAR_UNIT - (length % NAR_UNIT)) % NAR_UNIT;
}

/** Writes the length of a string; returns the offset behind it. */
export function emitLength(into: Uint8Array, at: number, length: number): number {
  let low = length >>> 0;
  let high = Math.floor(length / 2 ** 32);
  for (let byte = at; byte < at + 4; byte++) {
    into[byte] = low;
    into[byte + 4] = high;
    low >>>= 8;
    high >>>= 8;
  }
  return at + NAR_UNIT;
}

/** Words as bytes, each a string of the archive. */
export function encodeWords(...words: string[]): Uint8Array {
  const bytes = new Uint8Array(words.reduce((sum, word) => sum + measureString(word.length), 0));
  let at = 0;
  for (const word of words) {
    bytes.set(bytesFromLatin1(word), emitLength(bytes, at, word.length));
    at += measureString(word.length);
  }
  return bytes;
}
