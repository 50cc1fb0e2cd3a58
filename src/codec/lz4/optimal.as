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

/**
 * Compresses [from, to) to [at, at + limit), looking at up to `attempts` places for each match; one that is longer than
 * `enough` is taken at once. `full`: looks at more positions, and there for all matches, not only for those that get
 * further.
 *
 * Long because liblz4's is: its choices, and so its bytes, can be compared line by line.
 */
export function compressOptimal(
  from: u32, to: u32, at: u32, limit: u32, fill: bool, attempts: i32, enough: u32, full: bool,
): u32 {
  startBlock(from, to, at, limit, fill);
  if (to - from < MATCH_MARGIN) return finishBlock();
  startSearch(from, to);
  enough = min(enough, POSITIONS - 1);
  const last = to - MATCH_MARGIN;
  let ip = from;
  while (ip <= lastStart) {
    const literals = ip - anchor;
    const first = findMatchSwap(ip, MIN_MATCH - 1, attempts);
    if (first < MIN_MATCH) {
      ip++;
      continue;
    }
    if (first > enough) {
      const match = foundMatch;
      if (!writeSequence(ip, match, first)) return overflow(ip, match, first);
      ip += first;
      continue;
    }
    for (let position: u32 = 0; position < MIN_MATCH; position++) {
      setEntry(position, literalsPrice(literals + position), 0, 1, literals + position);
    }
    const distance = ip - foundMatch;
    for (let size = MIN_MATCH; size <= first; size++) {
      setEntry(size, sequencePrice(literals, size), distance, size, literals);
    }
    let end = first;
    setTrailing(end);
    let position: u32 = 1;
    let bestSize: u32 = 0;
    let bestDistance: u32 = 0;
    for (; position < end; position++) {
      const here = ip + position;
      if (here > last) break;
      const place = entry(position);
      const price = load<i32>(place, PRICE);
      // where the next position is not dearer, a match here gains nothing; unless it soon gets dear
      if (priceOf(position + 1) <= price && (!full || priceOf(position + MIN_MATCH) < price + 3)) continue;
      const least = full ? MIN_MATCH - 1 : end - position;
      const found = findMatchSwap(here, least, attempts);
      if (found <= least) continue;
      const foundDistance = here - foundMatch;
      if (found > enough || found + position >= POSITIONS) {
        bestSize = found;
        bestDistance = foundDistance;
        end = position + 1;
        break;
      }
      // the position itself as the start of literals
      const before = load<u32>(place, LITERALS);
      const withoutLiterals = price - literalsPrice(before);
      for (let count: u32 = 1; count < MIN_MATCH; count++) {
        const other = withoutLiterals + literalsPrice(before + count);
        if (other < priceOf(position + count)) setEntry(position + count, other, 0, 1, before + count);
      }
      // the match, in all its lengths
      let start = price;
      let lead: u32 = 0;
      if (load<u32>(place, SIZE) == 1) {
        lead = before;
        start = position > lead ? priceOf(position - lead) : 0;
      }
      for (let size = MIN_MATCH; size <= found; size++) {
        const target = position + size;
        const other = start + sequencePrice(lead, size);
        if (target > end + TRAILING || other <= priceOf(target)) {
          if (size == found && end < target) end = target;
          setEntry(target, other, foundDistance, size, lead);
        }
      }
      setTrailing(end);
    }
    if (bestSize == 0) {
      bestSize = load<u32>(entry(end), SIZE);
      bestDistance = load<u32>(entry(end), DISTANCE);
      position = end - bestSize;
    }
    // from the end back to the start: each step is written down where it starts
    while (true) {
      const place = entry(position);
      const size = load<u32>(place, SIZE);
      const back = load<u32>(place, DISTANCE);
      store<u32>(place, bestSize, SIZE);
      store<u32>(place, bestDistance, DISTANCE);
      bestSize = size;
      bestDistance = back;
      if (size > position) break;
      position -= size;
    }
    for (position = 0; position < end; ) {
      const size = load<u32>(entry(position), SIZE);
      if (size == 1) {
        ip++;
        position++;
        continue;
      }
      const match = ip - load<u32>(entry(position), DISTANCE);
      if (!writeSequence(ip, match, size)) return overflow(ip, match, size);
      ip += size;
      position += size;
    }
  }
  return finishBlock();
}
