// The decoder's tables: the next bits of input lead to an entry, that says how many of them are a code and what it
// stands for. Longer codes go on in a second table behind the first.
//
//     | value         | flags   | extra bits | bits of the code |    0: there is no such code
//     | bits 16 to 31 | 13 - 15 | 8 - 12     | 0 - 7            |
import {
  DIST_BASES, DIST_EXTRA, DIST_SYMBOLS, DIST_TABLE, END_OF_BLOCK, FIRST_LENGTH, LENGTH_BASES, LENGTH_EXTRA,
  LITLEN_SYMBOLS, LITLEN_TABLE, PRE_TABLE, SORT, SORT_COUNTS,
} from "../memory";

/** How many bits lead into each table. */
export const LITLEN_BITS: u32 = 11;
export const DIST_BITS: u32 = 8;
export const PRE_BITS: u32 = 7;

/** The value is a literal byte ... */
export const IS_LITERAL: u32 = 1 << 13;
/** ... there is none, the block ends ... */
export const IS_END: u32 = 1 << 14;
/** ... or it is where, in entries from the table's start, the next so many "extra bits" of input are looked up. */
export const IS_LINK: u32 = 1 << 15;

/** The value and extra bits of a symbol; 0 if it has no meaning, though a code. */
@inline
function meaningOf(table: u32, symbol: u32): u32 {
  if (table == PRE_TABLE) return (symbol << 16) | IS_LITERAL;
  if (table == DIST_TABLE) {
    if (symbol >= DIST_SYMBOLS) return 0;
    return (<u32>load<u16>(symbol << 1, DIST_BASES) << 16) | (<u32>load<u8>(symbol, DIST_EXTRA) << 8);
  }
  if (symbol < END_OF_BLOCK) return (symbol << 16) | IS_LITERAL;
  if (symbol == END_OF_BLOCK) return IS_END;
  if (symbol >= LITLEN_SYMBOLS) return 0;
  const slot = symbol - FIRST_LENGTH;
  return (<u32>load<u16>(slot << 1, LENGTH_BASES) << 16) | (<u32>load<u8>(slot, LENGTH_EXTRA) << 8);
}

/** The code behind `code`, both with their first bit lowest: as if one were added at the other end. */
@inline
function nextCode(code: u32, length: u32): u32 {
  // all ones up to the first zero, from the far end, become zeros
  const zeros = ~code & ((1 << length) - 1);
  if (zeros == 0) return 0;
  const bit: u32 = 1 << (31 - <u32>clz(zeros));
  return (code & (bit - 1)) | bit;
}

@inline
function countOf(length: u32): u32 {
  return load<u32>(length << 2, SORT_COUNTS);
}

/** Counts how many of the codes have each length; gives how many codes there are. */
@inline
function countLengths(lens: u32, symbols: u32): u32 {
  memory.fill(SORT_COUNTS, 0, 64);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const place = <u32>load<u8>(lens + symbol) << 2;
    store<u32>(place, load<u32>(place, SORT_COUNTS) + 1, SORT_COUNTS);
  }
  return symbols - countOf(0);
}

/** How much more could be told by codes of these lengths, in units of the longest; below 0 if there are too many. */
@inline
function unusedRoom(): i32 {
  let room: i32 = 1;
  for (let length: u32 = 1; length < 16; length++) {
    room = 2 * room - countOf(length);
    if (room < 0) break;
  }
  return room;
}

/** Puts the symbols that have codes to SORT, by the lengths of these. */
@inline
function sortSymbols(lens: u32, symbols: u32): void {
  const starts = SORT_COUNTS + 64;
  let start: u32 = 0;
  for (let length: u32 = 1; length < 16; length++) {
    store<u32>(starts + (length << 2), start);
    start += countOf(length);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = <u32>load<u8>(lens + symbol);
    if (length == 0) continue;
    const place = load<u32>(starts + (length << 2));
    store<u32>(starts + (length << 2), place + 1);
    store<u16>(SORT + (place << 1), symbol);
  }
}

/** How many bits lead into a second table for `left` codes of this length, and longer ones, that begin alike. */
@inline
function secondBitsFor(bits: u32, length: u32, left: u32): u32 {
  let secondBits = length - bits;
  let sum = left;
  while (sum < <u32>1 << secondBits && bits + secondBits < 15) {
    secondBits++;
    sum = (sum << 1) + countOf(bits + secondBits);
  }
  return secondBits;
}

/** Writes the entries of the `used` symbols at SORT. */
@inline
function fillTable(table: u32, bits: u32, used: u32): void {
  let code: u32 = 0;
  let free: u32 = 1 << bits;
  let prefix = u32.MAX_VALUE;
  let second: u32 = 0;
  let secondBits: u32 = 0;
  let length: u32 = 1;
  let left = countOf(1);
  for (let i: u32 = 0; i < used; i++) {
    while (left == 0) left = countOf(++length);
    const meaning = meaningOf(table, load<u16>(SORT + (i << 1)));
    if (length <= bits) {
      const entry = meaning == 0 ? 0 : meaning | length;
      for (let at = code; at < <u32>1 << bits; at += 1 << length) store<u32>(table + (at << 2), entry);
    } else {
      const start = code & ((1 << bits) - 1);
      if (start != prefix) {
        prefix = start;
        secondBits = secondBitsFor(bits, length, left);
        second = free;
        free += 1 << secondBits;
        store<u32>(table + (start << 2), (second << 16) | IS_LINK | (secondBits << 8) | bits);
      }
      const entry = meaning == 0 ? 0 : meaning | (length - bits);
      for (let at = code >>> bits; at < <u32>1 << secondBits; at += 1 << (length - bits)) {
        store<u32>(table + ((second + at) << 2), entry);
      }
    }
    code = nextCode(code, length);
    left--;
  }
}

/**
 * Makes the table that `bits` bits lead into, from the code lengths of `symbols` symbols at `lens`. False if there can be
 * no such code: it has more codes than fit, or fewer, save one code of one bit, or none at all, where `lone` allows it.
 */
export function makeTable(table: u32, bits: u32, lens: u32, symbols: u32, lone: bool): bool {
  const used = countLengths(lens, symbols);
  const room = unusedRoom();
  if (room < 0) return false;
  if (room > 0) {
    if (!(lone && (used == 0 || (used == 1 && countOf(1) == 1)))) return false;
    memory.fill(table, 0, 4 << bits);
  }
  sortSymbols(lens, symbols);
  fillTable(table, bits, used);
  return true;
}

/** The first table of literals and lengths, and that of distances, for the bits that come next. */
@inline
export function litlenEntry(bits: u64): u32 {
  return load<u32>((<u32>bits & ((1 << LITLEN_BITS) - 1)) << 2, LITLEN_TABLE);
}
@inline
export function distEntry(bits: u64): u32 {
  return load<u32>((<u32>bits & ((1 << DIST_BITS) - 1)) << 2, DIST_TABLE);
}

/** The entry that a link leads to; `bits` begin behind those that led to the link. */
@inline
export function linkedEntry(table: u32, link: u32, bits: u64): u32 {
  const index = (link >>> 16) + (<u32>bits & ((1 << ((link >>> 8) & 31)) - 1));
  return load<u32>(table + (index << 2));
}
