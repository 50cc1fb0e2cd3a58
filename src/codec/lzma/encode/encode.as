// The encoder: symbol after symbol, as one of the parses chooses them, into LZMA without a mark of its end, or into chunks of
// LZMA2. What does not fit is either left for later or makes all of it come to nothing.
import { CONSUMED, KEPT_BEHIND } from "../memory";
import { chooseFast, fastBack } from "./fast";
import { chooseOptimal, optimalBack, startOptimal } from "./optimal";
import { fillBitPrices, resetPrices, setPrices } from "./prices";
import { finish, keep, MOST_OF_SYMBOL, op, startRange, TAIL, takeBack } from "./range";
import { ahead, find, setSearch, startSearch } from "./search";
import { resetState, setContexts, start, startContents } from "./state";
import { putEnd, putFirst, putSymbol } from "./symbols";
import { placeTables } from "./tables";

let isOptimal: bool = false;
let nice: u32 = 0;
/** The byte that tells lc, lp and pb. */
let properties: u32 = 0;

/** Bytes behind the output that may be written while it is made. */
const BEHIND: u32 = 64;
/** More than the mark of the end takes. */
const MOST_OF_MARK: u32 = 28;
/** An address behind all others: of a limit, there is none; of an output's end, it does not fit. */
const UNBOUNDED: u32 = 0xffffffff;

/**
 * Chunks of LZMA2 begin with a byte of flags, to which the upper bits of the length are added, 16 bits of the length less 1,
 * and 16 of the compressed length less 1; with new properties they follow. Those that are not compressed have the length only.
 */
const CHUNK_HEAD: u32 = 5;
const COMPRESSED: u32 = 0x80;
const NEW_PROPERTIES: u32 = 0x40;
const NEW_DICTIONARY: u32 = 0x60;
const PLAIN_NEW_DICTIONARY: u32 = 1;
const PLAIN: u32 = 2;
const PLAIN_HEAD: u32 = 3;
const MOST_PLAIN: u32 = 1 << 16;
const MOST_COMPRESSED: u32 = 1 << 16;
/** Less than 2 MiB by more than the longest symbol. */
const MOST_CONTENTS: u32 = (1 << 21) - 4096;

/** Sets how hard it tries, and makes room for it: to be called before windows are placed. */
export function setEncoder(reach: u32, isTree: bool, isOptimal_: bool, nice_: u32, depth: u32): void {
  isOptimal = isOptimal_;
  nice = nice_;
  fillBitPrices();
  placeTables(reach, isTree ? 8 : 4);
  setSearch(reach, isTree, nice_, depth);
  setPrices(isOptimal_, reach, nice_);
}

/** Sets what contexts are made of. @param lc bits of the byte before @param lp @param pb bits of the position */
export function setProperties(lc: u32, lp: u32, pb: u32): void {
  setContexts(lc, lp, pb);
  properties = (pb * 5 + lp) * 9 + lc;
}

/** Nothing is known of what came before. */
function forget(): void {
  resetState();
  resetPrices();
  startOptimal();
}

function startAll(from: u32, to: u32): void {
  startContents(from);
  startSearch(from, to);
}

/** Whether the last symbol did not fit and was taken back: nothing may follow, since contexts know it. */
let isTakenBack: bool = false;

/**
 * Writes symbols for [from, to) until contents up to `enough` have been taken, or `op` is above `most`. What goes past
 * `fillTo` is taken back. Gives how far it went.
 */
function writeSymbols(from: u32, to: u32, enough: u32, most: u32, fillTo: u32): u32 {
  const careful = fillTo - min(fillTo, MOST_OF_SYMBOL + TAIL);
  let at = from;
  isTakenBack = false;
  while (at < enough && op <= most) {
    const isClose = op > careful;
    if (isClose) keep();
    let length: u32 = 1;
    if (at == start) {
      find();
      putFirst(at);
    } else if (isOptimal) {
      length = chooseOptimal(at, to, nice);
      putSymbol(at, optimalBack, length);
    } else {
      length = chooseFast(at, to, nice);
      putSymbol(at, fastBack, length);
    }
    if (isClose && op + TAIL > fillTo) {
      takeBack();
      isTakenBack = true;
      break;
    }
    at += length;
  }
  return at;
}

/** Keeps what stands behind an output, which may be overwritten while it is made. */
function keepBehind(limitEnd: u32): void {
  memory.copy(KEPT_BEHIND, limitEnd, BEHIND);
}

/** Puts that back; gives the bytes of an output up to `end` with contents up to `to`, 0 if it is too long. */
function conclude(at: u32, end: u32, limitEnd: u32, to: u32): u32 {
  memory.copy(limitEnd, KEPT_BEHIND, BEHIND);
  if (end > limitEnd) return 0;
  store<u32>(CONSUMED, to - start);
  return end - at;
}

/**
 * Compresses [from, to) into at most `limit` bytes at `at`: `fill` takes as much as fits, else it is all or nothing. The first
 * byte is 0 as always. Gives the bytes written.
 */
export function compressLzma(from: u32, to: u32, at: u32, limit: u32, fill: bool): u32 {
  const limitEnd = at + limit;
  if (limit < 1 + TAIL) return 0;
  keepBehind(limitEnd);
  startAll(from, to);
  forget();
  startRange(at);
  const next = writeSymbols(from, to, to, limitEnd, fill ? limitEnd : UNBOUNDED);
  finish();
  const isWhole = next == to || (fill && next > from);
  return conclude(at, isWhole ? op : UNBOUNDED, limitEnd, next);
}

/** The same with a mark of the end. */
export function compressMarked(from: u32, to: u32, at: u32, limit: u32, fill: bool): u32 {
  const limitEnd = at + limit;
  if (limit < 1 + TAIL) return 0;
  keepBehind(limitEnd);
  startAll(from, to);
  forget();
  startRange(at);
  // a symbol cannot be taken back where another one is to follow
  const most = fill ? limitEnd - min(limit, MOST_OF_SYMBOL + MOST_OF_MARK + TAIL) : limitEnd;
  const next = writeSymbols(from, to, to, most, UNBOUNDED);
  const isWhole = (next == to && op <= limitEnd) || (fill && next > from);
  if (isWhole) putEnd(next);
  finish();
  return conclude(at, isWhole ? op : UNBOUNDED, limitEnd, next);
}

/** Compresses [from, to) into at most `limit` bytes of chunks of LZMA2 at `at`, and the byte that ends them. */
export function compressLzma2(from: u32, to: u32, at: u32, limit: u32, fill: bool): u32 {
  if (limit < 1) return 0;
  const limitEnd = at + limit;
  /** Up to where chunks may go. */
  const most = limitEnd - 1;
  keepBehind(limitEnd);
  startAll(from, to);
  let flags = NEW_DICTIONARY;
  let input = from;
  let output = at;
  let isFull = false;
  while (input < to && !isFull) {
    const head = CHUNK_HEAD + (flags == 0 ? 0 : 1);
    const contents = output + head;
    if (contents + 1 + TAIL > most) break;
    if (flags != 0) forget();
    startRange(contents);
    const chunkEnd = min(limitEnd, contents + MOST_COMPRESSED - TAIL - MOST_OF_SYMBOL);
    const next = writeSymbols(input, to, input + min(to - input, MOST_CONTENTS), chunkEnd, fill ? most : UNBOUNDED);
    isFull = isTakenBack;
    finish();
    const length = op - contents;
    if (length < next - input) {
      if (op > most) break;
      putHead(output, flags, next - input, length);
      output = op;
      input = next;
      flags = 0;
    } else {
      // what has been looked at goes with it, since symbols that are chosen already build on a state that ends here
      const end = fill ? min(ahead, input + roomForPlain(most - output)) : ahead;
      if (output + sizeOfPlain(end - input) > most) break;
      isFull = end < ahead;
      output = putPlain(output, flags == NEW_DICTIONARY, input, end);
      input = end;
      flags = NEW_PROPERTIES;
    }
  }
  const isWhole = input == to || (fill && input > from);
  if (isWhole) store<u8>(output++, 0);
  return conclude(at, isWhole ? output : UNBOUNDED, limitEnd, input);
}

/** Writes what a compressed chunk begins with. */
function putHead(at: u32, flags: u32, size: u32, compressed: u32): void {
  store<u8>(at, COMPRESSED | flags | ((size - 1) >>> 16));
  store<u16>(at, bswap<u16>(<u16>(size - 1)), 1);
  store<u16>(at, bswap<u16>(<u16>(compressed - 1)), 3);
  if (flags >= NEW_PROPERTIES) store<u8>(at, properties, 5);
}

/** Bytes of chunks that are not compressed, and of what fits into so many. */
function sizeOfPlain(size: u32): u32 {
  return size + PLAIN_HEAD * ((size + MOST_PLAIN - 1) / MOST_PLAIN);
}
function roomForPlain(room: u32): u32 {
  const whole = room / (MOST_PLAIN + PLAIN_HEAD);
  const rest = room - whole * (MOST_PLAIN + PLAIN_HEAD);
  return whole * MOST_PLAIN + (rest > PLAIN_HEAD ? rest - PLAIN_HEAD : 0);
}

/** Writes [from, to) as chunks that are not compressed; gives their end. */
function putPlain(at: u32, isFirst: bool, from: u32, to: u32): u32 {
  let output = at;
  for (let input = from; input < to; input += MOST_PLAIN) {
    const size = min(to - input, MOST_PLAIN);
    store<u8>(output, isFirst && input == from ? PLAIN_NEW_DICTIONARY : PLAIN);
    store<u16>(output, bswap<u16>(<u16>(size - 1)), 1);
    memory.copy(output + PLAIN_HEAD, input, size);
    output += PLAIN_HEAD + size;
  }
  return output;
}
