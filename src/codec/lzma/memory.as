// Where things lie in the module's memory, and the numbers of the format (Igor Pavlov's LZMA specification).
//
//     4 KiB    32 KiB   36 KiB  44 KiB   48 KiB           192 KiB   256 KiB
//     | probabi- | CRC-32 | CRC-64 |      | input, and   | bytes to  | dictionary, as large as the stream
//     | lities   | tables | tables |      | bytes behind | check     | wants it, and 64 bytes
//
// This is AssemblyScript without its runtime: addresses are plain u32, nothing is ever allocated. decoder.ts gives the
// dictionary its size; where blocks are compressed or decompressed as a whole, the tables of the encoder are there instead,
// see encode/tables.as. Bytes behind the input may be read, bytes behind the dictionary written.

/** Address of the u32 that tells how many bytes of contents the last compression used up. */
export const CONSUMED: u32 = 0;
/** What stands behind an output while it is made. */
export const KEPT_BEHIND: u32 = 0x40;

/** Of lengths: two bits that choose, then eight for each of 16 positions, eight more, then 256. */
export const LENGTH_LOW: u32 = 2 * 2;
export const LENGTH_MIDDLE: u32 = LENGTH_LOW + 2 * 16 * 8;
export const LENGTH_HIGH: u32 = LENGTH_MIDDLE + 2 * 16 * 8;
const LENGTHS_SIZE: u32 = LENGTH_HIGH + 2 * 256;

/** How likely the next bit of each context is 0, in 1/2048, u16 each. */
const PROBABILITIES: u32 = 0x1000;
/** Whether a match comes rather than a literal: a row of 16 positions for each of the 12 states; so is IS_LONG. */
export const IS_MATCH: u32 = PROBABILITIES;
/** Whether the distance is one of the last four; whether it is not the first, not the second, not the third of them. */
export const IS_REP: u32 = IS_MATCH + 2 * 12 * 16;
export const IS_NOT_FIRST: u32 = IS_REP + 2 * 12;
export const IS_NOT_SECOND: u32 = IS_NOT_FIRST + 2 * 12;
export const IS_NOT_THIRD: u32 = IS_NOT_SECOND + 2 * 12;
/** Whether a match at the last distance is longer than a byte. */
export const IS_LONG: u32 = IS_NOT_THIRD + 2 * 12;
/** The slots of distances, a tree of 64 for lengths of 2, 3, 4 and more; the lower bits of distances. */
export const SLOTS: u32 = IS_LONG + 2 * 12 * 16;
export const LOW_BITS: u32 = SLOTS + 2 * 4 * 64;
export const ALIGN_BITS: u32 = LOW_BITS + 2 * 128;
/** Lengths of matches, and of those at one of the last distances: see LENGTH_LOW. */
export const LENGTHS: u32 = ALIGN_BITS + 2 * 16;
export const REP_LENGTHS: u32 = LENGTHS + LENGTHS_SIZE;
/** Literals: 0x300 for each context. */
export const LITERALS: u32 = REP_LENGTHS + LENGTHS_SIZE;
export const LITERAL_SIZE: u32 = 2 * 0x300;
const PROBABILITIES_END: u32 = LITERALS + (LITERAL_SIZE << 4);

/** Tables of checksums: four of 256 each. */
export const CRC32_TABLES: u32 = 0x8000;
export const CRC64_TABLES: u32 = 0x9000;
/** Compressed bytes: so many fit. */
export const INPUT: u32 = 0xc000;
export const INPUT_SIZE: u32 = 0x20000;
/** Bytes whose checksum is asked for, where they are not in the dictionary. */
export const CHECKED: u32 = 0x30000;
export const CHECKED_SIZE: u32 = 0x10000;
export const DICTIONARY: u32 = 0x40000;
/** More than the dictionary's own bytes: copies in eights run into it, and leave what matches may reach as it is. */
export const DICTIONARY_SLACK: u32 = 64;

/** Bits of a probability, and how fast it follows what comes. */
export const PROBABILITY_BITS: u32 = 11;
export const MOVE_BITS: u32 = 5;
/** The range is kept at least this large. */
export const TOP: u32 = 1 << 24;

/** States from here on: what came last was a match. */
export const FIRST_MATCH_STATE: u32 = 7;
export const MIN_MATCH: u32 = 2;
/** Distances from this slot on have bits that are all alike; the last four of them have a tree again. */
export const FIRST_DIRECT_SLOT: u32 = 14;
export const ALIGN: u32 = 4;

/** As likely 0 as 1. */
const EVEN: u16 = 1024;

/** Nothing is known of any context. */
export function resetProbabilities(): void {
  for (let at = PROBABILITIES; at < PROBABILITIES_END; at += 2) store<u16>(at, EVEN);
}
