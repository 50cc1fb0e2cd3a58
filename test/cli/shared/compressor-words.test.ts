import { describe, expect, test } from "vitest";
import { COMPRESSOR_NAMES } from "../../../src/cli/shared/compressor-help.ts";
import {
  parseAlgorithms,
  parseCompressor,
  parseGensquashfsWords,
  parseMksquashfsWords,
} from "../../../src/cli/shared/compressor-words.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";
import { ALGORITHMS } from "../../../src/erofs/disk/algorithms.ts";
import { COMPRESSORS } from "../../../src/squashfs/disk/compressors.ts";

const ALGORITHM_NAMES = Object.keys(ALGORITHMS).join(", ");

const LZO_HINT = "Did you mean lzo?";
const LZO = "lzo1x_1, lzo1x_1_11, lzo1x_1_12, lzo1x_1_15, lzo1x_999";

/** `-Xhc`, `-Xwindow-size 9` … as the command hands them over. */
const optionsOf = (line: string) =>
  line.split(/ (?=-X)/).map((option): [string, string] => {
    const [name = "", value = ""] = option.split(" ");
    return [name, value];
  });

describe("-z of an EROFS image", () => {
  test.each([
    ["lz4", [{ algorithm: "lz4" }]],
    ["lz4hc,12", [{ algorithm: "lz4hc", level: 12 }]],
    ["zstd,level=9,dictsize=64k", [{ algorithm: "zstd", level: 9, dictSize: 65536 }]],
    ["zstd,dictsize=0x10000,level=9", [{ algorithm: "zstd", level: 9, dictSize: 65536 }]],
    ["lzma,109,lc=2,lp=1,pb=0", [{ algorithm: "lzma", level: 109, lc: 2, lp: 1, pb: 0 }]],
    ["lzma,level=0,dictsize=8m", [{ algorithm: "lzma", level: 0, dictSize: 8 << 20 }]],
    ["deflate,1:lz4", [{ algorithm: "deflate", level: 1 }, { algorithm: "lz4" }]],
  ])("%s", (text, expected) => {
    expect(parseAlgorithms(text)).toEqual(expected);
  });

  test.each([
    ["", `-z: "" is none of ${ALGORITHM_NAMES}`],
    ["lz4:", `-z: "" is none of ${ALGORITHM_NAMES}`],
    ["ltz4", `-z: "ltz4" is none of ${ALGORITHM_NAMES}`, "Did you mean lz4?"],
    ["gzip", "-z gzip: not for EROFS"],
    ["toString", `-z: "toString" is none of ${ALGORITHM_NAMES}`],
    ["xz", "-z xz: not for EROFS"],
    ["lzma,lc=x", '-z lzma,lc=x: "x" is not a number'],
    ["lzma,fb=64", '-z: "fb=64" says nothing about lzma'],
    ["lz4hc,fast", '-z: "fast" says nothing about lz4hc'],
    ["zstd,dictsize=64k,9", '-z: "9" says nothing about zstd'],
    ["zstd,", '-z: "" says nothing about zstd'],
    ["zstd,level=", '-z zstd,level=: "" is not a number'],
    ["zstd,level=9k", '-z zstd,level=9k: "9k" is not a number'],
  ])("%j is refused: %s", (text, message, hint?: string) => {
    expect(() => parseAlgorithms(text)).toThrow(new UsageError(message, hint));
  });
});

describe("-z of a SquashFS image", () => {
  test.each([
    ["none", { compressor: "none" }],
    ["zstd,19", { compressor: "zstd", level: 19 }],
    ["lz4hc,level=9", { compressor: "lz4hc", level: 9 }],
  ])("%s", (text, expected) => {
    expect(parseCompressor(text)).toEqual(expected);
  });

  test.each([
    ["zip", `-z: "zip" is none of ${Object.keys(COMPRESSORS).join(", ")}`, "Did you mean gzip?"],
    ["deflate", "-z deflate: not for SquashFS"],
    ["zstd,1,2", '-z: "zstd,1,2" is not NAME[,LEVEL]'],
    ["zstd,x", '-z: "x" is not a number'],
  ])("%s is refused: %s", (text, message, hint?: string) => {
    expect(() => parseCompressor(text)).toThrow(new UsageError(message, hint));
  });
});

describe("-comp of mksquashfs", () => {
  test.each([
    ["gzip", "-Xcompression-level 4 -Xwindow-size 9 -Xstrategy default", { level: 4, windowBits: 9 }],
    ["lz4", "-Xhc", { compressor: "lz4hc" }],
    ["lzo", "-Xcompression-level 9", { level: 9 }],
    ["lzo", "-Xalgorithm lzo1x_1_15", { compressor: "lzo1x_1_15" }],
    ["lzo", "-Xalgorithm lzo1x_1 -Xcompression-level 1 -Xalgorithm lzo1x_999", { compressor: "lzo", level: 1 }],
    ["zstd", "-Xcompression-level 1 -Xcompression-level 22", { level: 22 }],
    ["xz", "-Xdict-size 100% -Xbcj x86,arm64 -Xbcj ia64", { dictSize: "100%", filters: ["x86", "arm64", "ia64"] }],
    ["xz", "-Xdict-size 32K", { dictSize: 32768 }],
  ])("%s %s", (name, line, expected) => {
    expect(parseMksquashfsWords(name, optionsOf(line))).toEqual({ compressor: name, ...expected });
  });

  test.each([
    ["lz4hc", "-Xhc", `-comp: "lz4hc" is none of ${COMPRESSOR_NAMES.join(", ")}`, "Did you mean lz4?"],
    ["none", "-Xhc", `-comp: "none" is none of ${COMPRESSOR_NAMES.join(", ")}`],
    ["lzma", "-Xcompression-level 1", "-Xcompression-level: is no option of lzma, but of gzip and lzo and zstd"],
    ["lzo1x_1", "-Xcompression-level 1", `-comp: "lzo1x_1" is none of ${COMPRESSOR_NAMES.join(", ")}`, LZO_HINT],
    ["lzo", "-Xalgorithm lzo1x_11", `-Xalgorithm: "lzo1x_11" is none of ${LZO}`, "Did you mean lzo1x_1?"],
    ["lzo", "-Xcompression-level 10", "-Xcompression-level: 10 is not in 1..9"],
    ["lzo", "-Xcompression-level 9 -Xalgorithm lzo1x_1", "-Xcompression-level: is no option of lzo1x_1"],
    ["gzip", "-Xcompression-level 10", "-Xcompression-level: 10 is not in 1..9"],
    ["gzip", "-Xwindow-size 7", "-Xwindow-size: 7 is not in 8..15"],
    ["gzip", "-Xstrategy fixed", "-Xstrategy fixed: only the default one is there"],
    ["gzip", "-Xhc", "-Xhc: is no option of gzip, but of lz4"],
    ["lz4", "-Xhc -Xwindow-size 9", "-Xwindow-size: is no option of lz4, but of gzip"],
    ["zstd", "-Xalgorithm lzo1x_1", "-Xalgorithm: is no option of zstd, but of lzo"],
    ["zstd", "-Xodd x", "-Xodd: is no option of zstd"],
    ["xz", "-Xbcj x86,mips", '-Xbcj: "mips" is none of x86, powerpc, ia64, arm, armthumb, sparc, arm64, riscv'],
    ["xz", "-Xdict-size half", '-Xdict-size: "half" is not a number'],
    ["xz", "-Xcompression-level 9", "-Xcompression-level: is no option of xz, but of gzip and lzo and zstd"],
    ["zstd", "-Xdict-size 1m", "-Xdict-size: is no option of zstd, but of xz"],
  ])("%s %s is refused: %s", (name, line, message, hint?: string) => {
    expect(() => parseMksquashfsWords(name, optionsOf(line))).toThrow(new UsageError(message, hint));
  });
});

describe("-c of gensquashfs", () => {
  test.each([
    ["gzip", undefined, {}],
    ["gzip", "level=4,window=9,default", { level: 4, windowBits: 9 }],
    ["lz4", "hc", { compressor: "lz4hc" }],
    ["zstd", "level=016", { level: 16 }],
    ["lzo", "algorithm=lzo1x_999,level=3", { compressor: "lzo", level: 3 }],
    ["lzo", "algorithm=lzo1x_1", { compressor: "lzo1x_1" }],
    [
      "xz",
      "level=9,extreme,dictsize=50%,x86,sparc",
      { level: 9, extreme: true, dictSize: "50%", filters: ["x86", "sparc"] },
    ],
    ["lzma", "lc=1,lp=2,pb=0,dictsize=64K", { lc: 1, lp: 2, pb: 0, dictSize: 65536 }],
  ])("%s -X %s", (name, extra, expected) => {
    expect(parseGensquashfsWords(name, extra)).toEqual({ compressor: name, ...expected });
  });

  test.each([
    ["lz4hc", undefined, `-c: "lz4hc" is none of ${COMPRESSOR_NAMES.join(", ")}`, "Did you mean lz4?"],
    ["xz", "lc=5", "-X lc: 5 is not in 0..4"],
    [
      "lzma",
      "x86",
      '-X: "x86" is no option of lzma here: level=0..9, extreme, lc=0..4, lp=0..4, pb=0..4, dictsize=SIZE',
    ],
    ["gzip", "filtered", '-X: "filtered" is no option of gzip here: level=1..9, window=8..15, default'],
    ["gzip", "default=1", '-X: "default=1" is no option of gzip here: level=1..9, window=8..15, default'],
    ["lz4", "level=1", '-X: "level=1" is no option of lz4 here: hc'],
    ["lz4", "hc=1", '-X: "hc=1" is no option of lz4 here: hc'],
    ["lzo", "algorithm", '-X: "algorithm" is no option of lzo here: algorithm=NAME, level=1..9'],
    ["lzo", "algorithm=", `-X algorithm: "" is none of ${LZO}`],
    ["lzo", "level=1,algorithm=lzo1x_1_11", "-X level: is no option of lzo1x_1_11"],
    ["zstd", "level", '-X: "level" is no option of zstd here: level=1..22'],
    ["zstd", "level=23", "-X level: 23 is not in 1..22"],
    ["zstd", "level=0x10", '-X level: "0x10" is not a number'],
    ["zstd", "", '-X: "" is no option of zstd here: level=1..22'],
  ])("%s -X %s is refused: %s", (name, extra, message, hint?: string) => {
    expect(() => parseGensquashfsWords(name, extra)).toThrow(new UsageError(message, hint));
  });
});
