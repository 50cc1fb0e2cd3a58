// The search for matches: earlier positions with the same hash of four bytes as a chain, newest first; of three bytes and
// of two the newest one only, as short matches are of more use the nearer they are.
import { CHAINS, HEADS, MAX_DISTANCE, PAIRS, TRIPLES, WINDOWS } from "./memory";

/**
 * Positions are kept as indices, which go on growing from one input to the next, a gap of more than MAX_DISTANCE
 * between them: so what earlier inputs left in the tables is out of reach, and need not be cleared.
 */
let firstIndex: u32 = 0;
/** The index of an address is the address plus this (mod 2^32). */
export let shift: u32 = 0;
/** No position from this address on is in a table: it has less than four bytes. */
export let searchEnd: u32 = 0;
/** Address of the first position that is not in the tables yet. */
let pending: u32 = 0;
/** Whether pairs are looked for. */
export let pairs: bool = false;

/** Inputs that would start above this index get fresh tables. */
const LAST_INDEX: u32 = 0x40000000;

/** Starts the input [from, to). */
export function startSearch(from: u32, to: u32, pairs_: bool): void {
  firstIndex = pending + shift + MAX_DISTANCE + 1;
  if (firstIndex > LAST_INDEX) {
    memory.fill(HEADS, 0, WINDOWS - HEADS);
    firstIndex = MAX_DISTANCE + 1;
  }
  shift = firstIndex - from;
  searchEnd = to - min(to - from, 3);
  pending = from;
  pairs = pairs_;
}

/** The index of the first byte that is in reach from `index`. */
@inline
export function lowestFrom(index: u32): u32 {
  return max(firstIndex, index - MAX_DISTANCE);
}

/** Puts a position into a table of 2^bits, by the bytes that it starts with; gives the index that was there. */
@inline
function exchange(table: u32, bits: u32, bytes: u32, index: u32): u32 {
  const slot = table + (((bytes * 2654435761) >>> (32 - bits)) << 2);
  const before = load<u32>(slot);
  store<u32>(slot, index);
  return before;
}

@inline
function linkOf(index: u32): u32 {
  return CHAINS + ((index & 0xffff) << 1);
}

/** Puts a position into the chain of its four bytes; gives the index of the one before it there. */
@inline
export function insert(bytes: u32, index: u32): u32 {
  const newest = exchange(HEADS, 15, bytes, index);
  store<u16>(linkOf(index), min(index - newest, 0xffff));
  return newest;
}

/** The index before this one in its chain; where there is none, one out of reach. */
@inline
export function previousOf(index: u32): u32 {
  return index - <u32>load<u16>(linkOf(index));
}

/** Makes a position the newest with its first three bytes; gives the index of the one before it. */
@inline
export function insertTriple(bytes: u32, index: u32): u32 {
  return exchange(TRIPLES, 14, bytes << 8, index);
}

/** The same for its first two bytes. */
@inline
export function insertPair(bytes: u32, index: u32): u32 {
  return exchange(PAIRS, 13, bytes & 0xffff, index);
}

/** Puts all positions before `end` into the tables that are not there yet. */
export function insertUpTo(end: u32): void {
  const shift_ = shift;
  const pairs_ = pairs;
  const stop = min(end, searchEnd);
  for (let address = pending; address < stop; address++) {
    const bytes = load<u32>(address);
    const index = address + shift_;
    if (pairs_) insertPair(bytes, index);
    insertTriple(bytes, index);
    insert(bytes, index);
  }
  pending = end;
}

/** All positions before `end` are in the tables. */
@inline
export function setInserted(end: u32): void {
  pending = end;
}
