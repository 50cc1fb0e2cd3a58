/** Which form an inode takes. */
import { expect, test } from "vitest";
import { ABSENT } from "../../../src/squashfs/disk/format.ts";
import { fileType } from "../../../src/squashfs/disk/inode.ts";

test("a file needs the extended form for what the basic one has no field for", () => {
  expect(fileType(2 ** 32 - 1, 2 ** 32 - 1, 1, 0, ABSENT)).toBe(2);
  expect(fileType(2 ** 32, 0, 1, 0, ABSENT)).toBe(9);
  expect(fileType(1, 2 ** 32, 1, 0, ABSENT)).toBe(9);
  expect(fileType(1, 0, 2, 0, ABSENT)).toBe(9);
  expect(fileType(1, 0, 1, 1, ABSENT)).toBe(9);
  expect(fileType(1, 0, 1, 0, 0)).toBe(9);
});
