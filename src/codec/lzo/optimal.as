// LZO1X-999: prices of all ways to get to each of the next positions, of which the cheapest one is written.
import { MAX_DISTANCE, NEAR_DISTANCE, PAIR_DISTANCE, TRIPLE_DISTANCE, countEqual } from "./memory";
import { anchor, finishBlock, overflow, startBlock, writeSequence } from "./encode";
import {
  cheapest, cheapestOfFew, choiceOfMany, distanceOf, isThere, listMatches, MANY_WAY, offer, offerLiteral, offerMatch,
  priceOf, sizeOf, startNodes, startOf, wayOf,
} from "./nodes";
import {
  insert, insertPair, insertTriple, insertUpTo, lowestFrom, pairs, previousOf, searchEnd, setInserted, shift, startSearch,
} from "./search";

/** How many positions are looked at together. */
const POSITIONS: u32 = 8192;
/** The shortest match that chains lead to. */
const CHAINED: u32 = 4;
/** In inputs up to this size matches of two bytes are always looked for: where less can be repeated they count for more. */
const SMALL: u32 = 32768;
/** A longer match is never priced: there are nodes for so many positions behind POSITIONS. */
const MOST_ENOUGH: u32 = 1000;

/** How the input is searched: see compressOptimal(). */
let attempts: i32 = 0;
let enough: u32 = 0;
/** No match goes on behind this address. */
let matchEnd: u32 = 0;

/** A match that is taken without a look at others; its size is 0 where there is none. */
let takenSize: u32 = 0;
let takenDistance: u32 = 0;

/**
 * Offers two and three bytes from where they were last, `pair` and `triple` (indices). Gives the length that long matches
 * must be more than: three bytes from far are worth less than four.
 */
@inline
function offerShort(position: u32, ip: u32, pair: u32, triple: u32, choice: u32): u32 {
  const shift_ = shift;
  const bytes = load<u32>(ip);
  const index = ip + shift_;
  if (index - pair <= PAIR_DISTANCE && <u32>load<u16>(pair - shift_) == (bytes & 0xffff)) {
    const few = cheapestOfFew(position);
    if (isThere(few)) offer(position, 2, 2, priceOf(few) + 2, index - pair, wayOf(few));
  }
  if (triple < lowestFrom(index) || (load<u32>(triple - shift_) ^ bytes) << 8 != 0) return 2;
  const distance = index - triple;
  if (distance <= NEAR_DISTANCE) {
    offer(position, 3, 3, priceOf(choice) + 2, distance, wayOf(choice));
    return 3;
  }
  const many = choiceOfMany(position);
  if (distance <= TRIPLE_DISTANCE && isThere(many)) offer(position, 3, 3, priceOf(many) + 2, distance, MANY_WAY);
  else offer(position, 3, 3, priceOf(choice) + 3, distance, wayOf(choice));
  return 2;
}

/** Offers matches of more than `longest` bytes, of each size the nearest. False if one of them is to be taken at once. */
@inline
function offerLong(position: u32, ip: u32, candidate: u32, longest: u32, choice: u32): bool {
  const shift_ = shift;
  const enough_ = enough;
  const matchEnd_ = matchEnd;
  const index = ip + shift_;
  const lowest = lowestFrom(index);
  const bytes = load<u32>(ip);
  let probe: u32 = 0;
  for (let left = attempts; left > 0 && candidate >= lowest; left--) {
    const match = candidate - shift_;
    // where the longest one ends, a longer one goes on
    if (load<u32>(match + probe) == load<u32>(ip + probe) && load<u32>(match) == bytes) {
      const size = CHAINED + countEqual(ip + CHAINED, match + CHAINED, matchEnd_);
      if (size > longest) {
        if (size > enough_) {
          takenSize = size;
          takenDistance = index - candidate;
          return false;
        }
        offerMatch(position, longest + 1, size, choice, index - candidate);
        longest = size;
        probe = size - 3;
      }
    }
    candidate = previousOf(candidate);
  }
  return true;
}

/** Fills the table from `from` on. Gives the position that it got to: its end, or where a match is to be taken at once. */
function fillTable(from: u32, end: u32): u32 {
  const shift_ = shift;
  const searchEnd_ = searchEnd;
  const pairs_ = pairs;
  takenSize = 0;
  insertUpTo(from);
  let next = cheapest(0);
  let position: u32 = 0;
  for (; position < end; position++) {
    const ip = from + position;
    offerLiteral(position);
    const choice = next;
    next = cheapest(position + 1);
    if (ip >= searchEnd_) continue;
    const bytes = load<u32>(ip);
    const index = ip + shift_;
    const pair = pairs_ ? insertPair(bytes, index) : 0;
    const triple = insertTriple(bytes, index);
    const newest = insert(bytes, index);
    // where the next position is not dearer, what starts here can start there
    if (priceOf(next) <= priceOf(choice)) continue;
    const longest = offerShort(position, ip, pair, triple, choice);
    if (!offerLong(position, ip, newest, longest, choice)) {
      setInserted(ip + 1);
      return position;
    }
  }
  setInserted(from + end);
  return end;
}

/** Writes matches, of positions from `from` on; gives the number of the first one that did not fit, or 0. */
function writeMatches(from: u32, first: u32, last: u32): u32 {
  for (let match = first; match <= last; match++) {
    if (!writeSequence(from + startOf(match), distanceOf(match), sizeOf(match))) return match;
  }
  return 0;
}

/**
 * Compresses [from, to) to [at, at + limit), looking at up to `attempts` places for each match; one that is longer than
 * `enough` is taken at once. `pairs`: matches of two bytes are looked for in large inputs too.
 */
export function compressOptimal(
  from: u32, to: u32, at: u32, limit: u32, fill: bool, attempts_: i32, enough_: u32, pairs: bool,
): u32 {
  startBlock(from, to, at, limit, fill);
  startSearch(from, to, pairs || to - from <= SMALL);
  attempts = attempts_;
  enough = min(enough_, MOST_ENOUGH);
  matchEnd = to;
  let next = from;
  // more literals than there is room for are the last ones
  while (next < to && (!fill || next - anchor <= limit)) {
    startNodes(next - anchor, next == from);
    const end = fillTable(next, min(to - next, POSITIONS));
    const failed = writeMatches(next, listMatches(end), end);
    if (failed != 0) return overflow(next + startOf(failed), distanceOf(failed), sizeOf(failed));
    next += end;
    if (takenSize != 0) {
      if (!writeSequence(next, takenDistance, takenSize)) return overflow(next, takenDistance, takenSize);
      next += takenSize;
    }
  }
  return finishBlock();
}
