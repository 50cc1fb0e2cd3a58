// LZ4HC, levels 1 to 9: looks at up to three matches that overlap before it decides how to cut them. As liblz4 1.9.4.
import { MATCH_MARGIN, MIN_INPUT, MIN_MATCH, SHORT } from "./memory";
import { finishBlock, hasShrunk, lastStart, overflow, startBlock, writeSequence } from "./encode";
import { findNext, findNextRuns, findWider, findWiderRuns, foundMatch, foundStart, startSearch } from "./search";

/** From so many attempts on runs are recognized. */
const RUNS: i32 = 129;

/** Where the input has shrunk to 16 of so many parts, so many places are looked at if more are worth it ... */
const DEEP_PARTS: u32 = 67;
/** ... (in a wide table, which saves the time, to 16 of so many) ... */
const DEEP_PARTS_WIDE: u32 = 52;
const DEEP: i32 = 128;
/** ... and where to 16 of so many, so many. */
const DEEPEST_PARTS: u32 = 102;
const DEEPEST_PARTS_WIDE: u32 = 75;
const DEEPEST: i32 = 256;

/** How many places are looked at for each match, and whether runs are recognized. */
let attempts: i32 = 0;
let runs: bool = false;
/** No match starts behind this address. */
let last: u32 = 0;

// The matches that are known, in the order in which they start: where, what they are equal to, and how long they are.
// The first ...
let ip: u32 = 0;
let match: u32 = 0;
let size: u32 = 0;
// ... the second ...
let ip2: u32 = 0;
let match2: u32 = 0;
let size2: u32 = 0;
// ... and the third.
let ip3: u32 = 0;
let match3: u32 = 0;
let size3: u32 = 0;
// What the first was before it gave way to another: should more have been skipped than was good.
let ip0: u32 = 0;
let match0: u32 = 0;
let size0: u32 = 0;

@inline
function keepFirst(): void {
  ip0 = ip;
  match0 = match;
  size0 = size;
}

@inline
function secondBecomesFirst(): void {
  ip = ip2;
  match = match2;
  size = size2;
}

@inline
function thirdBecomesSecond(): void {
  ip2 = ip3;
  match2 = match3;
  size2 = size3;
}

/** The second starts later, by so many bytes. */
@inline
function moveSecond(by: u32): void {
  ip2 += by;
  match2 += by;
  size2 -= by;
}

/** The length of a match that is longer than `longest`, around `at` down to `low`; `longest` if there is none. */
@inline
function findAround(at: u32, low: u32, longest: u32): u32 {
  return runs ? findWiderRuns(at, low, longest, attempts) : findWider(at, low, longest, attempts);
}

/** A match that is longer than that of `size` bytes at `at`, and overlaps its end: gives its length, or `size`. */
@inline
function findSecond(at: u32, size: u32): u32 {
  return at + size <= last ? findAround(at + size - 2, at, size) : size;
}

/** Finds a longer match that overlaps the end of the second; false if there is none. */
function findThird(): bool {
  size3 = ip2 + size2 <= last ? findAround(ip2 + size2 - 3, ip2, size2) : size2;
  ip3 = foundStart;
  match3 = foundMatch;
  return size3 != size2;
}

/**
 * The second starts inside the first, near its start: gives the first what its token can tell, as long as enough of the
 * second remains. Gives how much that is.
 */
function shareOverlap(): u32 {
  const cut = min(min(size, SHORT), ip2 - ip + size2 - MIN_MATCH);
  if (cut > ip2 - ip) moveSecond(cut - (ip2 - ip));
  return cut;
}

@inline
function writeFirst(): bool {
  return writeSequence(ip, match, size);
}

// What cutTwo() comes to: the first did not fit; all have been written, the first as the last; one is known.
const FULL: i32 = 0;
const WRITTEN: i32 = 1;
const ONE: i32 = 2;

/** Goes on from two known matches, until fewer are known. */
function cutTwo(): i32 {
  while (true) {
    if (ip2 - ip < SHORT) shareOverlap();
    if (!findThird()) {
      size = min(size, ip2 - ip);
      if (!writeFirst()) return FULL;
      secondBecomesFirst();
      return writeFirst() ? WRITTEN : FULL;
    }
    if (ip3 < ip + size) {
      // no room for the second
      thirdBecomesSecond();
      continue;
    }
    if (ip3 < ip + size + 3) {
      // no room for the second either, but the first can be written: the third takes its place
      if (ip2 < ip + size) {
        moveSecond(ip + size - ip2);
        if (<i32>size2 < <i32>MIN_MATCH) thirdBecomesSecond();
      }
      if (!writeFirst()) return FULL;
      secondBecomesFirst();
      keepFirst();
      ip = ip3;
      match = match3;
      size = size3;
      return ONE;
    }
    // three, one behind the other: the first is written
    if (ip2 < ip + size) size = ip2 - ip < SHORT ? shareOverlap() : ip2 - ip;
    if (!writeFirst()) return FULL;
    secondBecomesFirst();
    thirdBecomesSecond();
  }
}

/**
 * Goes on from a match and one that overlaps it, of `longer` bytes, which has just been found; until all have been
 * written, the first as the last. False if the first did not fit.
 */
function cutOverlaps(ip_: u32, match_: u32, size_: u32, longer: u32): bool {
  ip = ip_;
  match = match_;
  size = size_;
  keepFirst();
  do {
    ip2 = foundStart;
    match2 = foundMatch;
    size2 = longer;
    if (ip0 < ip && ip2 < ip + size0) {
      ip = ip0;
      match = match0;
      size = size0;
    }
    // else too little would remain of the first
    if (ip2 - ip >= 3) {
      const outcome = cutTwo();
      if (outcome != ONE) return outcome == WRITTEN;
    } else secondBecomesFirst();
    longer = findSecond(ip, size);
  } while (longer != size);
  return writeFirst();
}

@inline
function setAttempts(count: i32): void {
  attempts = count;
  runs = count >= RUNS;
}

/**
 * Compresses [from, to) to [at, at + limit), looking at up to `attempts` places for each match, found in a `wide` table or as
 * liblz4 finds them; if `deepens`, at more where
 * what has been written says that the input shrinks well: then they are worth most, and there is least to do.
 */
export function compressChain(
  from: u32, to: u32, at: u32, limit: u32, fill: bool, attempts_: i32, wide: bool, deepens: bool,
): u32 {
  startBlock(from, to, at, limit, fill);
  if (to - from < MIN_INPUT) return finishBlock();
  startSearch(from, to, wide);
  setAttempts(attempts_);
  last = to - MATCH_MARGIN;
  const deepParts = wide ? DEEP_PARTS_WIDE : DEEP_PARTS;
  const deepestParts = wide ? DEEPEST_PARTS_WIDE : DEEPEST_PARTS;
  let next = from;
  while (next <= lastStart) {
    if (deepens) setAttempts(hasShrunk(deepestParts) ? DEEPEST : hasShrunk(deepParts) ? DEEP : attempts_);
    const found = runs ? findNextRuns(next, lastStart, attempts) : findNext(next, lastStart, attempts);
    if (found == 0) break;
    const start = foundStart;
    const same = foundMatch;
    const longer = findSecond(start, found);
    if (longer == found) {
      if (!writeSequence(start, same, found)) return overflow(start, same, found);
      next = start + found;
    } else {
      if (!cutOverlaps(start, same, found, longer)) return overflow(ip, match, size);
      next = ip + size;
    }
  }
  return finishBlock();
}
