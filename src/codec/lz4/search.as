// LZ4HC's search for matches: all earlier positions with the same hash of four bytes, newest first, as a chain.
// Which of them are looked at and which one is taken decides the bytes that come out: as in liblz4 1.9.4.
import { CHAINS, HEADS, HEADS_SIZE, LAST_LITERALS, MAX_DISTANCE, MIN_MATCH, countEqual } from "./memory";

/**
 * Positions are kept as indices, which go on growing from one input to the next, a gap of more than MAX_DISTANCE
 * between them: so what earlier inputs left in HEADS and CHAINS is out of reach, and need not be cleared.
 */
let firstIndex: u32 = 0;
/** The index of an address is the address plus this (mod 2^32). */
let shift: u32 = 0;
/** Address of the first byte of the input, which has firstIndex. */
let firstByte: u32 = 0;
/** Address that no match may run over. */
let matchEnd: u32 = 0;
/** Address of the first position that is not in HEADS yet. */
let pending: u32 = 0;

/**
 * How far a hash is shifted to the right: liblz4's table has 2^15 heads. A wide one has four times as many, so that less of
 * a chain has other bytes: going through it takes less time, and more of what is looked at may be a match.
 */
let hashShift: u32 = 0;
const USUAL_SHIFT: u32 = 15;
const WIDE_SHIFT: u32 = 13;

/** Where the last successful search found its match ... */
export let foundMatch: u32 = 0;
/** ... and where the bytes start that are equal to it: `ip`, or before it if the search was wide. */
export let foundStart: u32 = 0;

/** How many searches have ended as no more places were to be looked at, since the input was started. */
let exhausted: u32 = 0;

/** See {@link exhausted}. */
export function countExhausted(): u32 {
  return exhausted;
}

/** Inputs that would start above this index get fresh tables. */
const LAST_INDEX: u32 = 0x40000000;

/** Starts the input [from, to); `wide`: with the wide table. What others left in it is out of reach, whatever its hashes. */
export function startSearch(from: u32, to: u32, wide: bool): void {
  hashShift = wide ? WIDE_SHIFT : USUAL_SHIFT;
  firstIndex = pending + shift + MAX_DISTANCE + 1;
  if (firstIndex > LAST_INDEX) {
    memory.fill(HEADS, 0, HEADS_SIZE);
    firstIndex = MAX_DISTANCE + 1;
  }
  shift = firstIndex - from;
  firstByte = from;
  matchEnd = to - LAST_LITERALS;
  pending = from;
  exhausted = 0;
}

@inline
function headOf(sequence: u32, hashShift: u32): u32 {
  return HEADS + (((sequence * 2654435761) >>> hashShift) & ~3);
}

@inline
function linkOf(index: u32): u32 {
  return CHAINS + ((index & 0xffff) << 1);
}

/** Puts a position into the chain of its bytes; gives the index of the one before it there. */
@inline
function insert(sequence: u32, index: u32, hashShift: u32): u32 {
  const head = headOf(sequence, hashShift);
  const newest = load<u32>(head);
  store<u16>(linkOf(index), min(index - newest, MAX_DISTANCE));
  store<u32>(head, index);
  return newest;
}

/** Puts all positions before `end` into their chains. */
@inline
function insertUpTo(end: u32): void {
  const shift_ = shift;
  const hashShift_ = hashShift;
  let address = pending;
  for (; address < end; address++) insert(load<u32>(address), address + shift_, hashShift_);
  pending = address;
}

/** How many of the bytes from `at` to `matchEnd` are those of `pattern`, four equal bytes. */
@inline
function countRun(at: u32, pattern: u32): u32 {
  const wide = (<u64>pattern << 32) | pattern;
  const start = at;
  while (at < matchEnd) {
    const difference = load<u64>(at) ^ wide;
    if (difference != 0) {
      at += <u32>ctz(difference) >>> 3;
      break;
    }
    at += 8;
  }
  return min(at, matchEnd) - start;
}

/** How many of the `most` bytes in front of `a` and `b` are equal, from the last one on. */
@inline
function countEqualBack(a: u32, b: u32, most: u32): u32 {
  let count: u32 = 0;
  while (count < most) {
    const difference = load<u64>(a - count - 8) ^ load<u64>(b - count - 8);
    if (difference != 0) {
      count += <u32>clz(difference) >>> 3;
      break;
    }
    count += 8;
  }
  return min(count, most);
}

/** countRun() backwards from `at`, down to `low`. */
@inline
function countRunBack(at: u32, low: u32, pattern: u32): u32 {
  const wide = (<u64>pattern << 32) | pattern;
  const start = at;
  while (at > low) {
    const difference = load<u64>(at - 8) ^ wide;
    if (difference != 0) {
      at -= <u32>clz(difference) >>> 3;
      break;
    }
    at -= 8;
  }
  return start - max(at, low);
}

/**
 * Where the bytes are, counted from the index of `ip`, that a match longer than `longest` must share: the last four of one
 * that starts at `low`, or the first four. These are looked at first.
 */
@inline
function probeOffset(ip: u32, low: u32, longest: u32): u32 {
  return max(ip, low + longest - 3) - ip;
}

/**
 * Of the positions from `candidate` on, the first `count`, the one whose chain skips most: by how much in the low half, in
 * the high half which one it is; 1 if none skips more than one position.
 */
@inline
function farthestLink(candidate: u32, count: u32): u64 {
  let distance: u32 = 1;
  let chain: u32 = 0;
  let step: u32 = 1;
  let pace: u32 = 16;
  for (let offset: u32 = 0; offset < count; offset += step) {
    const other = <u32>load<u16>(linkOf(candidate + offset));
    step = pace++ >>> 4;
    if (other > distance) {
      distance = other;
      chain = offset;
      pace = 16;
    }
  }
  return (<u64>chain << 32) | distance;
}

/** How long the longest match is after nextInRun(). */
let longestInRun: u32 = 0;

/**
 * Where to look next if the byte at `ip`, of which there are `run`, is also at `previous` (an index), four times at least;
 * 0 if nowhere. `longest` and `wide`: see search(); if not `wide`, the run at `previous` is a match.
 */
@inline
function nextInRun(ip: u32, previous: u32, lowest: u32, run: u32, longest: u32, wide: bool): u32 {
  const shift_ = shift;
  const sequence = load<u32>(ip);
  const match = previous - shift_;
  const ahead = MIN_MATCH + countRun(match + MIN_MATCH, sequence);
  const back = min(countRunBack(match, firstByte, sequence), previous - lowest);
  longestInRun = longest;
  // the run can be had in full: to where its end is
  if (ahead + back >= run && ahead <= run) return previous + ahead - run;
  // to where the run starts
  const start = previous - back;
  if (wide) return start;
  const most = min(ahead + back, run);
  if (most > longest) {
    if (ip + shift_ - start > MAX_DISTANCE) return 0;
    longestInRun = most;
    foundMatch = start - shift_;
    foundStart = ip;
  }
  const distance = <u32>load<u16>(linkOf(start));
  return distance > start ? 0 : start - distance;
}

/**
 * Looks for a match for the bytes at `ip` that is longer than `longest`, from `candidate` on back to `lowest` (indices);
 * gives its length, or `longest`.
 *
 * `wide`: it may start before `ip`, down to `low`, and its whole length counts (else `low` is `ip`).
 * `runs`: long runs of one byte are recognized and not gone through position by position.
 * `swap`: once a match is found, the chain of that position inside it is followed that skips most.
 */
@inline
function search(
  ip: u32, low: u32, candidate: u32, lowest: u32, longest: u32, attempts: i32, wide: bool, runs: bool, swap: bool,
): u32 {
  const shift_ = shift;
  const index = ip + shift_;
  const sequence = load<u32>(ip);
  let probeAt = probeOffset(ip, low, longest);
  let probe = load<u32>(ip + probeAt);
  let chain: u32 = 0;
  let isRun = 0; // not known yet: 0, yes: 1, no: -1
  let run: u32 = 0;
  while (candidate >= lowest) {
    if (attempts-- == 0) break;
    const link = <u32>load<u16>(linkOf(candidate));
    let length: u32 = 0;
    if (load<u32>(candidate - shift_ + probeAt) == probe) {
      const match = candidate - shift_;
      if (load<u32>(match) == sequence) {
        const back = wide ? countEqualBack(ip, match, min(ip - low, match - firstByte)) : 0;
        length = back + MIN_MATCH + countEqual(ip + MIN_MATCH, match + MIN_MATCH, matchEnd);
        if (length > longest) {
          longest = length;
          foundMatch = match - back;
          foundStart = ip - back;
          probeAt = probeOffset(ip, low, longest);
          probe = load<u32>(ip + probeAt);
        }
      }
    }
    if (swap && length == longest && candidate + longest <= index) {
      const farthest = farthestLink(candidate, longest - MIN_MATCH + 1);
      const distance = <u32>farthest;
      if (distance > 1) {
        chain = <u32>(farthest >>> 32);
        if (distance > candidate) break;
        candidate -= distance;
        continue;
      }
    }
    if (runs && chain == 0 && link == 1) {
      if (isRun == 0) {
        isRun = sequence == rotl(sequence, 8) ? 1 : -1;
        if (isRun == 1) run = MIN_MATCH + countRun(ip + MIN_MATCH, sequence);
      }
      if (isRun == 1 && candidate > lowest && load<u32>(candidate - 1 - shift_) == sequence) {
        candidate = nextInRun(ip, candidate - 1, lowest, run, longest, wide);
        if (longestInRun > longest) {
          longest = longestInRun;
          probeAt = probeOffset(ip, low, longest);
          probe = load<u32>(ip + probeAt);
        }
        continue;
      }
    }
    candidate -= swap ? <u32>load<u16>(linkOf(candidate + chain)) : link;
  }
  if (attempts < 0) exhausted++;
  return longest;
}

/** The index of the first byte that is in reach from `index`. */
@inline
function lowestFrom(index: u32): u32 {
  return max(firstIndex, index - MAX_DISTANCE);
}

@inline
function searchNext(ip: u32, last: u32, attempts: i32, runs: bool): u32 {
  insertUpTo(ip);
  const shift_ = shift;
  const hashShift_ = hashShift;
  for (; ip <= last; ip++) {
    const index = ip + shift_;
    const sequence = load<u32>(ip);
    const newest = insert(sequence, index, hashShift_);
    const lowest = lowestFrom(index);
    let left = attempts;
    for (let candidate = newest; candidate >= lowest; candidate -= <u32>load<u16>(linkOf(candidate))) {
      if (load<u32>(candidate - shift_) == sequence) {
        pending = ip + 1;
        // a run is recognized by what is in front of it too
        const start = runs ? newest : candidate;
        const size = search(ip, ip, start, lowest, MIN_MATCH - 1, runs ? attempts : left, false, runs, false);
        if (size >= MIN_MATCH) return size;
        break;
      }
      if (--left == 0) break;
    }
  }
  pending = ip;
  return 0;
}

@inline
function searchFrom(ip: u32, low: u32, longest: u32, attempts: i32, wide: bool, runs: bool, swap: bool): u32 {
  insertUpTo(ip);
  return search(ip, low, load<u32>(headOf(load<u32>(ip), hashShift)), lowestFrom(ip + shift), longest, attempts, wide, runs, swap);
}

/**
 * The length of the longest match at the first position from `ip` to `last` that has one, which foundStart then is; 0
 * where there is none.
 */
export function findNext(ip: u32, last: u32, attempts: i32): u32 {
  return searchNext(ip, last, attempts, false);
}

/** findNext() that recognizes runs. */
export function findNextRuns(ip: u32, last: u32, attempts: i32): u32 {
  return searchNext(ip, last, attempts, true);
}

/** A longer match at `ip` or before it: see search(). */
export function findWider(ip: u32, low: u32, longest: u32, attempts: i32): u32 {
  return searchFrom(ip, low, longest, attempts, true, false, false);
}

/** findWider() that recognizes runs. */
export function findWiderRuns(ip: u32, low: u32, longest: u32, attempts: i32): u32 {
  return searchFrom(ip, low, longest, attempts, true, true, false);
}

/** The longest match at `ip` if it is longer than `longest`; recognizes runs and changes chains. */
export function findMatchSwap(ip: u32, longest: u32, attempts: i32): u32 {
  return searchFrom(ip, ip, longest, attempts, false, true, true);
}
