/** Numbers on the command line, in the grammar of C's `strtoll(…, 0)`, but strict: nothing behind or out of range. */
import { UsageError } from "./getopt.ts";

const SUFFIXES: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Sign, hex, octal and decimal digits, unit. */
const ANY_BASE = /^[ \t\n\v\f\r]*([+-]?)(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*))([kmg]?)$/i;
const DECIMAL = /^[ \t\n\v\f\r]*([+-]?)(?:()()([0-9]+))(?:([kmgKMG])(?:[Bb]|bytes)?)?$/;

/** What a number may be. */
export interface NumberRange {
  /** The least. */
  min: number;
  /** The greatest. */
  max: number;
  /** Takes `k`, `m` or `g` behind the digits, in either case. Default: false. */
  suffix?: boolean;
  /**
   * Digits are decimal, whatever they begin with, and `B`, `b` or `bytes` may follow `k`, `m` or `g`, as mksquashfs has it.
   * Default: false.
   */
  decimal?: boolean;
  /** Nothing, or blanks alone, are 0, as the C tools have it where they do not look. Default: false. */
  emptyIsZero?: boolean;
  /** Takes 1, 2, 4, 8 … only. Default: false. */
  powerOfTwo?: boolean;
}

/**
 * Parses `17`, `0x11`, `021` or `-17`.
 *
 * @param name the option that the number is for, as it opens the message.
 * @throws UsageError when it is no number, or not one of the range.
 */
export function parseNumber(
  name: string,
  text: string,
  { min, max, suffix = false, decimal: isDecimal = false, emptyIsZero = false, powerOfTwo = false }: NumberRange,
): number {
  if (emptyIsZero && text.trim() === "") return 0;
  const parts = (isDecimal ? DECIMAL : ANY_BASE).exec(text) ?? [];
  const [, sign, hex, octal, decimal, unit = ""] = parts;
  if (sign === undefined || (unit !== "" && !suffix)) throw new UsageError(`${name}: "${text}" is not a number`);

  const [digits, base] = hex ? [hex, 16] : octal ? [octal, 8] : [decimal!, 10];
  const value = Number.parseInt(digits, base) * SUFFIXES[unit.toLowerCase()]! * (sign === "-" ? -1 : 1) + 0; // `+ 0`: no negative zero
  if (value < min || value > max) throw new UsageError(`${name}: ${text} is not in ${min}..${max}`);
  if (powerOfTwo && !Number.isInteger(Math.log2(value))) throw new UsageError(`${name}: ${text} is not a power of two`);
  return value;
}

/** Parses `SOURCE_DATE_EPOCH`, which is decimal only: https://reproducible-builds.org/specs/source-date-epoch/ */
export function parseEpoch(text: string): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new UsageError(`SOURCE_DATE_EPOCH: "${text}" is not a number of seconds`);
  return value;
}
