/** Hashes of blocks, by each of the ways that versions of Node have. */
import crypto, { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { BlockHasher } from "../../../src/build/jobs/node-block-hasher.ts";

const { hash } = crypto;
afterEach(() => {
  crypto.hash = hash;
});

const blocks = createHash("shake128", { outputLength: 5 * 4096 })
  .update("blocks")
  .digest();

describe.each([
  ["as this Node has it", hash],
  ["without crypto.hash(), as Node before 20.12", undefined],
] as const)("%s", (_, given) => {
  test.each([0, 1, 32, 256])("with a salt of %i bytes", (length) => {
    crypto.hash = given as typeof hash;
    const salt = blocks.subarray(7, 7 + length);
    const hasher = new BlockHasher(salt, 5);
    // what was there before makes no difference
    for (const count of [5, 3, 1]) {
      hasher.blocks.set(blocks.subarray(0, count * 4096));
      const expected = Array.from({ length: count }, (_, index) => {
        const block = blocks.subarray(index * 4096, (index + 1) * 4096);
        return createHash("sha256").update(salt).update(block).digest();
      });
      expect(Buffer.from(hasher.hash(count)).equals(Buffer.concat(expected))).toBe(true);
    }
  });
});
