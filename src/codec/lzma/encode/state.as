// What encoder and decoder both know when a symbol comes: the kinds of the last symbols, the last four distances, and where
// in the contents it stands. Distances count from 0.
import { FIRST_MATCH_STATE, LITERALS, LITERAL_SIZE, resetProbabilities } from "../memory";

/** Kinds of the last symbols, 0 to 11. */
export let state: u32 = 0;
/** The last four distances, the newest first. */
export let rep0: u32 = 0;
export let rep1: u32 = 0;
export let rep2: u32 = 0;
export let rep3: u32 = 0;

/** The address that positions count from. */
export let start: u32 = 0;
/** Bits of literals' contexts from the byte before, and masks for positions: lc, lp and pb of the format. */
let previousBits: u32 = 3;
let literalMask: u32 = 0;
export let positionMask: u32 = 3;

/** Sets what contexts are made of. */
export function setContexts(lc: u32, lp: u32, pb: u32): void {
  previousBits = lc;
  literalMask = (1 << lp) - 1;
  positionMask = (1 << pb) - 1;
}

/** Positions count from this address. */
export function startContents(from: u32): void {
  start = from;
}

/** Forgets everything. */
export function resetState(): void {
  resetProbabilities();
  state = 0;
  rep0 = 0;
  rep1 = 0;
  rep2 = 0;
  rep3 = 0;
}

/** The part of a position that contexts know. */
@inline
export function placeOf(at: u32): u32 {
  return (at - start) & positionMask;
}

/** The contexts of a literal at an address that is not the first. */
@inline
export function literalContexts(at: u32): u32 {
  const bits = previousBits;
  const context = (((at - start) & literalMask) << bits) + (<u32>load<u8>(at - 1) >>> (8 - bits));
  return LITERALS + context * LITERAL_SIZE;
}

/** States after each kind of symbol. */
@inline
export function afterLiteral(before: u32): u32 {
  return before < 4 ? 0 : before - (before < 10 ? 3 : 6);
}
@inline
export function afterMatch(before: u32): u32 {
  return before < FIRST_MATCH_STATE ? 7 : 10;
}
@inline
export function afterRepeated(before: u32): u32 {
  return before < FIRST_MATCH_STATE ? 8 : 11;
}
@inline
export function afterShort(before: u32): u32 {
  return before < FIRST_MATCH_STATE ? 9 : 11;
}

/** A literal has come. */
@inline
export function passLiteral(): void {
  state = afterLiteral(state);
}

/** A byte at the last distance has come. */
@inline
export function passShort(): void {
  state = afterShort(state);
}

/** A match at a new distance has come. */
@inline
export function passMatch(distance: u32): void {
  state = afterMatch(state);
  rep3 = rep2;
  rep2 = rep1;
  rep1 = rep0;
  rep0 = distance;
}

/** A match at one of the last distances has come. */
@inline
export function passRepeated(index: u32): void {
  state = afterRepeated(state);
  if (index == 0) return;
  const distance = index == 1 ? rep1 : index == 2 ? rep2 : rep3;
  if (index == 3) rep3 = rep2;
  if (index >= 2) rep2 = rep1;
  rep1 = rep0;
  rep0 = distance;
}
