// The block that is being made: matches in a row, each with the number of literals before it, and how often each symbol
// occurs. The literals themselves stay where they are, in the input.
//
//     | literals | distance | length |    eight bytes each; the literals behind the last match are in no entry
//     | u32      | u16      | u16    |
import { DIST_FREQ, FIRST_LENGTH, LENGTH_SLOTS, LITLEN_FREQ, MATCHES, MATCHES_END, distSlot } from "../memory";

const DISTANCE: u32 = 4;
const LENGTH: u32 = 6;
/** Size of an entry. */
export const ENTRY: u32 = 8;

/** Addresses of the first byte of the block, of the next one to be looked at, and of the first in no entry yet. */
export let blockStart: u32 = 0;
export let next: u32 = 0;
export let anchor: u32 = 0;
/** Address behind the last entry. */
export let entries: u32 = 0;

/** Starts a block at `at`. */
export function startTokens(at: u32): void {
  blockStart = at;
  next = at;
  anchor = at;
  entries = MATCHES;
  memory.fill(LITLEN_FREQ, 0, 288 * 4);
  memory.fill(DIST_FREQ, 0, 32 * 4);
}

/** Keeps how far a parser has come. */
export function saveTokens(next_: u32, anchor_: u32, entries_: u32): void {
  next = next_;
  anchor = anchor_;
  entries = entries_;
}

/** Whether there is room for another match. */
@inline
export function isFull(entries: u32): bool {
  return entries >= MATCHES_END;
}

/** Changes how often a literal occurs. */
@inline
export function countLiteral(literal: u32, change: u32 = 1): void {
  const place = literal << 2;
  store<u32>(place, load<u32>(place, LITLEN_FREQ) + change, LITLEN_FREQ);
}

/** Changes how often a match of this kind occurs. */
@inline
export function countMatch(length: u32, distance: u32, change: u32 = 1): void {
  countLiteral(FIRST_LENGTH + <u32>load<u8>(length, LENGTH_SLOTS), change);
  const place = distSlot(distance) << 2;
  store<u32>(place, load<u32>(place, DIST_FREQ) + change, DIST_FREQ);
}

/** Adds a match behind `literals` literals, to the counts too; gives where the next entry goes. */
@inline
export function putMatch(entry: u32, literals: u32, length: u32, distance: u32): u32 {
  store<u32>(entry, literals);
  store<u16>(entry, distance, DISTANCE);
  store<u16>(entry, length, LENGTH);
  countMatch(length, distance);
  return entry + ENTRY;
}

/** The parts of an entry. */
@inline
export function literalsOf(entry: u32): u32 {
  return load<u32>(entry);
}
@inline
export function distanceOf(entry: u32): u32 {
  return load<u16>(entry, DISTANCE);
}
@inline
export function lengthOf(entry: u32): u32 {
  return load<u16>(entry, LENGTH);
}
