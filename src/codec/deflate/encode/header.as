// The header of a dynamic block: the code lengths, run by run, in a code of their own.
//
//     | literals - 257 | distances - 1 | lengths - 4 | 3 bits for each | the code lengths           |
//     | 5 bits         | 5             | 4           | code length     | 0 to 15, or runs: 16 to 18 |
import {
  DIST_LENS, DIST_SYMBOLS, HEADER_ITEMS, HEADER_LENS, LITLEN_LENS, LITLEN_SYMBOLS, PRE_CODES, PRE_FREQ, PRE_LENS,
  PRE_SYMBOLS, preSymbolAt,
} from "../memory";
import { flushBits, putBits } from "./bits";
import { makeCodes, makeLengths } from "./huffman";

/** The last length is repeated 3 to 6 times; zeros 3 to 10 times; 11 to 138 times. */
const REPEAT: u32 = 16;
const ZEROS: u32 = 17;
const MANY_ZEROS: u32 = 18;
/** Codes of code lengths have at most seven bits. */
const LONGEST_PRE: u32 = 7;

/** How many lengths of each kind are told, and the address behind the last item. */
let litlens: u32 = 0;
let dists: u32 = 0;
let pres: u32 = 0;
let itemsEnd: u32 = 0;

@inline
function putItem(symbol: u32, extra: u32): void {
  store<u16>(itemsEnd, symbol | (extra << 8));
  itemsEnd += 2;
  store<u32>(symbol << 2, load<u32>(symbol << 2, PRE_FREQ) + 1, PRE_FREQ);
}

/** How many bits follow the symbol. */
@inline
function extraBits(symbol: u32): u32 {
  return symbol < REPEAT ? 0 : symbol == REPEAT ? 2 : symbol == ZEROS ? 3 : 7;
}

/** Finds how the lengths at LITLEN_LENS and DIST_LENS are told; gives the bits that this takes. */
export function measureHeader(): u32 {
  litlens = LITLEN_SYMBOLS;
  while (litlens > 257 && load<u8>(LITLEN_LENS - 1 + litlens) == 0) litlens--;
  dists = DIST_SYMBOLS;
  while (dists > 1 && load<u8>(DIST_LENS - 1 + dists) == 0) dists--;
  memory.copy(HEADER_LENS, LITLEN_LENS, litlens);
  memory.copy(HEADER_LENS + litlens, DIST_LENS, dists);
  memory.fill(PRE_FREQ, 0, PRE_SYMBOLS * 4);
  itemsEnd = HEADER_ITEMS;
  const end = HEADER_LENS + litlens + dists;
  for (let at = HEADER_LENS; at < end; ) {
    const length = <u32>load<u8>(at);
    const start = at++;
    while (at < end && load<u8>(at) == length) at++;
    let run = at - start;
    if (length == 0) {
      for (; run >= 11; run -= min(run, 138)) putItem(MANY_ZEROS, min(run, 138) - 11);
      if (run >= 3) {
        putItem(ZEROS, run - 3);
        run = 0;
      }
    } else if (run >= 4) {
      putItem(length, 0);
      for (run--; run >= 3; run -= min(run, 6)) putItem(REPEAT, min(run, 6) - 3);
    }
    for (; run > 0; run--) putItem(length, 0);
  }
  makeLengths(PRE_FREQ, PRE_SYMBOLS, LONGEST_PRE, PRE_LENS);
  pres = PRE_SYMBOLS;
  while (pres > 4 && load<u8>(PRE_LENS + preSymbolAt(pres - 1)) == 0) pres--;
  let bits = 5 + 5 + 4 + 3 * pres;
  for (let symbol: u32 = 0; symbol < PRE_SYMBOLS; symbol++) {
    bits += load<u32>(symbol << 2, PRE_FREQ) * (<u32>load<u8>(symbol, PRE_LENS) + extraBits(symbol));
  }
  return bits;
}

/** Writes what was measured last. */
export function putHeader(): void {
  putBits(litlens - 257, 5);
  putBits(dists - 1, 5);
  putBits(pres - 4, 4);
  flushBits();
  for (let i: u32 = 0; i < pres; i++) {
    putBits(load<u8>(PRE_LENS + preSymbolAt(i)), 3);
    flushBits();
  }
  makeCodes(PRE_LENS, PRE_SYMBOLS, PRE_CODES);
  for (let at = HEADER_ITEMS; at < itemsEnd; at += 2) {
    const item = <u32>load<u16>(at);
    const code = load<u32>((item & 255) << 2, PRE_CODES);
    putBits(code >>> 8, code & 255);
    putBits(item >>> 8, extraBits(item & 255));
    flushBits();
  }
}
