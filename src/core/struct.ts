/**
 * On-disk structures, declared once in the kernel's order. `struct()` turns a list of fields into a table of byte
 * offsets and checks it against the structure's known size when the module loads:
 *
 *   const DIRENT = struct("erofs_dirent", 12, { nid: u64, nameoff: u16, file_type: u8, reserved: u8 });
 *   view.setUint16(at + DIRENT.nameoff, offset, true);
 *
 * Hot code uses the offsets; {@link decodeStruct} reads a whole record for dumps and tests.
 */
import { ImageError } from "./error.ts";

/** A field's width in bytes, and how {@link decodeStruct} reads it. */
export interface FieldType {
  readonly size: number;
  read(view: DataView, at: number): number | bigint | Uint8Array;
}

/** Little-endian unsigned 8 bits. */
export const u8: FieldType = { size: 1, read: (view, at) => view.getUint8(at) };
/** Little-endian unsigned 16 bits. */
export const u16: FieldType = { size: 2, read: (view, at) => view.getUint16(at, true) };
/** Little-endian unsigned 32 bits. */
export const u32: FieldType = { size: 4, read: (view, at) => view.getUint32(at, true) };
/** Little-endian unsigned 64 bits. */
export const u64: FieldType = { size: 8, read: (view, at) => view.getBigUint64(at, true) };
/** Little-endian signed 64 bits. */
export const s64: FieldType = { size: 8, read: (view, at) => view.getBigInt64(at, true) };

/** A run of `size` raw bytes. */
export function raw(size: number): FieldType {
  return { size, read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size).slice() };
}

const FIELDS = Symbol("fields");

/** Offsets by field name. */
export type Struct<F> = { readonly [K in keyof F]: number } & { readonly [FIELDS]: F; readonly byteSize: number };

/** Declares a structure of exactly `size` bytes. */
export function struct<const F extends Record<string, FieldType>>(name: string, size: number, fields: F): Struct<F> {
  const offsets: Record<string, number> = {};
  let at = 0;
  for (const [field, type] of Object.entries(fields)) {
    offsets[field] = at;
    at += type.size;
  }
  if (at !== size) throw new ImageError("INTERNAL", `struct ${name}: fields take ${at} bytes, not ${size}`);
  return Object.freeze({ ...offsets, [FIELDS]: fields, byteSize: size }) as Struct<F>;
}

/** Reads one record at `at` into an object of its fields. */
export function decodeStruct<F extends Record<string, FieldType>>(
  view: DataView,
  at: number,
  layout: Struct<F>,
): { [K in keyof F]: number | bigint | Uint8Array } {
  const record: Record<string, number | bigint | Uint8Array> = {};
  for (const [field, type] of Object.entries(layout[FIELDS])) {
    record[field] = type.read(view, at + (layout as Record<string, number>)[field]!);
  }
  return record as { [K in keyof F]: number | bigint | Uint8Array };
}

/** Writes a safe integer as 64 bits little-endian, in two halves: BigInt costs twenty times as much. */
export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

/** Writes a safe integer, negative or not, as 64 bits of two's complement. */
export function setS64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  view.setUint32(at, value - high * 0x1_0000_0000, true);
  view.setInt32(at + 4, high, true);
}
