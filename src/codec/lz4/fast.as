// LZ4's fast compression: one table with the last position of each hash, no choice between matches, and steps that grow
// while nothing is found. Gives the bytes of liblz4 1.9.4's LZ4_compress_destSize() and LZ4_compress_default() on
// 64-bit little-endian machines, save where GIVE_UP says otherwise.
import {
  LAST_LITERALS, LONG, MATCH_MARGIN, MAX_DISTANCE, MIN_INPUT, MIN_MATCH, TABLE, TABLE_SIZE,
  copyInEights, countEqual, extraBytes, finish, writeExtra,
} from "./memory";

/** Below this size all positions at which a match can start fit u16, and the table holds twice as many. */
const SMALL: u32 = 0x10000 + MATCH_MARGIN - 1;
/** After so many probes without a match the step grows by one. */
const PATIENCE_BITS: u32 = 6;
/** A match takes two bytes; behind it come at least a token and, to keep MATCH_MARGIN, so many literals. */
const MATCH_AND_END: u32 = 2 + 1 + MATCH_MARGIN - MIN_MATCH;
/** The last token and the last literals. */
const END: u32 = 1 + LAST_LITERALS;
/**
 * When filling, a match behind more literals than there is room for is of use only if it can be extended back to where
 * they fit. So many bytes further on that is not worth a search to the end of the input; liblz4 goes on, which makes it
 * slow where much incompressible data is cut into small blocks.
 */
const GIVE_UP: u32 = 4096;

/** Where the table holds the last position with the hash of the bytes at `address`: four if small, else five. */
@inline
function slotOf<T>(address: u32): u32 {
  if (sizeof<T>() == 2) return TABLE + (((load<u32>(address) * 2654435761) >>> 18) & ~1);
  return TABLE + ((<u32>(((load<u64>(address) << 24) * 889523592379) >> 50)) & ~3);
}

/**
 * Compresses [from, to) to [at, at + limit); `T`: u16 for inputs of up to 64 KiB, else u32.
 *
 * Long because the search's variables must all be registers: with parts of it in functions of their own, though inlined,
 * it takes 1 to 1.5 % longer.
 */
@inline
function compress<T>(from: u32, to: u32, at: u32, limit: u32, fill: bool): u32 {
  const end = at + limit;
  const lastStart = to - MATCH_MARGIN;
  const matchEnd = to - LAST_LITERALS;
  let anchor = from;
  let out = at;
  // an empty slot stands for the first position, so that one need not be put in
  let ip = from + 1;
  let slot = slotOf<T>(ip);
  while (true) {
    let match: u32;
    let next = ip;
    let step: u32 = 1;
    let probes: u32 = 1 << PATIENCE_BITS;
    const stop = fill ? min(lastStart + 1, anchor + (end - out) + GIVE_UP) : lastStart + 1;
    while (true) {
      const here = slot;
      ip = next;
      next += step;
      step = probes++ >>> PATIENCE_BITS;
      if (next > stop) return finish(from, to, anchor, at, out, end, fill);
      match = from + <u32>load<T>(here);
      slot = slotOf<T>(next);
      store<T>(here, <T>(ip - from));
      if (sizeof<T>() == 4 && ip - match > MAX_DISTANCE) continue;
      if (load<u32>(match) == load<u32>(ip)) break;
    }
    while (ip > anchor && match > from && load<u8>(ip - 1) == load<u8>(match - 1)) {
      ip--;
      match--;
    }
    let token = out++;
    const literals = ip - anchor;
    if (fill) {
      if (out + extraBytes(literals) + literals + MATCH_AND_END > end) {
        return finish(from, to, anchor, at, token, end, true);
      }
    } else if (out + literals / 255 + literals + 2 + END > end) return 0;
    if (literals >= LONG) {
      store<u8>(token, LONG << 4);
      out = writeExtra(out, literals);
    } else store<u8>(token, literals << 4);
    copyInEights(out, anchor, literals);
    out += literals;
    // the match, and further ones that follow without a literal
    while (true) {
      if (fill && out + MATCH_AND_END > end) return finish(from, to, anchor, at, token, end, true);
      store<u16>(out, ip - match);
      out += 2;
      let length = countEqual(ip + MIN_MATCH, match + MIN_MATCH, matchEnd);
      if (out + extraBytes(length) + END > end) {
        if (!fill) return 0;
        length = LONG - 1 + (end - out - END) * 255;
      }
      ip += length + MIN_MATCH;
      if (length >= LONG) {
        store<u8>(token, load<u8>(token) + LONG);
        out = writeExtra(out, length);
      } else store<u8>(token, load<u8>(token) + length);
      anchor = ip;
      if (ip > lastStart) return finish(from, to, anchor, at, out, end, fill);
      store<T>(slotOf<T>(ip - 2), <T>(ip - 2 - from));
      const here = slotOf<T>(ip);
      match = from + <u32>load<T>(here);
      store<T>(here, <T>(ip - from));
      if ((sizeof<T>() == 4 && ip - match > MAX_DISTANCE) || load<u32>(match) != load<u32>(ip)) break;
      token = out++;
      store<u8>(token, 0);
    }
    slot = slotOf<T>(++ip);
  }
}

/** Compresses [from, to) to [at, at + limit). `fill`: as much as fits; else all or nothing. Gives the bytes written. */
export function compressFast(from: u32, to: u32, at: u32, limit: u32, fill: bool): u32 {
  const size = to - from;
  if (size < MIN_INPUT) return finish(from, to, from, at, at, at + limit, fill);
  // a seventh of a microsecond; keeping what is in the table and telling old from new makes the search 6 % slower
  memory.fill(TABLE, 0, TABLE_SIZE);
  return size < SMALL ? compress<u16>(from, to, at, limit, fill) : compress<u32>(from, to, at, limit, fill);
}
