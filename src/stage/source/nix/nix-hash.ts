/**
 * Hashes as Nix writes them: `sha256:` with 64 hex digits, 52 digits of its base 32 or base 64, `sha256-` with base 64 (SRI),
 * or the digits alone.
 */

import { toHex } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { excerpt } from "../../../core/excerpt.ts";
import { decodeBase64 } from "../../text/base64.ts";
import { isStorePath } from "./store-path.ts";

/** Nix's digits of base 32: no e, o, u and t. */
const DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";
const SHA256_BYTES = 32;

/** A SHA-256 in any of Nix's spellings as 64 hex digits, lower case; undefined for what is none. */
export function parseSha256(text: string): string | undefined {
  const digits = /^(?:sha256[:-])?([0-9A-Za-z+/]+={0,2})$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  if (/^[0-9a-fA-F]{64}$/.test(digits) && !text.startsWith("sha256-")) return digits.toLowerCase();
  const bytes = digits.length === 52 ? decodeBase32(digits, SHA256_BYTES) : decodeBase64(digits);
  return bytes?.length === SHA256_BYTES ? toHex(bytes) : undefined;
}

/** The bytes of hex digits. */
export function fromHex(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Bytes in Nix's base 32, the last digits of the number first. */
export function toBase32(bytes: Uint8Array): string {
  let text = "";
  for (let digit = Math.ceil((bytes.length * 8) / 5) - 1; digit >= 0; digit--) {
    const at = Math.floor((digit * 5) / 8);
    const shift = (digit * 5) % 8;
    text += DIGITS[((bytes[at]! >> shift) | ((bytes[at + 1] ?? 0) << (8 - shift))) & 31];
  }
  return text;
}

/** So many bytes in Nix's base 32; undefined for what is none. */
function decodeBase32(text: string, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length + 1);
  for (let digit = 0; digit < text.length; digit++) {
    const value = DIGITS.indexOf(text[text.length - 1 - digit]!);
    if (value < 0) return undefined;
    const at = Math.floor((digit * 5) / 8);
    const shift = (digit * 5) % 8;
    bytes[at]! |= value << shift;
    if (at + 1 < bytes.length) bytes[at + 1]! |= value >> (8 - shift);
  }
  // bits beyond the number
  return bytes[length] === 0 ? bytes.subarray(0, length) : undefined;
}

/** Returns a store path. Throws `INPUT` for what Nix would not take, naming `where` it stands. @param file that holds it */
export function checkStorePath(path: string, where: string, file: string = where): string {
  if (path.startsWith("/") && isStorePath(path)) return path;
  throw new ImageError("INPUT", `${where}: ${excerpt(path)} is no store path`, { path: file });
}

/** The digits in a store path's name that tell it from others, 32 of base 32; undefined where it has none. */
export function hashPart(path: string): string | undefined {
  return /(?:^|\/)([0-9a-df-np-sv-z]{32})-[^/]+$/.exec(path)?.[1];
}
