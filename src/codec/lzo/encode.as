// The instructions of a block, written as long as they fit, and what is done when one does not. L, D and S: bits of the
// length, of the distance, and of the number of literals behind a match.
//
//     near    LLLDDDSS DDDDDDDD            a match of 3 to 8 bytes from up to 2048 back; L: its size less 1
//     middle  001LLLLL DDDDDDSS DDDDDDDD   one from up to 16384 back
//     far     0001DLLL DDDDDDSS DDDDDDDD   one from 16385 to 49151 back
//     run     0000LLLL                     4 literals or more, behind a match without literals; L: their number less 3
//     pair    0000DDSS DDDDDDDD            2 bytes from up to 1024 back, behind 1 to 3 literals
//     triple  0000DDSS DDDDDDDD            3 bytes from 2049 to 3072 back, behind 4 literals or more
//     end     00010001 00000000 00000000   a far match of 3 bytes from 16384 back, which is none
//
// The lowest bits of a distance come first, the bytes behind them have the others; a far one's highest bit stands before L.
// Middle and far: L is the size less 2. L = 0: bytes of length follow at once, 255 for each that is 0, and one that is not.
import {
  CONSUMED, END_SIZE, FAR_SHORT, FEW, FIRST_BASE, FIRST_RUN, MIDDLE_DISTANCE, MIDDLE_SHORT, NEAR_DISTANCE, NEAR_SHORT,
  SHORT_RUN, TRIPLE_DISTANCE, copyInEights,
} from "./memory";

/** The input, [from, to), and the room for output, [at, end). */
let from: u32 = 0;
let to: u32 = 0;
let at: u32 = 0;
let end: u32 = 0;
let fill: bool = false;
/** Where the next instruction will stand. */
let out: u32 = 0;
/** The first byte of input that is not written yet. */
export let anchor: u32 = 0;

/** Starts a block of the bytes [from, to), to be written to [at, at + limit). */
export function startBlock(from_: u32, to_: u32, at_: u32, limit: u32, fill_: bool): void {
  from = from_;
  to = to_;
  at = at_;
  out = at_;
  end = at_ + limit;
  fill = fill_;
  anchor = from_;
}

/** Bytes that a length takes behind its instruction, which `rest` of it did not fit into: 1 at least. */
@inline
function restSize(rest: u32): u32 {
  return (rest + 254) / 255;
}

/** Writes what of a length did not fit into its instruction; gives where to go on. */
@inline
function writeRest(out: u32, rest: u32): u32 {
  while (rest > 255) {
    store<u8>(out++, 0);
    rest -= 255;
  }
  store<u8>(out++, rest);
  return out;
}

/** Bytes that so many literals take in front of them. */
@inline
function headSize(count: u32): u32 {
  if (out == at) {
    if (count <= FIRST_RUN) return <u32>(count > 0);
  } else if (count <= FEW) return 0;
  return count <= SHORT_RUN ? 1 : 1 + restSize(count - SHORT_RUN);
}

/** Writes so many literals from `anchor` on, for which there is room. */
@inline
function writeLiterals(count: u32): void {
  const first = anchor;
  anchor += count;
  if (count == 0) return;
  if (out == at && count <= FIRST_RUN) store<u8>(out++, FIRST_BASE + count);
  else if (count <= FEW) store<u8>(out - 2, load<u8>(out - 2) | count);
  else if (count <= SHORT_RUN) store<u8>(out++, count - FEW);
  else {
    store<u8>(out, 0);
    out = writeRest(out + 1, count - SHORT_RUN);
  }
  if (out + count + 8 <= end) copyInEights(out, first, count);
  else memory.copy(out, first, count);
  out += count;
}

/** The longest match that needs no bytes of length. */
@inline
function shortOf(distance: u32): u32 {
  return distance <= MIDDLE_DISTANCE ? MIDDLE_SHORT : FAR_SHORT;
}


/** Whether a match that is no near one can be told as a triple, behind so many literals. */
@inline
function isTriple(literals: u32, distance: u32, size: u32): bool {
  return size == 3 && literals > FEW && distance <= TRIPLE_DISTANCE;
}

/** Bytes of a match's instruction behind so many literals. */
@inline
function matchSize(literals: u32, distance: u32, size: u32): u32 {
  if ((distance <= NEAR_DISTANCE && size <= NEAR_SHORT) || isTriple(literals, distance, size)) return 2;
  const short = shortOf(distance);
  return size <= short ? 3 : 3 + restSize(size - short);
}

/** Writes an instruction of two bytes, the second one with the distance's high bits. */
@inline
function writeTwo(instruction: u32, high: u32): void {
  store<u16>(out, instruction | (high << 8));
  out += 2;
}

/** Writes a match at `anchor`, behind so many literals, for which there is room. */
@inline
function writeMatch(literals: u32, distance: u32, size: u32): void {
  anchor += size;
  if (distance <= NEAR_DISTANCE && size <= NEAR_SHORT) {
    const less = distance - 1;
    if (size == 2) writeTwo((less & 3) << 2, less >>> 2);
    else writeTwo(((size - 1) << 5) | ((less & 7) << 2), less >>> 3);
    return;
  }
  if (isTriple(literals, distance, size)) {
    const less = distance - NEAR_DISTANCE - 1;
    writeTwo((less & 3) << 2, less >>> 2);
    return;
  }
  const isMiddle = distance <= MIDDLE_DISTANCE;
  const less = isMiddle ? distance - 1 : distance - MIDDLE_DISTANCE;
  const short: u32 = isMiddle ? MIDDLE_SHORT : FAR_SHORT;
  const kind: u32 = isMiddle ? 32 : 16 | ((less >>> 14) << 3);
  if (size <= short) store<u8>(out++, kind | (size - 2));
  else {
    store<u8>(out, kind);
    out = writeRest(out + 1, size - short);
  }
  store<u16>(out, (less & 0x3fff) << 2);
  out += 2;
}

/**
 * Writes the literals from `anchor` to `ip` and a match of `size` bytes there; of two only where a pair can be. False if
 * there is no room for both and the end: then the block must be ended by overflow().
 */
export function writeSequence(ip: u32, distance: u32, size: u32): bool {
  const literals = ip - anchor;
  if (out + headSize(literals) + literals + matchSize(literals, distance, size) + END_SIZE > end) return false;
  writeLiterals(literals);
  writeMatch(literals, distance, size);
  return true;
}

/** Ends the block with the literals from `anchor` on, when filling with as many as fit; gives its size, or 0. */
export function finishBlock(): u32 {
  let count = to - anchor;
  if (out + END_SIZE > end) return 0;
  const room = end - END_SIZE - out;
  if (headSize(count) + count > room) {
    if (!fill) return 0;
    count = min(count, room);
    while (headSize(count) + count > room) count--;
  }
  writeLiterals(count);
  if (anchor == from && from < to) return 0;
  store<u16>(out, 17);
  store<u8>(out + 2, 0);
  store<u32>(CONSUMED, anchor - from);
  return out + END_SIZE - at;
}

/** Ends the block at a sequence that did not fit, with as much of the match as does; gives its size, or 0. */
export function overflow(ip: u32, distance: u32, size: u32): u32 {
  if (!fill) return 0;
  const literals = ip - anchor;
  const behind = out + headSize(literals) + literals + END_SIZE;
  if (size > 2 && behind + 2 <= end) {
    const room = end - behind;
    const most = room > 2 ? shortOf(distance) + (room - 3) * 255 : distance <= NEAR_DISTANCE ? NEAR_SHORT : 0;
    if (most > 0) writeSequence(ip, distance, min(size, most));
  }
  return finishBlock();
}
