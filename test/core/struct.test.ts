/**
 * Declared structures: what is written where, and what does not compile. The compiler is the judge of the latter: it
 * fails where an expected error does not come.
 */
import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { ImageError } from "../../src/core/error.ts";
import * as struct from "../../src/core/struct.ts";

const { decodeStruct, raw, s16, s64, u8, u16, u32, u64 } = struct;

const RECORD = struct.struct("record", 34, {
  flags: u8,
  kind: u8,
  mode: u16,
  delta: s16,
  size: u32,
  position: u64,
  time: s64,
  label: raw(4),
  low: u32,
});

/** The record's fields as they are read, all different, and their bytes behind two others. */
const VALUES = {
  flags: 0xf1,
  kind: 0x02,
  mode: 0xfedc,
  delta: -2,
  size: 0xfffffffd,
  position: 2n ** 53n - 1n,
  time: -3n,
  label: Uint8Array.of(1, 2, 3, 4),
  low: 0x80000001,
};
const BYTES = Buffer.from("0000f102dcfefefffdffffffffffffffffff1f00fdffffffffffffff0102030401000080", "hex");
const AT = 2;

test("setters write a field little-endian at its offset, and nothing else", () => {
  const bytes = new Uint8Array(BYTES.length);
  const view = new struct.StructView(bytes.buffer);
  view.setU8(AT, RECORD.flags, VALUES.flags);
  view.setU8(AT, RECORD.kind, VALUES.kind);
  view.setU16(AT, RECORD.mode, VALUES.mode);
  view.setS16(AT, RECORD.delta, VALUES.delta);
  view.setU32(AT, RECORD.size, VALUES.size);
  view.setU64(AT, RECORD.position, Number(VALUES.position));
  view.setS64(AT, RECORD.time, Number(VALUES.time));
  view.setRaw(AT, RECORD.label, VALUES.label);
  view.setU32(AT, RECORD.low, VALUES.low);
  expect(Buffer.from(bytes).toString("hex")).toBe(BYTES.toString("hex"));
});

test("getters, and a record as a whole, read what was written, each field as its type says", () => {
  const view = new struct.StructView(BYTES.buffer, BYTES.byteOffset, BYTES.length);
  const record = decodeStruct(view, AT, RECORD);
  expect(record).toEqual(VALUES);
  expect(view.getU8(AT, RECORD.kind)).toBe(VALUES.kind);
  expect(view.getU16(AT, RECORD.mode)).toBe(VALUES.mode);
  expect(view.getS16(AT, RECORD.delta)).toBe(VALUES.delta);
  expect(view.getU32(AT, RECORD.size)).toBe(VALUES.size);
  expect(view.getU64(AT, RECORD.position)).toBe(VALUES.position);
  expect(view.getS64(AT, RECORD.time)).toBe(VALUES.time);
  expectTypeOf(record).toEqualTypeOf<{
    flags: number;
    kind: number;
    mode: number;
    delta: number;
    size: number;
    position: bigint;
    time: bigint;
    label: Uint8Array;
    low: number;
  }>();
});

test("raw bytes are a copy, wherever in a larger buffer they lie", () => {
  const image = Uint8Array.from(BYTES);
  const record = decodeStruct(new struct.StructView(image.buffer, 1), AT - 1, RECORD);
  image.fill(0xff);
  expect(record.label).toEqual(VALUES.label);
});

test("an offset is a plain number when it runs, and knows its field's width when it is compiled", () => {
  expect(RECORD.size).toBe(6);
  expectTypeOf(RECORD.size).toEqualTypeOf<struct.Offset<"u32">>();
  expectTypeOf(RECORD.label).toEqualTypeOf<struct.Offset<"raw">>();
  expectTypeOf(RECORD.byteSize).toEqualTypeOf<number>();
});

test("what would write a field in another width, or no field at all, does not compile", () => {
  const bytes = new Uint8Array(64);
  const view = new struct.StructView(bytes.buffer);
  // @ts-expect-error 32 bits would run over the field behind this one of 16
  view.setU32(AT, RECORD.mode, 1);
  // @ts-expect-error 16 bits would leave half of this field as it was
  view.setU16(AT, RECORD.size, 1);
  // @ts-expect-error 64 bits would run over the field behind this one of 32
  view.setU64(AT, RECORD.size, 1);
  // @ts-expect-error a negative number is not for an unsigned field
  view.setS64(AT, RECORD.position, -1);
  // @ts-expect-error nor is one beyond 32767 for a signed one
  view.setU16(AT, RECORD.delta, 40_000);
  // @ts-expect-error raw bytes are no number
  view.setU32(AT, RECORD.label, 1);
  // @ts-expect-error and numbers are no raw bytes
  view.setRaw(AT, RECORD.size, VALUES.label);
  // @ts-expect-error the half of 64 bits has a name of its own where the kernel gives it one, else it is not to be had
  view.setHalves(AT, RECORD.position, RECORD.low, 1);
  // @ts-expect-error what is read is checked in the same way
  view.getU16(AT, RECORD.size);
  // @ts-expect-error a sum is an offset no more: where the structure lies, and which field is meant, stay apart
  view.setU16(0, AT + RECORD.mode, 1);
  // @ts-expect-error the size of a structure is none of its fields
  view.setU32(AT, RECORD.byteSize, 1);
  // @ts-expect-error the methods of a plain DataView would take any offset: they are out of reach
  view.setUint32(AT + RECORD.mode, 1, true);
  // @ts-expect-error place and field may not be exchanged
  view.setU16(RECORD.mode, AT, 1);
});

test("a declaration that does not add up to its size is refused", () => {
  expect(() => struct.struct("wrong", 8, { a: u32, b: u16, c: u8 })).toThrow(ImageError);
  const right = struct.struct("right", 7, { a: u32, b: u16, c: u8 });
  expect(Object.fromEntries(Object.entries(right))).toEqual({ a: 0, b: 4, c: 6, byteSize: 7 });
});

test("64-bit numbers are written exactly, negative ones in two's complement", () => {
  const bytes = new Uint8Array(24);
  const view = new struct.StructView(bytes.buffer);
  const WORD = struct.struct("word", 8, { u: u64 });
  const SIGNED = struct.struct("signed word", 8, { s: s64 });
  const HALVES = struct.struct("halves", 8, { low: u32, high: u32 });
  const border = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 33 - 1, Number.MAX_SAFE_INTEGER];
  const someInteger = fc.oneof(fc.constantFrom(...border), fc.maxSafeNat());
  fc.assert(
    fc.property(someInteger, fc.boolean(), (magnitude, isNegative) => {
      const signed = isNegative ? -magnitude : magnitude;
      view.setU64(8, WORD.u, magnitude);
      expect(view.getU64(8, WORD.u)).toBe(BigInt(magnitude));
      view.setS64(8, SIGNED.s, signed);
      expect(view.getS64(8, SIGNED.s)).toBe(BigInt(signed));
      view.setHalves(8, HALVES.low, HALVES.high, magnitude);
      expect(view.getU64(8, WORD.u)).toBe(BigInt(magnitude));
      expect([...bytes.subarray(0, 8), ...bytes.subarray(16)].every((byte) => byte === 0)).toBe(true);
    }),
  );
});
