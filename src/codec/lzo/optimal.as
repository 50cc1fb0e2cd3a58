// LZO1X-999: prices of all ways to get to each of the next positions, of which the cheapest one is written.
import { FEW, FIRST_RUN, NEAR_DISTANCE, PAIR_DISTANCE, SHORT_RUN, TRIPLE_DISTANCE, countEqual } from "./memory";
import { anchor, finishBlock, overflow, startBlock, writeSequence } from "./encode";
import {
  BYTE, distanceOf, forget, forgetBehind, FOURTH_LITERAL, listMatches, LITERAL, MANY, NO_WAY, noteFourth, offer,
  offerMatch, priceOf, sizeOf, startOf, takeMatched, wayOf,
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
/** A longer match leads out of the table: there are nodes for so many positions behind POSITIONS. */
const MOST_ENOUGH: u32 = 1000;

/** How the input is searched: see compressOptimal(). */
let attempts: i32 = 0;
let enough: u32 = 0;
/** No match goes on behind this address. */
let matchEnd: u32 = 0;

/** A match that is taken at once. Behind fillTable(): one that led out of the table; its size is 0 where there is none. */
let takenSize: u32 = 0;
let takenDistance: u32 = 0;

/**
 * Offers three bytes from where they were last (an index). Gives the length that long matches must be more than: three bytes
 * from far are worth less than four.
 */
@inline
function offerTriple(position: u32, ip: u32, triple: u32, choice: u32, many: u32): u32 {
  const shift_ = shift;
  const index = ip + shift_;
  if (triple < lowestFrom(index) || (load<u32>(triple - shift_) ^ load<u32>(ip)) << 8 != 0) return 2;
  const distance = index - triple;
  if (distance <= NEAR_DISTANCE) {
    offer(position, 3, 3, priceOf(choice) + 2, distance, wayOf(choice));
    return 3;
  }
  if (distance <= TRIPLE_DISTANCE && many < NO_WAY) offer(position, 3, 3, priceOf(many) + 2, distance, MANY);
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

/** How many literals more need no byte of length more, behind a match and so many. */
@inline
function leftBehind(literals: u32): u32 {
  return literals <= SHORT_RUN ? SHORT_RUN - literals : 254 - (literals - SHORT_RUN - 1) % 255;
}

/** The way to where fillTable() got. */
let endWay: u32 = 0;

/**
 * Fills the table from `from` on, behind so many literals since a match, or `isFirst`. Gives the position that it got to:
 * its end, or where a match begins that is too long for it.
 *
 * Long because the ways to a position must be registers: with them in the table a level takes a tenth longer.
 */
function fillTable(from: u32, end: u32, literals: u32, isFirst: bool): u32 {
  const shift_ = shift;
  const searchEnd_ = searchEnd;
  const pairs_ = pairs;
  insertUpTo(from);
  // the ways to a position; what comes first is told as many literals are, however few they are
  const isMany = isFirst || literals > FEW;
  let matched: u32 = !isMany && literals == 0 ? 0 : NO_WAY;
  let one: u32 = !isMany && literals == 1 ? 1 : NO_WAY;
  let two: u32 = !isMany && literals == 2 ? 2 : NO_WAY;
  let three: u32 = !isMany && literals == 3 ? 3 : NO_WAY;
  let many: u32 = isMany ? MANY : NO_WAY;
  let left: u32 = isFirst ? FIRST_RUN : leftBehind(literals);
  let choice = min(min(matched, one), min(min(two, three), many));
  takenSize = 0;
  let position: u32 = 0;
  while (position < end) {
    const ip = from + position;
    // the ways to the next position
    const nextMatched = takeMatched(position + 1);
    const nextOne = matched + LITERAL;
    const nextTwo = one + LITERAL;
    const nextThree = two + LITERAL;
    const fourth = three + FOURTH_LITERAL;
    const more = many + (left == 0 ? 2 * BYTE : BYTE);
    const isFourth = fourth <= more;
    noteFourth(position + 1, isFourth);
    const nextMany = min(fourth, more);
    const nextChoice = min(min(nextMatched, nextOne), min(min(nextTwo, nextThree), nextMany));
    if (ip < searchEnd_) {
      const bytes = load<u32>(ip);
      const index = ip + shift_;
      const pair = pairs_ ? insertPair(bytes, index) : 0;
      const triple = insertTriple(bytes, index);
      const newest = insert(bytes, index);
      // where the next position is not dearer, what starts here can start there
      if (priceOf(nextChoice) > priceOf(choice)) {
        if (index - pair <= PAIR_DISTANCE && <u32>load<u16>(pair - shift_) == (bytes & 0xffff)) {
          const few = min(min(one, two), three);
          if (few < NO_WAY) offer(position, 2, 2, priceOf(few) + 2, index - pair, wayOf(few));
        }
        const longest = offerTriple(position, ip, triple, choice, many);
        if (!offerLong(position, ip, newest, longest, choice)) {
          setInserted(ip + 1);
          if (takenSize > MOST_ENOUGH) break;
          offerMatch(position, takenSize, takenSize, choice, takenDistance);
          forget(position + 1, position + takenSize - 1);
          position += takenSize;
          insertUpTo(from + position);
          takenSize = 0;
          matched = takeMatched(position);
          one = two = three = many = NO_WAY;
          choice = matched;
          continue;
        }
      }
    }
    left = isFourth ? SHORT_RUN - FEW - 1 : left == 0 ? 254 : left - 1;
    matched = nextMatched;
    one = nextOne;
    two = nextTwo;
    three = nextThree;
    many = nextMany;
    choice = nextChoice;
    position++;
  }
  if (takenSize == 0) setInserted(from + position);
  forgetBehind(position);
  endWay = wayOf(choice);
  return position;
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
    const end = fillTable(next, min(to - next, POSITIONS), next - anchor, next == from);
    const failed = writeMatches(next, listMatches(end, endWay), end);
    if (failed != 0) return overflow(next + startOf(failed), distanceOf(failed), sizeOf(failed));
    next += end;
    if (takenSize != 0) {
      if (!writeSequence(next, takenDistance, takenSize)) return overflow(next, takenDistance, takenSize);
      next += takenSize;
    }
  }
  return finishBlock();
}
