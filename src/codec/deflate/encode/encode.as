// A whole stream: block after block, until the input ends or the output is full.
import { CONSUMED } from "../memory";
import { lookAtMatches, startAdvice } from "./advice";
import { bitPosition, finishBits, startBits } from "./bits";
import { measureBlock, putBlock } from "./block";
import { putCutBlock } from "./cut";
import { estimateBlock } from "./estimate";
import { startOptimal } from "./optimal";
import {
  isBlockSplit, parseFast, parseGreedy, parseLazier, parseLazy, parseOptimally, startBlock, startParse,
} from "./parse";
import { isCounting } from "./probe";
import { startSearch } from "./search";
import { blockStart, entries, isFull, next } from "./tokens";

/** No block has more bytes, or not many more; level 1 never splits blocks by what is in them, so has shorter ones. */
const MAX_BLOCK: u32 = 300_000;
const MAX_FAST_BLOCK: u32 = 65_535;
/** A rest of the input that is shorter goes into the block before it. */
const MIN_REST: u32 = 5000;

/** The ways to parse, see parse.as. */
const FAST: u32 = 0;
export const SHORT: u32 = 1;
const GREEDY: u32 = 2;
export const LAZY: u32 = 3;
const LAZIER: u32 = 4;
/** What is above this parses that many times more. */
const OPTIMAL: u32 = 5;
/** Numbers in a row are parsed as at level 2, which finds three bytes too. */
const COUNTING_ATTEMPTS: i32 = 6;
const COUNTING_ENOUGH: u32 = 10;

/** Level 1 has seen numbers in a row at the start of the last input. */
export let isCounted: bool = false;

/**
 * Parses up to where the block has to end. With `room`: only as far as the block fits into so many bits, and a little
 * farther, so that almost nothing is parsed that the next output will have to parse again. True if the block has come
 * to its end.
 */
function parseBlock(method: u32, blockEnd: u32, room: u32, fill: bool): bool {
  // stored, so much fits; a block that is known to fit goes on
  const first = next == blockStart ? (room >>> 3) + 1 : (next - blockStart) + ((next - blockStart) >>> 6) + 32;
  let stop = fill ? min(blockEnd, blockStart + first) : blockEnd;
  while (true) {
    if (method == FAST) parseFast(stop);
    else if (method <= GREEDY) parseGreedy(stop);
    else if (method == LAZY) parseLazy(stop);
    else if (method == LAZIER) parseLazier(stop);
    else parseOptimally(stop);
    if (next >= blockEnd || isBlockSplit || isFull(entries)) return true;
    const size = next - blockStart;
    const bits = estimateBlock(size);
    if (bits > room + (room >>> 7)) return false;
    // as far as it fits if what comes is like what was, but not more than twice as far as is known
    const more = <u32>min((<u64>(room + (room >>> 6) - bits) * size) / bits + 32, size);
    stop = min(blockEnd, next + more);
  }
}

/**
 * Compresses [from, to) to a stream in [at, at + limit): as much as fits if `fill`, else all or nothing. Gives the size
 * of the stream, or 0; leaves in CONSUMED how much of the input it stands for.
 */
export function compress(
  from: u32, to: u32, at: u32, limit: u32, fill: bool, method: u32, attempts: i32, enough: u32,
): u32 {
  store<u32>(CONSUMED, 0);
  isCounted = method == FAST && isCounting(from, to);
  if (isCounted) {
    method = GREEDY;
    attempts = COUNTING_ATTEMPTS;
    enough = COUNTING_ENOUGH;
  }
  // so that a number of bits is less than 2^32; no window is larger
  const room = min(limit, 0x10000000) << 3;
  startBits(at, at + limit);
  startAdvice();
  startSearch(from, to);
  startParse(to, attempts, enough, method == SHORT);
  startOptimal(to, attempts, enough, method - OPTIMAL + 1);
  const maxBlock = method == FAST ? MAX_FAST_BLOCK : MAX_BLOCK;
  let reached = from;
  do {
    const most = to - reached < maxBlock + MIN_REST ? to : reached + maxBlock;
    startBlock(reached, most - reached);
    let isWhole = false;
    let bits: u32 = 0;
    const left = room - bitPosition();
    while (!isWhole) {
      isWhole = parseBlock(method, most, left, fill);
      bits = measureBlock();
      if (bits > left) {
        if (!fill) return 0;
        lookAtMatches();
        reached = putCutBlock(bits, left, to);
        if (reached == from) return 0;
        store<u32>(CONSUMED, reached - from);
        return finishBits();
      }
    }
    reached = next;
    if (fill) lookAtMatches();
    putBlock(reached == to);
  } while (reached < to);
  store<u32>(CONSUMED, reached - from);
  return finishBits();
}
