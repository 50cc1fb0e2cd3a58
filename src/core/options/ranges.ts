/** Numbers that callers give, in their ranges. That they are numbers is for `Checks` to say. */
import { OptionError } from "./option-error.ts";

/** Returns `value` if it is undefined or an integer in range; throws `INPUT` naming the option otherwise. */
export function checkInteger(option: string, value: number | undefined, min: number, max: number): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return value;
  throw new OptionError(option, `${value} is not an integer from ${min} to ${max}`);
}

/** Returns `value` if it is a power of two in range; throws `INPUT` naming the option otherwise. */
export function checkPowerOfTwo(option: string, value: number, min: number, max: number): number {
  checkInteger(option, value, min, max);
  if (!Number.isInteger(Math.log2(value))) throw new OptionError(option, `${value} is not a power of two`);
  return value;
}
