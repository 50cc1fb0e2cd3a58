/** The filters of code that .xz has, all that is known of each in one row. */
import { arm, arm64, armThumb, type BranchKind, ia64, powerpc, sparc, x86 } from "./branch.ts";
import type { FilterName } from "./filter-names.ts";
import { riscv } from "./riscv.ts";

/** A filter of code. */
export interface BranchRow {
  /** Its number in .xz. */
  readonly id: number;
  /** What the position where it begins is a multiple of. */
  readonly unit: number;
  readonly kind: BranchKind;
  /** Contexts of LZMA that suit instructions of such a size; others are as usual. */
  readonly contexts: { readonly lc?: number; readonly lp?: number; readonly pb?: number };
}

const WORDS = { lc: 2, lp: 2 };
const HALF_WORDS = { lc: 3, lp: 1 };

/** By name. */
export const BRANCHES: Readonly<Record<FilterName, BranchRow>> = {
  x86: { id: 4, unit: 1, kind: x86, contexts: {} },
  powerpc: { id: 5, unit: 4, kind: powerpc, contexts: WORDS },
  ia64: { id: 6, unit: 16, kind: ia64, contexts: { lc: 0, lp: 4, pb: 4 } },
  arm: { id: 7, unit: 4, kind: arm, contexts: WORDS },
  armthumb: { id: 8, unit: 2, kind: armThumb, contexts: HALF_WORDS },
  sparc: { id: 9, unit: 4, kind: sparc, contexts: WORDS },
  arm64: { id: 10, unit: 4, kind: arm64, contexts: WORDS },
  riscv: { id: 11, unit: 2, kind: riscv, contexts: HALF_WORDS },
};
