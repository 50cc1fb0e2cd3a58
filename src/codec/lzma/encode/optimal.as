// The optimal parse: of all ways to write what comes, the one that takes the fewest bits by the prices of now. Each position
// ahead is a node that knows the cheapest way to it; ways end where all of them meet, or where a match is long enough.
//
// A way's last step is a literal, a match, or a row of them that is found only together: a literal and a match at the last
// distance, or a match, a literal and a match at its distance.
//
//     | price u32 | back u32 | length u16 | extra u16 | state u32 | the last four distances u32 |
import { FIRST_MATCH_STATE, IS_LONG, IS_MATCH, IS_NOT_FIRST, IS_REP } from "../memory";
import {
  bitPrice,
  distancePrice,
  lengthPrice,
  literalPrice,
  literalPriceBeside,
  pricesOf,
  refreshPrices,
  repeatedPrice,
} from "./prices";
import { ahead, countEqual, find, foundEnd, MAX_MATCH, skip } from "./search";
import {
  afterLiteral,
  afterMatch,
  afterRepeated,
  afterShort,
  literalContexts,
  placeOf,
  positionMask,
  rep0,
  rep1,
  rep2,
  rep3,
  state,
} from "./state";
import { LITERAL, NEW, slotOf } from "./symbols";
import { FOUND, MOST_NODES, NODE_BITS, NODES } from "./tables";

/** Offsets in a node. What leads to it: `length` bytes as `back` says, `extra` bytes in front of them. */
const BACK: u32 = 4;
const LENGTH: u32 = 8;
const EXTRA: u32 = 10;
const STATE: u32 = 12;
const REPS: u32 = 16;
const NODE: u32 = 1 << NODE_BITS;
/** Of a match at the last distance, a literal is in front of it; or so many bytes less one of a match, and a literal. */
const AFTER_LITERAL: u32 = 1;
const NOWHERE: u32 = 0x40000000;

/** What was chosen: see LITERAL. */
export let optimalBack: u32 = 0;

/** Symbols that have been chosen and not given yet: nodes from the first to the last. */
let next: u32 = 0;
let last: u32 = 0;
/** The longest match where the next symbol begins, where that has been looked up already. */
let longestAhead: u32 = 0;
/** Nodes up to this one have a way to them. */
let reached: u32 = 0;

@inline
function nodeAt(index: u32): u32 {
  return NODES + (index << NODE_BITS);
}

/** There is a node, and all before it. */
@inline
function reach(index: u32): void {
  while (reached < index) store<u32>(nodeAt(++reached), NOWHERE);
}

/** Takes a way to a node if it is cheaper. */
@inline
function offer(node: u32, price: u32, back: u32, length: u32, extra: u32): void {
  if (price >= load<u32>(node)) return;
  store<u32>(node, price);
  store<u32>(node, back, BACK);
  store<u32>(node, length | (extra << 16), LENGTH);
}

/** Nothing has been chosen yet. */
export function startOptimal(): void {
  next = 0;
  last = 0;
}

/** Chooses what comes at an address of contents up to `end`; gives its length. */
export function chooseOptimal(at: u32, end: u32, nice: u32): u32 {
  if (next == last) {
    refreshPrices();
    const length = plan(at, end, nice);
    if (length > 0) return length;
  }
  optimalBack = load<u32>(next, BACK);
  const length = <u32>load<u16>(next, LENGTH);
  next += NODE;
  return length;
}

@inline
function repAt(reps: u32, index: u32): u32 {
  return load<u32>(reps + (index << 2));
}

/** Plans from an address on; gives the length of the only symbol if it is so simple, else 0, and symbols are there. */
function plan(at: u32, end: u32, nice: u32): u32 {
  const longest = ahead == at ? find() : longestAhead;
  const first = NODES;
  store<u32>(first, state, STATE);
  store<u32>(first, rep0, REPS);
  store<u32>(first, rep1, REPS + 4);
  store<u32>(first, rep2, REPS + 8);
  store<u32>(first, rep3, REPS + 12);
  store<u32>(first, 0);
  const most = min(end - at, MAX_MATCH);
  optimalBack = LITERAL;
  if (most < 2) return 1;
  let repLength: u32 = 0;
  let repIndex: u32 = 0;
  for (let index: u32 = 0; index < 4; index++) {
    const other = at - repAt(first + REPS, index) - 1;
    if (load<u16>(at) != load<u16>(other)) continue;
    const length = countEqual(at, other, 2, most);
    if (length <= repLength) continue;
    repLength = length;
    repIndex = index;
  }
  if (repLength >= nice) return choose(repIndex, repLength, at);
  if (longest >= nice) return choose(load<u32>(foundEnd - 4) + NEW, longest, at);
  if (longest < 2 && repLength < 2 && load<u8>(at) != load<u8>(at - rep0 - 1)) return 1;
  reached = 0;
  reach(max(1, max(longest, repLength)));
  expand(first, at, min(end - at, MOST_NODES - 1), nice);
  let count: u32 = 1;
  for (; count < reached; count++) {
    const node = nodeAt(count);
    longestAhead = find();
    if (longestAhead >= nice) break;
    settle(node);
    expand(node, at + count, min(end - at - count, MOST_NODES - 1 - count), nice);
  }
  walkBack(count);
  return 0;
}

@inline
function choose(back: u32, length: u32, at: u32): u32 {
  optimalBack = back;
  skip(at + length - ahead);
  return length;
}

/** Works out what a node's way to it has made of the state and of the last distances. */
@inline
function settle(node: u32): void {
  const length = <u32>load<u16>(node, LENGTH);
  const extra = <u32>load<u16>(node, EXTRA);
  const back = load<u32>(node, BACK);
  const from = node - ((length + extra) << NODE_BITS);
  const before = load<u32>(from, STATE);
  const newest = load<u64>(from, REPS);
  const oldest = load<u64>(from, REPS + 8);
  if (length == 1) {
    store<u32>(node, back == LITERAL ? afterLiteral(before) : afterShort(before), STATE);
    store<u64>(node, newest, REPS);
    store<u64>(node, oldest, REPS + 8);
    return;
  }
  const after = extra != 0 ? 8 : back < NEW ? afterRepeated(before) : afterMatch(before);
  store<u32>(node, after, STATE);
  if (back >= NEW) {
    store<u32>(node, back - NEW, REPS);
    store<u64>(node, newest, REPS + 4);
    store<u32>(node, <u32>oldest, REPS + 12);
  } else if (back == 0) {
    store<u64>(node, newest, REPS);
    store<u64>(node, oldest, REPS + 8);
  } else {
    store<u32>(node, repAt(from + REPS, back), REPS);
    store<u32>(node, <u32>newest, REPS + 4);
    store<u32>(node, back == 1 ? <u32>oldest : <u32>(newest >>> 32), REPS + 8);
    store<u32>(node, back == 3 ? <u32>oldest : <u32>(oldest >>> 32), REPS + 12);
  }
}

/**
 * Offers all ways that go on from a node. Long because what its steps have in common is kept in variables: prices, the
 * place, and how far it may go.
 *
 * @param room bytes from the address on for which there are nodes
 */
function expand(node: u32, at: u32, room: u32, nice: u32): void {
  const price = load<u32>(node);
  const state = load<u32>(node, STATE);
  const last = load<u32>(node, REPS);
  const place = placeOf(at);
  const isMatch = IS_MATCH + (((state << 4) + place) << 1);
  const byte = <u32>load<u8>(at);
  const beside = <u32>load<u8>(at - last - 1);
  const contexts = literalContexts(at);
  const isAfterMatch = state >= FIRST_MATCH_STATE;
  const literal =
    price +
    bitPrice(isMatch, 0) +
    (isAfterMatch ? literalPriceBeside(contexts, byte, beside) : literalPrice(contexts, byte));
  const following = node + NODE;
  reach((following - NODES) >>> NODE_BITS);
  const isLiteral = literal < load<u32>(following);
  offer(following, literal, LITERAL, 1, 0);
  const matchPrice = price + bitPrice(isMatch, 1);
  const repeated = matchPrice + bitPrice(IS_REP + (state << 1), 1);
  let isShort = false;
  if (beside == byte && !(load<u32>(following, BACK) == 0 && <u32>load<u16>(following, LENGTH) > 1)) {
    const short =
      repeated + bitPrice(IS_NOT_FIRST + (state << 1), 0) + bitPrice(IS_LONG + (((state << 4) + place) << 1), 0);
    isShort = short <= load<u32>(following);
    offer(following, short, 0, 1, 0);
  }
  if (room < 2) return;
  const most = min(room, nice);
  if (!isLiteral && !isShort && beside != byte) {
    offerAfterLiteral(node, at, literal, afterLiteral(state), min(room, nice + 1));
  }
  const least = offerRepeated(node, at, repeated, room, nice);
  offerMatches(node, at, matchPrice + bitPrice(IS_REP + (state << 1), 0), room, nice, least);
}

/** Offers a literal and a match at the last distance behind it. */
function offerAfterLiteral(node: u32, at: u32, price: u32, state: u32, most: u32): void {
  const length = countEqual(at, at - load<u32>(node, REPS) - 1, 1, most) - 1;
  if (<i32>length < 2) return;
  const place = placeOf(at + 1);
  const whole =
    price +
    bitPrice(IS_MATCH + (((state << 4) + place) << 1), 1) +
    bitPrice(IS_REP + (state << 1), 1) +
    repeatedPrice(0, state, place) +
    lengthPrice(pricesOf(1, place), length);
  const target = node + ((1 + length) << NODE_BITS);
  reach((target - NODES) >>> NODE_BITS);
  offer(target, whole, 0, length, AFTER_LITERAL);
}

/** Offers a match of which the price is known, the literal behind it, and a match at its distance behind that. */
function offerTwice(node: u32, at: u32, price: u32, back: u32, distance: u32, length: u32, room: u32, nice: u32): void {
  const other = at - distance - 1;
  const from = length + 1;
  const more = countEqual(at, other, from, min(room, from + nice)) - from;
  if (<i32>more < 2) return;
  const before = back < NEW ? afterRepeated(load<u32>(node, STATE)) : afterMatch(load<u32>(node, STATE));
  const place = placeOf(at + length);
  const literal =
    price +
    bitPrice(IS_MATCH + (((before << 4) + place) << 1), 0) +
    literalPriceBeside(literalContexts(at + length), load<u8>(at + length), load<u8>(other + length));
  const state = afterLiteral(before);
  const nextPlace = (place + 1) & positionMask;
  const whole =
    literal +
    bitPrice(IS_MATCH + (((state << 4) + nextPlace) << 1), 1) +
    bitPrice(IS_REP + (state << 1), 1) +
    repeatedPrice(0, state, nextPlace) +
    lengthPrice(pricesOf(1, nextPlace), more);
  const target = node + ((from + more) << NODE_BITS);
  reach((target - NODES) >>> NODE_BITS);
  offer(target, whole, back, more, from);
}

/** Offers matches at the last distances; gives the least length that one at a new distance is to have. */
function offerRepeated(node: u32, at: u32, price: u32, room: u32, nice: u32): u32 {
  const most = min(room, nice);
  const place = placeOf(at);
  const prices = pricesOf(1, place);
  const state = load<u32>(node, STATE);
  const word = load<u16>(at);
  let least: u32 = 2;
  for (let index: u32 = 0; index < 4; index++) {
    const distance = repAt(node + REPS, index);
    const other = at - distance - 1;
    if (word != load<u16>(other)) continue;
    const length = countEqual(at, other, 2, most);
    reach(((node - NODES) >>> NODE_BITS) + length);
    const chosen = price + repeatedPrice(index, state, place);
    for (let part = length; part >= 2; part--) {
      offer(node + (part << NODE_BITS), chosen + lengthPrice(prices, part), index, part, 0);
    }
    if (index == 0) least = length + 1;
    offerTwice(node, at, chosen + lengthPrice(prices, length), index, distance, length, room, nice);
  }
  return least;
}

/** Offers the matches that have been found, with lengths from `least` on. */
function offerMatches(node: u32, at: u32, price: u32, room: u32, nice: u32, least: u32): void {
  const most = min(room, nice);
  const end = foundEnd;
  if (end == FOUND) return;
  const longest = min(load<u32>(end - 8), most);
  if (longest < least) return;
  reach(((node - NODES) >>> NODE_BITS) + longest);
  const prices = pricesOf(0, placeOf(at));
  let match = FOUND;
  while (load<u32>(match) < least) match += 8;
  let length = least;
  for (; length <= longest; match += 8) {
    const distance = load<u32>(match, 4);
    const slot = slotOf(distance);
    const last = min(load<u32>(match), longest);
    const far = price + distancePrice(distance, 3, slot);
    let whole: u32 = 0;
    for (; length <= last; length++) {
      const near = length < 5 ? price + distancePrice(distance, length - 2, slot) : far;
      whole = near + lengthPrice(prices, length);
      offer(node + (length << NODE_BITS), whole, distance + NEW, length, 0);
    }
    offerTwice(node, at, whole, distance + NEW, distance, last, room, nice);
  }
}

@inline
function put(node: u32, back: u32, length: u32): u32 {
  store<u32>(node, back, BACK);
  store<u32>(node, length, LENGTH);
  return node;
}

/** Goes the cheapest way to a node backwards, and leaves its symbols in front of it. */
function walkBack(index: u32): void {
  let node = nodeAt(index);
  let symbol = node + NODE;
  last = symbol;
  while (node != NODES) {
    const length = <u32>load<u16>(node, LENGTH);
    const extra = <u32>load<u16>(node, EXTRA);
    const back = load<u32>(node, BACK);
    node -= (length + extra) << NODE_BITS;
    if (extra == 0) {
      symbol = put(symbol - NODE, back, length);
    } else {
      symbol = put(symbol - NODE, 0, length);
      symbol = put(symbol - NODE, LITERAL, 1);
      if (extra != AFTER_LITERAL) symbol = put(symbol - NODE, back, extra - 1);
    }
  }
  next = symbol;
}
