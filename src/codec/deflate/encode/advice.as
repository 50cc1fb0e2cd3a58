// What matches say of how an input should have been parsed: level 1 takes the longer of two matches of four bytes, which is
// a bad choice where contents have rows of one length, as numbers, records and pictures do.
import { MATCHES } from "../memory";
import { LAZY, SHORT, isCounted } from "./encode";
import { ENTRY, distanceOf, entries, lengthOf, literalsOf } from "./tokens";

/** So many matches of a block are looked at; fewer than the least tell nothing. */
const MOST: u32 = 256;
const LEAST: u32 = 32;
/** A match that starts so near is in the row itself. */
const NEAR: u32 = 32;
/** Where matches are longer than this, on average, nothing is wrong with them. */
const MOST_LENGTH: u32 = 9;
const MOST_SHORT_LENGTH: u32 = 6;
const MOST_PLAIN_LENGTH: u32 = 5;

/** Of the matches that have been looked at: how many; those that start where the one before did; near ones; bytes. */
let count: u32 = 0;
let same: u32 = 0;
let near: u32 = 0;
let bytes: u32 = 0;
/** Literals in front of them. */
let literals: u32 = 0;

/** Starts an input. */
export function startAdvice(): void {
  count = same = near = bytes = literals = 0;
}

/** Looks at the first matches of a block that has been parsed. */
export function lookAtMatches(): void {
  const more = min((entries - MATCHES) / ENTRY, MOST);
  let last: u32 = 0;
  for (let entry = MATCHES, end = MATCHES + more * ENTRY; entry < end; entry += ENTRY) {
    const distance = distanceOf(entry);
    same += <u32>(distance == last);
    near += <u32>(distance <= NEAR);
    bytes += lengthOf(entry);
    literals += literalsOf(entry);
    last = distance;
  }
  count += more;
}

/**
 * The way that promises more than the one that the last input was parsed in; 0: there is none. LAZY where most distances
 * are those of the match before; SHORT, which finds three bytes too, where many matches are near and short, where next to
 * all is short matches, and where numbers in a row have been seen.
 */
export function findBetterWay(): u32 {
  if (isCounted) return SHORT;
  if (count < LEAST) return 0;
  if (same * 4 >= count * 3 && bytes <= MOST_LENGTH * count) return LAZY;
  if (near * 9 >= count * 4 && bytes <= MOST_SHORT_LENGTH * count) return SHORT;
  return literals * 8 <= count && bytes <= MOST_PLAIN_LENGTH * count ? SHORT : 0;
}
