// The search for matches: of all earlier positions with the same hash of four bytes, either the newest in a chain or, the
// nearest first, those on the way down a binary tree that is sorted by what follows; and the newest with the same two and
// three bytes.
import { MIN_MATCH } from "../memory";
import {
  FOUND,
  HASH2_BITS,
  HASH3_BITS,
  HEADS2,
  HEADS3,
  HEADS4,
  hash4Shift,
  linkMask,
  links,
} from "./tables";

/** The longest match of the format. */
export const MAX_MATCH: u32 = 273;
/** Bytes that a position must have before the end to be looked up. */
const LEAST: u32 = 4;
/** The hash is that of four bytes, times this. */
const FACTOR: u32 = 0x9e3779b1;

/**
 * Positions are kept as indices, which go on growing from one input to the next, more than matches reach back between them:
 * so what earlier inputs left in the tables is out of reach, and need not be cleared.
 */
let firstIndex: u32 = 0;
/** The index of an address is the address plus this (mod 2^32). */
let shift: u32 = 0;
/** Index behind the last input. */
let lastIndex: u32 = 0;
/** Inputs that would start above this index get fresh tables. */
const LAST_INDEX: u32 = 0x70000000;

/** How far back matches may begin; how many places are looked at; how long a match is to be no more looked for. */
let reach: u32 = 0;
let depth: u32 = 0;
let nice: u32 = 0;
let isTree: bool = false;

/** The address that is looked up next, and the end of the contents. */
export let ahead: u32 = 0;
let end: u32 = 0;
/** Behind the matches that were found at the last one; each is longer and farther away than the one before it. */
export let foundEnd: u32 = FOUND;

/** Sets what is looked for. @param nice_ at most MAX_MATCH */
export function setSearch(reach_: u32, isTree_: bool, nice_: u32, depth_: u32): void {
  // what lies as many bytes back as there are links would have its link where the position's own goes
  reach = min(reach_, linkMask);
  isTree = isTree_;
  nice = nice_;
  depth = depth_;
  lastIndex = LAST_INDEX;
}

/** Starts the input [from, to). */
export function startSearch(from: u32, to: u32): void {
  firstIndex = lastIndex + reach + 1;
  if (firstIndex > LAST_INDEX) {
    memory.fill(HEADS2, 0, 4 << HASH2_BITS);
    memory.fill(HEADS3, 0, 4 << HASH3_BITS);
    memory.fill(HEADS4, 0, links - HEADS4);
    firstIndex = reach + 1;
  }
  shift = firstIndex - from;
  lastIndex = to + shift;
  ahead = from;
  end = to;
}

/** The length up to which bytes at `a` and `b` are equal, at least `length`, at most `most`. */
@inline
export function countEqual(a: u32, b: u32, length: u32, most: u32): u32 {
  let at = length;
  while (at < most) {
    const difference = load<u64>(a + at) ^ load<u64>(b + at);
    if (difference != 0) {
      at += <u32>ctz(difference) >>> 3;
      break;
    }
    at += 8;
  }
  return min(at, most);
}

@inline
function keep(matches: u32, length: u32, distance: u32): u32 {
  store<u32>(matches, length);
  store<u32>(matches, distance, 4);
  return matches + 8;
}

/** Looks up the next address: gives the length of the longest match that begins there, or 0, and goes on to the next. */
export function find(): u32 {
  const at = ahead++;
  const most = min(end - at, nice);
  foundEnd = FOUND;
  if (most < LEAST) return 0;
  const index = at + shift;
  const word = load<u32>(at);
  const head2 = HEADS2 + (((word << 16) * FACTOR) >>> (32 - HASH2_BITS) << 2);
  const head3 = HEADS3 + (((word << 8) * FACTOR) >>> (32 - HASH3_BITS) << 2);
  const head4 = HEADS4 + ((word * FACTOR) >>> hash4Shift << 2);
  const lowest = max(firstIndex, index - reach);
  const candidate2 = load<u32>(head2);
  const candidate3 = load<u32>(head3);
  const candidate = load<u32>(head4);
  store<u32>(head2, index);
  store<u32>(head3, index);
  store<u32>(head4, index);
  let matches = FOUND;
  let longest: u32 = 0;
  if (candidate2 >= lowest) {
    const other = candidate2 - shift;
    if (load<u16>(other) == <u16>word) {
      longest = countEqual(at, other, MIN_MATCH, most);
      matches = keep(matches, longest, index - candidate2 - 1);
    }
  }
  if (longest < 3 && candidate3 >= lowest && candidate3 != candidate2) {
    const other = candidate3 - shift;
    if ((load<u32>(other) ^ word) << 8 == 0) {
      longest = countEqual(at, other, 3, most);
      matches = keep(matches, longest, index - candidate3 - 1);
    }
  }
  if (longest == most) {
    if (isTree) insert(at, index, candidate, lowest, most);
    else store<u32>(links + ((index & linkMask) << 2), candidate);
  } else {
    if (longest < 3) longest = 3;
    matches = isTree
      ? searchTree(at, index, candidate, lowest, most, longest, matches)
      : searchChain(at, index, candidate, lowest, most, longest, matches);
  }
  foundEnd = matches;
  if (matches == FOUND) return 0;
  longest = load<u32>(matches - 8);
  if (longest == nice) {
    longest = countEqual(at, at - load<u32>(matches - 4) - 1, longest, min(end - at, MAX_MATCH));
    store<u32>(matches - 8, longest);
  }
  return longest;
}

/** Puts the next `count` addresses where they belong, without a search. */
export function skip(count: u32): void {
  const to = min(ahead + count, end - min(end, LEAST - 1));
  for (let at = ahead; at < to; at++) {
    const index = at + shift;
    const word = load<u32>(at);
    const head4 = HEADS4 + ((word * FACTOR) >>> hash4Shift << 2);
    const candidate = load<u32>(head4);
    store<u32>(HEADS2 + (((word << 16) * FACTOR) >>> (32 - HASH2_BITS) << 2), index);
    store<u32>(HEADS3 + (((word << 8) * FACTOR) >>> (32 - HASH3_BITS) << 2), index);
    store<u32>(head4, index);
    if (isTree) insert(at, index, candidate, max(firstIndex, index - reach), min(end - at, nice));
    else store<u32>(links + ((index & linkMask) << 2), candidate);
  }
  ahead += count;
}

function searchChain(at: u32, index: u32, first: u32, lowest: u32, most: u32, least: u32, found: u32): u32 {
  const shift_ = shift;
  const links_ = links;
  const mask = linkMask;
  let matches = found;
  let longest = least;
  let candidate = first;
  let left = depth;
  store<u32>(links_ + ((index & mask) << 2), candidate);
  // a longer match is equal at its last four bytes too: these are looked at first
  let tail = load<u32>(at + longest - 3);
  while (candidate >= lowest && left-- != 0) {
    const other = candidate - shift_;
    if (load<u32>(other + longest - 3) == tail) {
      const length = countEqual(at, other, 0, most);
      if (length > longest) {
        longest = length;
        matches = keep(matches, length, index - candidate - 1);
        if (length == most) break;
        tail = load<u32>(at + longest - 3);
      }
    }
    candidate = load<u32>(links_ + ((candidate & mask) << 2));
  }
  return matches;
}

/**
 * The tree of a hash has its newest position as root; what follows a position in the left part is smaller, in the right one
 * larger. The new root splits it, on the way down to where it would stand itself. Matches on the way that are longer than
 * `least` go behind `found` if they are to be kept; gives their end.
 */
@inline
function descend(
  at: u32, index: u32, first: u32, lowest: u32, most: u32, keeps: bool, least: u32, found: u32,
): u32 {
  const shift_ = shift;
  const links_ = links;
  const mask = linkMask;
  let matches = found;
  let longest = least;
  let candidate = first;
  let left = depth;
  /** Where the next smaller and the next larger position go, and how much of them is equal. */
  let smaller = links_ + ((index & mask) << 3);
  let larger = smaller + 4;
  let smallerLength: u32 = 0;
  let largerLength: u32 = 0;
  while (candidate >= lowest && left-- != 0) {
    const other = candidate - shift_;
    const pair = links_ + ((candidate & mask) << 3);
    let length = min(smallerLength, largerLength);
    if (load<u8>(other + length) == load<u8>(at + length)) {
      length = countEqual(at, other, length + 1, most);
      if (keeps && length > longest) {
        longest = length;
        matches = keep(matches, length, index - candidate - 1);
      }
      if (length == most) {
        store<u32>(smaller, load<u32>(pair));
        store<u32>(larger, load<u32>(pair, 4));
        return matches;
      }
    }
    if (load<u8>(other + length) < load<u8>(at + length)) {
      store<u32>(smaller, candidate);
      smaller = pair + 4;
      candidate = load<u32>(smaller);
      smallerLength = length;
    } else {
      store<u32>(larger, candidate);
      larger = pair;
      candidate = load<u32>(larger);
      largerLength = length;
    }
  }
  store<u32>(smaller, 0);
  store<u32>(larger, 0);
  return matches;
}

function searchTree(at: u32, index: u32, first: u32, lowest: u32, most: u32, least: u32, found: u32): u32 {
  return descend(at, index, first, lowest, most, true, least, found);
}

function insert(at: u32, index: u32, first: u32, lowest: u32, most: u32): void {
  descend(at, index, first, lowest, most, false, 0, 0);
}
