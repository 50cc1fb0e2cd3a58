/** Which bytes are not worth a try. */
import { expect, test } from "vitest";
import { looksRandom } from "../../../../src/erofs/compress/look/entropy.ts";
import { randomBytes as noise, compressibleText as text } from "../../../helpers/trees/compressed-tree.ts";

test("only what is random looks random", () => {
  expect(looksRandom(noise(32_768, 1), 0, 32_768)).toBe(true);
  expect(looksRandom(noise(4096, 1), 0, 4096)).toBe(true);
  expect(looksRandom(noise(4000, 1), 0, 4000)).toBe(false);
  expect(looksRandom(text(32_768, 1), 0, 32_768)).toBe(false);
  expect(
    looksRandom(
      Uint8Array.from(noise(32_768, 1), (byte) => byte & 0x7f),
      0,
      32_768,
    ),
  ).toBe(false);
});
