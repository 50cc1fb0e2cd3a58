/** Options that come from callers: what types promise, JavaScript need not keep. */
import { ImageError } from "../error.ts";

/** Returns `value` if it is undefined or an integer in range; throws `INPUT` naming it otherwise. */
export function checkInteger(what: string, value: number | undefined, min: number, max: number): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return value;
  throw new ImageError("INPUT", `${what}: ${value} is not an integer from ${min} to ${max}`);
}

/** Throws `INPUT` unless `value` is undefined or one of `allowed`. */
export function checkOneOf(what: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  throw new ImageError("INPUT", `${what}: ${JSON.stringify(value)} is none of ${allowed.join(", ")}`);
}
