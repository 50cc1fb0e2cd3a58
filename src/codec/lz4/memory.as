// Where things lie in the module's memory, and what is the same for all kinds of compression.
//
//     0        16 KiB   64 KiB   576 KiB   704 KiB   784 KiB
//     | result | table  | heads  | chains  | prices  | windows, placed by wasm-codec.ts
//
// This is AssemblyScript without its runtime: addresses are plain u32, nothing is ever allocated. Loads may run a few
// bytes past a window (wasm-codec.ts leaves room), stores never leave the range that the caller gave.

/** Address of the u32 that tells how many bytes of input the last compression used up. */
export const CONSUMED: u32 = 0;

/** Fast compression: positions, as u16 or u32. */
export const TABLE: u32 = 0x4000;
export const TABLE_SIZE: u32 = 0x4000;
/** LZ4HC: the newest position of each hash of four bytes, 2^15 u32, or 2^17: see search.as. */
export const HEADS: u32 = 0x10000;
export const HEADS_SIZE: u32 = 0x80000;
/** LZ4HC: from each position (mod 64 Ki) the distance back to the one before it with the same hash, as u16. */
export const CHAINS: u32 = 0x90000;
/** The optimal parser's table, 16 bytes for each of 4096 positions and the three behind them. */
export const PRICES: u32 = 0xb0000;
/** The first byte that is free for windows. */
export const WINDOWS: u32 = 0xc4000;

/** The shortest match that the format can express. */
export const MIN_MATCH: u32 = 4;
/** A block ends with at least so many literals ... */
export const LAST_LITERALS: u32 = 5;
/** ... and its last match starts at least so many bytes before the end, */
export const MATCH_MARGIN: u32 = 12;
/** so nothing below this size can hold a match. */
export const MIN_INPUT: u32 = 13;
/** How far back a match can be. */
export const MAX_DISTANCE: u32 = 65535;
/** Lengths from here on go on in bytes behind the token; that of a match is told as less MIN_MATCH. */
export const LONG: u32 = 15;
/** The longest match whose length fits its token. */
export const SHORT: u32 = LONG - 1 + MIN_MATCH;

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

/** Bytes that a length takes behind the token; `length` as in the format, so from LONG on at least one. */
@inline
export function extraBytes(length: u32): u32 {
  return (length + 240) / 255;
}

/** Writes the part of a length that did not fit its token; returns where to go on. */
@inline
export function writeExtra(out: u32, length: u32): u32 {
  let rest = length - LONG;
  while (rest >= 255) {
    store<u8>(out++, 255);
    rest -= 255;
  }
  store<u8>(out++, rest);
  return out;
}

/**
 * Ends a block with the literals from `anchor` on. Where they do not fit: `fill` takes as many as do, else 0 is
 * returned. Gives the number of bytes of the whole block, and leaves in CONSUMED how much of the input it stands for.
 */
export function finish(from: u32, to: u32, anchor: u32, at: u32, out: u32, end: u32, fill: bool): u32 {
  let count = to - anchor;
  const room = end - out;
  if (1 + extraBytes(count) + count > room) {
    if (!fill || room == 0) return 0;
    count = room - 1;
    count -= (count + 241) / 256;
  }
  if (count >= LONG) {
    store<u8>(out, LONG << 4);
    out = writeExtra(out + 1, count);
  } else {
    store<u8>(out++, count << 4);
  }
  memory.copy(out, anchor, count);
  store<u32>(CONSUMED, anchor + count - from);
  return out + count - at;
}
