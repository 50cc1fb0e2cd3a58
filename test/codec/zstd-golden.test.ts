/** The bytes of zstd, pinned: those of libzstd 1.5.7, and of the search for what fills an output. */
import { expect, test } from "vitest";
import { createZstd } from "../../src/codec/zstd/zstd.ts";
import { goldenHashes } from "../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  "zstd,1": ["b09b51743697ab25", "1f90e47f653abd12", "61c83ce8f955b8cf", "2d8076b790354543"],
  "zstd,2": ["05a03af34a4b2f4e", "239d72c7718d2202", "11275dd9ef682c3e", "6d964d8c78e0b775"],
  "zstd,3": ["5b234f44642da6b7", "bdb27344ca9dce9e", "7c634fd851ac3e7d", "9e587d3771fedf89"],
  "zstd,6": ["aab578063fb3ebac", "62d75adab9915980", "63e44d78ef930ff5", "f85288608fdc2c2c"],
  "zstd,9": ["5859f59a11665370", "fbfc98788a1c446c", "4cf26795f3fb2028", "4838c1e3c183adef"],
  "zstd,12": ["4a6ac9858812efb1", "6f5f427c8dcbf7b7", "ab60e18a3349791a", "350950aa717758f3"],
  "zstd,15": ["ae8f786bc1d7a6cc", "0c1765987b557493", "4d908611643dc0c4", "764a25c2f4c7e4f5"],
  "zstd,19": ["8c62650a2701161f", "5725510ec1ec38fd", "fb42e95dfd766309", "cbd745704bc8e505"],
  "zstd,22": ["c9005e9f216969c9", "e18089432269c554", "6dba0db47df4d0bc", "623063fe6724a804"],
};

test.each([1, 2, 3, 6, 9, 12, 15, 19, 22].map((level) => createZstd(level)))("$name", (codec) => {
  expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
});
