/** The bytes of DEFLATE and zlib, pinned: a change of them must be meant, and is a release note. */
import { expect, test } from "vitest";
import { createDeflate, createZlib } from "../src/codec/deflate/deflate.ts";
import { goldenHashes } from "./helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {};

const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

test.each([
  ...LEVELS.map((level) => createDeflate(level)),
  createDeflate(12),
  ...[1, 9].map((level) => createZlib(level)),
])("$name", (codec) => {
  expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
});
