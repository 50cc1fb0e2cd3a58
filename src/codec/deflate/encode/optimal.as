// The parser of the highest levels. For a stretch of input it collects the matches at every position, and finds the row of
// literals and matches that takes the fewest bits, by what each symbol is thought to take. That follows from how often
// symbols occur, so it is done again with the counts of the row that came out.
import {
  COSTS, DIST_EXTRA, DIST_FREQ, DIST_SYMBOLS, END_OF_BLOCK, FIRST_LENGTH, FOUND, FOUND_END, LENGTH_EXTRA, LENGTH_SLOTS,
  LITLEN_FREQ, LITLEN_SYMBOLS, MAX_MATCH, MIN_MATCH, NODES, distSlot,
} from "../memory";
import { log2 } from "./estimate";
import { findAll, foundEnd, insert } from "./search";
import { MIN_BLOCK, isSplit } from "./split";
import { anchor, blockStart, countLiteral, entries, isFull, next, putMatch, saveTokens } from "./tokens";

/** Positions in a stretch, MAX_MATCH more at most: not so many that blocks could not end where contents change. */
const STRETCH: u32 = 2048;
/** Blocks may end between two stretches, if there were so many symbols: more often than other levels would look at them. */
const SYMBOLS_A_LOOK: u32 = 128;
/** Room for the matches of one position, and what follows if one of them is long. */
const MOST_FOUND: u32 = 2 * (MAX_MATCH + 2) * 4;

/** Costs in 1/256 bit: of each literal, of each match length, of each slot of distances; extra bits included. */
const LITERAL_COSTS = COSTS;
const LENGTH_COSTS: u32 = COSTS + 0x400;
const DIST_COSTS: u32 = COSTS + 0x900;
/** How often symbols occur in the row that was found last: those of LITLEN_FREQ and DIST_FREQ, in their order. */
const ROW_FREQ: u32 = COSTS + 0xa00;
const ROW_DIST_FREQ: u32 = ROW_FREQ + (DIST_FREQ - LITLEN_FREQ);
const ROW_SIZE: u32 = DIST_FREQ - LITLEN_FREQ + 32 * 4;

/** A position: what it costs to get there, and by which step: as search.as keeps matches; 1 << 16 is a literal. */
const NODE: u32 = 8;
const STEP: u32 = 4;
const LITERAL: u32 = 1 << 16;

/** The end of the input, and how it is searched. */
let end: u32 = 0;
let attempts: i32 = 0;
let enough: u32 = 0;
let passes: u32 = 0;
/** How many symbols there were since the last look at what kinds they are. */
let symbols: u32 = 0;

/** Starts an input that ends at `end`; each stretch is parsed `passes` times. */
export function startOptimal(end_: u32, attempts_: i32, enough_: u32, passes_: u32): void {
  end = end_;
  attempts = attempts_;
  enough = enough_;
  passes = passes_;
}

@inline
function node(position: u32): u32 {
  return NODES + position * NODE;
}

/**
 * Collects the matches at the positions from `at` on, a count before those of each; gives how many positions have been
 * looked at: about `size`, more if the last match is long.
 */
function collect(at: u32, size: u32): u32 {
  const stretchEnd = at + size;
  const start = at;
  let place = FOUND;
  while (at < stretchEnd && place + MOST_FOUND < FOUND_END) {
    const room = min(end - at, MAX_MATCH);
    if (room < 4) {
      store<u32>(place, 0);
      place += 4;
      at++;
      continue;
    }
    const longest = findAll(at, at + room, min(enough, room), attempts, place + 4);
    store<u32>(place, (foundEnd() - place - 4) >>> 2);
    place = foundEnd();
    at++;
    if (longest < enough) continue;
    // so long that it will be taken: what is inside need not be searched
    const behind = at + longest - 1;
    insert(at, min(behind, end - 3));
    for (; at < behind; at++) {
      store<u32>(place, 0);
      place += 4;
    }
  }
  return at - start;
}

/** A symbol's cost where all together occur `all` times; one that has not occurred is taken to do so half a time. */
@inline
function costOf(freq: u32, allLog: u32): u32 {
  return freq == 0 ? allLog + 256 : max(allLog - log2(freq), 1);
}

/** Finds the costs, by the counts of the block and of the last row. */
function makeCosts(): void {
  let litlens: u32 = 1;
  let dists: u32 = 1;
  for (let place: u32 = 0; place < LITLEN_SYMBOLS * 4; place += 4) {
    litlens += load<u32>(place, LITLEN_FREQ) + load<u32>(place, ROW_FREQ);
  }
  for (let place: u32 = 0; place < DIST_SYMBOLS * 4; place += 4) {
    dists += load<u32>(place, DIST_FREQ) + load<u32>(place, ROW_DIST_FREQ);
  }
  const litlensLog = log2(litlens);
  const distsLog = log2(dists);
  for (let place: u32 = 0; place < END_OF_BLOCK * 4; place += 4) {
    const cost = costOf(load<u32>(place, LITLEN_FREQ) + load<u32>(place, ROW_FREQ), litlensLog);
    store<u32>(place, cost, LITERAL_COSTS);
  }
  for (let length = MIN_MATCH; length <= MAX_MATCH; length++) {
    const slot = <u32>load<u8>(length, LENGTH_SLOTS);
    const place = (FIRST_LENGTH + slot) << 2;
    const cost = costOf(load<u32>(place, LITLEN_FREQ) + load<u32>(place, ROW_FREQ), litlensLog);
    store<u32>(length << 2, cost + (<u32>load<u8>(slot, LENGTH_EXTRA) << 8), LENGTH_COSTS);
  }
  for (let slot: u32 = 0; slot < DIST_SYMBOLS; slot++) {
    const place = slot << 2;
    const cost = costOf(load<u32>(place, DIST_FREQ) + load<u32>(place, ROW_DIST_FREQ), distsLog);
    store<u32>(place, cost + (<u32>load<u8>(slot, DIST_EXTRA) << 8), DIST_COSTS);
  }
}

/** The first guess at the counts of a stretch: bytes that are mostly part of matches, which are mostly short and near. */
function guessRow(at: u32, size: u32): void {
  memory.fill(ROW_FREQ, 0, ROW_SIZE);
  for (const stop = at + size; at < stop; at++) {
    const place = <u32>load<u8>(at) << 2;
    store<u32>(place, load<u32>(place, ROW_FREQ) + 1, ROW_FREQ);
  }
  for (let place: u32 = 0; place < END_OF_BLOCK * 4; place += 4) {
    store<u32>(place, (load<u32>(place, ROW_FREQ) + 2) >>> 2, ROW_FREQ);
  }
  for (let slot: u32 = 0; slot < 29; slot++) {
    store<u32>((FIRST_LENGTH + slot) << 2, 1 + size / (16 * (slot + 2)), ROW_FREQ);
  }
  for (let slot: u32 = 0; slot < DIST_SYMBOLS; slot++) store<u32>(slot << 2, 1 + size / 256, ROW_DIST_FREQ);
}

/** Finds the cheapest way through the stretch; leaves at each position the step that leads there. */
function findRow(at: u32, size: u32): void {
  for (let position: u32 = 1; position <= size; position++) store<u32>(node(position), u32.MAX_VALUE);
  store<u32>(node(0), 0);
  let place = FOUND;
  for (let position: u32 = 0; position < size; position++) {
    const cost = load<u32>(node(position));
    const byLiteral = cost + load<u32>(<u32>load<u8>(at + position) << 2, LITERAL_COSTS);
    const behind = node(position + 1);
    if (byLiteral < load<u32>(behind)) {
      store<u32>(behind, byLiteral);
      store<u32>(behind, LITERAL, STEP);
    }
    let length = MIN_MATCH;
    const last = place + (load<u32>(place) << 2);
    for (place += 4; place <= last; place += 4) {
      const match = load<u32>(place);
      const offset = match & 0xffff;
      const base = cost + load<u32>(distSlot(offset + 1) << 2, DIST_COSTS);
      for (const longest = min(match >>> 16, size - position); length <= longest; length++) {
        const target = node(position + length);
        const byMatch = base + load<u32>(length << 2, LENGTH_COSTS);
        if (byMatch < load<u32>(target)) {
          store<u32>(target, byMatch);
          store<u32>(target, (length << 16) | offset, STEP);
        }
      }
    }
  }
}

/** Turns the steps round: each position then has the one that leads on from it. Counts their symbols. */
function countRow(at: u32, size: u32): void {
  memory.fill(ROW_FREQ, 0, ROW_SIZE);
  let position = size;
  let step = load<u32>(node(position), STEP);
  while (position > 0) {
    const length = step >>> 16;
    position -= length;
    const before = load<u32>(node(position), STEP);
    store<u32>(node(position), step, STEP);
    const symbol = length == 1 ? <u32>load<u8>(at + position) : FIRST_LENGTH + <u32>load<u8>(length, LENGTH_SLOTS);
    store<u32>(symbol << 2, load<u32>(symbol << 2, ROW_FREQ) + 1, ROW_FREQ);
    if (length > 1) {
      const place = distSlot((step & 0xffff) + 1) << 2;
      store<u32>(place, load<u32>(place, ROW_DIST_FREQ) + 1, ROW_DIST_FREQ);
    }
    step = before;
  }
}

/** Starts a block. */
export function startOptimalBlock(): void {
  symbols = 0;
}

/** Parses until `stop` is reached, or the block has to end: true if it is contents that change. */
export function parseOptimal(stop: u32): bool {
  while (next < stop && !isFull(entries)) {
    if (symbols >= SYMBOLS_A_LOOK && next - blockStart >= MIN_BLOCK && end - next >= MIN_BLOCK) {
      symbols = 0;
      if (isSplit(next - blockStart)) return true;
    }
    // whatever `stop` is: so what comes out does not depend on how the room for it was found
    const first = next;
    const size = collect(first, min(STRETCH, end - first));
    guessRow(first, size);
    for (let pass: u32 = 0; pass < passes; pass++) {
      makeCosts();
      findRow(first, size);
      countRow(first, size);
    }
    let at = first;
    let start = anchor;
    let entry = entries;
    for (const last = first + size; at < last; ) {
      const step = load<u32>(node(at - first), STEP);
      const length = step >>> 16;
      if (length == 1) countLiteral(load<u8>(at));
      else entry = putMatch(entry, at - start, length, (step & 0xffff) + 1);
      at += length;
      if (length > 1) start = at;
      symbols++;
    }
    saveTokens(at, start, entry);
  }
  return false;
}
