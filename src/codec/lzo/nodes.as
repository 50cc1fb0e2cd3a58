// The optimal parser's table: a node for each position behind its start, with the best match that ends there.
//
// What a literal costs and which matches there can be depends on how many literals there are since the last match. So
// five ways lead to each position: number 0 ends with a match, 1 to 3 with so many literals, 4 with more. What they cost is
// known while a position is looked at; what remains of it is what leads back:
//
//     | u16: what the match saves | 1: way 4 has four literals, 0: more | distance | size, and the way to its start |
import { FAR_SHORT, MIDDLE_DISTANCE, MIDDLE_SHORT, NEAR_DISTANCE, NEAR_SHORT, NODES } from "./memory";

const NODE_SIZE: u32 = 8;
const IS_FOURTH: usize = 2;
const DISTANCE: usize = 4;
const SIZE: usize = 6;
/** Above so many bits of size stands the way. */
const SIZE_BITS: u32 = 13;
/** A price that no way has. A match saves the difference to it: of a node without one that is 0, as memory is at first. */
const MOST_PRICE: u32 = 0x7000;

// A way to a position and what it costs are one number: the price in bytes above three bits of the way's number. Like
// this they can be compared.
const WAY_BITS: u32 = 3;
const WAY_MASK: u32 = 7;
/** The way of four literals and more; there it costs nothing. */
export const MANY: u32 = 4;
/** No way costs as much. */
export const NO_WAY: u32 = MOST_PRICE << WAY_BITS;
/** A byte more. */
export const BYTE: u32 = 1 << WAY_BITS;
/** A literal makes way 1 out of way 0, 2 out of 1, 3 out of 2. */
export const LITERAL: u32 = BYTE + 1;
/** The fourth literal in a row takes an instruction too. */
export const FOURTH_LITERAL: u32 = 2 * BYTE + 1;

/** No match leads further. */
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

/** Takes the way 0 of a position, if there is one: no match can be offered to it any more. */
@inline
export function takeMatched(position: u32): u32 {
  const node = nodeOf(position);
  const saved = <u32>load<u16>(node);
  store<u16>(node, 0);
  return (MOST_PRICE - saved) << WAY_BITS;
}

/** Notes whether way 4 of a position has four literals, so that way 3 leads to the position before it. */
@inline
export function noteFourth(position: u32, isFourth: bool): void {
  store<u16>(nodeOf(position), isFourth, IS_FOURTH);
}

/** Forgets the matches that lead to positions from `first` to `last`. */
@inline
export function forget(first: u32, last: u32): void {
  for (let node = nodeOf(first); node <= nodeOf(last); node += NODE_SIZE) store<u16>(node, 0);
}

/** Forgets all matches that lead further than `position`. */
@inline
export function forgetBehind(position: u32): void {
  forget(position + 1, reach);
  reach = 0;
}

/** Offers a match in all sizes from `least` to `most`, at one price; to where it starts leads `way`. */
@inline
export function offer(position: u32, least: u32, most: u32, price: u32, distance: u32, way: u32): void {
  const saved = MOST_PRICE - price;
  const last = nodeOf(position + most);
  let match = distance | (((way << SIZE_BITS) | least) << 16);
  reach = max(reach, position + most);
  for (let node = nodeOf(position + least); node <= last; node += NODE_SIZE) {
    if (saved > load<u16>(node)) {
      store<u16>(node, saved);
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
 * Turns a way to a position into a row of its matches, which takes the place of nodes that are not needed any more: they
 * stand at the end of [0, position], the last one last. Gives the first one's number.
 */
export function listMatches(position: u32, way: u32): u32 {
  let first = position + 1;
  for (let at = position; at > 0; ) {
    const node = nodeOf(at);
    if (way == 0) {
      const distance = load<u16>(node, DISTANCE);
      const both = <u32>load<u16>(node, SIZE);
      const size = both & ((1 << SIZE_BITS) - 1);
      way = both >>> SIZE_BITS;
      at -= size;
      const match = nodeOf(--first);
      store<u16>(match, at, IS_FOURTH);
      store<u16>(match, distance, DISTANCE);
      store<u16>(match, size, SIZE);
    } else {
      at--;
      if (way != MANY || load<u16>(node, IS_FOURTH) != 0) way--;
    }
  }
  return first;
}

/** Where a match of {@link listMatches} starts. */
@inline
export function startOf(match: u32): u32 {
  return load<u16>(nodeOf(match), IS_FOURTH);
}

@inline
export function distanceOf(match: u32): u32 {
  return load<u16>(nodeOf(match), DISTANCE);
}

@inline
export function sizeOf(match: u32): u32 {
  return load<u16>(nodeOf(match), SIZE);
}
