/** Bytes that have been written are found again, wherever they are. */
import { expect, test } from "vitest";
import { loadXxHash } from "../../../src/core/hash/xxhash.ts";
import { FoundBytes, shareFound, shareFoundChunks } from "../../../src/erofs/compress/found.ts";

const xxhash = await loadXxHash();

test.each([0, 1, 4096, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 45 + 3, 2 ** 52])("at byte %d", (place) => {
  const found = new FoundBytes(shareFound(), xxhash);
  for (const kind of [0, 1, 127, 255]) {
    found.remember(0xfedcba98, kind, 4096, place);
    expect(found.find(0xfedcba98, kind, 4096)).toBe(place);
    expect(found.find(0xfedcba98, kind ^ 1, 4096)).toBe(-1);
    expect(found.find(0xfedcba98, kind, 4095)).toBe(-1);
    expect(found.find(0xfedcba99, kind, 4096)).toBe(-1);
  }
  expect(found.find(0, 0, 4096)).toBe(-1);
});

test("as long as there is room, the newest first", () => {
  const shared = shareFoundChunks();
  const [here, there] = [new FoundBytes(shared, xxhash), new FoundBytes(shared, xxhash)];
  // all of one place in the table
  const buckets = 2 ** 22 / 8;
  const checksum = (nr: number) => 5 + nr * buckets;
  for (let nr = 0; nr < 8; nr++) here.remember(checksum(nr), 2, 512, 512 * nr);
  for (let nr = 0; nr < 8; nr++) expect(there.find(checksum(nr), 2, 512)).toBe(512 * nr);
  here.remember(checksum(8), 2, 512, 512 * 8);
  expect(there.find(checksum(0), 2, 512)).toBe(-1);
  for (let nr = 1; nr < 9; nr++) expect(there.find(checksum(nr), 2, 512)).toBe(512 * nr);
  // a neighbour is as it was
  expect(there.find(checksum(8) + 1, 2, 512)).toBe(-1);
  here.remember(checksum(1), 2, 512, 7);
  expect(there.find(checksum(1), 2, 512)).toBe(7);
});
