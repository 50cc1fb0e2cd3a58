/** The table of features against the history of Linux. */
import { describe, expect, test } from "vitest";
import { COMPAT_FEATURES, FEATURES, readsFeature } from "../../../src/erofs/disk/features.ts";
import { type ErofsLayoutOptions, resolveErofsOptions } from "../../../src/erofs/options.ts";

const compress = { algorithm: "lz4" } as const;

describe("--target-kernel", () => {
  test.each<[ErofsLayoutOptions, last: string, first: string, message: string]>([
    [{ blockSize: 2048 }, "6.3", "6.4", "a block size of 2048"],
    [{ blockSize: 2048, compress }, "6.7", "6.8", "compression with a block size of 2048"],
    [{ chunkSize: 4096 }, "5.14", "5.15", "a chunk size"],
    [{ chunkSize: 4096, blobDevice: "x" }, "5.15", "5.16", "data in another device"],
    [{ compress, pclusterSize: 8192 }, "5.12", "5.13", "a pcluster of several blocks"],
    [{ compress, tailPacking: true }, "5.16", "5.17", "tail packing"],
    [{ compress, fragments: "all" }, "6.0", "6.1", "fragments"],
    [{ compress, compressDirectories: true }, "6.0", "6.1", "fragments"],
    [{ compress, dedupeExtents: true }, "5.19", "6.1", "files that refer to each other's extents"],
    [{ compress, extentRecords: true }, "6.14", "6.15", "extents listed one by one"],
    [{ omitDot: true }, "6.14", "6.15", "directories without an entry for themselves"],
    [{ compress, omitDot: true, fragments: "all" }, "6.14", "6.15", "directories without an entry for themselves"],
    [{ xattrPrefixes: ["user.a"] }, "6.3", "6.4", "a prefix of attributes' names"],
    [{ metabox: true }, "6.16", "6.17", "inodes in a metabox"],
    [{ compress, metabox: true }, "6.16", "6.17", "inodes in a metabox"],
    [{ compress: { algorithm: "deflate" } }, "6.5", "6.6", "deflate"],
    [{ compress: { algorithm: "zstd" } }, "6.9", "6.10", "zstd"],
    [{ compress: [compress, { algorithm: "zstd" }] }, "6.9", "6.10", "zstd"],
  ])("%j: not with %s, but with %s", (options, last, first, what) => {
    const message = `targetKernel: Linux ${last} does not read ${what}, which came with ${first}`;
    const refused = expect.objectContaining({ code: "INPUT", message });
    expect(() => resolveErofsOptions({ ...options, targetKernel: last })).toThrow(refused);
    expect(resolveErofsOptions({ ...options, targetKernel: first })).toBeDefined();
  });

  test.each<[ErofsLayoutOptions]>([[{}], [{ compress }], [{ compress: { algorithm: "lz4hc" } }]])(
    "%j: with the first that has EROFS",
    (options) => {
      expect(resolveErofsOptions({ ...options, targetKernel: "5.4" })).toBeDefined();
    },
  );

  test("decides what is done where both is possible", () => {
    expect(resolveErofsOptions({ targetKernel: "5.14" }).findHoles).toBe(false);
    expect(resolveErofsOptions({ targetKernel: "5.15" }).findHoles).toBe(true);
    expect(resolveErofsOptions({ compress, targetKernel: "6.14" }).compression?.extentRecords).toBeUndefined();
    expect(resolveErofsOptions({ compress, targetKernel: "6.15" }).compression?.extentRecords).toBe(true);
  });
});

test("bits are the kernel's, and each is there once", () => {
  const bits = Object.entries(FEATURES).flatMap(([name, { bit }]) => (bit === 0 ? [] : [[name, bit]]));
  expect(Object.fromEntries(bits)).toEqual({
    ...{
      lz4_0padding: 1,
      compr_cfgs: 2,
      chunked_file: 4,
      device_table: 8,
      metabox: 0x100,
      xattr_prefixes: 0x40,
      ztailpacking: 0x10,
      fragments: 0x20,
      "48bit": 0x80,
    },
  });
  expect(COMPAT_FEATURES).toMatchObject({ sb_chksum: { bit: 1 }, mtime: { bit: 2 }, xattr_filter: { bit: 4 } });
});

test("versions are compared as such", () => {
  expect(readsFeature("v6.12.3", "fragments")).toBe(true);
  expect(readsFeature("6.9", "48bit")).toBe(false);
});
