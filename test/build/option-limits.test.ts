/** The least and the most that options take; what is beyond is refused by the name of the option. */
import { expect, test } from "vitest";
import { buildErofs, entries } from "../../dist/index.js";
import { type ErofsLayoutOptions, resolveErofsOptions } from "../../src/erofs/options.ts";
import { resolveSquashfsOptions, type SquashfsLayoutOptions } from "../../src/squashfs/options.ts";

const refusedAs = (option: string) =>
  expect.objectContaining({ code: "INPUT", message: expect.stringMatching(new RegExp(`^${option}: `)) });

test.each<[option: keyof ErofsLayoutOptions, least: number, most: number, beyond: number[], more: ErofsLayoutOptions]>([
  ["blockSize", 512, 65_536, [256, 131_072, 4095], {}],
  ["chunkSize", 4096, 4096 * 2 ** 31, [2048, 4096 * 2 ** 32, 12_288], {}],
  ["pclusterSize", 4096, 1 << 20, [2048, (1 << 20) + 4096, 5000], { compress: "lz4" }],
  [
    "packedPclusterSize",
    4096,
    1 << 20,
    [2048, (1 << 20) + 4096],
    { compress: "lz4", fragments: "tails", pclusterSize: 1 << 20 },
  ],
  ["maxExtentBytes", 4096, 0xffffffff, [4095, 2 ** 32], { compress: "lz4" }],
  ["dsunit", 0, 0xffffffff, [-1, 2 ** 32], {}],
  ["fsAlignBlocks", 0, 0xffffffff, [-1, 2 ** 32], {}],
  ["rootXattrBytes", 0, 65_532, [-1, 65_533], {}],
])("of EROFS %s is from %d to %d", (option, least, most, beyond, more) => {
  for (const value of [least, most]) expect(() => resolveErofsOptions({ ...more, [option]: value })).not.toThrow();
  for (const value of beyond)
    expect(() => resolveErofsOptions({ ...more, [option]: value })).toThrow(refusedAs(option));
});

test("an extent of EROFS has at most 8000 KiB, whatever is asked for", () => {
  const of = (maxExtentBytes?: number) => resolveErofsOptions({ compress: "lz4", maxExtentBytes }).compression;
  expect([undefined, 1 << 20, 8000 << 10, 1 << 30].map((bytes) => of(bytes)?.maxExtentBytes)).toEqual([
    8000 << 10,
    1 << 20,
    8000 << 10,
    8000 << 10,
  ]);
});

test("a label has at most 15 bytes of UTF-8, an image at most 128 prefixes of attributes, of 255 bytes", () => {
  expect(resolveErofsOptions({ label: "a".repeat(15) }).label).toHaveLength(15);
  expect(() => resolveErofsOptions({ label: "a".repeat(16) })).toThrow(refusedAs("label"));
  const prefixes = (count: number, length: number) => ({
    xattrPrefixes: Array.from({ length: count }, (_, nr) => `user.${nr}`.padEnd(length, "x")),
  });
  expect(resolveErofsOptions(prefixes(128, 255)).xattrPrefixes).toHaveLength(128);
  for (const options of [prefixes(129, 9), prefixes(1, 256)])
    expect(() => resolveErofsOptions(options)).toThrow(refusedAs("xattrPrefixes"));
});

test.each<[option: keyof SquashfsLayoutOptions, least: number, most: number, beyond: number[]]>([
  ["blockSize", 4096, 1 << 20, [2048, 1 << 21, 5000]],
  ["padding", 1, 2 ** 30, [0, 2 ** 30 + 1]],
])("of SquashFS %s is from %d to %d", (option, least, most, beyond) => {
  for (const value of [least, most]) expect(() => resolveSquashfsOptions({ [option]: value })).not.toThrow();
  for (const value of beyond) expect(() => resolveSquashfsOptions({ [option]: value })).toThrow(refusedAs(option));
});

test("a build has at most 1024 threads, and an offset at most 2^53 - 1", async () => {
  const sink = { truncate: () => undefined, writeAt: () => undefined, close: () => undefined };
  const build = (options: object) => buildErofs(entries([]), sink, options);
  for (const workers of [-1, 1025, 1.5]) await expect(build({ workers })).rejects.toThrow(refusedAs("workers"));
  for (const offset of [-1, 2 ** 53]) await expect(build({ offset })).rejects.toThrow(refusedAs("offset"));
  await expect(build({ workers: 1024, offset: 2 ** 53 - 1 - 65_536 })).resolves.toMatchObject({ blocks: 1 });
});
