/** How a dump says things: in one line of ASCII, the same on every machine. */
import { toHex } from "../core/bytes.ts";
import { decodeStruct, type StructShape, type StructView, structName } from "../core/struct.ts";
import { hex } from "./image.ts";

/** Fields that are bits, or no count of anything. */
const HEX_FIELDS = new Set([
  ...["magic", "checksum", "feature_compat", "feature_incompat", "available_compr_algs", "i_format", "h_name_filter"],
  ...["h_advise", "h_algorithmtype", "h_clusterbits", "di_advise", "plen", "s_magic", "flags", "rdev", "root_inode"],
  ...["id_table_start", "xattr_id_table_start", "inode_table_start", "directory_table_start", "start", "inode"],
  ...["fragment_table_start", "lookup_table_start", "xattr_table_start", "xattr", "vref", "type"],
]);
/** Permissions. */
const OCTAL_FIELDS = new Set(["i_mode", "mode"]);
/** Numbers from here on are no counts: all ones, or nearly so. */
const MOST_DECIMAL = 0xffff_ff00;

/** Makes a line of what is said of `length` bytes at a place. */
export type LineAt = (at: number, length: number, text: string) => string;

/** A line of a dump whose place is in the image. */
export function line(at: number, length: number, text: string): string {
  return `${hex(at)} ${String(length).padStart(7)}  ${text}`;
}

/** All fields of the structure at `at`, behind its name and what is known of it. */
export function describe(shape: StructShape, view: StructView, at: number, subject = ""): string {
  const fields = Object.entries(decodeStruct(view, at, shape)).map(([name, value]) => `${name}=${show(name, value)}`);
  return `${structName(shape)}${subject === "" ? "" : ` ${subject}`}: ${fields.join(" ")}`;
}

/** The value of a field. */
export function show(name: string, value: unknown): string {
  if (value instanceof Uint8Array) return showRaw(value);
  const number = value as number | bigint;
  if (OCTAL_FIELDS.has(name)) return `0${number.toString(8)}`;
  const isHex = HEX_FIELDS.has(name) || number >= MOST_DECIMAL;
  return isHex && number >= 10 ? `0x${number.toString(16)}` : String(number);
}

/** Bytes in hexadecimal, without the zeros at their end. */
export function showRaw(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  if (end === 0) return "0";
  return toHex(bytes.subarray(0, end));
}

/** A name, a path or a target: ASCII that can be seen as it is, all else as `\xNN`. */
export function quote(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** A number of things. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
