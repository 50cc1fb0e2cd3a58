/** The table of compressors against fs/squashfs/squashfs_fs.h, mksquashfs's options on disk, and the codecs it names. */
import { describe, expect, test } from "vitest";
import { CODECS } from "../../../src/codec/names.ts";
import type { CompressorSettings, SettingName } from "../../../src/squashfs/disk/compressor-settings.ts";
import {
  COMPRESSORS,
  type CompressorName,
  encodeCompressorOptions,
  makeCodec,
  resolveSettings,
} from "../../../src/squashfs/disk/compressors.ts";

const BLOCK = 131072;
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test.each<[CompressorName, number, string]>([
  ["none", 1, "2.6.29"],
  ["gzip", 1, "2.6.29"],
  ["lzo", 3, "2.6.36"],
  ["lzo1x_1", 3, "2.6.36"],
  ["lzo1x_1_11", 3, "2.6.36"],
  ["lzo1x_1_12", 3, "2.6.36"],
  ["lzo1x_1_15", 3, "2.6.36"],
  ["lzma", 2, ""],
  ["xz", 4, "2.6.38"],
  ["lz4", 5, "3.19"],
  ["lz4hc", 5, "3.19"],
  ["zstd", 6, "4.14"],
])("%s has the number %i for the kernel, and is read since %s", (name, id, since) => {
  expect(COMPRESSORS[name]).toMatchObject({ id, since });
});

test.each<[CompressorName, CompressorSettings, string]>([
  ["none", {}, ""],
  ["gzip", {}, ""],
  ["gzip", { level: 9, windowBits: 15 }, ""],
  ["gzip", { level: 4 }, "0880 04000000 0f00 0000"],
  ["gzip", { windowBits: 9 }, "0880 09000000 0900 0000"],
  ["lzo", {}, ""],
  ["lzo", { level: 8 }, ""],
  ["lzo", { level: 9 }, "0880 04000000 09000000"],
  ["lzo1x_1", {}, "0880 00000000 00000000"],
  ["lzo1x_1_11", {}, "0880 01000000 00000000"],
  ["lzo1x_1_12", {}, "0880 02000000 00000000"],
  ["lzo1x_1_15", {}, "0880 03000000 00000000"],
  ["lzma", { level: 9, dictSize: 65536 }, ""],
  ["xz", { level: 9, extreme: true, lc: 1, lp: 2, pb: 0, dictSize: "100%" }, ""],
  ["xz", { dictSize: 131072, filters: [] }, ""],
  ["xz", { dictSize: "75%" }, "0880 00800100 00000000"],
  ["xz", { filters: ["riscv", "x86"] }, "0880 00000200 81000000"],
  ["lz4", {}, "0880 01000000 00000000"],
  ["lz4hc", {}, "0880 01000000 01000000"],
  ["lz4hc", { level: 3 }, "0880 01000000 01000000"],
  ["zstd", { level: 15 }, ""],
  ["zstd", { level: 22 }, "0480 16000000"],
])("the options of %s with %j", (compressor, given, hex) => {
  const spec = { compressor, settings: resolveSettings(compressor, given, BLOCK), blockSize: BLOCK };
  expect(hexOf(encodeCompressorOptions(spec))).toBe(hex.replaceAll(" ", ""));
});

describe.each(Object.entries(COMPRESSORS))("the row of %s", (name, row) => {
  const compressor = name as CompressorName;

  test("its words lead to rows", () => {
    for (const { sets, becomes, selects, only } of row.words ?? []) {
      expect([sets, becomes, selects, only].filter((each) => each !== undefined)).toHaveLength(1);
      if (sets) expect(row.settings[sets]).toBeDefined();
      for (const other of [becomes, ...Object.values(selects ?? {})]) {
        if (other) expect(COMPRESSORS[other].id).toBe(row.id);
      }
    }
  });

  test("has settings that its codec takes", async () => {
    for (const setting of ["level", "windowBits", "pb"] satisfies SettingName[]) {
      const range = row.settings[setting];
      for (const value of range ? [range.lowest, range.normal, range.highest] : []) {
        const settings = resolveSettings(compressor, { [setting]: value }, BLOCK);
        expect(settings[setting]).toBe(value);
        const codec = await makeCodec(
          { compressor, settings, blockSize: BLOCK },
          { plainLen: 4096, compressedLen: 4096 },
        );
        if (row.codec === undefined) expect(codec).toBeUndefined();
        else if (CODECS[row.codec].levels) expect(codec!.name).toBe(`${row.codec},${settings.level}`);
        else expect(codec!.name).toBe(row.codec);
      }
    }
  });
});

test.each<[CompressorName, CompressorSettings, string]>([
  ["gzip", { level: 10 }, "level: gzip takes an integer from 1 to 9, not 10"],
  ["lzo", { level: 10 }, "level: lzo takes an integer from 1 to 9, not 10"],
  ["lzo1x_1", { level: 1 }, "level: lzo1x_1 has nothing to choose there, not 1"],
  ["lz4", { level: 1 }, "level: lz4 has nothing to choose there, not 1"],
  ["zstd", { level: 0 }, "level: zstd takes an integer from 1 to 22, not 0"],
  ["gzip", { windowBits: 16 }, "windowBits: gzip takes an integer from 8 to 15, not 16"],
  ["zstd", { windowBits: 15 }, "windowBits: is a setting of gzip, not of zstd"],
  ["lz4", { filters: ["x86"] }, "filters: is a setting of xz, not of lz4"],
  ["xz", { filters: ["mips"] }, 'filters: xz has x86, powerpc, ia64, arm, armthumb, sparc, arm64, riscv, not "mips"'],
  ["xz", { lc: 3, lp: 2 }, "lp: 2 and lc, 3, are more than 4 together"],
  ["xz", { dictSize: 4096 }, "dictSize: 4096 is not from 8192 bytes to those of a block, 131072"],
  ["xz", { dictSize: "101%" }, "dictSize: 101% is not from 8192 bytes to those of a block, 131072"],
  ["xz", { dictSize: "60%" }, "dictSize: 60% is neither 2^n nor 2^n + 2^(n-1) bytes, as 75%, 50%, 37.5%, 32K are"],
  ["lzma", { dictSize: "all" }, 'dictSize: all is neither bytes nor a share of the block as "75%"'],
])("%s does not take %j: %s", (compressor, given, message) => {
  expect(() => resolveSettings(compressor, given, BLOCK)).toThrow(expect.objectContaining({ code: "INPUT", message }));
});
