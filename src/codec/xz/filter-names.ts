/** The filters of code that .xz has, as `xz` and mksquashfs call them, in the order of their bits in SquashFS's options. */
export const FILTERS = ["x86", "powerpc", "ia64", "arm", "armthumb", "sparc", "arm64", "riscv"] as const;

/** One of them. */
export type FilterName = (typeof FILTERS)[number];
