/** The bytes of zstd, pinned: those of libzstd 1.5.7, and of the search for what fills an output. */
import { expect, test } from "vitest";
import { createZstd } from "../../src/codec/zstd/zstd.ts";
import { goldenHashes } from "../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  "zstd,1": ["57c47dafa32cbc56", "9ab8384ec04de0d7", "da80a5a587b7984b", "2d8076b790354543"],
  "zstd,2": ["1bcfbe52967c884c", "6e5930ec5612d70f", "a63971244924a480", "6d964d8c78e0b775"],
  "zstd,3": ["d7fbb40af6c59383", "431be839b1405118", "1f84074d2cb19d70", "9e587d3771fedf89"],
  "zstd,6": ["2ad73fe987226647", "4a9137b0309479cb", "fa0f54975cba6a41", "f85288608fdc2c2c"],
  "zstd,9": ["cde19d77f82d4ba5", "3925d4b25b62f1f1", "4cf26795f3fb2028", "4838c1e3c183adef"],
  "zstd,12": ["b5fb9fdc5c234bd3", "c203ab659e87c634", "ab60e18a3349791a", "350950aa717758f3"],
  "zstd,15": ["a2d1d7784d15abd7", "bed6e04b27eeb58c", "4d908611643dc0c4", "764a25c2f4c7e4f5"],
  "zstd,19": ["b23f8b27fca0466b", "c22721e211d6e7a1", "fb42e95dfd766309", "cbd745704bc8e505"],
  "zstd,22": ["78675a987f8cc5bc", "ab0908bd5193bcb0", "6dba0db47df4d0bc", "623063fe6724a804"],
};

test.each([1, 2, 3, 6, 9, 12, 15, 19, 22].map((level) => createZstd(level)))("$name", (codec) => {
  expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
});
