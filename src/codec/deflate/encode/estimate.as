// What a block would take, by the entropy of its symbols: twenty times faster than making codes for them, and right to
// about a hundredth. Says how far to parse when an output is to be filled.
import {
  DIST_EXTRA, DIST_FREQ, DIST_SYMBOLS, FIRST_LENGTH, LENGTH_EXTRA, LITLEN_FREQ, LITLEN_SYMBOLS, LOGARITHMS,
} from "../memory";

/** A header's own part, and what it says of each symbol, as seen in files of all kinds. */
const HEADER_BITS: u32 = 60;
const SYMBOL_BITS: u32 = 4;

/** Fills the table of logarithms: digit by digit, each found by squaring. */
export function fillLogarithms(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let value = <u64>(256 + i) << 22; // in 1/2^30
    let digits: u32 = 0;
    for (let digit = 0; digit < 8; digit++) {
      value = (value * value) >>> 30;
      const isOver = value >>> 31 != 0;
      digits = (digits << 1) | <u32>isOver;
      if (isOver) value >>>= 1;
    }
    store<u16>(i << 1, digits, LOGARITHMS);
  }
}

/** The logarithm of `value` > 0 to base 2, in 1/256. */
@inline
export function log2(value: u32): u32 {
  const zeros = <u32>clz(value);
  return ((31 - zeros) << 8) + <u32>load<u16>((((value << zeros) >>> 23) & 255) << 1, LOGARITHMS);
}

/** Bits that the block would take about; `size` is how many bytes it has. */
export function estimateBlock(size: u32): u32 {
  let symbols: u32 = 0;
  let litlens: u32 = 1;
  let dists: u32 = 0;
  let own: u64 = 0;
  let extra: u32 = 0;
  for (let symbol: u32 = 0; symbol < LITLEN_SYMBOLS; symbol++) {
    const freq = load<u32>(symbol << 2, LITLEN_FREQ);
    if (freq == 0) continue;
    symbols++;
    litlens += freq;
    own += <u64>freq * log2(freq);
    if (symbol >= FIRST_LENGTH) extra += freq * load<u8>(symbol, LENGTH_EXTRA - FIRST_LENGTH);
  }
  for (let slot: u32 = 0; slot < DIST_SYMBOLS; slot++) {
    const freq = load<u32>(slot << 2, DIST_FREQ);
    if (freq == 0) continue;
    symbols++;
    dists += freq;
    own += <u64>freq * log2(freq);
    extra += freq * load<u8>(slot, DIST_EXTRA);
  }
  let all = <u64>litlens * log2(litlens);
  if (dists > 0) all += <u64>dists * log2(dists);
  const bits = <u32>((all - own) >>> 8) + extra + HEADER_BITS + SYMBOL_BITS * symbols;
  return min(bits, 8 * size + 40);
}
