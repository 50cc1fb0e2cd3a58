/** Device numbers as the kernel encodes them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeDevice } from "../../../src/stage/tree/tree.ts";

test.each([
  [0, 0, 0],
  [1, 3, 0x103],
  [8, 1, 0x801],
  [259, 300, 0x11032c],
  [511, 300_000, 0x4931ffe0],
  [4095, 1_048_575, 0xffffffff],
])("device %i:%i is stored as the kernel encodes it", (major, minor, rdev) => {
  expect(encodeDevice(major, minor, "dev")).toBe(rdev);
});

test("devices decode as the kernel's new_decode_dev does", () => {
  fc.assert(
    fc.property(fc.nat(4095), fc.nat(1_048_575), (major, minor) => {
      const rdev = encodeDevice(major, minor, "dev");
      expect((rdev & 0xfff00) >>> 8).toBe(major);
      expect((rdev & 0xff) | ((rdev >>> 12) & 0xfff00)).toBe(minor);
    }),
  );
});

test.each([
  [4096, 0],
  [0, 1_048_576],
  [-1, 0],
  [0, -1],
])("device %i:%i is refused with its path", (major, minor) => {
  const refused = expect.objectContaining({ code: "LIMIT", path: "dev/x" });
  expect(() => encodeDevice(major, minor, "dev/x")).toThrow(refused);
});
