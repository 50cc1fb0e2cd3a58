/** What EROFS can address, to the last block and NID. */
import { expect, test } from "vitest";
import { checkBlocks, checkNid, countBlocks } from "../../../src/erofs/disk/limits.ts";

const limit = (message: RegExp) => expect.objectContaining({ code: "LIMIT", message: expect.stringMatching(message) });

test("an image has at most 2^32 - 2 blocks, with its devices", () => {
  expect(() => checkBlocks(2 ** 32 - 2)).not.toThrow();
  expect(() => checkBlocks(2 ** 32 - 1)).toThrow(limit(/more than 4294967294 blocks/));
  const devices = [2 ** 32, 7].map((blocks) => ({ blocks, tag: new Uint8Array(0) }));
  expect(countBlocks(5, devices)).toBe(2 ** 32 + 12);
});

test("NIDs have 32 bits: 128 GiB of metadata", () => {
  expect(checkNid(2 ** 32 - 1)).toBe(2 ** 32 - 1);
  expect(() => checkNid(2 ** 32)).toThrow(limit(/128 GiB/));
});
