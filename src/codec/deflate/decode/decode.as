// The decoder. It trusts nothing: every code, length and distance is checked before a byte is moved. What zlib does not
// accept, is not accepted here. Damage is told by a negative number.
import {
  DIST_LENS, DIST_SYMBOLS, DIST_TABLE, DYNAMIC, END_OF_BLOCK, FIXED, HEADER_LENS, LITLEN_LENS, LITLEN_SYMBOLS,
  LITLEN_TABLE, PRE_LENS, PRE_SYMBOLS, PRE_TABLE, STORED, preSymbolAt,
} from "../memory";
import {
  alignInput, bits, count, hasOverrun, inputEnd, ip, overrun, refill, saveInput, startInput, takeBits,
} from "./input";
import {
  DIST_BITS, IS_END, IS_LINK, IS_LITERAL, LITLEN_BITS, PRE_BITS, distEntry, linkedEntry, litlenEntry, makeTable,
} from "./table";

/** The input ends before the stream does. */
const CUT_OFF: i32 = -1;
/** There is more output than the caller has room for. */
const TOO_LONG: i32 = -2;
/** A match starts before the first byte of output. */
const BAD_DISTANCE: i32 = -3;
/** A block's header makes no sense. */
const BAD_HEADER: i32 = -4;
/** Bits that are no code. */
const BAD_CODE: i32 = -5;
/** There is more, or less, behind the stream than there should be. */
const BAD_END: i32 = -6;

/** In the fast loop there are so many bytes of input, enough for two loads, ... */
const EASY_INPUT: u32 = 16;
/** ... and room for three literals, the longest match, and what is copied behind it. */
const EASY_OUTPUT: u32 = 3 + 258 + 16;

/** Output: its start, its next byte, its end, and whether to stop there. */
let outStart: u32 = 0;
let out: u32 = 0;
let outEnd: u32 = 0;
let stops: bool = false;
/** Whether the tables are those of a fixed block. */
let hasFixed: bool = false;

/** Copies a match; fifteen bytes behind it may be overwritten. */
@inline
function copyMatch(to: u32, from: u32, size: u32): void {
  const end = to + size;
  if (to - from >= 16) {
    do {
      v128.store(to, v128.load(from));
      to += 16;
      from += 16;
    } while (to < end);
  } else if (to - from >= 8) {
    do {
      store<u64>(to, load<u64>(from));
      to += 8;
      from += 8;
    } while (to < end);
  } else if (to - from == 1) {
    const run = <u64>load<u8>(from) * 0x0101010101010101;
    for (; to < end; to += 8) store<u64>(to, run);
  } else copyBytes(to, from, size);
}

/** Copies a match, and nothing behind it is overwritten. */
@inline
function copyBytes(to: u32, from: u32, size: u32): void {
  for (const end = to + size; to < end; to++) store<u8>(to, load<u8>(from++));
}

function makeFixedTables(): void {
  memory.fill(LITLEN_LENS, 8, 144);
  memory.fill(LITLEN_LENS + 144, 9, 112);
  memory.fill(LITLEN_LENS + 256, 7, 24);
  memory.fill(LITLEN_LENS + 280, 8, 8);
  memory.fill(DIST_LENS, 5, 32);
  makeTable(LITLEN_TABLE, LITLEN_BITS, LITLEN_LENS, 288, false);
  makeTable(DIST_TABLE, DIST_BITS, DIST_LENS, 32, false);
}

/** Reads the header of a dynamic block and makes its tables; false if there can be no such header. */
function readHeader(): bool {
  refill();
  const litlens = takeBits(5) + 257;
  const dists = takeBits(5) + 1;
  const pres = takeBits(4) + 4;
  if (litlens > LITLEN_SYMBOLS || dists > DIST_SYMBOLS) return false;
  memory.fill(PRE_LENS, 0, PRE_SYMBOLS);
  for (let i: u32 = 0; i < pres; i++) {
    refill();
    store<u8>(PRE_LENS + preSymbolAt(i), takeBits(3));
  }
  if (!makeTable(PRE_TABLE, PRE_BITS, PRE_LENS, PRE_SYMBOLS, false)) return false;
  const end = HEADER_LENS + litlens + dists;
  for (let at = HEADER_LENS; at < end; ) {
    refill();
    const entry = load<u32>((<u32>bits & ((1 << PRE_BITS) - 1)) << 2, PRE_TABLE);
    takeBits(entry & 255);
    const symbol = entry >>> 16;
    if (symbol < 16) {
      store<u8>(at++, symbol);
      continue;
    }
    let value: u32 = 0;
    let run: u32;
    if (symbol == 16) {
      if (at == HEADER_LENS) return false;
      value = load<u8>(at - 1);
      run = 3 + takeBits(2);
    } else run = symbol == 17 ? 3 + takeBits(3) : 11 + takeBits(7);
    if (run > end - at) return false;
    memory.fill(at, <u8>value, run);
    at += run;
  }
  // a block that cannot end
  if (load<u8>(HEADER_LENS + END_OF_BLOCK) == 0) return false;
  return (
    makeTable(LITLEN_TABLE, LITLEN_BITS, HEADER_LENS, litlens, true) &&
    makeTable(DIST_TABLE, DIST_BITS, HEADER_LENS + litlens, dists, true)
  );
}

/** Copies a stored block; 0, or what is wrong. */
function decodeStored(): i32 {
  if (!alignInput() || inputEnd - ip < 4) return CUT_OFF;
  let size = <u32>load<u16>(ip);
  if ((size ^ <u32>load<u16>(ip + 2)) != 0xffff) return BAD_HEADER;
  const from = ip + 4;
  if (size > outEnd - out) {
    if (!stops) return TOO_LONG;
    size = outEnd - out;
  }
  if (size > inputEnd - from) return CUT_OFF;
  memory.copy(out, from, size);
  out += size;
  saveInput(0, 0, from + size, 0);
  return 0;
}

/** What decodeEasily() gives if the block has not come to its end. */
const GOES_ON: i32 = 1;

/**
 * Decodes symbols as long as neither the end of the input nor that of the output is near; 0 if the block has come to its
 * end, GOES_ON, or what is wrong.
 *
 * Long because its position must be in registers: in variables of the module, which parts of it could share, it makes the
 * decoder 6 % slower.
 */
function decodeEasily(): i32 {
  let bits_ = bits;
  let count_ = count;
  let ip_ = ip;
  let to = out;
  const start = outStart;
  const easyInput = inputEnd - EASY_INPUT;
  const easyOutput = outEnd - EASY_OUTPUT;
  let result: i32 = GOES_ON;
  while (ip_ < easyInput && to < easyOutput) {
    bits_ |= load<u64>(ip_) << count_;
    ip_ += (63 - count_) >>> 3;
    count_ |= 56;
    let entry = litlenEntry(bits_);
    // codes of literals that are in the first table take 33 bits at most
    if (entry & IS_LITERAL) {
      store<u8>(to++, <u8>(entry >>> 16));
      bits_ >>= entry & 255;
      count_ -= entry & 255;
      entry = litlenEntry(bits_);
      if (entry & IS_LITERAL) {
        store<u8>(to++, <u8>(entry >>> 16));
        bits_ >>= entry & 255;
        count_ -= entry & 255;
        entry = litlenEntry(bits_);
        if (entry & IS_LITERAL) {
          store<u8>(to++, <u8>(entry >>> 16));
          bits_ >>= entry & 255;
          count_ -= entry & 255;
          continue;
        }
      }
      bits_ |= load<u64>(ip_) << count_;
      ip_ += (63 - count_) >>> 3;
      count_ |= 56;
    }
    if (entry & IS_LINK) {
      bits_ >>= LITLEN_BITS;
      count_ -= LITLEN_BITS;
      entry = linkedEntry(LITLEN_TABLE, entry, bits_);
    }
    if (entry == 0) return BAD_CODE;
    bits_ >>= entry & 255;
    count_ -= entry & 255;
    if (entry & IS_LITERAL) {
      store<u8>(to++, <u8>(entry >>> 16));
      continue;
    }
    if (entry & IS_END) {
      result = 0;
      break;
    }
    let extra = (entry >>> 8) & 31;
    const length = (entry >>> 16) + (<u32>bits_ & ((1 << extra) - 1));
    bits_ >>= extra;
    count_ -= extra;
    entry = distEntry(bits_);
    if (entry & IS_LINK) {
      bits_ >>= DIST_BITS;
      count_ -= DIST_BITS;
      entry = linkedEntry(DIST_TABLE, entry, bits_);
    }
    if (entry == 0) return BAD_CODE;
    bits_ >>= entry & 255;
    count_ -= entry & 255;
    extra = (entry >>> 8) & 31;
    const distance = (entry >>> 16) + (<u32>bits_ & ((1 << extra) - 1));
    bits_ >>= extra;
    count_ -= extra;
    if (distance > to - start) return BAD_DISTANCE;
    copyMatch(to, to - distance, length);
    to += length;
  }
  saveInput(bits_, count_, ip_, overrun);
  out = to;
  return result;
}

/** Takes the code that comes next, `entry` being what the first table has for it; gives its entry, or 0. */
function takeCode(table: u32, tableBits: u32, entry: u32): u32 {
  if (entry & IS_LINK) {
    takeBits(tableBits);
    entry = linkedEntry(table, entry, bits);
  }
  takeBits(entry & 255);
  return entry;
}

/** Decodes the symbols of a block, near the ends of input and output; 0, or what is wrong. */
function decodeCarefully(): i32 {
  while (out < outEnd || !stops) {
    refill();
    if (hasOverrun()) return CUT_OFF;
    let entry = takeCode(LITLEN_TABLE, LITLEN_BITS, litlenEntry(bits));
    if (entry == 0) return BAD_CODE;
    if (entry & IS_LITERAL) {
      if (out == outEnd) return TOO_LONG;
      store<u8>(out++, <u8>(entry >>> 16));
      continue;
    }
    if (entry & IS_END) break;
    let length = (entry >>> 16) + takeBits((entry >>> 8) & 31);
    entry = takeCode(DIST_TABLE, DIST_BITS, distEntry(bits));
    if (entry == 0) return BAD_CODE;
    const distance = (entry >>> 16) + takeBits((entry >>> 8) & 31);
    if (distance > out - outStart) return BAD_DISTANCE;
    if (length > outEnd - out) {
      if (!stops) return TOO_LONG;
      length = outEnd - out;
    }
    copyBytes(out, out - distance, length);
    out += length;
  }
  return hasOverrun() ? CUT_OFF : 0;
}

/** Decodes the symbols of a block; 0, or what is wrong. */
function decodeSymbols(): i32 {
  const result = decodeEasily();
  return result == GOES_ON ? decodeCarefully() : result;
}

/**
 * Decodes the stream that starts at `from` and ends `behind` bytes before `to`, to [at, at + limit), and gives the number
 * of bytes. `partial`: stops when `limit` bytes are there, wherever the stream ends; else a longer stream is an error.
 */
export function decompress(from: u32, to: u32, at: u32, limit: u32, partial: bool, behind: u32): i32 {
  startInput(from, to);
  outStart = at;
  out = at;
  outEnd = at + limit;
  stops = partial;
  for (let isLast = false; !isLast; ) {
    if (partial && out == outEnd) return limit;
    refill();
    isLast = takeBits(1) != 0;
    const kind = takeBits(2);
    let damage: i32 = 0;
    if (kind == STORED) damage = decodeStored();
    else if (kind == FIXED) {
      if (!hasFixed) makeFixedTables();
      hasFixed = true;
      damage = decodeSymbols();
    } else if (kind == DYNAMIC) {
      hasFixed = false;
      damage = readHeader() ? decodeSymbols() : hasOverrun() ? CUT_OFF : BAD_HEADER;
    } else damage = hasOverrun() ? CUT_OFF : BAD_HEADER;
    if (damage != 0) return damage;
  }
  if (partial && out == outEnd) return limit;
  return alignInput() && to - ip == behind ? out - at : BAD_END;
}
