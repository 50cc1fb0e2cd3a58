/** Blocks of LZ4, judged by the lz4 program. */
import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { createLz4, createLz4hc } from "../../src/codec/lz4/lz4.ts";
import { loadXxHash } from "../../src/core/hash/xxhash.ts";
import { cut, noise } from "../helpers/codec.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";

/** One for each way of compressing: the fast one, chains without and with runs, the optimal parser in both settings. */
const CODECS = [createLz4(), createLz4hc(3), createLz4hc(9), createLz4hc(11), createLz4hc(12)];
const each = CODECS.map((codec) => [codec.name, codec] as const);

describe("the lz4 program reads our blocks", () => {
  let xxh32: (bytes: Uint8Array, seed: number) => number;
  beforeAll(async () => {
    xxh32 = (await loadXxHash()).h32Raw;
  });
  /** A frame of independent blocks of up to 4 MiB, the checksum of the contents behind them. */
  const frame = (blocks: readonly Uint8Array[], data: Uint8Array) => {
    const u32 = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
    const descriptor = Uint8Array.of(0x64, 0x70);
    return Buffer.concat([
      u32(0x184d2204),
      descriptor,
      Uint8Array.of(xxh32(descriptor, 0) >>> 8),
      ...blocks.flatMap((block) => [u32(block.length), block]),
      u32(0),
      u32(xxh32(data, 0)),
    ]);
  };

  test.skipIf(!oracle("lz4", hasCommand("lz4"))).each(each)("%s", (_, codec) => {
    const repeated = noise(40_000, 3).map((byte) => byte >> 5);
    const data = Buffer.concat([repeated, noise(10_000), new Uint8Array(50_000), repeated.subarray(0, 20_000)]);
    for (const limit of [100, 4096, 65536]) {
      const blocks = cut(codec, data, limit).map(({ block }) => block);
      const decoded = execFileSync("lz4", ["-dc"], { input: frame(blocks, data), maxBuffer: 1 << 24 });
      expect(decoded.equals(data)).toBe(true);
    }
  });
});
