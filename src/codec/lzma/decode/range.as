// The range decoder: bits, each with the probability of its context, out of the input. The trees keep its numbers in
// variables of their own, since those of the module are in memory.
import { MOVE_BITS, PROBABILITY_BITS, TOP } from "../memory";

export let range: u32 = 0;
export let code: u32 = 0;
/** The next byte of input. */
export let ip: u32 = 0;

/** Goes on with the input at another address. */
export function setInput(at: u32): void {
  ip = at;
}

/** Starts with five bytes, of which the first is 0; gives whether it is. */
export function startRange(): bool {
  range = 0xffffffff;
  code = bswap<u32>(load<u32>(ip, 1));
  ip += 5;
  return load<u8>(ip - 5) == 0;
}

/** Takes the byte that the next bit would take. */
@inline
export function normalize(): void {
  if (range < TOP) {
    range <<= 8;
    code = (code << 8) | load<u8>(ip++);
  }
}

/** A bit. @param context address of its probability */
export function bit(context: u32): u32 {
  normalize();
  const probability = <u32>load<u16>(context);
  const bound = (range >>> PROBABILITY_BITS) * probability;
  if (code < bound) {
    range = bound;
    store<u16>(context, probability + (((1 << PROBABILITY_BITS) - probability) >>> MOVE_BITS));
    return 0;
  }
  range -= bound;
  code -= bound;
  store<u16>(context, probability - (probability >>> MOVE_BITS));
  return 1;
}

/** A number of `bits` bits, the highest first; contexts are a tree whose root is the second of them. */
export function tree(contexts: u32, bits: u32): u32 {
  const end: u32 = 1 << bits;
  let range_ = range;
  let code_ = code;
  let ip_ = ip;
  let node: u32 = 1;
  do {
    if (range_ < TOP) {
      range_ <<= 8;
      code_ = (code_ << 8) | load<u8>(ip_++);
    }
    const context = contexts + (node << 1);
    const probability = <u32>load<u16>(context);
    const bound = (range_ >>> PROBABILITY_BITS) * probability;
    if (code_ < bound) {
      range_ = bound;
      store<u16>(context, probability + (((1 << PROBABILITY_BITS) - probability) >>> MOVE_BITS));
      node <<= 1;
    } else {
      range_ -= bound;
      code_ -= bound;
      store<u16>(context, probability - (probability >>> MOVE_BITS));
      node = (node << 1) | 1;
    }
  } while (node < end);
  range = range_;
  code = code_;
  ip = ip_;
  return node - end;
}

/** A literal where the byte at the last distance is another one: as long as bits are like its bits, they are contexts too. */
export function treeBeside(contexts: u32, byte: u32): u32 {
  let range_ = range;
  let code_ = code;
  let ip_ = ip;
  let node: u32 = 1;
  let beside = byte;
  let mask: u32 = 0x100;
  do {
    if (range_ < TOP) {
      range_ <<= 8;
      code_ = (code_ << 8) | load<u8>(ip_++);
    }
    beside <<= 1;
    const likely = beside & mask;
    const context = contexts + ((mask + likely + node) << 1);
    const probability = <u32>load<u16>(context);
    const bound = (range_ >>> PROBABILITY_BITS) * probability;
    if (code_ < bound) {
      range_ = bound;
      store<u16>(context, probability + (((1 << PROBABILITY_BITS) - probability) >>> MOVE_BITS));
      node <<= 1;
      mask &= ~likely;
    } else {
      range_ -= bound;
      code_ -= bound;
      store<u16>(context, probability - (probability >>> MOVE_BITS));
      node = (node << 1) | 1;
      mask &= likely;
    }
  } while (node < 0x100);
  range = range_;
  code = code_;
  ip = ip_;
  return node & 0xff;
}

/** A number of `bits` bits, the lowest first. */
export function treeFromLow(contexts: u32, bits: u32): u32 {
  let node: u32 = 1;
  let value: u32 = 0;
  for (let at: u32 = 0; at < bits; at++) {
    const next = bit(contexts + (node << 1));
    node = (node << 1) | next;
    value |= next << at;
  }
  return value;
}

/** A number of `bits` bits that are all as likely 0 as 1. */
export function direct(bits: u32): u32 {
  let value: u32 = 0;
  for (let at: u32 = 0; at < bits; at++) {
    normalize();
    range >>>= 1;
    const next: u32 = code >= range ? 1 : 0;
    if (next) code -= range;
    value = (value << 1) | next;
  }
  return value;
}
