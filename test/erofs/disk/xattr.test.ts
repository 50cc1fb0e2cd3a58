/** The name filter of attributes, by the vectors of docs/erofs-format.md, 17. */
import { expect, test } from "vitest";
import { loadXxHash } from "../../../src/core/hash/xxhash.ts";
import { XATTR_FILTER_SEED } from "../../../src/erofs/disk/format.ts";
import { filterBit } from "../../../src/erofs/disk/xattr.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

test.each([
  [1, "", 0xea92ca90, 16],
  [1, "k", 0x55a66bce, 14],
  [1, "mime_type", 0xb688ac77, 23],
  [1, "overlay.metacopy", 0x1ddc44bf, 31],
  [2, "", 0x0857597e, 30],
  [3, "", 0x59eeabb5, 21],
  [4, "overlay.opaque", 0x4ce0a7f4, 20],
  [6, "selinux", 0x9490146b, 11],
  [6, "capability", 0x8c47ac5d, 29],
])("attribute name %i %j has its place in the name filter", async (index, name, hash, bit) => {
  const xxhash = await loadXxHash();
  expect(xxhash.h32Raw(bytesOf(name), XATTR_FILTER_SEED + index)).toBe(hash);
  expect(filterBit(index, bytesOf(name), xxhash)).toBe(bit);
});
