// What this package promises about its cost, each held against the figures of a run.
import { median } from "./measure.mjs";

/** @import { Row, StoreLayout, Verdict, Walls } from "./types.ts" */

const MB = 1e6;

/**
 * What became of the promises. Times are compared within each round, so that a machine that is busy in one round does not
 * decide.
 * @param {Row[]} rows
 * @param {StoreLayout} layout
 * @returns {Verdict[]}
 */
export function judge(rows, layout) {
  /** @param {string} name */
  const row = (name) => rows.find((one) => one.name === name);
  const ours = row("ours --closure");
  const plain = row("mkfs, already staged");
  const whole = row("ours, whole store");
  const entries = layout.stores.large.entries - layout.closure.entries;
  const growth = quotient(minus(whole?.peak, ours?.peak), entries);
  const without = row("ours --closure --dedupe=none");
  /** @type {(name: string, limit: number) => Verdict} */
  const against = (name, limit) => time(`time against ${name}`, ratio(ours, row(name)), limit);
  return [
    against("mkfs, already staged", 0.8),
    time("time without dedupe against mkfs, already staged", ratio(without, plain), 0.75),
    against("mkfs, already staged, -x-1", 1),
    against("floor: read and written, no image", 1.3),
    against("tar | mkfs --tar=f", 0.4),
    against("copy, then mkfs", 0.2),
    time("time in the large store against the small one", ratio(ours, row("ours --closure, small store")), 1.02),
    amount("peak memory for the closure, MB", quotient(ours?.peak, MB), 110, 1),
    amount("memory for each further entry, bytes", growth, 200, 0),
    amount("size without dedupe, against mkfs", quotient(without?.size, plain?.size), 1.003, 4),
    { ...amount("size, against mkfs", quotient(ours?.size, plain?.size), 1, 4), ...smaller(ours?.size, plain?.size) },
  ];
}

/**
 * The median of how many times longer `one` took than `other` in the same round; undefined without both to their end.
 * @param {Walls | undefined} one
 * @param {Walls | undefined} other
 */
export function ratio(one, other) {
  if (!one?.walls || !other?.walls || one.late || other.late) return undefined;
  const pairs = [];
  for (let i = 0; i < Math.max(one.walls.length, other.walls.length); i++) {
    const a = one.once ? one.walls[0] : one.walls[i];
    const b = other.once ? other.walls[0] : other.walls[i];
    if (a !== undefined && b !== undefined) pairs.push(a / b);
  }
  return median(pairs);
}

/** @type {(promise: string, got: number | undefined, limit: number) => Verdict} */
function time(promise, got, limit) {
  return amount(promise, got, limit, limit > 1 ? 3 : 2);
}

/** How much more; undefined where one is not known. @param {number | undefined} a @param {number | undefined} b */
function minus(a, b) {
  return a === undefined || b === undefined ? undefined : a - b;
}

/** How many times as large; undefined where one is not known. @param {number | undefined} a @param {number | undefined} b */
export function quotient(a, b) {
  return a === undefined || b === undefined ? undefined : a / b;
}

/**
 * A promise kept by at most `limit`; `met` is undefined where `got` is not known.
 * @type {(promise: string, got: number | undefined, limit: number, digits: number) => Verdict}
 */
export function amount(promise, got, limit, digits) {
  const known = got !== undefined && Number.isFinite(got);
  return {
    promise,
    limit: `<= ${limit}`,
    got: known ? got.toFixed(digits) : "-",
    met: known ? got <= limit : undefined,
  };
}

/**
 * With equal files stored once the image has to be truly smaller, if there are any: the closure holds some.
 * @param {number | undefined} size
 * @param {number | undefined} other
 */
function smaller(size, other) {
  return { limit: "< 1", met: size && other ? size < other : undefined };
}
