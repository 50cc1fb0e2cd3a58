/** The table of algorithms against fs/erofs/erofs_fs.h, and against the codecs that it names. */
import { describe, expect, test } from "vitest";
import { CODECS } from "../../../src/codec/names.ts";
import {
  ALGORITHMS,
  type Algorithm,
  checkContexts,
  encodeConfiguration,
  resolveDictSize,
} from "../../../src/erofs/disk/algorithms.ts";

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test.each<[Algorithm, number, string, string]>([
  ["lz4", 0, "lz4", "5.4"],
  ["lz4hc", 0, "lz4", "5.4"],
  ["lzma", 1, "lzma", "5.16"],
  ["deflate", 2, "deflate", "6.6"],
  ["zstd", 3, "zstd", "6.10"],
])("%s has the number %i for the kernel, where it is %s, read since %s", (name, id, reader, since) => {
  expect(ALGORITHMS[name]).toMatchObject({ id, reader, since });
});

test.each<[Algorithm, number, number, string]>([
  ["lz4", 0xffff, 1, "0e00 ffff 0100 00000000000000000000"],
  ["lz4hc", 0xffff, 256, "0e00 ffff 0001 00000000000000000000"],
  ["lzma", 0x8000, 1, "0e00 00800000 0000 0000000000000000"],
  ["deflate", 0x8000, 16, "0600 0f 0000000000"],
  ["zstd", 0x8000, 1, "0600 00 05 00000000"],
  ["zstd", 1 << 20, 256, "0600 00 0a 00000000"],
])("the configuration of %s with a dictionary of %i and %i blocks", (name, dictSize, pclusterBlocks, hex) => {
  expect(hexOf(encodeConfiguration(ALGORITHMS[name], { dictSize, pclusterBlocks }))).toBe(hex.replaceAll(" ", ""));
});

describe.each(Object.entries(ALGORITHMS))("the row of %s", (name, row) => {
  test("names a codec", () => {
    expect(Object.keys(CODECS)).toContain(row.codec);
  });

  test.each([512, 4096, 12288, 65536, 1 << 20])("has a dictionary for pclusters of %i bytes", (pclusterSize) => {
    const { normal, choice } = row.dictionary(pclusterSize);
    if (choice) {
      expect(normal).toBeGreaterThanOrEqual(choice.least);
      expect(normal).toBeLessThanOrEqual(choice.most);
      for (const size of [choice.least, choice.most]) {
        expect(resolveDictSize(name as Algorithm, size, pclusterSize)).toBe(size);
      }
    }
    expect(resolveDictSize(name as Algorithm, undefined, pclusterSize)).toBe(normal);
    expect(resolveDictSize(name as Algorithm, 0, pclusterSize)).toBe(normal);
    expect(encodeConfiguration(row, { dictSize: normal, pclusterBlocks: 1 }).length).toBeLessThan(64);
  });

  test("has the same number as others only if they are one for a reader", () => {
    const others = Object.values(ALGORITHMS).filter(({ id }) => id === row.id);
    for (const { configuration, mostBlocks, reader, since } of others) {
      expect({ configuration, mostBlocks, reader, since }).toEqual({
        configuration: row.configuration,
        mostBlocks: row.mostBlocks,
        reader: row.reader,
        since: row.since,
      });
    }
  });
});

test.each<[Algorithm, number, number, string]>([
  ["lz4hc", 4096, 4096, "compress.dictSize: lz4hc has none to choose"],
  ["deflate", 4096, 4096, "compress.dictSize: deflate has only 32768"],
  ["lzma", 2048, 4096, "compress.dictSize: 2048 is not an integer from 4096 to 8388608"],
  ["zstd", 512, 4096, "compress.dictSize: 512 is not an integer from 1024 to 1048576"],
  ["zstd", 2 << 20, 4096, "compress.dictSize: 2097152 is not an integer from 1024 to 1048576"],
  ["zstd", 49152, 4096, "compress.dictSize: 49152 is not a power of two"],
])("%s does not take %i bytes for pclusters of %i", (name, asked, pclusterSize, message) => {
  const refused = expect.objectContaining({ code: "INPUT", message });
  expect(() => resolveDictSize(name, asked, pclusterSize)).toThrow(refused);
});

test("contexts are lzma's alone, and no more than four bits together", () => {
  expect(checkContexts("lzma", { lc: 4, pb: 0 })).toEqual({ lc: 4, pb: 0 });
  expect(checkContexts("zstd", {})).toEqual({});
  const refused = (message: string) => expect.objectContaining({ code: "INPUT", message });
  expect(() => checkContexts("zstd", { lc: 3 })).toThrow(refused("compress.lc: says nothing about zstd"));
  expect(() => checkContexts("lzma", { pb: 5 })).toThrow(refused("compress.pb: 5 is not an integer from 0 to 4"));
  expect(() => checkContexts("lzma", { lp: 2 })).toThrow(refused("compress.lp: 2 and lc, 3, are more than 4 together"));
});
