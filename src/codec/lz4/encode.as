// LZ4HC's output: sequences as long as they fit, and what is done when one does not. As in liblz4 1.9.4.
import {
  LAST_LITERALS, LONG, MATCH_MARGIN, MIN_MATCH, SHORT, copyInEights, extraBytes, finish, writeExtra,
} from "./memory";

/** Behind the literals of a sequence at least this follows: a distance, the last token and the last literals. */
const DISTANCE_AND_END: u32 = 2 + 1 + LAST_LITERALS;

/** Before so much has been written nothing is said of how the input shrinks. */
const LEAST_WRITTEN: u32 = 256;

/** The input, [from, to), and the room for output, [at, end). */
let from: u32 = 0;
let to: u32 = 0;
let at: u32 = 0;
let end: u32 = 0;
let fill: bool = false;
/** Up to where sequences may reach with what must follow them. */
let sequenceEnd: u32 = 0;
/** Where the next sequence will stand. */
let out: u32 = 0;
/** The first byte of input that is not written yet. */
export let anchor: u32 = 0;
/** No match can start behind this address: too near to the end, or with too many literals before it to fit. */
export let lastStart: u32 = 0;

@inline
function setAnchor(ip: u32): void {
  anchor = ip;
  lastStart = min(to - MATCH_MARGIN, ip + (end - out) - (fill ? 1 + DISTANCE_AND_END : 0));
}

/** Starts a block of the bytes [from, to), to be written to [at, at + limit). */
export function startBlock(from_: u32, to_: u32, at_: u32, limit: u32, fill_: bool): void {
  from = from_;
  to = to_;
  at = at_;
  out = at_;
  end = at_ + limit;
  fill = fill_;
  // when filling, liblz4 keeps room for the last literals twice
  sequenceEnd = fill_ ? end - LAST_LITERALS : end;
  setAnchor(from_);
}

/** Whether LEAST_WRITTEN bytes at least have been written, and hold `parts` / 16 times as many. */
@inline
export function hasShrunk(parts: u32): bool {
  const written = out - at;
  return written >= LEAST_WRITTEN && (anchor - from) * 16 >= parts * written;
}

/** Ends the block with the literals from `anchor` on; gives its size. */
export function finishBlock(): u32 {
  return finish(from, to, anchor, at, out, end, fill);
}

/** writeSequence(), or where `check` is false, for what is known to fit. */
@inline
function write(ip: u32, match: u32, size: u32, check: bool): bool {
  const literals = ip - anchor;
  const token = out;
  let next = token + 1;
  if (check && next + literals / 255 + literals + DISTANCE_AND_END > sequenceEnd) return false;
  let first = literals << 4;
  if (literals >= LONG) {
    first = LONG << 4;
    next = writeExtra(next, literals);
  }
  copyInEights(next, anchor, literals);
  next += literals;
  store<u16>(next, ip - match);
  next += 2;
  const length = size - MIN_MATCH;
  if (check && next + length / 255 + 1 + LAST_LITERALS > sequenceEnd) return false;
  if (length >= LONG) {
    first += LONG;
    next = writeExtra(next, length);
  } else first += length;
  store<u8>(token, first);
  out = next;
  setAnchor(ip + size);
  return true;
}

/**
 * Writes the literals from `anchor` to `ip` and a match of `size` bytes. False if there is no room for it: then the
 * block must be ended by overflow().
 */
export function writeSequence(ip: u32, match: u32, size: u32): bool {
  return write(ip, match, size, true);
}

/** Ends the block at a sequence that did not fit, with as much of the match as does; gives its size. */
export function overflow(ip: u32, match: u32, size: u32): u32 {
  if (!fill) return 0;
  const literals = ip - anchor;
  const behind = out + 1 + extraBytes(literals) + literals;
  if (behind + DISTANCE_AND_END <= end) {
    size = min(size, SHORT + (end - behind - DISTANCE_AND_END) * 255);
    // with the literals that will follow, the match must not be too near to the end
    if (size + (end - behind - 3) >= MATCH_MARGIN) write(ip, match, size, false);
  }
  return finishBlock();
}
