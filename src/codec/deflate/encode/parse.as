// From input to symbols, in four ways: the longer of two matches (level 1); the longest match that is found (greedy); a
// look at the next position, or the next two, before it is taken (lazy, lazier). Decisions are libdeflate's: how many
// bytes a match must have by how many literals are in use, and when a later match is the better one.
import { LITLEN_FREQ, MAX_MATCH, MIN_MATCH, SORT } from "../memory";
import { parseOptimal, startOptimalBlock } from "./optimal";
import { findMatch, findNewest, foundDistance, insert, insertNewest } from "./search";
import { MIN_BLOCK, SYMBOLS_A_LOOK, isSplit, startSplit } from "./split";
import {
  anchor, blockStart, countLiteral, entries, isFull, next, putMatch, saveTokens, startTokens,
} from "./tokens";

/** How a level searches. */
const GREEDY = 0;
const LAZY = 1;
const LAZIER = 2;
/** Searches need so many bytes: four for the hash, at the position after next too. */
const MARGIN: u32 = 6;
/** A match of three bytes that is so far away takes more bits than three literals. */
const TOO_FAR: u32 = 8192;
/** So many bytes of a long match are put into the tables at level 1, from its start and at its end. */
const INSERTED: u32 = 16;

/** The end of the input. */
let end: u32 = 0;
/** How a match is searched for: how many places are looked at, and what length is enough. */
let attempts: i32 = 0;
let enough: u32 = 0;
/** All matches of three bytes are worth it. */
let takesShort: bool = false;
/** Matches must have so many bytes, and where this is considered again. */
let minMatch: u32 = 0;
let considerAt: u32 = 0;
/** How many symbols there were since the last look at them, and whether that look found that the block should end. */
let symbols: u32 = 0;
export let isBlockSplit: bool = false;

/** Starts an input that ends at `end`. */
export function startParse(end_: u32, attempts_: i32, enough_: u32, takesShort_: bool): void {
  end = end_;
  attempts = attempts_;
  enough = enough_;
  takesShort = takesShort_;
}

/** Starts a block at `at`, of at most `size` bytes. */
export function startBlock(at: u32, size: u32): void {
  startTokens(at);
  startSplit();
  startOptimalBlock();
  symbols = 0;
  isBlockSplit = false;
  minMatch = takesShort ? MIN_MATCH : firstMinMatch(at, size);
  considerAt = takesShort ? u32.MAX_VALUE : at + 10_000;
}

/** How long matches must be to be worth it, where so many different literals are in use. */
function minMatchFor(literals: u32): u32 {
  let length: u32;
  if (literals < 6) length = 9;
  else if (literals < 16) length = literals < 8 ? 8 : literals < 10 ? 7 : 6;
  else length = literals < 45 ? 5 : literals < 80 ? 4 : 3;
  // who looks at few places finds few long matches
  return attempts < 5 ? min(length, 4) : attempts < 10 ? min(length, 5) : attempts < 16 ? min(length, 7) : length;
}

/** By the bytes at the start of a block. */
function firstMinMatch(at: u32, size: u32): u32 {
  // a block of little content will have fixed codes, or none that are short
  if (size < 512) return MIN_MATCH;
  memory.fill(SORT, 0, 256);
  for (const stop = at + min(size, 4096); at < stop; at++) store<u8>(load<u8>(at), 1, SORT);
  let literals: u32 = 0;
  for (let byte: u32 = 0; byte < 256; byte++) literals += load<u8>(byte, SORT);
  return minMatchFor(literals);
}

/** By the literals that were not part of a match. */
function nextMinMatch(): u32 {
  let all: u32 = 0;
  for (let place: u32 = 0; place < 1024; place += 4) all += load<u32>(place, LITLEN_FREQ);
  const few = all >>> 10;
  let literals: u32 = 0;
  for (let place: u32 = 0; place < 1024; place += 4) literals += <u32>(load<u32>(place, LITLEN_FREQ) > few);
  return minMatchFor(literals);
}

/** Whether `later`, longer by `gain`, with its distance, is worth a literal (or two) before it. */
@inline
function isBetter(gain: i32, distance: u32, laterDistance: u32, price: i32): bool {
  return 4 * gain + (<i32>clz(laterDistance) - <i32>clz(distance)) > price;
}

/** Considers again how long matches must be, where it is time to. */
@inline
function considerMinMatch(at: u32): void {
  if (at < considerAt) return;
  considerAt = at + (at - blockStart);
  minMatch = nextMinMatch();
}

/** The length of a match at `at` that is longer than `longest`, or `longest`; looks at `tries` places. */
@inline
function findLonger(at: u32, longest: u32, nice: u32, tries: i32): u32 {
  const room = min(end - at, MAX_MATCH);
  return findMatch(at, at + room, longest, min(nice, room), tries);
}

/** Parses until `stop` is reached, or the block has to end. */
@inline
function parse(stop: u32, mode: i32): void {
  let at = next;
  let start = anchor;
  let entry = entries;
  let seen = symbols;
  while (at < stop && !isFull(entry)) {
    if (seen >= SYMBOLS_A_LOOK && at - blockStart >= MIN_BLOCK && end - at >= MIN_BLOCK) {
      seen = 0;
      if (isSplit(at - blockStart)) {
        isBlockSplit = true;
        break;
      }
    }
    considerMinMatch(at);
    seen++;
    if (end - at < MARGIN) {
      countLiteral(load<u8>(at++));
      continue;
    }
    const nice = enough;
    let length = findLonger(at, minMatch - 1, nice, attempts);
    let distance = foundDistance;
    if (length < minMatch || (length == MIN_MATCH && distance > TOO_FAR)) {
      countLiteral(load<u8>(at++));
      continue;
    }
    let from = at + 1;
    if (mode != GREEDY) {
      // `from`: what is not yet in the chains
      while (length < nice && end - from >= MARGIN) {
        let later = findLonger(from, length - 1, nice, attempts >> 1);
        from++;
        if (later >= length && isBetter(later - length, distance, foundDistance, 2)) {
          countLiteral(load<u8>(at++));
          seen++;
          length = later;
          distance = foundDistance;
          continue;
        }
        if (mode == LAZY || end - from < MARGIN) break;
        later = findLonger(from, length - 1, nice, attempts >> 2);
        from++;
        if (later < length || !isBetter(later - length, distance, foundDistance, 6)) break;
        countLiteral(load<u8>(at++));
        countLiteral(load<u8>(at++));
        seen += 2;
        length = later;
        distance = foundDistance;
      }
    }
    entry = putMatch(entry, at - start, length, distance);
    at += length;
    start = at;
    if (from < at) insert(from, min(at, end - 3));
  }
  symbols = seen;
  saveTokens(at, start, entry);
}

/** See parse(). */
export function parseGreedy(stop: u32): void {
  parse(stop, GREEDY);
}
export function parseLazy(stop: u32): void {
  parse(stop, LAZY);
}
export function parseLazier(stop: u32): void {
  parse(stop, LAZIER);
}

/** The highest levels: see optimal.as. */
export function parseOptimally(stop: u32): void {
  isBlockSplit = parseOptimal(stop);
}

/** Level 1. */
export function parseFast(stop: u32): void {
  let at = next;
  let start = anchor;
  let entry = entries;
  while (at < stop && !isFull(entry)) {
    if (end - at < MARGIN) {
      countLiteral(load<u8>(at++));
      continue;
    }
    const length = findNewest(at, at + min(end - at, MAX_MATCH));
    if (length == 0) {
      countLiteral(load<u8>(at++));
      continue;
    }
    entry = putMatch(entry, at - start, length, foundDistance);
    start = at + length;
    const last = min(start, end - 3);
    if (length <= 2 * INSERTED) insertNewest(at + 1, last);
    else {
      insertNewest(at + 1, at + INSERTED);
      insertNewest(last - INSERTED, last);
    }
    at = start;
  }
  saveTokens(at, start, entry);
}
