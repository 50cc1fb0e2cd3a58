/** What can be set of SquashFS's compressors, as callers give it and as it is once defaults are decided. */
import { type Checks, either, FLAG, list, NUMBER, TEXT } from "../../core/options/checks.ts";
import { OptionError } from "../../core/options/option-error.ts";

/** What can be set of compressors; each has its own. */
export interface CompressorSettings {
  /**
   * gzip 1 to 9 (default 9), lzo 1 to 9 (default 8), xz and lzma 0 to 9 (default 6 and 5), lz4hc 1 to 12 (default 12), zstd 1
   * to 22 (default 15).
   */
  level?: number | undefined;
  /** xz, lzma: tries harder, as `xz -e` does; several times slower. Default: false. */
  extreme?: boolean | undefined;
  /** gzip: log2 of the bytes that its matches may lie back, 8 to 15 (`-Xwindow-size`). Default: 15. */
  windowBits?: number | undefined;
  /**
   * xz, lzma: bytes that matches may reach back (`-Xdict-size`), from 8192 up to a block, 2^n or 2^n + 2^(n-1); or a share of
   * the block, as "75%". Default: as many as a block has.
   */
  dictSize?: number | string | undefined;
  /**
   * xz: filters of code that are tried for each block besides none (`-Xbcj`): x86, powerpc, ia64, arm, armthumb, sparc, arm64,
   * riscv. Default: none.
   */
  filters?: readonly string[] | undefined;
  /** xz, lzma: bits of the byte before that contexts of literals have, 0 to 4 (default 3), with `lp` at most 4. */
  lc?: number | undefined;
  /** xz, lzma: bits of the position that they have, 0 to 4 (default 0). */
  lp?: number | undefined;
  /** xz, lzma: bits of the position that contexts of matches have, 0 to 4 (default 2). */
  pb?: number | undefined;
}

/** One of {@link CompressorSettings}. */
export type SettingName = keyof CompressorSettings;

/**
 * Settings with every default decided; 0 for what a compressor does not have. Flags are 0 or 1, names are bits; as many bytes
 * as a block has are 0.
 */
export type Settings = Readonly<Record<SettingName, number>>;

/** What a setting is: a number, one of bytes or a share of the block, a flag, or some of its names. */
export type SettingKind = "number" | "size" | "flag" | "names";

/** The settings, and what they are. */
export const SETTINGS: Readonly<Record<SettingName, { readonly kind: SettingKind; readonly help: string }>> = {
  level: { kind: "number", help: "how hard it tries" },
  extreme: { kind: "flag", help: "try harder, several times slower" },
  windowBits: { kind: "number", help: "log2 of the bytes that matches may lie back" },
  dictSize: { kind: "size", help: "bytes that matches may lie back, or a share of the block as 75%" },
  filters: { kind: "names", help: "filters of code that are tried for each block besides none" },
  lc: { kind: "number", help: "bits of the byte before in contexts of literals" },
  lp: { kind: "number", help: "bits of the position in contexts of literals" },
  pb: { kind: "number", help: "bits of the position in contexts of matches" },
};

/** What may stand in {@link CompressorSettings}. */
export const SETTINGS_CHECKS: Checks<CompressorSettings> = {
  level: NUMBER,
  extreme: FLAG,
  windowBits: NUMBER,
  dictSize: either('a number of bytes, or a share of the block as "75%"', NUMBER, TEXT),
  filters: list("an array of names", TEXT),
  lc: NUMBER,
  lp: NUMBER,
  pb: NUMBER,
};

/** The numbers that a setting may be. */
export interface SettingRange {
  /** What it is when it is not given. */
  readonly normal: number;
  /** The lowest and the highest. */
  readonly lowest: number;
  readonly highest: number;
  /** Of names: what each bit stands for. */
  readonly names?: readonly string[];
}

/** Where a setting stands, and what it may be. */
export interface SettingPlace {
  /** Which compressor has it, for messages. */
  readonly compressor: string;
  readonly range: SettingRange;
  readonly blockSize: number;
}

/**
 * Decides a setting.
 *
 * @throws ImageError `INPUT` for one that is out of range
 */
export function resolveSetting(name: SettingName, value: CompressorSettings[SettingName], place: SettingPlace): number {
  const { compressor, range } = place;
  if (value === undefined) return range.normal;
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "object") return bitsOf(name, value, place);
  if (SETTINGS[name].kind === "size") return resolveSize(name, value, place);
  const { lowest, highest } = range;
  if (typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest) return value;
  const wanted = lowest === highest ? `has nothing to choose there` : `takes an integer from ${lowest} to ${highest}`;
  throw new OptionError(name, `${compressor} ${wanted}, not ${value}`);
}

function bitsOf(name: SettingName, given: readonly string[], { compressor, range }: SettingPlace): number {
  const { names = [] } = range;
  return given.reduce((bits, each) => {
    const bit = names.indexOf(each);
    if (bit >= 0) return bits | (1 << bit);
    throw new OptionError(name, `${compressor} has ${names.join(", ")}, not "${each}"`);
  }, 0);
}

/** Bytes that are given, or a share of the block; 0 for as many as a block has. */
function resolveSize(name: SettingName, value: number | string, { range, blockSize }: SettingPlace): number {
  const share = typeof value === "string" ? /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1] : undefined;
  const bytes = share === undefined ? value : Math.floor((blockSize * Number(share)) / 100);
  if (typeof bytes !== "number" || !Number.isInteger(bytes)) {
    throw new OptionError(name, `${value} is neither bytes nor a share of the block as "75%"`);
  }
  if (bytes < range.lowest || bytes > blockSize) {
    throw new OptionError(name, `${value} is not from ${range.lowest} bytes to those of a block, ${blockSize}`);
  }
  const half = 2 ** (31 - Math.clz32(bytes));
  if (bytes !== half && bytes !== half + half / 2) {
    throw new OptionError(name, `${value} is neither 2^n nor 2^n + 2^(n-1) bytes, as 75%, 50%, 37.5%, 32K are`);
  }
  return bytes === blockSize ? 0 : bytes;
}
