/** The bytes of LZMA and of .xz, pinned: a change of them must be meant, and is a release note. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createLzma } from "../../../src/codec/lzma/lzma.ts";
import { createLzmaAlone } from "../../../src/codec/lzma/lzma-alone.ts";
import { BRANCHES } from "../../../src/codec/xz/branches.ts";
import { FILTERS } from "../../../src/codec/xz/filter-names.ts";
import { createXz } from "../../../src/codec/xz/xz-codec.ts";
import { goldenBlocks, goldenHashes } from "../../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  "lzma,0": ["1f28a6ea7bd6b4ea", "7f102d08e6284989", "dc07c083b4030c9a", "319542d35303d362"],
  "lzma,1": ["304ee444393637e5", "90f584ea4dd601f5", "a27c1079fa4ef296", "59f800e6083a237f"],
  "lzma,2": ["65eb50b1a5467836", "1379e3fcf29f96c0", "2ea0818ba019555e", "064713c6154e8cf0"],
  "lzma,3": ["7f5d78a093e705b1", "a4a007a4baae411c", "842e810fd656eeda", "cd5e2295e459ff8a"],
  "lzma,4": ["0ae7bb4523fdfc01", "491ed29b9e79b87c", "e33ca390ec9bbf15", "87a2faa48f071df1"],
  "lzma,5": ["1c26e8c08e9c8014", "3969f19066bae231", "5bc8b4c35130e927", "208f7f58f7281710"],
  "lzma,6": ["cc8c21e41d60c322", "b2691e295bb89cd3", "c6d35dcf7ec682f8", "2a3d293064fc2230"],
  "lzma,103": ["b8f0ece2297d5f36", "accaa390142e24b9", "63b13a3fae97c830", "5cb99947743c4d87"],
  "lzma,109": ["ddccdc812ff87261", "416761f620eaed51", "00c6cfb283598297", "5a8f911b04d41902"],
};

const LEVELS = [0, 1, 2, 3, 4, 5, 6, 103, 109];

test.each(LEVELS.map((level) => createLzma(level)))("$name", (codec) => {
  expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
});

const BLOCKS: Record<string, string> = {
  "lzma-alone": "20eb81660a4f6e7c",
  xz: "82f7d9a9a1e8ac55",
};

test.each([
  ["lzma-alone", createLzmaAlone(5)],
  ["xz", createXz(6)],
])("blocks of %s", (name, codec) => {
  expect(goldenBlocks(codec)).toBe(BLOCKS[name]);
});

test("blocks of xz with filters, of code", () => {
  const codec = createXz(6, {}, { filters: FILTERS });
  const hash = createHash("sha256");
  const chosen: number[] = [];
  // calls of one function, as x86 and as arm64 have them
  for (const [unit, call] of [
    [5, (at: number) => [0xe8, -at & 0xff, (-at >> 8) & 0xff, 0xff, 0xff]],
    [4, (at: number) => [(-at >> 2) & 0xff, (-at >> 10) & 0xff, 0xff, 0x97]],
  ] as const) {
    for (let at = 0; at < 8000; at += unit) codec.plain.set(call(at), at);
    hash.update(codec.compressed.subarray(0, codec.compress(0, 8000, 0, 8000)));
    chosen.push(codec.compressed[14]!);
  }
  expect(chosen).toEqual([BRANCHES.x86.id, BRANCHES.arm64.id]);
  expect(hash.digest("hex").slice(0, 16)).toBe("d8f8aa5b6417f691");
});
