/** The bytes of zstd, pinned: those of libzstd 1.5.7, and of the search for what fills an output. */
import { expect, test } from "vitest";
import { createZstd } from "../../src/codec/zstd/zstd.ts";
import { goldenHashes } from "../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  "zstd,1": ["04eeeb241162cafe", "345675b5d7e90fb7", "5d32f8c89e20f20e", "2d8076b790354543"],
  "zstd,2": ["0a7f3154a85120bb", "59cd877869dd0368", "c3f4a4006834f948", "6d964d8c78e0b775"],
  "zstd,3": ["2a5a95e5c0422fe6", "bf94f7fc16cd0a87", "ebe6b2ae47b2e178", "9e587d3771fedf89"],
  "zstd,6": ["c684a39117aaa8eb", "4d7fd7e67f63df79", "2db7335ad5ea71d8", "f85288608fdc2c2c"],
  "zstd,9": ["6a7adf75cef22ae3", "6ebf3998d38239c4", "379e259b8cc8f7a9", "4838c1e3c183adef"],
  "zstd,12": ["2f0fe49498333be5", "73ab2526f72ddb4e", "21331dbbe4e96b11", "350950aa717758f3"],
  "zstd,15": ["d3bb3972f3165c72", "c08d3a98554ce7b5", "14083b5d1f87474e", "764a25c2f4c7e4f5"],
  "zstd,19": ["7f3b46a733bc2193", "ef96cdfb3319ae9c", "bf670e8e38ddafa4", "cbd745704bc8e505"],
  "zstd,22": ["2c4cb751456b577a", "39a6c51b174ce3ab", "cf19630e22035531", "623063fe6724a804"],
};

test.each([1, 2, 3, 6, 9, 12, 15, 19, 22].map((level) => createZstd(level)))("$name", (codec) => {
  expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
});
