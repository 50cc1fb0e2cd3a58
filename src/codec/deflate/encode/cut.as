// The last block of an output of fixed size: the longest part of a block's symbols that still fits. Each time that codes
// are made for a part, the lengths of these codes tell how many symbols more, or less, it should be; a few such steps
// lead to where not one symbol more fits.
import { ENTRY, anchor, blockStart, countLiteral, countMatch, distanceOf, entries, lengthOf, literalsOf, next,
  saveTokens } from "./tokens";
import { MATCHES, MIN_MATCH } from "../memory";
import { literalBits, matchBits, measureBlock, putBlock, putStored, storedIn } from "./block";
import { bitPosition, markLastBlock } from "./bits";

/** Codes are made at most so often for one cut. */
const MAX_STEPS: u32 = 12;

/** Where the parser has stopped: the end of all entries, and of the literals behind them. */
let lastEntry: u32 = 0;
let lastNext: u32 = 0;

/** Takes symbols away, from the end, until `bits` are saved. */
function shrink(bits: u32): void {
  let saved: u32 = 0;
  let at = next;
  let start = anchor;
  let entry = entries;
  while (saved < bits) {
    if (at > start) {
      const literal = <u32>load<u8>(--at);
      countLiteral(literal, -1);
      saved += literalBits(literal);
    } else {
      if (entry == MATCHES) break;
      entry -= ENTRY;
      const length = lengthOf(entry);
      const distance = distanceOf(entry);
      countMatch(length, distance, -1);
      saved += matchBits(length, distance);
      at -= length;
      start = at - literalsOf(entry);
    }
  }
  saveTokens(at, start, entry);
}

/** Adds symbols that were taken away, up to `place`, as many as `bits` are enough for; false if that is none. */
function grow(bits: u32, place: u32): bool {
  const from = next;
  let at = next;
  let start = anchor;
  let entry = entries;
  while (at < place) {
    const literals = entry < lastEntry ? literalsOf(entry) : lastNext - start;
    if (at - start < literals) {
      const literal = <u32>load<u8>(at);
      const size = literalBits(literal);
      if (size > bits) break;
      bits -= size;
      countLiteral(literal);
      at++;
    } else {
      if (entry == lastEntry) break;
      const length = lengthOf(entry);
      const distance = distanceOf(entry);
      const size = matchBits(length, distance);
      if (size > bits) break;
      bits -= size;
      countMatch(length, distance);
      at += length;
      start = at;
      entry += ENTRY;
    }
  }
  saveTokens(at, start, entry);
  return at > from;
}

/** Goes to a place where a symbol ends. */
function moveTo(place: u32): void {
  while (next > place) shrink(1);
  grow(u32.MAX_VALUE, place);
}

/** Tries to add the start of the match that follows; it must be known what the block takes without it. */
function addPart(used: u32, room: u32): void {
  if (entries == lastEntry || next - anchor < literalsOf(entries)) return;
  const entry = entries;
  const whole = lengthOf(entry);
  const distance = distanceOf(entry);
  let length = whole - 1;
  while (length >= MIN_MATCH && used + matchBits(length, distance) > room) length--;
  if (length < MIN_MATCH) return;
  const before = next;
  const start = anchor;
  store<u16>(entry + 6, length);
  countMatch(length, distance);
  saveTokens(before + length, before + length, entry + ENTRY);
  if (measureBlock() <= room) return;
  countMatch(length, distance, -1);
  store<u16>(entry + 6, whole);
  saveTokens(before, start, entry);
  measureBlock();
}

/**
 * Writes the last block: as much of what is parsed, or if that is more, of the bytes up to `to` as they are, as fits into
 * `room` bits. `used` is what measureBlock() has just given: more than `room`. Gives the address behind what is written.
 */
export function putCutBlock(used: u32, room: u32, to: u32): u32 {
  lastEntry = entries;
  lastNext = next;
  let best = blockStart;
  let bestUsed: u32 = 0;
  for (let step: u32 = 0; step < MAX_STEPS; step++) {
    if (used > room) {
      shrink(used - room);
      if (next <= best) break;
    } else {
      best = next;
      bestUsed = used;
      if (!grow(room - used, lastNext)) break;
    }
    used = measureBlock();
  }
  moveTo(best);
  const asStored = min(storedIn(room), to - blockStart);
  if (best > blockStart) {
    used = measureBlock();
    addPart(used, room);
    if (next - blockStart >= asStored) {
      putBlock(true);
      return next;
    }
  }
  if (asStored > 0) putStored(blockStart, asStored, true);
  else if (bitPosition() > 0) markLastBlock();
  return blockStart + asStored;
}
