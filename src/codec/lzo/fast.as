// LZO1X-1: one table with the last position of each hash, no choice between matches, and steps that grow while nothing is
// found.
import { HEADS, MAX_DISTANCE, countEqual } from "./memory";
import { anchor, finishBlock, overflow, startBlock, writeSequence } from "./encode";

/** After so many probes without a match the step grows by one. */
const PATIENCE_BITS: u32 = 5;
/** The shortest match that is looked for. */
const MIN_MATCH: u32 = 4;

@inline
function slotOf(address: u32, down: u32): u32 {
  return HEADS + (((load<u32>(address) * 2654435761) >>> down) << 2);
}

/** Compresses [from, to) to [at, at + limit), with a table of 2^bits positions. */
export function compressFast(from: u32, to: u32, at: u32, limit: u32, fill: bool, bits: u32): u32 {
  startBlock(from, to, at, limit, fill);
  if (to - from < MIN_MATCH) return finishBlock();
  memory.fill(HEADS, 0, 4 << bits);
  const down = 32 - bits;
  const last = to - MIN_MATCH;
  // an empty slot stands for the first position, so that one need not be put in
  let ip = from + 1;
  while (true) {
    let match: u32;
    let probes: u32 = 1 << PATIENCE_BITS;
    const stop = fill ? min(last, ip + limit) : last;
    while (true) {
      if (ip > stop) return finishBlock();
      const slot = slotOf(ip, down);
      match = from + load<u32>(slot);
      store<u32>(slot, ip - from);
      if (load<u32>(match) == load<u32>(ip) && ip - match <= MAX_DISTANCE) break;
      ip += probes++ >>> PATIENCE_BITS;
    }
    const distance = ip - match;
    const size = MIN_MATCH + countEqual(ip + MIN_MATCH, match + MIN_MATCH, to);
    const start = anchor;
    let back: u32 = 0;
    while (ip - back > start && match - back > from && load<u8>(ip - back - 1) == load<u8>(match - back - 1)) back++;
    if (!writeSequence(ip - back, distance, size + back)) return overflow(ip - back, distance, size + back);
    ip += size;
    if (ip > last) return finishBlock();
    store<u32>(slotOf(ip - 2, down), ip - 2 - from);
  }
}
