/** Numbers in tests: `20K`, `<20K` or `-20K`, `>=5`, and ranges. */

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

const COMPARISONS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  "": (value, limit) => value === limit,
  "<": (value, limit) => value < limit,
  "-": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  "+": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
};

/** Tells whether a number is one that is meant. */
export type Condition = (value: number) => boolean;

/** Reads a number with a comparison before it. Throws what `fail` makes of the reason. */
export function parseCondition(text: string, fail: (why: string) => Error): Condition {
  const [, sign = "", digits] = /^(>=|<=|[<>+-]?)(.*)$/s.exec(text) ?? [];
  const limit = parseSize(digits!, fail);
  const compare = COMPARISONS[sign]!;
  return (value) => compare(value, limit);
}

/** Reads the ends of a range, both of which belong to it. Throws what `fail` makes of the reason. */
export function parseRange(from: string, to: string, fail: (why: string) => Error): Condition {
  const [low, high] = [parseSize(from, fail), parseSize(to, fail)];
  return (value) => low <= value && value <= high;
}

/** Reads a number that `k`, `m` or `g` may follow. Throws what `fail` makes of the reason. */
export function parseSize(text: string, fail: (why: string) => Error): number {
  const [, digits, unit = ""] = /^([0-9]+)([kmg]?)$/i.exec(text) ?? [];
  const value = Number(digits) * UNITS[unit.toLowerCase()]!;
  if (digits === undefined || !Number.isSafeInteger(value)) throw fail(`"${text}" is no number`);
  return value;
}
