// LZ4HC, levels 1 to 9: looks at up to three matches that overlap before it decides how to cut them. As liblz4 1.9.4.
import { MATCH_MARGIN, MIN_INPUT, MIN_MATCH, SHORT } from "./memory";
import { finishBlock, lastStart, overflow, startBlock, writeSequence } from "./encode";
import { findNext, findNextRuns, findWider, findWiderRuns, foundMatch, foundStart, startSearch } from "./search";

/** From so many attempts on runs are recognized. */
const RUNS: i32 = 129;

/**
 * Compresses [from, to) to [at, at + limit), looking at up to `attempts` places for each match.
 *
 * Long because liblz4's is one function, whose jumps between one, two and three known matches are the loops here: its
 * choices, and so its bytes, can be compared line by line.
 */
export function compressChain(from: u32, to: u32, at: u32, limit: u32, fill: bool, attempts: i32): u32 {
  startBlock(from, to, at, limit, fill);
  if (to - from < MIN_INPUT) return finishBlock();
  startSearch(from, to);
  const runs = attempts >= RUNS;
  const last = to - MATCH_MARGIN;
  let ip = from;
  while (ip <= lastStart) {
    let size = runs ? findNextRuns(ip, lastStart, attempts) : findNext(ip, lastStart, attempts);
    if (size == 0) break;
    ip = foundStart;
    let match = foundMatch;
    // the first of these matches, should more have been skipped than was good
    let ip0 = ip;
    let match0 = match;
    let size0 = size;
    // one match is known: the first
    for (let isOpen = true; isOpen; ) {
      let size2 = size;
      if (ip + size <= last) {
        const at2 = ip + size - 2;
        size2 = runs ? findWiderRuns(at2, ip, size, attempts) : findWider(at2, ip, size, attempts);
      }
      if (size2 == size) {
        if (!writeSequence(ip, match, size)) return overflow(ip, match, size);
        ip += size;
        break;
      }
      let ip2 = foundStart;
      let match2 = foundMatch;
      if (ip0 < ip && ip2 < ip + size0) {
        ip = ip0;
        match = match0;
        size = size0;
      }
      if (ip2 - ip < 3) {
        // too little would remain of the first
        ip = ip2;
        match = match2;
        size = size2;
        continue;
      }
      // two are known
      while (true) {
        if (ip2 - ip < SHORT) {
          // the first gets what its token can tell, as long as enough of the second remains
          const cut = min(min(size, SHORT), ip2 - ip + size2 - MIN_MATCH);
          if (cut > ip2 - ip) {
            const more = cut - (ip2 - ip);
            ip2 += more;
            match2 += more;
            size2 -= more;
          }
        }
        let size3 = size2;
        if (ip2 + size2 <= last) {
          const at3 = ip2 + size2 - 3;
          size3 = runs ? findWiderRuns(at3, ip2, size2, attempts) : findWider(at3, ip2, size2, attempts);
        }
        if (size3 == size2) {
          size = min(size, ip2 - ip);
          if (!writeSequence(ip, match, size)) return overflow(ip, match, size);
          if (!writeSequence(ip2, match2, size2)) return overflow(ip2, match2, size2);
          ip = ip2 + size2;
          isOpen = false;
          break;
        }
        const ip3 = foundStart;
        const match3 = foundMatch;
        if (ip3 < ip + size + 3) {
          // no room for the second
          if (ip3 >= ip + size) {
            // the first can be written, the third takes its place
            if (ip2 < ip + size) {
              const more = ip + size - ip2;
              ip2 += more;
              match2 += more;
              size2 -= more;
              if (<i32>size2 < <i32>MIN_MATCH) {
                ip2 = ip3;
                match2 = match3;
                size2 = size3;
              }
            }
            if (!writeSequence(ip, match, size)) return overflow(ip, match, size);
            ip = ip3;
            match = match3;
            size = size3;
            ip0 = ip2;
            match0 = match2;
            size0 = size2;
            break;
          }
          ip2 = ip3;
          match2 = match3;
          size2 = size3;
          continue;
        }
        // three, one behind the other: the first is written
        if (ip2 < ip + size) {
          if (ip2 - ip < SHORT) {
            size = min(min(size, SHORT), ip2 - ip + size2 - MIN_MATCH);
            if (size > ip2 - ip) {
              const more = size - (ip2 - ip);
              ip2 += more;
              match2 += more;
              size2 -= more;
            }
          } else size = ip2 - ip;
        }
        if (!writeSequence(ip, match, size)) return overflow(ip, match, size);
        ip = ip2;
        match = match2;
        size = size2;
        ip2 = ip3;
        match2 = match3;
        size2 = size3;
      }
    }
  }
  return finishBlock();
}
