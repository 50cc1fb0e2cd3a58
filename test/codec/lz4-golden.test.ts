/**
 * The bytes of LZ4 and LZ4HC, pinned. They are those of liblz4 1.9.4 (Debian 12, x86-64): for each of the hashes below a
 * program in C made the same calls of LZ4_compress_destSize(), LZ4_compress_HC_destSize(), LZ4_compress_default() and
 * LZ4_compress_HC() on the same input, and gave the same hash; but for fixed output of level 7, which looks deeper where its
 * input shrinks well, and has a wider table if it is large.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createLz4, createLz4hc } from "../../src/codec/lz4/lz4.ts";
import { data, goldenHashes } from "../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  lz4: ["f47d360c0612b294", "cc1d93aaf6a31041", "2b6a460cfea78d23", "937f0cfb734ba34d"],
  "lz4hc,1": ["608f4207130943d9", "6af80989c2eaa608", "6c9ed699e9dbb3de", "41d18d8a710f730f"],
  "lz4hc,2": ["608f4207130943d9", "6af80989c2eaa608", "6c9ed699e9dbb3de", "41d18d8a710f730f"],
  "lz4hc,3": ["02665f01011d2f76", "0652a0179b3561fc", "cf26c743c6e18bc2", "585a86c052c48554"],
  "lz4hc,4": ["8b4f45782f560513", "eb2b89be4b9ca528", "189effc07926223b", "4c2e48a69dd3ab17"],
  "lz4hc,5": ["4b917cf9c8b77602", "717e1310abff0fbb", "934cf5e192c7cdfe", "3bfcc8b20a2f8acb"],
  "lz4hc,6": ["86de931ea31cb223", "40bef2950c0f7a3c", "a853f00f4f612e59", "06ee3ec41452a0d2"],
  "lz4hc,7": ["81f657a34c6999b7", "ad231afbe5bc0222", "04ee77b320137a1c", "c3e2f8e9e09bca3a"],
  "lz4hc,8": ["65c78bbb19065d7d", "3315c67823f72581", "b60d229c98e7f008", "343d99c6c9dd9262"],
  "lz4hc,9": ["9e3500619a4cc19b", "a6dc06e2f47ef7ee", "359c10f478e82697", "04d3b92bb955bd3a"],
  "lz4hc,10": ["12f8004f0bef9c5a", "07a94ea81bf82248", "cb9a2f61e0b1053e", "43a79e5340111ea0"],
  "lz4hc,11": ["ccaa82f67d4f2a0b", "a7abe0fe1c9b7024", "1cb4b0029a7da1d3", "d8a24f03047d0bf9"],
  "lz4hc,12": ["f25e9889fa6bfac5", "12038caba4e11905", "8eeb8f3a070a0c01", "2b0ff1feb1896b78"],
};

test("the sample is what it was", () => {
  expect(createHash("sha256").update(data).digest("hex").slice(0, 16)).toBe("92af5b33f36b1bd4");
});

test.each([createLz4(), ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((level) => createLz4hc(level))])(
  "$name",
  (codec) => {
    expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
  },
);
