// Prefix codes: from how often symbols occur to the lengths of their codes, and from lengths to codes.
import { SORT, SORT_COUNTS, SORT_OTHER } from "../memory";

/** A symbol in the low bits of what is sorted, its frequency above. */
const SYMBOL_BITS: u32 = 9;
const SYMBOL_MASK: u32 = (1 << SYMBOL_BITS) - 1;

/** How many codes have each length; 16 u32 in place of the sort's counters, once it is done. */
const LENGTH_COUNTS = SORT_COUNTS;

/** Sorts `count` u32 at SORT by their frequencies, a byte of them a pass; gives where the sorted ones are. */
function sort(count: u32, highest: u32): u32 {
  let from = SORT;
  let to = SORT_OTHER;
  for (let shift = SYMBOL_BITS; shift == SYMBOL_BITS || highest >>> (shift - SYMBOL_BITS) != 0; shift += 8) {
    memory.fill(SORT_COUNTS, 0, 1024);
    for (let i: u32 = 0; i < count; i++) {
      const place = ((load<u32>(from + (i << 2)) >>> shift) & 255) << 2;
      store<u32>(place, load<u32>(place, SORT_COUNTS) + 4, SORT_COUNTS);
    }
    let next: u32 = 0;
    for (let place: u32 = 0; place < 1024; place += 4) {
      const size = load<u32>(place, SORT_COUNTS);
      store<u32>(place, next, SORT_COUNTS);
      next += size;
    }
    for (let i: u32 = 0; i < count; i++) {
      const item = load<u32>(from + (i << 2));
      const place = ((item >>> shift) & 255) << 2;
      const slot = load<u32>(place, SORT_COUNTS);
      store<u32>(place, slot + 4, SORT_COUNTS);
      store<u32>(to + slot, item);
    }
    const swap = from;
    from = to;
    to = swap;
    if (shift + 8 >= 32) break;
  }
  return from;
}

@inline
function get(tree: u32, index: i32): u32 {
  return load<u32>(tree + (<u32>index << 2));
}

@inline
function set(tree: u32, index: i32, value: u32): void {
  store<u32>(tree + (<u32>index << 2), value);
}

/**
 * The tree of least cost over `count` >= 2 ascending frequencies at `tree`, which are overwritten (Moffat and Katajainen,
 * In-place calculation of minimum-redundancy codes, 1995). Leaves in LENGTH_COUNTS how many leaves each depth has; those
 * deeper than `longest` are counted there.
 */
function countDepths(tree: u32, count: i32, longest: u32): void {
  // from frequencies to the parents of inner nodes
  let leaf = 0;
  let root = 0;
  for (let next = 0; next < count - 1; next++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      if (leaf >= count || (root < next && get(tree, root) < get(tree, leaf))) {
        weight += get(tree, root);
        set(tree, root++, next);
      } else weight += get(tree, leaf++);
    }
    set(tree, next, weight);
  }
  memory.fill(LENGTH_COUNTS, 0, 64);
  // from parents to depths; what a depth has room for and no inner node takes are leaves
  set(tree, count - 2, 0);
  for (let next = count - 3; next >= 0; next--) set(tree, next, get(tree, get(tree, next)) + 1);
  let room: u32 = 1;
  root = count - 2;
  for (let depth: u32 = 0; room > 0; depth++) {
    let inner: u32 = 0;
    while (root >= 0 && get(tree, root) == depth) {
      inner++;
      root--;
    }
    const place = min(depth, longest) << 2;
    store<u32>(place, load<u32>(place, LENGTH_COUNTS) + (room - inner), LENGTH_COUNTS);
    room = 2 * inner;
  }
}

/** Makes room for the codes that were cut to `longest` bits: others that are shorter become longer by one. */
function repairLengths(longest: u32): void {
  let used: u32 = 0;
  for (let length: u32 = 1; length <= longest; length++) {
    used += load<u32>(length << 2, LENGTH_COUNTS) << (longest - length);
  }
  for (; used > <u32>1 << longest; used--) {
    let length = longest - 1;
    while (load<u32>(length << 2, LENGTH_COUNTS) == 0) length--;
    // one code of this length becomes two that are longer: for itself, and for one of the longest
    const place = length << 2;
    store<u32>(place, load<u32>(place, LENGTH_COUNTS) - 1, LENGTH_COUNTS);
    store<u32>(place + 4, load<u32>(place + 4, LENGTH_COUNTS) + 2, LENGTH_COUNTS);
    const last = longest << 2;
    store<u32>(last, load<u32>(last, LENGTH_COUNTS) - 1, LENGTH_COUNTS);
  }
}

/**
 * Finds code lengths of at most `longest` bits for `symbols` frequencies (u32) at `freqs`, and puts them to `lens` (u8).
 * There are always two codes: some decoders know no code of a single symbol.
 */
export function makeLengths(freqs: u32, symbols: u32, longest: u32, lens: u32): void {
  let count: u32 = 0;
  let highest: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const freq = load<u32>(freqs + (symbol << 2));
    if (freq == 0) continue;
    store<u32>(SORT + (count++ << 2), (freq << SYMBOL_BITS) | symbol);
    highest = max(highest, freq);
  }
  memory.fill(lens, 0, symbols);
  if (count < 2) {
    const only = count == 0 ? 0 : load<u32>(SORT) & SYMBOL_MASK;
    store<u8>(lens + only, 1);
    store<u8>(lens + (only == 0 ? 1 : 0), 1);
    return;
  }
  const sorted = sort(count, highest);
  const tree = sorted == SORT ? SORT_OTHER : SORT;
  for (let i: u32 = 0; i < count; i++) store<u32>(tree + (i << 2), load<u32>(sorted + (i << 2)) >>> SYMBOL_BITS);
  countDepths(tree, count, longest);
  repairLengths(longest);
  let place = sorted;
  for (let length = longest; length > 0; length--) {
    for (let left = load<u32>(length << 2, LENGTH_COUNTS); left > 0; left--) {
      store<u8>(lens + (load<u32>(place) & SYMBOL_MASK), length);
      place += 4;
    }
  }
}

/** The lowest 16 bits of `code`, the other way round. */
@inline
function reverse(code: u32): u32 {
  code = ((code & 0x5555) << 1) | ((code >>> 1) & 0x5555);
  code = ((code & 0x3333) << 2) | ((code >>> 2) & 0x3333);
  code = ((code & 0x0f0f) << 4) | ((code >>> 4) & 0x0f0f);
  return ((code & 0xff) << 8) | (code >>> 8);
}

/** Gives each symbol its code, from the lengths alone: `codes` holds its bits from 8 on, and its length below. */
export function makeCodes(lens: u32, symbols: u32, codes: u32): void {
  memory.fill(LENGTH_COUNTS, 0, 64);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const place = <u32>load<u8>(lens + symbol) << 2;
    store<u32>(place, load<u32>(place, LENGTH_COUNTS) + 1, LENGTH_COUNTS);
  }
  let code: u32 = 0;
  store<u32>(LENGTH_COUNTS, 0);
  for (let place: u32 = 4; place < 64; place += 4) {
    const size = load<u32>(place, LENGTH_COUNTS);
    store<u32>(place, code, LENGTH_COUNTS);
    code = (code + size) << 1;
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = <u32>load<u8>(lens + symbol);
    const place = length << 2;
    const own = load<u32>(place, LENGTH_COUNTS);
    store<u32>(place, own + 1, LENGTH_COUNTS);
    store<u32>(codes + (symbol << 2), ((reverse(own) >>> (16 - length)) << 8) | length);
  }
}
