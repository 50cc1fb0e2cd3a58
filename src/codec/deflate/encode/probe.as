// A look at the first bytes of an input: rows of numbers, each a little larger than the one before, have next to no four
// bytes again, but three of them nearly everywhere; level 1 looks for four.
import { FOUND } from "../memory";

/** So many bytes are looked at; where the first of them have nothing of it, no more. */
const PROBED: u32 = 256;
const PROBED_FIRST: u32 = 48;
const LEAST_FIRST: u32 = 12;
/** Log2 of the places that are remembered of them, u16 each: where the optimal parser, which has no use of this, keeps matches. */
const PLACE_BITS: u32 = 8;
/** Of them, in 1/256, so many are in a row of just three bytes that was there before. */
const LEAST_THREE: u32 = 154;

/** Whether the input [from, to) begins with such numbers. */
export function isCounting(from: u32, to: u32): bool {
  if (to - from < PROBED + 4) return false;
  memory.fill(FOUND, 0, 2 << PLACE_BITS);
  let three: u32 = 0;
  let four: u32 = 0;
  const end = from + PROBED;
  let stop = from + PROBED_FIRST;
  for (let at = from; at < end; at++) {
    if (at >= stop) {
      if (three < LEAST_FIRST) return false;
      stop = end;
    }
    const word = load<u32>(at);
    const place = (((word << 8) * 0x9e3779b1) >>> (32 - PLACE_BITS)) << 1;
    const before = <u32>load<u16>(place, FOUND);
    store<u16>(place, at - from + 1, FOUND);
    if (before == 0) continue;
    const difference = load<u32>(from + before - 1) ^ word;
    if (difference == 0) {
      four += 4;
      at += 3;
    } else if (difference << 8 == 0) {
      three += 3;
      at += 2;
    }
  }
  return three >= LEAST_THREE && three > 2 * four;
}
