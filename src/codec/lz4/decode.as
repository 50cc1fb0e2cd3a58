// The decoder. It trusts nothing: every length and distance is checked before a byte is moved, and a block must end as
// the kernel wants it to. Damage is told by a negative number.
import { LAST_LITERALS, LONG, MATCH_MARGIN, MIN_MATCH, copyInEights, copyInSixteens } from "./memory";

/** The input ends inside a sequence. */
const CUT_OFF: i32 = -1;
/** There is more output than the caller has room for. */
const TOO_LONG: i32 = -2;
/** A match starts before the first byte of output. */
const BAD_DISTANCE: i32 = -3;
/** The last match is nearer to the end than the format allows. */
const BAD_END: i32 = -4;

/** Copies `size` bytes, and nothing else is overwritten; `from` may be less than `size` bytes before `to`. */
function copyBytes(to: u32, from: u32, size: u32): void {
  for (const end = to + size; to < end; to++) store<u8>(to, load<u8>(from++));
}

/** Copies a match of `size` bytes; up to fifteen bytes behind it may be overwritten. */
@inline
function copyMatch(to: u32, from: u32, size: u32): void {
  const distance = to - from;
  if (distance >= 16) {
    copyInSixteens(to, from, size);
    return;
  }
  if (distance >= 8) {
    copyInEights(to, from, size);
    return;
  }
  // the shortest multiple of the distance that is at least eight can be copied in eights
  const period = distance * (<u32>7 / distance + 1);
  copyBytes(to, from, period);
  if (size > period) copyInEights(to + period, to, size - period);
}

/**
 * Decodes [from, to) to [at, at + limit) and gives the number of bytes.
 * `partial`: stops when `limit` bytes are there; else a longer block is an error.
 */
export function decompress(from: u32, to: u32, at: u32, limit: u32, partial: bool): i32 {
  const end = at + limit;
  // what ends before this may be copied a little too far
  const easyEnd = end - min(limit, 16);
  let ip = from;
  let out = at;
  let lastMatch = at;
  while (true) {
    if (ip >= to) return CUT_OFF;
    const token = <u32>load<u8>(ip++);
    let literals = token >>> 4;
    if (literals == LONG) {
      let more: u32;
      do {
        if (ip >= to) return CUT_OFF;
        more = load<u8>(ip++);
        literals += more;
      } while (more == 255);
    }
    if (literals > end - out) {
      if (!partial) return TOO_LONG;
      literals = end - out;
    }
    if (literals > to - ip) return CUT_OFF;
    if (out + literals < easyEnd) copyInSixteens(out, ip, literals);
    else copyBytes(out, ip, literals);
    ip += literals;
    out += literals;
    if (partial && out == end) return limit;
    if (ip == to) {
      // the first match is not at `at`: there is a literal before it
      const isGoodEnd = literals >= LAST_LITERALS && out - lastMatch >= MATCH_MARGIN;
      return partial || isGoodEnd || lastMatch == at ? out - at : BAD_END;
    }
    if (to - ip < 2) return CUT_OFF;
    const distance = <u32>load<u16>(ip);
    ip += 2;
    if (distance - 1 >= out - at) return BAD_DISTANCE;
    let size = token & 15;
    if (size == LONG) {
      let more: u32;
      do {
        if (ip >= to) return CUT_OFF;
        more = load<u8>(ip++);
        size += more;
      } while (more == 255);
    }
    size += MIN_MATCH;
    lastMatch = out;
    if (size > end - out) {
      if (!partial) return TOO_LONG;
      size = end - out;
    }
    if (out + size < easyEnd) copyMatch(out, out - distance, size);
    else copyBytes(out, out - distance, size);
    out += size;
  }
}
