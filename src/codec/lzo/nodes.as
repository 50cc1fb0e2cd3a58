// The optimal parser's table: a node for each position, with the cheapest ways to get there from the table's start.
//
// What a literal costs and which matches there can be depends on how many literals there are since the last match. So
// five ways lead to each position: number 0 ends with a match, 1 to 3 with so many literals, 4 with more.
//
//     | u16 * 4: prices of ways 0 to 3 | price of way 4 | its literals | distance | size, and way to its start |
//                                                                        the match that way 0 ends with
import { FAR_SHORT, FEW, MIDDLE_DISTANCE, MIDDLE_SHORT, NEAR_DISTANCE, NEAR_SHORT, NODES, SHORT_RUN } from "./memory";

const NODE_SIZE: u32 = 16;
const PRICE_OF_MANY: usize = 8;
const MANY: usize = 10;
const DISTANCE: usize = 12;
const SIZE: usize = 14;
/** Above so many bits of size stands the way. */
const SIZE_BITS: u32 = 13;

/** The way of four literals and more. */
export const MANY_WAY: u32 = 4;
/** A price that no way has. */
const NO_WAY: u32 = 0x7000;
const NO_WAYS: u64 = 0x7000_7000_7000_7000;
/** A literal makes way 1 out of way 0, 2 out of 1, 3 out of 2: their prices move up, and grow by one. */
const LITERAL: u64 = 0x0001_0001_0001_0000;
/** A price and a way are one number: the price above so many bits. */
const WAY_BITS: u32 = 3;
const WAY_MASK: u32 = 7;

/** The last position that has a node: matches lead no further. */
let reach: u32 = 0;

@inline
function nodeOf(position: u32): u32 {
  return NODES + position * NODE_SIZE;
}

@inline
export function priceOf(choice: u32): u32 {
  return choice >>> WAY_BITS;
}

@inline
export function wayOf(choice: u32): u32 {
  return choice & WAY_MASK;
}

@inline
function choiceOf(prices: u64, way: u32): u32 {
  return (<u32>((prices >>> (way << 4)) & 0xffff) << WAY_BITS) | way;
}

/** The cheapest way of 1 to 3 literals to a position, with its price; see {@link isThere}. */
@inline
export function cheapestOfFew(position: u32): u32 {
  const prices = load<u64>(nodeOf(position));
  return min(min(choiceOf(prices, 1), choiceOf(prices, 2)), choiceOf(prices, 3));
}

/** The way of more literals, with its price; see {@link isThere}. */
@inline
export function choiceOfMany(position: u32): u32 {
  return (<u32>load<u16>(nodeOf(position), PRICE_OF_MANY) << WAY_BITS) | MANY_WAY;
}

/** The cheapest way to a position, with its price. */
@inline
export function cheapest(position: u32): u32 {
  const prices = load<u64>(nodeOf(position));
  let best = min(choiceOf(prices, 0), choiceOf(prices, 1));
  best = min(best, choiceOf(prices, 2));
  best = min(best, choiceOf(prices, 3));
  return min(best, choiceOfMany(position));
}

/** Whether there is such a way. */
@inline
export function isThere(choice: u32): bool {
  return choice < NO_WAY << WAY_BITS;
}

/** Starts the table at a position behind so many literals; `isFirst`: it is the start of the block. */
export function startNodes(literals: u32, isFirst: bool): void {
  const node = nodeOf(0);
  // what comes first is told as many literals are, however few they are; but one byte of length is enough for long
  const isMany = isFirst || literals > FEW;
  const many = isFirst ? SHORT_RUN + 1 : literals;
  store<u64>(node, NO_WAYS);
  if (!isMany) store<u16>(node + (literals << 1), 0);
  store<u16>(node, isMany ? 0 : NO_WAY, PRICE_OF_MANY);
  // no more than a u16 can hold
  store<u16>(node, many > SHORT_RUN ? SHORT_RUN + 1 + (many - SHORT_RUN - 1) % 255 : many, MANY);
  reach = 0;
}

/** Gives the position behind this one the ways that end with a literal. */
@inline
export function offerLiteral(position: u32): void {
  const node = nodeOf(position);
  const next = node + NODE_SIZE;
  if (position == reach) {
    store<u16>(next, NO_WAY);
    reach = position + 1;
  }
  const prices = load<u64>(node);
  store<u64>(next, ((prices << 16) + LITERAL) | load<u16>(next));
  const fourth = <u32>(prices >>> 48) + 2;
  const many = <u32>load<u16>(node, MANY) + 1;
  const isLonger = many > SHORT_RUN && (many - SHORT_RUN - 1) % 255 == 0;
  const price = <u32>load<u16>(node, PRICE_OF_MANY) + 1 + <u32>isLonger;
  store<u16>(next, min(fourth, price), PRICE_OF_MANY);
  store<u16>(next, fourth <= price ? FEW + 1 : many, MANY);
}

/** Offers a match in all sizes from `least` to `most`, at one price; to where it starts leads `way`. */
@inline
export function offer(position: u32, least: u32, most: u32, price: u32, distance: u32, way: u32): void {
  const last = nodeOf(position + most);
  if (position + most > reach) {
    for (let node = nodeOf(reach + 1); node <= last; node += NODE_SIZE) store<u16>(node, NO_WAY);
    reach = position + most;
  }
  let match = distance | (((way << SIZE_BITS) | least) << 16);
  for (let node = nodeOf(position + least); node <= last; node += NODE_SIZE) {
    if (price < load<u16>(node)) {
      store<u16>(node, price);
      store<u32>(node, match, DISTANCE);
    }
    match += 1 << 16;
  }
}

/** Offers a match in all sizes from `least` to `most`, of which each has its price behind `choice`. */
@inline
export function offerMatch(position: u32, least: u32, most: u32, choice: u32, distance: u32): void {
  const way = wayOf(choice);
  let price = priceOf(choice) + 2;
  if (distance <= NEAR_DISTANCE && least <= NEAR_SHORT) {
    offer(position, least, min(most, NEAR_SHORT), price, distance, way);
    least = NEAR_SHORT + 1;
  }
  let short = distance <= MIDDLE_DISTANCE ? MIDDLE_SHORT : FAR_SHORT;
  for (price++; least <= most; price++) {
    if (least <= short) {
      offer(position, least, min(most, short), price, distance, way);
      least = short + 1;
    }
    short += 255;
  }
}

/**
 * Turns the cheapest way to a position into a row of its matches, which takes the place of nodes that are not needed any
 * more: they stand at the end of [0, position], the last one last. Gives the first one's number.
 */
export function listMatches(position: u32): u32 {
  let first = position + 1;
  let way = wayOf(cheapest(position));
  for (let at = position; at > 0; ) {
    const node = nodeOf(at);
    if (way == 0) {
      const distance = <u32>load<u16>(node, DISTANCE);
      const both = <u32>load<u16>(node, SIZE);
      const size = both & ((1 << SIZE_BITS) - 1);
      way = both >>> SIZE_BITS;
      at -= size;
      const match = nodeOf(--first);
      store<u32>(match, at);
      store<u32>(match, distance, 4);
      store<u32>(match, size, 8);
    } else {
      at--;
      if (way != MANY_WAY || load<u16>(node, MANY) == FEW + 1) way--;
    }
  }
  return first;
}

/** Where a match of {@link listMatches} starts. */
@inline
export function startOf(match: u32): u32 {
  return load<u32>(nodeOf(match));
}

@inline
export function distanceOf(match: u32): u32 {
  return load<u32>(nodeOf(match), 4);
}

@inline
export function sizeOf(match: u32): u32 {
  return load<u32>(nodeOf(match), 8);
}
