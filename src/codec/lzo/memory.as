// Where things lie in the module's memory, what a block's instructions can express, and what is the same for all kinds of
// compression.
//
//     0        64 KiB  192 KiB  320 KiB   384 KiB 416 KiB 488 KiB
//     | result | heads | chains | triples | pairs | nodes | windows, placed by wasm-codec.ts
//
// This is AssemblyScript without its runtime: addresses are plain u32, nothing is ever allocated. Loads may run a few
// bytes past a window (wasm-codec.ts leaves room), stores never leave the range that the caller gave.

/** Address of the u32 that tells how many bytes of input the last compression used up. */
export const CONSUMED: u32 = 0;

/** The newest position of each hash of four bytes, 2^15 u32; the fast compression uses as much of it as it is to. */
export const HEADS: u32 = 0x10000;
/** From each position (mod 64 Ki) the distance back to the one before it with the same hash, as u16. */
export const CHAINS: u32 = 0x30000;
/** The newest position of each hash of three bytes, 2^14 u32. */
export const TRIPLES: u32 = 0x50000;
/** The newest position of each hash of two bytes, 2^13 u32. */
export const PAIRS: u32 = 0x60000;
/** The optimal parser's table, 8 bytes for each of 8192 positions and of 1000 behind them that matches lead to. */
export const NODES: u32 = 0x68000;
/** The first byte that is free for windows. */
export const WINDOWS: u32 = 0x7a000;

/** How far back matches can be; which ones is said in encode.as. */
export const PAIR_DISTANCE: u32 = 1024;
export const NEAR_DISTANCE: u32 = 2048;
export const TRIPLE_DISTANCE: u32 = 3072;
export const MIDDLE_DISTANCE: u32 = 16384;
export const MAX_DISTANCE: u32 = 49151;

/** Near matches are no longer than this. */
export const NEAR_SHORT: u32 = 8;
/** Others need bytes of length from one more on. */
export const MIDDLE_SHORT: u32 = 33;
export const FAR_SHORT: u32 = 9;

/** So many literals are told by the match in front of them ... */
export const FEW: u32 = 3;
/** ... more by an instruction, up to so many without bytes of length. */
export const SHORT_RUN: u32 = 18;
/** At the start of a block one byte tells how many there are, up to FIRST_RUN: it is FIRST_BASE more. */
export const FIRST_RUN: u32 = 238;
export const FIRST_BASE: u32 = 17;
/** Bytes of the mark that ends a block. */
export const END_SIZE: u32 = 3;

/** Length of what is equal at `a` and `b`, `a` running up to `end`. */
@inline
export function countEqual(a: u32, b: u32, end: u32): u32 {
  const start = a;
  while (a < end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference != 0) {
      a += <u32>ctz(difference) >>> 3;
      break;
    }
    a += 8;
    b += 8;
  }
  // the last eight bytes may have gone past the end
  return min(a, end) - start;
}

/**
 * Copies eight bytes at a time: up to seven bytes behind `to + size` are overwritten, eight if `size` is 0.
 * Ranges may overlap where `to` is at least eight bytes behind `from`.
 */
@inline
export function copyInEights(to: u32, from: u32, size: u32): void {
  const end = to + size;
  do {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  } while (to < end);
}

/** The same sixteen bytes at a time: up to fifteen behind are overwritten, or sixteen; ranges must be sixteen apart. */
@inline
export function copyInSixteens(to: u32, from: u32, size: u32): void {
  const end = to + size;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < end);
}
