/** The checksum of superblocks, against its definition. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "../../src/core/hash/crc32c.ts";

test("crc32c keeps its register: no final inversion", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0x1cf96d7c);
  expect(crc32c(new Uint8Array(0))).toBe(0xffffffff);
});

test("crc32c equals the bitwise definition, in one go or continued anywhere", () => {
  const bitwise = (bytes: Uint8Array) => {
    let register = 0xffffffff;
    for (const byte of bytes) {
      register ^= byte;
      for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >>> 1) ^ 0x82f63b78 : register >>> 1;
    }
    return register >>> 0;
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, cut) => {
      expect(crc32c(bytes)).toBe(bitwise(bytes));
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(bitwise(bytes));
    }),
  );
});
