/** The superblock against bytes that veritysetup 2.6 wrote, and the places of levels against numbers by hand. */
import { expect, test } from "vitest";
import { decodeStruct, StructView } from "../../src/core/struct.ts";
import { encodeVeritySuperblock, VERITY_SB } from "../../src/verity/format.ts";
import { planHashTree } from "../../src/verity/levels.ts";

test("the superblock is the one that veritysetup writes, and fills a block", () => {
  const uuid = Uint8Array.from("11111111222233334444555555555555".match(/../g)!, (pair) => Number.parseInt(pair, 16));
  const bytes = encodeVeritySuperblock({ uuid, dataBlocks: 1, salt: Uint8Array.of(0xaa, 0xbb) });
  const lines = [
    "76657269747900000100000001000000",
    "11111111222233334444555555555555",
    "73686132353600000000000000000000",
    "00000000000000000000000000000000",
    "00100000001000000100000000000000",
    "0200000000000000aabb000000000000",
  ];
  expect(Buffer.from(bytes).toString("hex")).toBe(lines.join("").padEnd(8192, "0"));
});

test("a salt of 256 bytes has its place, and so have 2^40 blocks", () => {
  const salt = new Uint8Array(256).fill(0xcd);
  const bytes = encodeVeritySuperblock({ uuid: new Uint8Array(16), dataBlocks: 2 ** 40, salt });
  const read = decodeStruct(new StructView(bytes.buffer), 0, VERITY_SB);
  expect(read).toMatchObject({ data_blocks: 2n ** 40n, salt_size: 256, salt, _pad2: new Uint8Array(168) });
});

test.each([
  [1, [], 0],
  [2, [[2, 0, 1]], 1],
  [128, [[128, 0, 1]], 1],
  // the top level lies in front
  [
    129,
    [
      [129, 1, 2],
      [2, 0, 1],
    ],
    3,
  ],
  [
    16384,
    [
      [16384, 1, 128],
      [128, 0, 1],
    ],
    129,
  ],
  [
    16385,
    [
      [16385, 3, 129],
      [129, 1, 2],
      [2, 0, 1],
    ],
    132,
  ],
] as const)("%i blocks have these levels", (dataBlocks, levels, blocks) => {
  const tree = planHashTree(dataBlocks);
  expect(tree.levels.map(({ hashed, first, blocks: count }) => [hashed, first, count])).toEqual(levels);
  expect(tree.blocks).toBe(blocks);
});

test("levels of any tree lie one behind the other, the lowest at the end", () => {
  for (const dataBlocks of [3, 127, 130, 2 ** 21 - 1, 2 ** 21 + 1, 2 ** 40 + 7]) {
    const { levels, blocks } = planHashTree(dataBlocks);
    let end = blocks;
    let hashed = dataBlocks;
    for (const level of levels) {
      expect(level.hashed).toBe(hashed);
      expect(level.first + level.blocks).toBe(end);
      end = level.first;
      hashed = level.blocks;
    }
    expect([end, hashed]).toEqual([0, 1]);
  }
});
