// Adler-32, the checksum behind a zlib stream: the sum of all bytes plus one, and the sum of all these sums, each
// modulo 65521.

const BASE: u32 = 65521;
/** So many bytes can be summed up before a sum must be reduced. */
const STEP: u32 = 5552;

/** The checksum of [from, to). */
export function adler32(from: u32, to: u32): u32 {
  let low: u32 = 1;
  let high: u32 = 0;
  while (from < to) {
    const end = min(to, from + STEP);
    const wideEnd = from + ((end - from) & ~15);
    high += low * (wideEnd - from);
    let sums = i32x4.splat(0);
    let sumsBefore = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    for (; from < wideEnd; from += 16) {
      const bytes = v128.load(from);
      sumsBefore = i32x4.add(sumsBefore, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      const first = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), i16x8(16, 15, 14, 13, 12, 11, 10, 9));
      const second = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), i16x8(8, 7, 6, 5, 4, 3, 2, 1));
      weighted = i32x4.add(weighted, i32x4.add(first, second));
    }
    low += sumOf(sums);
    high += 16 * sumOf(sumsBefore) + sumOf(weighted);
    for (; from < end; from++) {
      low += load<u8>(from);
      high += low;
    }
    low %= BASE;
    high %= BASE;
  }
  return (high << 16) | low;
}

@inline
function sumOf(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) + i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}
