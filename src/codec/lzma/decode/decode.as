// The decoder: from the input into the dictionary, which is a ring that whoever calls takes the contents from before they are
// overwritten, or a range that takes all of them. Its state stays between calls, so that input may come in pieces and output
// may leave in pieces.
import {
  ALIGN,
  ALIGN_BITS,
  DICTIONARY,
  DICTIONARY_SLACK,
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
  LITERAL_SIZE,
  LITERALS,
  LOW_BITS,
  MIN_MATCH,
  REP_LENGTHS,
  resetProbabilities,
  SLOTS,
} from "../memory";
import { bit, code, direct, ip, normalize, tree, treeBeside, treeFromLow } from "./range";

/** Where the dictionary is, how many bytes it has, and how many of them matches may reach back. */
let base: u32 = DICTIONARY;
let size: u32 = 0;
let reach: u32 = 0;
/** Bytes behind it that may be written. */
let slack: u32 = 0;
/** Where the next byte goes, from the ring's start, and how many in front of it are there. */
let position: u32 = 0;
let filled: u32 = 0;
/** Bits of literals' contexts from the byte before, and masks for positions. */
let previousBits: u32 = 0;
let literalMask: u32 = 0;
let positionMask: u32 = 0;
/** Bytes since the dictionary was reset, of which contexts take the lowest bits. */
let count: u32 = 0;

let state: u32 = 0;
let rep0: u32 = 0;
let rep1: u32 = 0;
let rep2: u32 = 0;
let rep3: u32 = 0;
/** Bytes of the last match for which there was no room. */
let pending: u32 = 0;

/** What decode() gives. */
const MORE: i32 = 0;
const ENDED: i32 = 1;
const TOO_FAR: i32 = -1;

/** Makes the ring for matches that reach so far back; nothing is in it. */
export function setDictionary(reach_: u32): void {
  base = DICTIONARY;
  size = reach_ + DICTIONARY_SLACK;
  slack = DICTIONARY_SLACK;
  reach = reach_;
  position = 0;
  resetDictionary();
}

/** Contents go to a range, as far as it goes, and nothing is written behind it. */
export function setRange(at: u32, length: u32): void {
  base = at;
  size = length;
  slack = 0;
  reach = length;
  position = 0;
  resetDictionary();
}

/** Nothing that came before may be reached any more. */
export function resetDictionary(): void {
  filled = 0;
  count = 0;
}

/** Where the next byte goes, an address. Behind the ring's last one it is the first. */
export function startOutput(): u32 {
  if (position == size) position = 0;
  return base + position;
}

/** Where it went on when decode() last came back, an address too. */
export function outputAt(): u32 {
  return base + position;
}

/** Room up to the ring's end. */
export function roomForOutput(): u32 {
  return size - position;
}

/** So many bytes were put at startOutput() by whoever calls. */
export function addOutput(length: u32): void {
  position += length;
  count += length;
  filled = min(filled + length, reach);
}

/** Sets what contexts are made of. @param lc bits of the byte before @param lp @param pb bits of the position */
export function resetState(lc: u32, lp: u32, pb: u32): void {
  previousBits = lc;
  literalMask = (1 << lp) - 1;
  positionMask = (1 << pb) - 1;
  resetProbabilities();
  state = 0;
  rep0 = 0;
  rep1 = 0;
  rep2 = 0;
  rep3 = 0;
  pending = 0;
}

/** Whether nothing is left that has not come out. */
export function isAtEnd(): bool {
  return pending == 0 && code == 0;
}

/** Where the input goes on. */
export function inputAt(): u32 {
  return ip;
}

/**
 * Gives `length` bytes, fewer where input that is needed may lie behind `to`. At most as many as roomForOutput() are asked
 * for. Gives MORE, ENDED where the mark of an end comes, or what is wrong as a negative number.
 */
export function decode(length: u32, to: u32): i32 {
  const end = position + length;
  let result = MORE;
  if (pending > 0 && !copyMatch(end)) return TOO_FAR;
  while (position < end && ip <= to) {
    const place = count & positionMask;
    if (bit(IS_MATCH + (((state << 4) + place) << 1)) == 0) {
      putLiteral();
      continue;
    }
    if (bit(IS_REP + (state << 1)) == 0) {
      takeNewMatch(place);
      if (rep0 == 0xffffffff) {
        pending = 0;
        result = ENDED;
        break;
      }
    } else {
      takeRepeated(place);
    }
    if (!copyMatch(end)) return TOO_FAR;
  }
  // what follows is looked at without the decoder
  normalize();
  return result;
}

/** Whether the mark of an end comes next, and nothing else; it is taken. */
export function takeEnd(): bool {
  const place = count & positionMask;
  if (pending > 0 || bit(IS_MATCH + (((state << 4) + place) << 1)) == 0 || bit(IS_REP + (state << 1)) != 0) return false;
  takeNewMatch(place);
  pending = 0;
  normalize();
  return rep0 == 0xffffffff;
}

/** The byte at a distance, where it is less than what is filled. */
@inline
function byteAt(distance: u32): u32 {
  const from = position - distance - 1;
  return load<u8>(base + (distance < position ? from : from + size));
}

function putLiteral(): void {
  const previous = filled > 0 ? byteAt(0) : 0;
  const context = ((count & literalMask) << previousBits) + (previous >>> (8 - previousBits));
  const contexts = LITERALS + context * LITERAL_SIZE;
  let byte: u32;
  if (state < FIRST_MATCH_STATE) byte = tree(contexts, 8);
  else byte = treeBeside(contexts, rep0 < filled ? byteAt(rep0) : 0);
  store<u8>(base + position, byte);
  addOutput(1);
  if (state < 4) state = 0;
  else state -= state < 10 ? 3 : 6;
}

function takeLength(contexts: u32, place: u32): u32 {
  if (bit(contexts) == 0) return MIN_MATCH + tree(contexts + LENGTH_LOW + (place << 4), 3);
  if (bit(contexts + 2) == 0) return MIN_MATCH + 8 + tree(contexts + LENGTH_MIDDLE + (place << 4), 3);
  return MIN_MATCH + 16 + tree(contexts + LENGTH_HIGH, 8);
}

function takeNewMatch(place: u32): void {
  rep3 = rep2;
  rep2 = rep1;
  rep1 = rep0;
  pending = takeLength(LENGTHS, place);
  state = state < FIRST_MATCH_STATE ? 7 : 10;
  const slot = tree(SLOTS + (min(pending - MIN_MATCH, 3) << 7), 6);
  rep0 = slot;
  if (slot < 4) return;
  const bits = (slot >>> 1) - 1;
  rep0 = (2 | (slot & 1)) << bits;
  // the tree's root is its second context, and each slot has as many as its distances are
  if (slot < FIRST_DIRECT_SLOT) {
    rep0 += treeFromLow(LOW_BITS + ((rep0 - slot) << 1), bits);
  } else {
    rep0 += direct(bits - ALIGN) << ALIGN;
    rep0 += treeFromLow(ALIGN_BITS, ALIGN);
  }
}

function takeRepeated(place: u32): void {
  const isAfterLiteral = state < FIRST_MATCH_STATE;
  if (bit(IS_NOT_FIRST + (state << 1)) == 0) {
    if (bit(IS_LONG + (((state << 4) + place) << 1)) == 0) {
      state = isAfterLiteral ? 9 : 11;
      pending = 1;
      return;
    }
  } else {
    let distance = rep1;
    if (bit(IS_NOT_SECOND + (state << 1)) != 0) {
      distance = rep2;
      if (bit(IS_NOT_THIRD + (state << 1)) != 0) {
        distance = rep3;
        rep3 = rep2;
      }
      rep2 = rep1;
    }
    rep1 = rep0;
    rep0 = distance;
  }
  state = isAfterLiteral ? 8 : 11;
  pending = takeLength(REP_LENGTHS, place);
}

/** Copies the last match, as far as there is room up to `end`; false where it starts before all contents. */
function copyMatch(end: u32): bool {
  if (rep0 >= filled) return false;
  const length = min(pending, end - position);
  pending -= length;
  const dictionaryEnd = base + size;
  let to = base + position;
  const last = to + length;
  let from = rep0 < position ? to - rep0 - 1 : to - rep0 - 1 + size;
  if (rep0 >= 7 && from + length <= dictionaryEnd && last + 7 <= dictionaryEnd + slack) {
    do {
      store<u64>(to, load<u64>(from));
      to += 8;
      from += 8;
    } while (to < last);
  } else {
    do {
      store<u8>(to++, load<u8>(from++));
      if (from == dictionaryEnd) from = base;
    } while (to < last);
  }
  addOutput(length);
  return true;
}
