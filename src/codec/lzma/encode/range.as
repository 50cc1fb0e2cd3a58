// The range encoder: bits, each with the probability of its context, into the output. What overflows is added to the bytes
// that are there already, so that nothing has to wait.
import { MOVE_BITS, PROBABILITY_BITS, TOP } from "../memory";

/** Where the next byte goes. */
export let op: u32 = 0;
let low: u32 = 0;
let range: u32 = 0;

/** What takeBack() goes back to; see keep(). */
let keptOp: u32 = 0;
let keptLow: u32 = 0;
let keptRange: u32 = 0;
/** Whether something has overflowed into the bytes in front of it. */
let hasCarried: bool = false;

/** Bytes that finish() writes. */
export const TAIL: u32 = 4;
/** More bytes than any symbol takes: 22 bits of 11 bits each, and 26 that are all alike. */
export const MOST_OF_SYMBOL: u32 = 40;

/** Starts an output, with the byte that is always 0. */
export function startRange(at: u32): void {
  store<u8>(at, 0);
  op = at + 1;
  keptOp = at;
  low = 0;
  range = 0xffffffff;
}

/** Remembers where the output is, for takeBack(). */
export function keep(): void {
  keptOp = op;
  keptLow = low;
  keptRange = range;
  hasCarried = false;
}

/** Takes back what was put since keep(). */
export function takeBack(): void {
  op = keptOp;
  low = keptLow;
  range = keptRange;
  if (!hasCarried) return;
  let at = op - 1;
  for (; load<u8>(at) == 0; at--) store<u8>(at, 0xff);
  store<u8>(at, load<u8>(at) - 1);
}

/** Writes what the decoder needs of the last bits. */
export function finish(): void {
  store<u32>(op, bswap<u32>(low));
  op += TAIL;
}

function carry(op: u32): void {
  let at = op - 1;
  for (; load<u8>(at) == 0xff; at--) store<u8>(at, 0);
  store<u8>(at, load<u8>(at) + 1);
  if (at < keptOp) hasCarried = true;
}

/** A bit, 0 or 1. @param context address of its probability */
@inline
export function putBit(context: u32, bit: u32): void {
  const probability = <u32>load<u16>(context);
  const bound = (range >>> PROBABILITY_BITS) * probability;
  if (bit == 0) {
    range = bound;
    store<u16>(context, probability + (((1 << PROBABILITY_BITS) - probability) >>> MOVE_BITS));
  } else {
    low += bound;
    if (low < bound) carry(op);
    range -= bound;
    store<u16>(context, probability - (probability >>> MOVE_BITS));
  }
  if (range < TOP) {
    store<u8>(op++, low >>> 24);
    low <<= 8;
    range <<= 8;
  }
}

/** A number of `bits` bits, the highest first; contexts are a tree whose root is the second of them. */
export function putTree(contexts: u32, bits: u32, value: u32): void {
  let node: u32 = 1;
  for (let at = bits; at > 0; ) {
    const bit = (value >>> --at) & 1;
    putBit(contexts + (node << 1), bit);
    node = (node << 1) | bit;
  }
}

/** A literal where the byte at the last distance is another one: as long as bits are like its bits, they are contexts too. */
export function putTreeBeside(contexts: u32, value: u32, byte: u32): void {
  let mask: u32 = 0x100;
  let beside = byte;
  let symbol = value | 0x100;
  do {
    beside <<= 1;
    const bit = (symbol >>> 7) & 1;
    putBit(contexts + ((mask + (beside & mask) + (symbol >>> 8)) << 1), bit);
    symbol <<= 1;
    mask &= ~(beside ^ symbol);
  } while (symbol < 0x10000);
}

/** A number of `bits` bits, the lowest first. */
export function putTreeFromLow(contexts: u32, bits: u32, value: u32): void {
  let node: u32 = 1;
  let rest = value;
  for (let at: u32 = 0; at < bits; at++) {
    const bit = rest & 1;
    rest >>>= 1;
    putBit(contexts + (node << 1), bit);
    node = (node << 1) | bit;
  }
}

/** A number of `bits` bits that are all as likely 0 as 1. */
export function putDirect(bits: u32, value: u32): void {
  for (let at = bits; at > 0; ) {
    range >>>= 1;
    if ((value >>> --at) & 1) {
      low += range;
      if (low < range) carry(op);
    }
    if (range < TOP) {
      store<u8>(op++, low >>> 24);
      low <<= 8;
      range <<= 8;
    }
  }
}
