/** The bytes of zstd, pinned: those of libzstd 1.5.7, and of the search for what fills an output. */
import { expect, test } from "vitest";
import { createZstd } from "../../src/codec/zstd/zstd.ts";
import { goldenHashes } from "../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  "zstd,1": ["2fc95798405e1523", "d440ba2a06859476", "61c83ce8f955b8cf", "2d8076b790354543"],
  "zstd,2": ["a261604b68e81687", "248fcfa0283f75ce", "11275dd9ef682c3e", "6d964d8c78e0b775"],
  "zstd,3": ["38f79ca097b213ec", "94b9a94b1bed68c3", "7c634fd851ac3e7d", "9e587d3771fedf89"],
  "zstd,6": ["4eefc3d763173f94", "bbe0ab80e7c59723", "63e44d78ef930ff5", "f85288608fdc2c2c"],
  "zstd,9": ["840af2c072ce4527", "fbfc98788a1c446c", "4cf26795f3fb2028", "4838c1e3c183adef"],
  "zstd,12": ["8eeb9093d0e64372", "6f5f427c8dcbf7b7", "ab60e18a3349791a", "350950aa717758f3"],
  "zstd,15": ["4a72bfc4165c6136", "fdd0ba9189d2cc81", "4d908611643dc0c4", "764a25c2f4c7e4f5"],
  "zstd,19": ["751a7149d75a9da6", "5725510ec1ec38fd", "fb42e95dfd766309", "cbd745704bc8e505"],
  "zstd,22": ["46d44e691caf7625", "e18089432269c554", "6dba0db47df4d0bc", "623063fe6724a804"],
};

test.each([1, 2, 3, 6, 9, 12, 15, 19, 22].map((level) => createZstd(level)))("$name", (codec) => {
  expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
});
