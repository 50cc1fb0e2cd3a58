// LZ4HC, levels 10 to 12: prices of all ways to get to each of the next positions. As in liblz4 1.9.4.
import { LONG, MATCH_MARGIN, MIN_MATCH, PRICES } from "./memory";
import { anchor, finishBlock, lastStart, overflow, startBlock, writeSequence } from "./encode";
import { findMatchSwap, foundMatch, startSearch } from "./search";

/** How many positions are looked at together. */
const POSITIONS: u32 = 4096;
/** So many literals are priced behind the last match. */
const TRAILING: u32 = 3;

// The best way to each position: what it costs in bytes from the start, and its last step, either one literal
// (size 1, distance 0) or a match; `literals` are those in a row up to here, or those in front of the match.
@inline
function entry(position: u32): u32 {
  return PRICES + (position << 4);
}
const PRICE: usize = 0;
const DISTANCE: usize = 4;
const SIZE: usize = 8;
const LITERALS: usize = 12;

@inline
function setEntry(position: u32, price: i32, distance: u32, size: u32, literals: u32): void {
  const place = entry(position);
  store<i32>(place, price, PRICE);
  store<u32>(place, distance, DISTANCE);
  store<u32>(place, size, SIZE);
  store<u32>(place, literals, LITERALS);
}

@inline
function priceOf(position: u32): i32 {
  return load<i32>(entry(position), PRICE);
}

@inline
function literalsPrice(count: u32): i32 {
  return count + (count >= LONG ? 1 + (count - LONG) / 255 : 0);
}

@inline
function sequencePrice(literals: u32, size: u32): i32 {
  return 3 + literalsPrice(literals) + (size >= LONG + MIN_MATCH ? 1 + (size - LONG - MIN_MATCH) / 255 : 0);
}

/** Prices the literals behind the last match. */
@inline
function setTrailing(position: u32): void {
  const price = priceOf(position);
  for (let count: u32 = 1; count <= TRAILING; count++) {
    setEntry(position + count, price + literalsPrice(count), 0, 1, count);
  }
}

/** How the input is searched: see compressOptimal(). */
let attempts: i32 = 0;
let enough: u32 = 0;
let full: bool = false;
/** No match starts behind this address. */
let last: u32 = 0;

/** How far the table goes, and the last step of the way there: a match of so many bytes. */
let end: u32 = 0;
let lastSize: u32 = 0;
let lastDistance: u32 = 0;

/** The match that did not fit: see writeWay(). */
let failedAt: u32 = 0;
let failedMatch: u32 = 0;
let failedSize: u32 = 0;

/** Starts the table with a match of `longest` bytes behind `literals` literals, in all its lengths. */
@inline
function startTable(literals: u32, distance: u32, longest: u32): void {
  for (let position: u32 = 0; position < MIN_MATCH; position++) {
    setEntry(position, literalsPrice(literals + position), 0, 1, literals + position);
  }
  for (let size = MIN_MATCH; size <= longest; size++) {
    setEntry(size, sequencePrice(literals, size), distance, size, literals);
  }
  end = longest;
  setTrailing(end);
}

/**
 * Prices the first literals behind a position that costs `price`, and a match that starts there, in all its lengths. Gives
 * how far the table goes then; before, it goes to `reach`.
 */
@inline
function extendTable(position: u32, price: i32, longest: u32, distance: u32, reach: u32): u32 {
  const place = entry(position);
  // the position itself as the start of literals
  const before = load<u32>(place, LITERALS);
  const withoutLiterals = price - literalsPrice(before);
  for (let count: u32 = 1; count < MIN_MATCH; count++) {
    const other = withoutLiterals + literalsPrice(before + count);
    if (other < priceOf(position + count)) setEntry(position + count, other, 0, 1, before + count);
  }
  let start = price;
  let lead: u32 = 0;
  if (load<u32>(place, SIZE) == 1) {
    lead = before;
    start = position > lead ? priceOf(position - lead) : 0;
  }
  for (let size = MIN_MATCH; size <= longest; size++) {
    const target = position + size;
    const other = start + sequencePrice(lead, size);
    if (target > reach + TRAILING || other <= priceOf(target)) {
      if (size == longest && reach < target) reach = target;
      setEntry(target, other, distance, size, lead);
    }
  }
  setTrailing(reach);
  return reach;
}

/**
 * Goes through the positions behind `from`, where the table starts, and searches at those that promise something. Gives
 * the position of the last step's start.
 */
@inline
function fillTable(from: u32): u32 {
  const full_ = full;
  const last_ = last;
  let reach = end;
  for (let position: u32 = 1; position < reach; position++) {
    const here = from + position;
    if (here > last_) break;
    const price = priceOf(position);
    // where the next position is not dearer, a match here gains nothing; unless it soon gets dear
    if (priceOf(position + 1) <= price && (!full_ || priceOf(position + MIN_MATCH) < price + 3)) continue;
    const least = full_ ? MIN_MATCH - 1 : reach - position;
    const found = findMatchSwap(here, least, attempts);
    if (found <= least) continue;
    const distance = here - foundMatch;
    if (found > enough || found + position >= POSITIONS) {
      lastSize = found;
      lastDistance = distance;
      end = position + 1;
      return position;
    }
    reach = extendTable(position, price, found, distance, reach);
  }
  end = reach;
  lastSize = load<u32>(entry(end), SIZE);
  lastDistance = load<u32>(entry(end), DISTANCE);
  return end - lastSize;
}

/** Goes from the start of the last step back to the first one: each is written down where it starts. */
@inline
function turnWay(position: u32): void {
  let size = lastSize;
  let distance = lastDistance;
  while (true) {
    const place = entry(position);
    const sizeBefore = load<u32>(place, SIZE);
    const distanceBefore = load<u32>(place, DISTANCE);
    store<u32>(place, size, SIZE);
    store<u32>(place, distance, DISTANCE);
    if (sizeBefore > position) return;
    size = sizeBefore;
    distance = distanceBefore;
    position -= size;
  }
}

/** Writes the steps from `at` on; gives the address behind them, or 0 if one did not fit. */
@inline
function writeWay(at: u32): u32 {
  const steps = end;
  for (let position: u32 = 0; position < steps; ) {
    const size = load<u32>(entry(position), SIZE);
    if (size > 1) {
      const match = at - load<u32>(entry(position), DISTANCE);
      if (!writeSequence(at, match, size)) {
        failedAt = at;
        failedMatch = match;
        failedSize = size;
        return 0;
      }
    }
    at += size;
    position += size;
  }
  return at;
}

/**
 * Compresses [from, to) to [at, at + limit), looking at up to `attempts` places for each match; one that is longer than
 * `enough` is taken at once. `full`: looks at more positions, and there for all matches, not only for those that get
 * further.
 */
export function compressOptimal(
  from: u32, to: u32, at: u32, limit: u32, fill: bool, attempts_: i32, enough_: u32, full_: bool,
): u32 {
  startBlock(from, to, at, limit, fill);
  if (to - from < MATCH_MARGIN) return finishBlock();
  startSearch(from, to, false);
  attempts = attempts_;
  enough = min(enough_, POSITIONS - 1);
  full = full_;
  last = to - MATCH_MARGIN;
  let next = from;
  while (next <= lastStart) {
    const longest = findMatchSwap(next, MIN_MATCH - 1, attempts);
    if (longest < MIN_MATCH) {
      next++;
      continue;
    }
    if (longest > enough) {
      if (!writeSequence(next, foundMatch, longest)) return overflow(next, foundMatch, longest);
      next += longest;
      continue;
    }
    startTable(next - anchor, next - foundMatch, longest);
    turnWay(fillTable(next));
    next = writeWay(next);
    if (next == 0) return overflow(failedAt, failedMatch, failedSize);
  }
  return finishBlock();
}
