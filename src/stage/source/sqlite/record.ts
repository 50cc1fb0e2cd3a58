/** Rows as bytes: varints, and the types and values of a payload. */
import { latin1FromBytes, writeLatin1 } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import type { SqliteValue } from "./format.ts";

/** Bytes of whole numbers by their type: 0 is NULL, 8 and 9 are the numbers 0 and 1. */
const NUMBER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];
/** The type of an empty text; each byte more adds 2. */
const TEXT_TYPE = 13;

/** Bytes of a varint of a safe integer from 0 on: 7 bits a byte, the highest first. */
export function varintLength(value: number): number {
  if (value < 128) return 1;
  let length = 2;
  for (let rest = value; rest >= 128 * 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes a varint; returns the offset behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  if (value < 128) {
    bytes[at] = value;
    return at + 1;
  }
  const end = at + varintLength(value);
  let rest = value;
  for (let place = end - 1; place >= at; place--) {
    bytes[place] = place === end - 1 ? rest % 128 : (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  return end;
}

function typeOf(value: SqliteValue): number {
  if (value === null) return 0;
  if (typeof value === "string") return TEXT_TYPE + 2 * value.length;
  if (value === 0 || value === 1) return 8 + value;
  const size = value < 0 ? -1 - value : value;
  if (size < 2 ** 15) return size < 2 ** 7 ? 1 : 2;
  if (size < 2 ** 31) return size < 2 ** 23 ? 3 : 4;
  return size < 2 ** 47 ? 5 : 6;
}

/** Bytes of the value of a type. */
function valueLength(type: number): number {
  return type < NUMBER_BYTES.length ? NUMBER_BYTES[type]! : Math.floor((type - 12) / 2);
}

/** Bytes of the payload that values are as a row. */
export function measurePayload(values: readonly SqliteValue[]): number {
  let length = 1;
  for (const value of values) {
    const type = typeOf(value);
    length += varintLength(type) + valueLength(type);
  }
  return length;
}

/** Writes the payload of a row; returns the offset behind it. */
export function writePayload(bytes: Uint8Array, start: number, values: readonly SqliteValue[]): number {
  let at = start + 1;
  for (const value of values) at = writeVarint(bytes, at, typeOf(value));
  if (at - start > 127) throw new ImageError("INTERNAL", "types of a row take more than 127 bytes");
  bytes[start] = at - start;
  for (const value of values) {
    if (typeof value === "string") at = writeLatin1(value, bytes, at);
    else if (value !== null) at = writeNumber(bytes, at, valueLength(typeOf(value)), value);
  }
  return at;
}

/** Two's complement, the highest byte first. */
function writeNumber(bytes: Uint8Array, at: number, length: number, value: number): number {
  let rest = value;
  for (let place = at + length - 1; place >= at; place--) {
    bytes[place] = length <= 4 ? rest : ((rest % 256) + 256) % 256;
    rest = length <= 4 ? rest >> 8 : Math.floor(rest / 256);
  }
  return at + length;
}

/** Reads a varint at `at`. Throws a RangeError behind the end of the bytes, and for what is no safe integer from 0 on. */
export function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let place = at; place < at + 9; place++) {
    const byte = bytes[place];
    if (byte === undefined) break;
    // only the ninth byte has eight bits of the value, which is then larger than any that we take
    value = value * 128 + (byte & 127);
    if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return { value, end: place + 1 };
  }
  throw new RangeError("a number is cut off or too large");
}

/** Reads the first `limit` values of a payload. Throws a RangeError where it does not hold together, and for binary values. */
export function readPayload(bytes: Uint8Array, limit = Number.POSITIVE_INFINITY): SqliteValue[] {
  const values: SqliteValue[] = [];
  const header = readVarint(bytes, 0);
  if (header.value > bytes.length) throw new RangeError("types of a row are cut off");
  for (let type = header.end, at = header.value; type < header.value && values.length < limit; ) {
    const found = readVarint(bytes, type);
    const end = at + valueLength(found.value);
    if (end > bytes.length || found.end > header.value) throw new RangeError("values of a row are cut off");
    values.push(readValue(bytes, at, end, found.value));
    [type, at] = [found.end, end];
  }
  return values;
}

function readValue(bytes: Uint8Array, at: number, end: number, type: number): SqliteValue {
  if (type >= TEXT_TYPE && type % 2 === 1) return latin1FromBytes(bytes, at, end);
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type > 9) throw new RangeError("a value is neither a number nor text");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (type === 7) return view.getFloat64(at);
  let value = view.getInt8(at);
  for (let place = at + 1; place < end; place++) value = value * 256 + bytes[place]!;
  return value;
}
