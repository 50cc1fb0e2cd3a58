/** The bytes of DEFLATE and zlib, pinned: a change of them must be meant, and is a release note. */
import { expect, test } from "vitest";
import { createDeflate } from "../../src/codec/deflate/deflate.ts";
import { createZlib } from "../../src/codec/deflate/zlib.ts";
import { goldenHashes } from "../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  "deflate,1": ["727f857af4dab74e", "6a5b66a8e4e7ffd8", "f9edfa157c691040", "fb99f2e4eca5aca2"],
  "deflate,2": ["f784975e588aece7", "c488b402effbd516", "b5ec29900f92cc4e", "47bb3a0928c9218e"],
  "deflate,3": ["715f61f5265e94a9", "0aee96a37f57b2fb", "38b5e49495cd85f8", "4eeb2e8da5271faa"],
  "deflate,4": ["c0465f73f6b5a4b8", "ccc127c627274dd3", "a8ed3820292dcbb6", "2e9eef7584c5c3c6"],
  "deflate,5": ["ec063dbc5406e720", "d2dafe256f577a53", "313a98c3d2cad6b5", "8839ceaf8ee81a67"],
  "deflate,6": ["c9529d039bc28638", "03529e1e61dc96e2", "492d9a2c7356ad78", "6be0835157fe742a"],
  "deflate,7": ["b89638232659032f", "d140883219c23425", "00ca9b6267b23b7f", "b4944152b4ae990c"],
  "deflate,8": ["ebc2e86fa2780076", "a6d89dab660c26b4", "f72f34a64a9696a5", "744ae242519d2149"],
  "deflate,9": ["18866b1eaa2e726e", "4acdfedfd91baa69", "b1fed8b6fa7e04fa", "da5de5ca14f8e555"],
  "deflate,10": ["4213cb114d032c0c", "a986b326d4a74eb2", "40830e1231696298", "a8990eb86f2985b8"],
  "deflate,11": ["cedb64afebaac1df", "ae765755e4f552b4", "b98c17d4d29c012d", "71e4712ac18a8cf6"],
  "deflate,12": ["0fc8005c57d039da", "bf35a28ecfecb11b", "852cdfdd44b69047", "d068b8b9efd5c18e"],
  "zlib,1": ["985ba532ae726c46", "ffbbc6f1cd09d60e", "eaf6bf83cd639201", "2bb347845fe3eb49"],
  "zlib,9": ["cf9172728548c2b5", "96614669f946580e", "b24343d02d7fe2b6", "470abd7f1b41d6f0"],
};

const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

test.each([...LEVELS.map((level) => createDeflate(level)), ...[1, 9].map((level) => createZlib(level))])(
  "$name",
  (codec) => {
    expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
  },
);
