/** Choices that follow from a seed. */
import { generator } from "../test/helpers/trees/noise.ts";

/** A source of choices. */
export interface Random {
  /** From 0 on, below a limit. */
  below(limit: number): number;
  pick<T>(values: readonly T[]): T;
  /** True in one of so many cases. */
  oneIn(cases: number): boolean;
}

/** The choices of a seed. */
export function choices(seed: number): Random {
  // numbers beside each other give rows that have nothing in common
  const next = generator(Math.imul(seed ^ (seed >>> 16), 0x9e3779b1));
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, pick: (values) => values[below(values.length)]!, oneIn: (cases) => below(cases) === 0 };
}
