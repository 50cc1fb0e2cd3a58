// Where the encoder's tables lie in the module's memory, behind what the decoder keeps there: see memory.as.
//
//     256 KiB           304 KiB  308 KiB  312 KiB   444 KiB  448 KiB    704 KiB
//     | prices of bits,  | found   | heads2 | nodes   |        | heads3   | heads4, links, then compressed data
//     | distances, …     | matches |        |         |        |          | and contents, placed by wasm-codec.ts
import { DICTIONARY, DICTIONARY_SLACK } from "../memory";

/** The price of a bit by its probability: 128 u8. */
export const BIT_PRICES: u32 = DICTIONARY;
/** Of the lowest bits of distances (u32 each), of slots (64 for each kind of length), of distances below 128. */
export const ALIGN_PRICES: u32 = 0x40100;
export const SLOT_PRICES: u32 = 0x40200;
export const DISTANCE_PRICES: u32 = 0x40600;
export const FULL_DISTANCES: u32 = 128;
/** Of lengths, up to 273, for each of 16 places, of new matches and then of repeated ones: u32 each. */
export const LENGTH_PRICES: u32 = 0x41000;
export const LENGTH_PRICES_SIZE: u32 = 4 * 274;
/** The matches at a position: length and distance, u32 each. */
export const FOUND: u32 = 0x4c000;
/** The newest position of each hash of two bytes, of three, of four. */
export const HEADS2: u32 = 0x4d000;
export const HASH2_BITS: u32 = 10;
/** The positions of the optimal parse, see optimal.as. */
export const NODES: u32 = 0x4e000;
export const NODE_BITS: u32 = 5;
export const MOST_NODES: u32 = 4096;
export const HEADS3: u32 = 0x70000;
export const HASH3_BITS: u32 = 16;
export const HEADS4: u32 = 0xb0000;

/** Bits of the hash of four bytes, at least and at most. */
const LEAST_HASH4_BITS: u32 = 16;
const MOST_HASH4_BITS: u32 = 22;

/** How the newest positions of four bytes are found, and the way on from there: see search.as. */
export let hash4Shift: u32 = 0;
export let links: u32 = 0;
export let linkMask: u32 = 0;
/** The first byte that is free for windows. */
export let WINDOWS: u32 = DICTIONARY + DICTIONARY_SLACK;

/** Makes room for matches that reach so far back. @param linkSize bytes for each position */
export function placeTables(reach: u32, linkSize: u32): void {
  const bits: u32 = 32 - <u32>clz(reach - 1);
  const hashBits = min(max(31 - <u32>clz(reach), LEAST_HASH4_BITS), MOST_HASH4_BITS);
  hash4Shift = 32 - hashBits;
  linkMask = (1 << bits) - 1;
  links = HEADS4 + (4 << hashBits);
  WINDOWS = links + (linkSize << bits);
}
