// What symbols take, in sixteenths of a bit, by the probabilities of now: of single bits by a table, of lengths and distances
// by tables that are made anew once enough of them have been written.
import {
  ALIGN,
  ALIGN_BITS,
  FIRST_DIRECT_SLOT,
  IS_LONG,
  IS_NOT_FIRST,
  IS_NOT_SECOND,
  IS_NOT_THIRD,
  LENGTH_HIGH,
  LENGTH_LOW,
  LENGTH_MIDDLE,
  LENGTHS,
  LOW_BITS,
  MIN_MATCH,
  PROBABILITY_BITS,
  REP_LENGTHS,
  SLOTS,
} from "../memory";
import { positionMask } from "./state";
import {
  ALIGN_PRICES,
  BIT_PRICES,
  DISTANCE_PRICES,
  FULL_DISTANCES,
  LENGTH_PRICES,
  LENGTH_PRICES_SIZE,
  SLOT_PRICES,
} from "./tables";

/** Bits of a probability that the table leaves out, and bits of a price behind the point. */
const LEFT_OUT: u32 = 4;
export const PRICE_BITS: u32 = 4;
const MOST_PROBABLE: u32 = (1 << PROBABILITY_BITS) - 1;

/** Distances, and lowest bits of distances, after which their prices are made anew. */
const DISTANCES_TO_PASS: u32 = 128;
const ALIGNS_TO_PASS: u32 = 16;

/** What is still to be written before prices are made anew; lengths have a count for each place. */
let distancesLeft: u32 = 0;
let alignsLeft: u32 = 0;
/** Slots that distances may have, and lengths whose prices are needed. */
let slots: u32 = 0;
let lengths: u32 = 0;
/** Whether prices are asked for at all. */
let isNeeded: bool = false;

/** The price of a bit with a probability. */
@inline
function priceWith(probability: u32, bit: u32): u32 {
  return load<u8>(((probability ^ ((0 - bit) & MOST_PROBABLE)) >>> LEFT_OUT) + BIT_PRICES);
}

/** The price of a bit. @param context address of its probability */
@inline
export function bitPrice(context: u32, bit: u32): u32 {
  return priceWith(load<u16>(context), bit);
}

/** Fills the table of bits' prices: logarithms, made of squares. */
export function fillBitPrices(): void {
  for (let at: u32 = 0; at < 1 << (PROBABILITY_BITS - LEFT_OUT); at++) {
    let value = (at << LEFT_OUT) + (1 << (LEFT_OUT - 1));
    let bits: u32 = 0;
    for (let round: u32 = 0; round < PRICE_BITS; round++) {
      value *= value;
      bits <<= 1;
      for (; value >= 1 << 16; value >>>= 1) bits++;
    }
    store<u8>(at, (PROBABILITY_BITS << PRICE_BITS) - ((1 << PRICE_BITS) - 1) - bits, BIT_PRICES);
  }
}

/** Prices are to be kept, for distances up to `reach` and lengths up to `nice`; or none are. */
export function setPrices(needed: bool, reach: u32, nice: u32): void {
  isNeeded = needed;
  const bits: u32 = 32 - <u32>clz(reach - 1);
  slots = max(bits << 1, 4);
  lengths = nice + 1 - MIN_MATCH;
}

/** All prices are to be made anew before they are asked for. */
export function resetPrices(): void {
  if (!isNeeded) return;
  distancesLeft = 0;
  alignsLeft = 0;
  for (let place: u32 = 0; place <= positionMask; place++) {
    makeLengths(0, place);
    makeLengths(1, place);
  }
}

/** Makes prices of distances anew if enough have passed. */
@inline
export function refreshPrices(): void {
  if (distancesLeft == 0) makeDistances();
  if (alignsLeft == 0) makeAligns();
}

/** A distance has been written, the lowest bits of one, a length. @param kind 0: of a new match, 1: of a repeated one */
@inline
export function countDistance(): void {
  distancesLeft = distancesLeft == 0 ? 0 : distancesLeft - 1;
}
@inline
export function countAlign(): void {
  alignsLeft = alignsLeft == 0 ? 0 : alignsLeft - 1;
}
@inline
export function countLength(kind: u32, place: u32): void {
  if (!isNeeded) return;
  const counter = pricesOf(kind, place);
  const left = load<u32>(counter) - 1;
  store<u32>(counter, left);
  if (left == 0) makeLengths(kind, place);
}

/** The address of a place's prices of lengths: a counter, an empty word, then those of lengths from 2 on. */
@inline
export function pricesOf(kind: u32, place: u32): u32 {
  return LENGTH_PRICES + ((kind << 4) + place) * LENGTH_PRICES_SIZE;
}

/** The price of a length. @param prices see pricesOf() */
@inline
export function lengthPrice(prices: u32, length: u32): u32 {
  return load<u32>(prices + (length << 2));
}

/** The price of a distance. @param kind 0 to 3, from the length */
@inline
export function distancePrice(distance: u32, kind: u32, slot: u32): u32 {
  if (distance < FULL_DISTANCES) return load<u32>((((kind << 7) + distance) << 2) + DISTANCE_PRICES);
  return (
    load<u32>((((kind << 6) + slot) << 2) + SLOT_PRICES) +
    load<u32>(((distance & ((1 << ALIGN) - 1)) << 2) + ALIGN_PRICES)
  );
}

/** The price of a literal. @param contexts address of them */
@inline
export function literalPrice(contexts: u32, byte: u32): u32 {
  let price: u32 = 0;
  let symbol = byte | 0x100;
  do {
    const bit = symbol & 1;
    symbol >>>= 1;
    price += bitPrice(contexts + (symbol << 1), bit);
  } while (symbol != 1);
  return price;
}

/** The price of a literal where the byte at the last distance is another one. */
@inline
export function literalPriceBeside(contexts: u32, byte: u32, other: u32): u32 {
  let price: u32 = 0;
  let mask: u32 = 0x100;
  let beside = other;
  let symbol = byte | 0x100;
  do {
    beside <<= 1;
    price += bitPrice(contexts + ((mask + (beside & mask) + (symbol >>> 8)) << 1), (symbol >>> 7) & 1);
    symbol <<= 1;
    mask &= ~(beside ^ symbol);
  } while (symbol < 0x10000);
  return price;
}

/** The price of which of the last distances it is, where a match of more than a byte is at one of them. */
@inline
export function repeatedPrice(index: u32, state: u32, place: u32): u32 {
  if (index == 0) return bitPrice(IS_NOT_FIRST + (state << 1), 0) + bitPrice(IS_LONG + (((state << 4) + place) << 1), 1);
  const price = bitPrice(IS_NOT_FIRST + (state << 1), 1);
  if (index == 1) return price + bitPrice(IS_NOT_SECOND + (state << 1), 0);
  return price + bitPrice(IS_NOT_SECOND + (state << 1), 1) + bitPrice(IS_NOT_THIRD + (state << 1), index - 2);
}

function treePrice(contexts: u32, bits: u32, value: u32): u32 {
  let price: u32 = 0;
  let node = value + (1 << bits);
  do {
    const bit = node & 1;
    node >>>= 1;
    price += bitPrice(contexts + (node << 1), bit);
  } while (node != 1);
  return price;
}

function treePriceFromLow(contexts: u32, bits: u32, value: u32): u32 {
  let price: u32 = 0;
  let node: u32 = 1;
  let rest = value;
  for (let at: u32 = 0; at < bits; at++) {
    const bit = rest & 1;
    rest >>>= 1;
    price += bitPrice(contexts + (node << 1), bit);
    node = (node << 1) | bit;
  }
  return price;
}

function makeLengths(kind: u32, place: u32): void {
  const contexts = kind == 0 ? LENGTHS : REP_LENGTHS;
  const prices = pricesOf(kind, place);
  store<u32>(prices, lengths);
  const isShort = bitPrice(contexts, 0);
  const isLonger = bitPrice(contexts, 1);
  const isMiddle = isLonger + bitPrice(contexts + 2, 0);
  const isLong = isLonger + bitPrice(contexts + 2, 1);
  for (let value: u32 = 0; value < lengths; value++) {
    const price =
      value < 8
        ? isShort + treePrice(contexts + LENGTH_LOW + (place << 4), 3, value)
        : value < 16
          ? isMiddle + treePrice(contexts + LENGTH_MIDDLE + (place << 4), 3, value - 8)
          : isLong + treePrice(contexts + LENGTH_HIGH, 8, value - 16);
    store<u32>(prices + ((value + MIN_MATCH) << 2), price);
  }
}

function makeDistances(): void {
  distancesLeft = DISTANCES_TO_PASS;
  for (let kind: u32 = 0; kind < 4; kind++) {
    const slotPrices = SLOT_PRICES + (kind << 8);
    for (let slot: u32 = 0; slot < slots; slot++) {
      const isDirect = slot >= FIRST_DIRECT_SLOT;
      const direct = isDirect ? ((slot >>> 1) - 1 - ALIGN) << PRICE_BITS : 0;
      store<u32>(slotPrices + (slot << 2), treePrice(SLOTS + (kind << 7), 6, slot) + direct);
    }
    for (let distance: u32 = 0; distance < 4; distance++) {
      store<u32>((((kind << 7) + distance) << 2) + DISTANCE_PRICES, load<u32>(slotPrices + (distance << 2)));
    }
  }
  for (let distance: u32 = 4; distance < FULL_DISTANCES; distance++) {
    const bits: u32 = 30 - <u32>clz(distance);
    const slot = 2 * (bits + 1) + ((distance >>> bits) & 1);
    const base = (2 | (slot & 1)) << bits;
    const price = treePriceFromLow(LOW_BITS + ((base - slot) << 1), bits, distance - base);
    for (let kind: u32 = 0; kind < 4; kind++) {
      const slotPrice = load<u32>((((kind << 6) + slot) << 2) + SLOT_PRICES);
      store<u32>((((kind << 7) + distance) << 2) + DISTANCE_PRICES, slotPrice + price);
    }
  }
}

function makeAligns(): void {
  alignsLeft = ALIGNS_TO_PASS;
  for (let value: u32 = 0; value < 1 << ALIGN; value++) {
    store<u32>((value << 2) + ALIGN_PRICES, treePriceFromLow(ALIGN_BITS, ALIGN, value));
  }
}
