/**
 * Extended headers of POSIX: a member whose contents are records about the next member, or about all that follow.
 *
 *     30 mtime=1350244992.023960108\n          its length, all of it counted; a keyword; a value of any bytes
 */
import { latin1FromBytes } from "../../../../core/bytes.ts";

/** Records by keyword, values as bytes. */
export type PaxRecords = Map<string, Uint8Array>;

/** What extended headers say of a member. */
export interface PaxHeader {
  records: PaxRecords;
  /** GNU.sparse.offset and GNU.sparse.numbytes, which are there once for each range of data, in order. */
  ranges: number[];
}

/** Nothing said. */
export function emptyPax(): PaxHeader {
  return { records: new Map(), ranges: [] };
}

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
/** Digits of a length. */
const MOST_DIGITS = 10;

/** Adds records to what has been said; returns what is wrong with them, if anything is. */
export function readPax(bytes: Uint8Array, { records, ranges }: PaxHeader): string | undefined {
  for (let at = 0; at < bytes.length; ) {
    // some writers fill up what they have reserved
    if (bytes[at] === 0) return undefined;
    let length = 0;
    let from = at;
    for (; from < at + MOST_DIGITS && bytes[from]! >= 0x30 && bytes[from]! <= 0x39; from++)
      length = length * 10 + bytes[from]! - 0x30;
    const end = at + length;
    const isWhole = from > at && bytes[from] === SPACE && end > from + 1 && end <= bytes.length;
    if (!isWhole || bytes[end - 1] !== NEWLINE) return "an extended header is damaged";
    const equals = bytes.indexOf(EQUALS, from);
    if (equals < 0 || equals >= end) return "an extended header has a record without a value";
    const keyword = latin1FromBytes(bytes, from + 1, equals);
    const value = bytes.slice(equals + 1, end - 1);
    if (keyword === "GNU.sparse.offset" || keyword === "GNU.sparse.numbytes") ranges.push(readDecimal(value));
    else records.set(keyword, value);
    at = end;
  }
  return undefined;
}

/** An integer; NaN for what is none, or is beyond what JavaScript counts exactly. */
export function readDecimal(value: Uint8Array): number {
  const text = value.length <= 24 ? latin1FromBytes(value) : "";
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : Number.NaN;
}

/** Seconds, and nanoseconds forward from them; finer parts are cut off towards the past, as GNU tar does. NaN for none. */
export function readTime(value: Uint8Array): { sec: number; nsec: number } {
  const [, sign, whole, fraction = ""] = /^(-?)(\d{1,16})(?:\.(\d*))?$/.exec(latin1FromBytes(value)) ?? [];
  const seconds = whole === undefined ? Number.NaN : Number(whole);
  if (!Number.isSafeInteger(seconds)) return { sec: Number.NaN, nsec: 0 };
  const parts = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign === "") return { sec: seconds, nsec: parts };
  const back = parts + (/[1-9]/.test(fraction.slice(9)) ? 1 : 0);
  return back === 0 ? { sec: 0 - seconds, nsec: 0 } : { sec: -seconds - 1, nsec: NS - back };
}

const NS = 1_000_000_000;

/** The bytes of a text in base64, with or without the signs that fill it up; undefined for what is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/[=\s]+$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | DIGITS.indexOf(digit)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return bytes;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
