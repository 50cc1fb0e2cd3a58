// Where things lie in the module's memory, the numbers of RFC 1951, and what both directions share.
//
//     0         4 KiB    8 KiB   16 KiB    32 KiB    320 KiB  576 KiB  704 KiB 768 KiB 832 KiB 1104 KiB
//     | counts, | fixed, | sorts | decoder | matches | heads  | heads3 | links | costs, | found | windows, placed
//     | lengths | codes  |       | tables  |         |        |        |       | nodes  |       | by wasm-codec.ts
//
// This is AssemblyScript without its runtime: addresses are plain u32, nothing is ever allocated. Loads may run a few
// bytes past a window (wasm-codec.ts leaves room), stores never leave the range that the caller gave.

/** Address of the u32 that tells how many bytes of input the last compression used up. */
export const CONSUMED: u32 = 0;

/** How often each literal or length (288 u32), distance (32) and code length (32) occurs. */
export const LITLEN_FREQ: u32 = 0x400;
export const DIST_FREQ: u32 = 0x880;
export const PRE_FREQ: u32 = 0x900;
/** The lengths of their codes, u8. */
export const LITLEN_LENS: u32 = 0xa00;
export const DIST_LENS: u32 = 0xb20;
export const PRE_LENS: u32 = 0xb40;
/** The header of a dynamic block: all code lengths in a row, and what they are told as, u16 each. */
export const HEADER_LENS: u32 = 0xc00;
export const HEADER_ITEMS: u32 = 0xd80;

/** From a match length to its slot, u8; from slots to the smallest length or distance (u16) and extra bits (u8). */
export const LENGTH_SLOTS: u32 = 0x1100;
export const LENGTH_BASES: u32 = 0x1280;
export const LENGTH_EXTRA: u32 = 0x12c0;
export const DIST_BASES: u32 = 0x1300;
export const DIST_EXTRA: u32 = 0x1340;
/** Codes as they are written: the bits from 8 on, how many there are below. */
export const LITLEN_CODES: u32 = 0x1400;
export const DIST_CODES: u32 = 0x1880;
export const PRE_CODES: u32 = 0x1900;
/** The same for each match length, its extra bits included: 259 u32. */
export const LENGTH_CODES: u32 = 0x1a00;

/** Room to sort 288 symbols, twice, and counters for it. */
export const SORT: u32 = 0x2400;
export const SORT_OTHER: u32 = 0x2880;
export const SORT_COUNTS: u32 = 0x2e00;
/** What kinds of symbols the block has had until the last look at them, u32 each: see split.as. */
export const OBSERVED: u32 = 0x3200;
/** Logarithms of 256 to 512 in 1/256, less 8, u16: see estimate.as. */
export const LOGARITHMS: u32 = 0x3400;

/** The decoder's tables: see table.as. */
export const LITLEN_TABLE: u32 = 0x4000;
export const DIST_TABLE: u32 = 0x7000;
export const PRE_TABLE: u32 = 0x7c00;

/** The matches of a block, each with the number of literals before it: see tokens.as. */
export const MATCHES: u32 = 0x8000;
export const MATCHES_END: u32 = 0x48000;
/** The newest position of each hash of four bytes, of three bytes, and the way back from there: see search.as. */
export const HEADS: u32 = 0x50000;
export const HEADS_SIZE: u32 = 0x40000;
export const HEADS3: u32 = 0x90000;
export const HEADS3_SIZE: u32 = 0x20000;
export const LINKS: u32 = 0xb0000;
/** The optimal parser's costs and the counts that they are made from, its positions, and the matches at each. */
export const COSTS: u32 = 0xc0000;
export const NODES: u32 = 0xc4000;
export const FOUND: u32 = 0xd0000;
export const FOUND_END: u32 = 0x110000;
/** The first byte that is free for windows. */
export const WINDOWS: u32 = 0x114000;

export const MIN_MATCH: u32 = 3;
export const MAX_MATCH: u32 = 258;
export const MAX_DISTANCE: u32 = 32768;
/** The symbol that ends a block; lengths are the symbols from FIRST_LENGTH on. */
export const END_OF_BLOCK: u32 = 256;
export const FIRST_LENGTH: u32 = 257;
/** How many symbols of each kind there are: two more of the first kinds have codes in fixed blocks, but no meaning. */
export const LITLEN_SYMBOLS: u32 = 286;
export const DIST_SYMBOLS: u32 = 30;
export const PRE_SYMBOLS: u32 = 19;
/** The kinds of blocks. */
export const STORED: u32 = 0;
export const FIXED: u32 = 1;
export const DYNAMIC: u32 = 2;

/** The place of code length `index` in the header: those come first that are seldom zero. */
@inline
export function preSymbolAt(index: u32): u32 {
  // 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
  if (index < 4) return index < 3 ? 16 + index : 0;
  return index & 1 ? 8 - (index - 3 >>> 1) : 8 + (index - 4 >>> 1);
}

/** The slot of a distance, 0 to 29: two for each power of two. */
@inline
export function distSlot(distance: u32): u32 {
  const offset = distance - 1;
  if (offset < 2) return offset;
  const bits = 31 - <u32>clz(offset);
  return 2 * bits + ((offset >>> (bits - 1)) & 1);
}

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

/** Fills what is the same for all streams, when an instance is made. */
export function fillConstants(): void {
  let length = MIN_MATCH;
  for (let slot: u32 = 0; slot < 28; slot++) {
    const extra = slot < 8 ? 0 : (slot - 4) >>> 2;
    store<u16>(slot << 1, length, LENGTH_BASES);
    store<u8>(slot, extra, LENGTH_EXTRA);
    for (const end = length + (1 << extra); length < end; length++) store<u8>(length, slot, LENGTH_SLOTS);
  }
  // the longest has a slot of its own, though the one before it could tell it
  store<u16>(28 << 1, MAX_MATCH, LENGTH_BASES);
  store<u8>(28, 0, LENGTH_EXTRA);
  store<u8>(MAX_MATCH, 28, LENGTH_SLOTS);
  let distance: u32 = 1;
  for (let slot: u32 = 0; slot < DIST_SYMBOLS; slot++) {
    const extra = slot < 4 ? 0 : (slot - 2) >>> 1;
    store<u16>(slot << 1, distance, DIST_BASES);
    store<u8>(slot, extra, DIST_EXTRA);
    distance += 1 << extra;
  }
}
