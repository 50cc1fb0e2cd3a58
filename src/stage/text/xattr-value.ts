/** Values of attributes as text: what getfattr, setfattr and mksquashfs understand alike. */
import { bytesFromLatin1 } from "../../core/bytes.ts";

/** Fours of digits; the last one may be shorter, with or without padding. */
const BASE64 = /^(?:[a-z0-9+/]{4})*(?:[a-z0-9+/]{2}(?:==)?|[a-z0-9+/]{3}=?)?$/i;

/**
 * Decodes `0x` and hex digits, or `0s` and base64; undefined for text that begins otherwise. Throws what `fail` makes of
 * the reason where what follows is neither.
 */
export function decodeValue(text: string, fail: (why: string) => Error): Uint8Array | undefined {
  const digits = text.slice(2);
  if (/^0[xX]/.test(text)) {
    if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw fail("0x is for hex digits, two for each byte");
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }
  if (/^0[sS]/.test(text)) {
    if (!BASE64.test(digits)) throw fail("0s is for base64");
    return bytesFromLatin1(atob(digits));
  }
  return undefined;
}
