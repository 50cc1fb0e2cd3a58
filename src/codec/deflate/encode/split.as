// Where a block should end: where what comes differs from what the block has had. As in libdeflate, symbols are put into
// ten kinds (literals by two high bits and the lowest one, short and long matches), and the shares of these kinds among
// the latest symbols are compared with those before them.
import { END_OF_BLOCK, FIRST_LENGTH, LITLEN_FREQ, LITLEN_SYMBOLS, OBSERVED, SORT } from "../memory";

const KINDS: u32 = 10;
/** The first symbol of a match that counts as long: 9 bytes or more. */
const LONG_SYMBOL: u32 = FIRST_LENGTH + 6;
/** So many symbols are looked at at once. */
export const SYMBOLS_A_LOOK: u32 = 512;
/** No block is shorter than this. */
export const MIN_BLOCK: u32 = 5000;

/** What the counts have come to, by kind. */
const COUNTED = SORT;

/** Starts a block. */
export function startSplit(): void {
  memory.fill(OBSERVED, 0, KINDS * 4);
}

@inline
function add(kind: u32, change: u32): void {
  store<u32>(kind << 2, load<u32>(kind << 2, COUNTED) + change, COUNTED);
}

/** Looks at the symbols since the last look, in a block that now has `size` bytes; true if it should end here. */
export function isSplit(size: u32): bool {
  memory.fill(COUNTED, 0, KINDS * 4);
  for (let literal: u32 = 0; literal < END_OF_BLOCK; literal++) {
    add(((literal >>> 5) & 6) | (literal & 1), load<u32>(literal << 2, LITLEN_FREQ));
  }
  for (let symbol = FIRST_LENGTH; symbol < LITLEN_SYMBOLS; symbol++) {
    add(symbol < LONG_SYMBOL ? 8 : 9, load<u32>(symbol << 2, LITLEN_FREQ));
  }
  let before: u64 = 0;
  let now: u64 = 0;
  for (let place: u32 = 0; place < KINDS * 4; place += 4) {
    before += load<u32>(place, OBSERVED);
    now += load<u32>(place, COUNTED) - load<u32>(place, OBSERVED);
  }
  let difference: u64 = 0;
  for (let place: u32 = 0; place < KINDS * 4; place += 4) {
    const old = <u64>load<u32>(place, OBSERVED);
    const expected = old * now;
    const actual = (<u64>load<u32>(place, COUNTED) - old) * before;
    difference += actual > expected ? actual - expected : expected - actual;
  }
  memory.copy(OBSERVED, COUNTED, KINDS * 4);
  if (before == 0) return false;
  // the header that a new block needs must be worth it: more so in a block with few symbols, less in one that is long
  let enough = (now * before * 200) >>> 9;
  if (size < 10_000 && before + now < 8192) enough += (enough * (8192 - before - now)) >>> 13;
  return difference + <u64>(size >>> 12) * before >= enough;
}
