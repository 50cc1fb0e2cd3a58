// The decoder. It trusts nothing: every length and distance is checked before a byte is moved, and a block must end as
// the kernel wants it to. Damage is told by a negative number.
import {
  FAR_SHORT, FEW, FIRST_BASE, MIDDLE_DISTANCE, MIDDLE_SHORT, NEAR_DISTANCE, SHORT_RUN, copyInEights, copyInSixteens,
} from "./memory";

/** The input ends inside of an instruction, or without the mark of the end. */
const CUT_OFF: i32 = -1;
/** There is more output than the caller has room for. */
const TOO_LONG: i32 = -2;
/** A match starts before the first byte of output. */
const BAD_DISTANCE: i32 = -3;
/** The mark of the end has another length, or is not at the end. */
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

/** Where to go on behind readRest(); the length itself is what that gives. */
let behindRest: u32 = 0;

/** The rest of a length, behind an instruction that had no room for it; 0 if it does not end before `to`. */
function readRest(ip: u32, to: u32): u32 {
  let rest: u32 = 0;
  while (ip < to) {
    const byte = <u32>load<u8>(ip++);
    if (byte != 0) {
      behindRest = ip;
      return rest + byte;
    }
    rest += 255;
  }
  return 0;
}

/**
 * Decodes [from, to) to [at, at + limit) and gives the number of bytes.
 * `partial`: stops when `limit` bytes are there; else a longer block is an error.
 *
 * Long because all kinds of instructions go on with the same copying, in variables that must be registers.
 */
export function decompress(from: u32, to: u32, at: u32, limit: u32, partial: bool): i32 {
  const end = at + limit;
  // what ends before this may be copied a little too far
  const easyEnd = end - min(limit, 16);
  let ip = from;
  let out = at;
  // how many literals stand before the instruction, since the last match
  let before: u32 = 0;
  if (ip < to && load<u8>(ip) > FIRST_BASE) {
    before = <u32>load<u8>(ip++) - FIRST_BASE;
    const count = partial ? min(before, limit) : before;
    if (count > limit) return TOO_LONG;
    if (count > to - ip) return CUT_OFF;
    copyBytes(out, ip, count);
    ip += count;
    out += count;
  }
  while (true) {
    if (partial && out == end) return limit;
    if (ip >= to) return CUT_OFF;
    const instruction = <u32>load<u8>(ip++);
    let size: u32;
    let distance: u32;
    let literals: u32;
    if (instruction >= 64) {
      if (ip >= to) return CUT_OFF;
      size = (instruction >>> 5) + 1;
      distance = ((instruction >>> 2) & 7) + (<u32>load<u8>(ip++) << 3) + 1;
      literals = instruction & 3;
    } else if (instruction >= 16) {
      const isMiddle = instruction >= 32;
      const short: u32 = isMiddle ? MIDDLE_SHORT : FAR_SHORT;
      size = instruction & (short - 2);
      if (size == 0) {
        size = readRest(ip, to) + short;
        if (size == short) return CUT_OFF;
        ip = behindRest;
      } else size += 2;
      if (to - ip < 2) return CUT_OFF;
      const word = <u32>load<u16>(ip);
      ip += 2;
      distance = (word >>> 2) + 1;
      literals = word & 3;
      if (!isMiddle) {
        distance += MIDDLE_DISTANCE - 1 + ((instruction & 8) << 11);
        if (distance == MIDDLE_DISTANCE) return size == 3 && ip == to ? out - at : BAD_END;
      }
    } else if (before == 0) {
      before = instruction + FEW;
      if (instruction == 0) {
        before = readRest(ip, to) + SHORT_RUN;
        if (before == SHORT_RUN) return CUT_OFF;
        ip = behindRest;
      }
      let count = before;
      if (count > end - out) {
        if (!partial) return TOO_LONG;
        count = end - out;
      }
      if (count > to - ip) return CUT_OFF;
      if (out + count < easyEnd) copyInSixteens(out, ip, count);
      else copyBytes(out, ip, count);
      ip += count;
      out += count;
      continue;
    } else {
      if (ip >= to) return CUT_OFF;
      distance = (instruction >>> 2) + (<u32>load<u8>(ip++) << 2) + 1;
      size = 2;
      if (before > FEW) {
        distance += NEAR_DISTANCE;
        size = 3;
      }
      literals = instruction & 3;
    }
    if (distance > out - at) return BAD_DISTANCE;
    if (size > end - out) {
      if (!partial) return TOO_LONG;
      size = end - out;
    }
    if (out + size < easyEnd) copyMatch(out, out - distance, size);
    else copyBytes(out, out - distance, size);
    out += size;
    before = literals;
    if (literals > end - out) {
      if (!partial) return TOO_LONG;
      literals = end - out;
    }
    if (literals > to - ip) return CUT_OFF;
    if (out + 4 < easyEnd) store<u32>(out, load<u32>(ip));
    else copyBytes(out, ip, literals);
    ip += literals;
    out += literals;
  }
}
