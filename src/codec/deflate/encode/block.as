// One block: what it would take in each of the three forms, and the writing of it in the one that takes least.
import {
  DIST_BASES, DIST_CODES, DIST_EXTRA, DIST_FREQ, DIST_LENS, DIST_SYMBOLS, DYNAMIC, END_OF_BLOCK, FIRST_LENGTH, FIXED,
  LENGTH_BASES, LENGTH_CODES, LENGTH_EXTRA, LENGTH_SLOTS, LITLEN_CODES, LITLEN_FREQ, LITLEN_LENS, LITLEN_SYMBOLS,
  MATCHES, MAX_MATCH, MIN_MATCH, STORED, distSlot,
} from "../memory";
import { alignBits, bitPosition, flushBits, putBits, putBlockStart, putBytes } from "./bits";
import { measureHeader, putHeader } from "./header";
import { makeCodes, makeLengths } from "./huffman";
import { ENTRY, anchor, blockStart, distanceOf, entries, lengthOf, literalsOf, next } from "./tokens";

/** Fourteen, not fifteen: four literals can be written at once, and it costs next to nothing. */
const LONGEST_LITLEN: u32 = 14;
const LONGEST_DIST: u32 = 15;
/** What a stored block can hold. */
const MAX_STORED: u32 = 65535;

/** The form that measureBlock() has found. */
let kind: u32 = 0;

@inline
function fixedLength(symbol: u32): u32 {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}

/** Bits that `size` bytes take in stored blocks from the current position on. */
function measureStored(size: u32): u32 {
  const position = bitPosition();
  const first = ((position + 3 + 7) & ~7) + 32 - position;
  // a further block starts on a whole byte, so its type takes one
  const more = size == 0 ? 0 : (size - 1) / MAX_STORED;
  return first + more * 40 + 8 * size;
}

/** How many bytes fit into `room` bits from the current position on, if stored. */
export function storedIn(room: u32): u32 {
  const overhead = measureStored(0);
  if (room < overhead) return 0;
  const bytes = (room - overhead) >>> 3;
  const full = bytes / (MAX_STORED + 5);
  return full * MAX_STORED + min(bytes - full * (MAX_STORED + 5), MAX_STORED);
}

/** Finds the best form for the symbols that are counted, and the codes for it; gives the bits that the block takes. */
export function measureBlock(): u32 {
  store<u32>(END_OF_BLOCK << 2, 1, LITLEN_FREQ);
  makeLengths(LITLEN_FREQ, LITLEN_SYMBOLS, LONGEST_LITLEN, LITLEN_LENS);
  makeLengths(DIST_FREQ, DIST_SYMBOLS, LONGEST_DIST, DIST_LENS);
  let extra: u32 = 0;
  let dynamic = measureHeader();
  let fixed: u32 = 0;
  for (let symbol: u32 = 0; symbol < FIRST_LENGTH; symbol++) {
    const freq = load<u32>(symbol << 2, LITLEN_FREQ);
    dynamic += freq * load<u8>(symbol, LITLEN_LENS);
    fixed += freq * fixedLength(symbol);
  }
  for (let symbol = FIRST_LENGTH; symbol < LITLEN_SYMBOLS; symbol++) {
    const freq = load<u32>(symbol << 2, LITLEN_FREQ);
    dynamic += freq * load<u8>(symbol, LITLEN_LENS);
    fixed += freq * fixedLength(symbol);
    extra += freq * load<u8>(symbol, LENGTH_EXTRA - FIRST_LENGTH);
  }
  for (let slot: u32 = 0; slot < DIST_SYMBOLS; slot++) {
    const freq = load<u32>(slot << 2, DIST_FREQ);
    dynamic += freq * load<u8>(slot, DIST_LENS);
    fixed += freq * 5;
    extra += freq * load<u8>(slot, DIST_EXTRA);
  }
  let least: u32 = 3 + extra + dynamic;
  kind = DYNAMIC;
  if (fixed <= dynamic) {
    least = 3 + extra + fixed;
    kind = FIXED;
  }
  const stored = measureStored(next - blockStart);
  if (stored < least) {
    least = stored;
    kind = STORED;
  }
  return least;
}

/** What a literal, and a match, takes with the lengths that measureBlock() has found; a symbol without a code: much. */
@inline
export function literalBits(literal: u32): u32 {
  return <u32>load<u8>(literal, LITLEN_LENS) || LONGEST_LITLEN;
}
@inline
export function matchBits(length: u32, distance: u32): u32 {
  const slot = <u32>load<u8>(length, LENGTH_SLOTS);
  const dist = distSlot(distance);
  const codes = literalBits(FIRST_LENGTH + slot) + (<u32>load<u8>(dist, DIST_LENS) || LONGEST_DIST);
  return codes + <u32>load<u8>(slot, LENGTH_EXTRA) + <u32>load<u8>(dist, DIST_EXTRA);
}

/** Writes the bytes from `from` on in stored blocks. */
export function putStored(from: u32, size: u32, isLast: bool): void {
  while (true) {
    const part = min(size, MAX_STORED);
    putBlockStart(STORED, isLast && part == size);
    alignBits();
    putBits(part | ((part ^ 0xffff) << 16), 32);
    putBytes(from, part);
    from += part;
    size -= part;
    if (size == 0) return;
  }
}

/** Writes the block that was measured last, in the form that was found for it. */
export function putBlock(isLast: bool): void {
  if (kind == STORED) return putStored(blockStart, next - blockStart, isLast);
  putBlockStart(kind, isLast);
  if (kind == FIXED) {
    // the two symbols without a meaning have codes too, which the other codes depend on
    for (let symbol: u32 = 0; symbol < 288; symbol++) store<u8>(symbol, fixedLength(symbol), LITLEN_LENS);
    memory.fill(DIST_LENS, 5, 32);
    makeCodes(LITLEN_LENS, 288, LITLEN_CODES);
    makeCodes(DIST_LENS, 32, DIST_CODES);
  } else {
    putHeader();
    makeCodes(LITLEN_LENS, LITLEN_SYMBOLS, LITLEN_CODES);
    makeCodes(DIST_LENS, DIST_SYMBOLS, DIST_CODES);
  }
  for (let length = MIN_MATCH; length <= MAX_MATCH; length++) {
    const slot = <u32>load<u8>(length, LENGTH_SLOTS);
    const code = load<u32>((FIRST_LENGTH + slot) << 2, LITLEN_CODES);
    const extra = length - <u32>load<u16>(slot << 1, LENGTH_BASES);
    const size = code & 255;
    const bits = (code >>> 8) | (extra << size);
    store<u32>(length << 2, (bits << 8) | (size + <u32>load<u8>(slot, LENGTH_EXTRA)), LENGTH_CODES);
  }
  let at = blockStart;
  for (let entry = MATCHES; entry < entries; entry += ENTRY) {
    at = putLiterals(at, at + literalsOf(entry));
    const distance = distanceOf(entry);
    const length = lengthOf(entry);
    at += length;
    const code = load<u32>(length << 2, LENGTH_CODES);
    putBits(code >>> 8, code & 255);
    const slot = distSlot(distance);
    const distCode = load<u32>(slot << 2, DIST_CODES);
    putBits(distCode >>> 8, distCode & 255);
    putBits(distance - <u32>load<u16>(slot << 1, DIST_BASES), load<u8>(slot, DIST_EXTRA));
    flushBits();
  }
  putLiterals(anchor, next);
  putLiteral(END_OF_BLOCK);
  flushBits();
}

@inline
function putLiteral(symbol: u32): void {
  const code = load<u32>(symbol << 2, LITLEN_CODES);
  putBits(code >>> 8, code & 255);
}

/** Writes the literals [at, end); gives `end`. */
@inline
function putLiterals(at: u32, end: u32): u32 {
  for (; at + 4 <= end; at += 4) {
    const four = load<u32>(at);
    putLiteral(four & 255);
    putLiteral((four >>> 8) & 255);
    putLiteral((four >>> 16) & 255);
    putLiteral(four >>> 24);
    flushBits();
  }
  for (; at < end; at++) putLiteral(load<u8>(at));
  flushBits();
  return end;
}
