// The search for matches: all earlier positions with the same hash of four bytes, newest first, as a chain, and the
// newest one with the same three bytes.
import {
  HEADS, HEADS3, HEADS3_SIZE, HEADS_SIZE, LINKS, MAX_DISTANCE, countEqual,
} from "../memory";

/** Bits of the two hashes. */
const HASH_BITS: u32 = 16;
const HASH3_BITS: u32 = 15;

/**
 * Positions are kept as indices, which go on growing from one input to the next, a gap of more than MAX_DISTANCE between
 * them: so what earlier inputs left in the tables is out of reach, and need not be cleared.
 */
let firstIndex: u32 = 0;
/** The index of an address is the address plus this (mod 2^32). */
let shift: u32 = 0;
/** Index behind the last input. */
let lastIndex: u32 = 0;
/** Inputs that would start above this index get fresh tables. */
const LAST_INDEX: u32 = 0x40000000;

/** How far back a match may begin, at most MAX_DISTANCE. */
let reach: u32 = MAX_DISTANCE;

/** Has all searches from now on look back `distance` bytes at most. */
export function setReach(distance: u32): void {
  reach = min(distance, MAX_DISTANCE);
}

/** The distance of the match that was found last. */
export let foundDistance: u32 = 0;

/** Starts the input [from, to). */
export function startSearch(from: u32, to: u32): void {
  // more than a link can tell, so that following one never leads below zero
  firstIndex = lastIndex + 0x10000;
  if (firstIndex > LAST_INDEX) {
    memory.fill(HEADS, 0, HEADS_SIZE);
    memory.fill(HEADS3, 0, HEADS3_SIZE);
    firstIndex = 0x10000;
  }
  shift = firstIndex - from;
  lastIndex = to + shift;
}

@inline
function headOf(word: u32): u32 {
  return ((word * 0x9e3779b1) >>> (32 - HASH_BITS)) << 2;
}

@inline
function head3Of(word: u32): u32 {
  return (((word << 8) * 0x9e3779b1) >>> (32 - HASH3_BITS)) << 2;
}

@inline
function linkOf(index: u32): u32 {
  return (index & (MAX_DISTANCE - 1)) << 1;
}

/** Puts the positions [at, end) into their chains; four bytes behind each of them belong to the input. */
@inline
export function insert(at: u32, end: u32): void {
  for (; at < end; at++) {
    const word = load<u32>(at);
    const index = at + shift;
    const head = headOf(word);
    store<u16>(linkOf(index), min(index - load<u32>(head, HEADS), 0xffff), LINKS);
    store<u32>(head, index, HEADS);
    store<u32>(head3Of(word), index, HEADS3);
  }
}

/** Whether the candidates are to be kept, each longer and farther away than the one before. */
const ONE = false;
const ALL = true;
/** Where the next of them goes. */
let found: u32 = 0;

@inline
function search(at: u32, end: u32, longest: u32, nice: u32, attempts: i32, all: bool): u32 {
  const shift_ = shift;
  const index = at + shift_;
  const word = load<u32>(at);
  const head = headOf(word);
  const head3 = head3Of(word);
  let candidate = load<u32>(head, HEADS);
  const candidate3 = load<u32>(head3, HEADS3);
  store<u32>(head, index, HEADS);
  store<u32>(head3, index, HEADS3);
  store<u16>(linkOf(index), min(index - candidate, 0xffff), LINKS);
  const lowest = max(firstIndex, index - reach);
  if (longest < 3 && candidate3 >= lowest && (load<u32>(candidate3 - shift_) ^ word) << 8 == 0) {
    longest = 3;
    foundDistance = index - candidate3;
    if (all) keep(3, index - candidate3);
  }
  // A longer match is equal at its last four bytes too: these are looked at first.
  let behind = max(longest, 3) - 3;
  let tail = load<u32>(at + behind);
  while (candidate >= lowest) {
    const match = candidate - shift_;
    if (load<u32>(match + behind) == tail && load<u32>(match) == word) {
      const length: u32 = 4 + countEqual(at + 4, match + 4, end);
      if (length > longest) {
        longest = length;
        foundDistance = index - candidate;
        if (all) keep(length, index - candidate);
        if (length >= nice) break;
        behind = length - 3;
        tail = load<u32>(at + behind);
      }
    }
    if (--attempts <= 0) break;
    candidate -= load<u16>(linkOf(candidate), LINKS);
  }
  return longest;
}

/**
 * Puts `at` into its chains and looks for a match for the bytes there that is longer than `longest`, at most up to `end`;
 * gives its length, or `longest`. Takes the first one of `nice` bytes, and looks at `attempts` places.
 */
export function findMatch(at: u32, end: u32, longest: u32, nice: u32, attempts: i32): u32 {
  return search(at, end, longest, nice, attempts, ONE);
}

@inline
function keep(length: u32, distance: u32): void {
  store<u32>(found, (length << 16) | (distance - 1));
  found += 4;
}

/**
 * The same, and keeps all of these matches behind `place`: the length from bit 16 on, the distance less 1 below. Gives
 * the length of the longest one that was found, or 0; see foundEnd().
 */
export function findAll(at: u32, end: u32, nice: u32, attempts: i32, place: u32): u32 {
  found = place;
  const longest = search(at, end, 2, nice, attempts, ALL);
  return longest == 2 ? 0 : longest;
}

/** Address behind the last match that was kept. */
export function foundEnd(): u32 {
  return found;
}

/** Puts `at` into the table of compression level 1, the two newest positions of each hash; the longer match of them. */
@inline
export function findNewest(at: u32, end: u32): u32 {
  const shift_ = shift;
  const index = at + shift_;
  const word = load<u32>(at);
  const bucket = ((word * 0x9e3779b1) >>> (33 - HASH_BITS)) << 3;
  const both = load<u64>(bucket, HEADS);
  store<u64>(bucket, (both << 32) | index, HEADS);
  const lowest = max(firstIndex, index - reach);
  let longest: u32 = 0;
  const newer = <u32>both;
  if (newer < lowest) return 0;
  const match = newer - shift_;
  if (load<u32>(match) == word) {
    longest = 4 + countEqual(at + 4, match + 4, end);
    foundDistance = index - newer;
  }
  const older = <u32>(both >>> 32);
  if (older >= lowest && longest < 32 && at + longest < end) {
    const match = older - shift_;
    if (load<u32>(match) == word && load<u8>(match + longest) == load<u8>(at + longest)) {
      const length: u32 = 4 + countEqual(at + 4, match + 4, end);
      if (length > longest) {
        longest = length;
        foundDistance = index - older;
      }
    }
  }
  return longest;
}

/** Puts the positions [at, end) into the table of level 1. */
@inline
export function insertNewest(at: u32, end: u32): void {
  for (; at < end; at++) {
    const bucket = ((load<u32>(at) * 0x9e3779b1) >>> (33 - HASH_BITS)) << 3;
    store<u64>(bucket, (load<u64>(bucket, HEADS) << 32) | (at + shift), HEADS);
  }
}
