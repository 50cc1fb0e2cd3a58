/** What others link to is found where it has gone: a file that is stored as it is starts with a block. */
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { buildErofs, directory } from "../../../dist/index.js";
import { makeScratch } from "../../helpers/scratch.ts";
import { noise } from "../../helpers/trees/noise.ts";

const scratch = makeScratch("moved-sources");
const tree = `${scratch}/tree`;
const source = noise(1, 170_000);
/** Zeros around some bytes. */
const amid = (bytes: Buffer, before: number, after: number) =>
  Buffer.concat([Buffer.alloc(before), bytes, Buffer.alloc(after)]);

beforeAll(() => {
  mkdirSync(tree);
  // ends in the middle of a block
  writeFileSync(`${tree}/a`, amid(noise(2, 5000), 2692, 13_085));
  // shrinks by no byte, so it is stored as it is, behind the next border
  writeFileSync(`${tree}/b`, source);
  writeFileSync(`${tree}/c`, amid(source.subarray(28_243, 128_243), 311_033, 231_112));
  writeFileSync(`${tree}/d`, Buffer.concat([noise(3, 777), source.subarray(100_000, 169_000)]));
});

test.each(["lz4", "zstd", "deflate"] as const)("with records of extents and %s", async (compress) => {
  for (const blockSize of [512, 4096]) {
    const options = { compress, blockSize, dedupeExtents: true, extentRecords: true, verify: true } as const;
    const { bytes } = await buildErofs(directory(tree), `${scratch}/image`, options);
    // most of what c and d have of b is there once, of 345 KB
    expect(bytes).toBeLessThan(300_000);
  }
});
