// Symbols as they are written: literals, matches at new distances, and matches at one of the last four.
import {
  ALIGN,
  ALIGN_BITS,
  FIRST_DIRECT_SLOT,
  FIRST_MATCH_STATE,
  IS_LONG,
  IS_MATCH,
  IS_NOT_FIRST,
  IS_NOT_SECOND,
  IS_NOT_THIRD,
  IS_REP,
  LENGTH_HIGH,
  LENGTH_LOW,
  LENGTH_MIDDLE,
  LENGTHS,
  LITERALS,
  LOW_BITS,
  MIN_MATCH,
  REP_LENGTHS,
  SLOTS,
} from "../memory";
import { countAlign, countDistance, countLength } from "./prices";
import { putBit, putDirect, putTree, putTreeBeside, putTreeFromLow } from "./range";
import {
  literalContexts,
  passLiteral,
  passMatch,
  passRepeated,
  passShort,
  placeOf,
  rep0,
  state,
} from "./state";

/** What stands for the kind of a symbol: LITERAL, one of the last distances by its number, or from here on a new distance. */
export const LITERAL: u32 = 0xffffffff;
export const NEW: u32 = 4;

/** The slot of a distance, 0 to 63: two for each power of two. */
@inline
export function slotOf(distance: u32): u32 {
  if (distance < 4) return distance;
  const bits: u32 = 31 - <u32>clz(distance);
  return 2 * bits + ((distance >>> (bits - 1)) & 1);
}

/** The first byte of all: it has nothing before it. */
export function putFirst(at: u32): void {
  putBit(IS_MATCH, 0);
  putTree(LITERALS, 8, load<u8>(at));
}

/** The mark of the end: a match at a distance that there is none. */
export function putEnd(at: u32): void {
  const place = placeOf(at);
  putBit(IS_MATCH + (((state << 4) + place) << 1), 1);
  putBit(IS_REP + (state << 1), 0);
  putLength(LENGTHS, MIN_MATCH, place);
  putDistance(0xffffffff, 0);
}

/** Writes what `back` and `length` say of the bytes at an address. */
export function putSymbol(at: u32, back: u32, length: u32): void {
  const place = placeOf(at);
  const isMatch = IS_MATCH + (((state << 4) + place) << 1);
  if (back == LITERAL) {
    putBit(isMatch, 0);
    const contexts = literalContexts(at);
    if (state < FIRST_MATCH_STATE) putTree(contexts, 8, load<u8>(at));
    else putTreeBeside(contexts, load<u8>(at), load<u8>(at - rep0 - 1));
    passLiteral();
    return;
  }
  putBit(isMatch, 1);
  if (back >= NEW) {
    putBit(IS_REP + (state << 1), 0);
    putLength(LENGTHS, length, place);
    countLength(0, place);
    putDistance(back - NEW, min(length - MIN_MATCH, 3));
    passMatch(back - NEW);
    return;
  }
  putBit(IS_REP + (state << 1), 1);
  putRepeated(back, length, place);
}

function putRepeated(index: u32, length: u32, place: u32): void {
  if (index == 0) {
    putBit(IS_NOT_FIRST + (state << 1), 0);
    putBit(IS_LONG + (((state << 4) + place) << 1), length == 1 ? 0 : 1);
  } else {
    putBit(IS_NOT_FIRST + (state << 1), 1);
    putBit(IS_NOT_SECOND + (state << 1), index == 1 ? 0 : 1);
    if (index > 1) putBit(IS_NOT_THIRD + (state << 1), index - 2);
  }
  if (length == 1) {
    passShort();
    return;
  }
  putLength(REP_LENGTHS, length, place);
  countLength(1, place);
  passRepeated(index);
}

function putLength(contexts: u32, length: u32, place: u32): void {
  const value = length - MIN_MATCH;
  putBit(contexts, value < 8 ? 0 : 1);
  if (value < 8) {
    putTree(contexts + LENGTH_LOW + (place << 4), 3, value);
    return;
  }
  putBit(contexts + 2, value < 16 ? 0 : 1);
  if (value < 16) putTree(contexts + LENGTH_MIDDLE + (place << 4), 3, value - 8);
  else putTree(contexts + LENGTH_HIGH, 8, value - 16);
}

/** @param kind what is known from the length: 0 to 3 */
function putDistance(distance: u32, kind: u32): void {
  const slot = slotOf(distance);
  putTree(SLOTS + (kind << 7), 6, slot);
  countDistance();
  if (slot < 4) return;
  const bits = (slot >>> 1) - 1;
  const base = (2 | (slot & 1)) << bits;
  const rest = distance - base;
  if (slot < FIRST_DIRECT_SLOT) {
    putTreeFromLow(LOW_BITS + ((base - slot) << 1), bits, rest);
    return;
  }
  putDirect(bits - ALIGN, rest >>> ALIGN);
  putTreeFromLow(ALIGN_BITS, ALIGN, rest & ((1 << ALIGN) - 1));
  countAlign();
}
