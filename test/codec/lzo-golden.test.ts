/** The bytes of LZO1X, pinned. */
import { expect, test } from "vitest";
import { createFastLzo, createLzo } from "../../src/codec/lzo/lzo.ts";
import { goldenHashes } from "../helpers/codec-sample.ts";

// fixed output of changing size, of 4096 and of 65536 bytes; fixed input
const GOLDEN: Record<string, readonly string[]> = {
  lzo1x_1: ["f6fb2e7743ace37f", "f05bdbfccf616503", "4a0eb3e8eaad9c21", "e1b2a1155f93c156"],
  lzo1x_1_11: ["0367a54fc7080b44", "27b47e36fbd65546", "8982cff937bbb935", "8e5f86d2b74512f6"],
  lzo1x_1_12: ["173a6cd92fa2bad2", "a27afb0104cabbb1", "16c2a4a66fde9b25", "676a03866739f777"],
  lzo1x_1_15: ["7b19ea864e388804", "5cae1f8fc7597028", "c8bf88b34edee0fd", "e5796d66feb08f30"],
  "lzo,1": ["f76aa94211964f1f", "1550bad100e6456c", "8f3bfe62f237f040", "442668486c03b54f"],
  "lzo,2": ["6b974d20130df738", "bc74e4d70674e6f8", "961a8d7f2a7382fb", "7bedb6f97066a479"],
  "lzo,3": ["55609ab910fc703c", "a9196b8ca4c50780", "60cc5120b5d1d644", "316e90e019236509"],
  "lzo,4": ["1f2de63c1a408c53", "23ff891e0e637aaf", "339ad8d587bfc5e2", "69c2a3f8066f2f3f"],
  "lzo,5": ["cead8696171b65a5", "c35f47f42b50d5e1", "ae3b8f50e47f0345", "0fa1e13d5c68cfdc"],
  "lzo,6": ["2207c1dbcc66f126", "c1511ec54045dbc1", "97e849123b5733c6", "4162fec1e2e26e4d"],
  "lzo,7": ["99b224eaf65ac95d", "b98d2d9b3a282824", "1b1055d72d5bffee", "3a697bb128a53a60"],
  "lzo,8": ["ba34113cab85dd2b", "87fa8d72fe3b6662", "183a2e38e567717d", "9187e14e5f370e47"],
  "lzo,9": ["95714783b2aa69d6", "2d72bb761abaadb4", "c3db8c2f59c7e2ef", "ca461297db2d21b7"],
};

const FAST = (["lzo1x_1", "lzo1x_1_11", "lzo1x_1_12", "lzo1x_1_15"] as const).map((name) => createFastLzo(name));
const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => createLzo(level));

test.each([...FAST, ...LEVELS])("$name", (codec) => {
  expect(goldenHashes(codec)).toEqual(GOLDEN[codec.name]);
});
