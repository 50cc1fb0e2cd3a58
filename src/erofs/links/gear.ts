/**
 * Cuts of contents that follow from the contents: a sum over the last 32 bytes rolls along, and where it happens to have
 * enough zeros there is a cut. So equal bytes are cut alike, whatever stands in front of them.
 *
 *     one file      |.......|....|..........|.....|       the same bytes with something in front of them: from the
 *     another    |......xx....|....|..........|.....|     second cut on the grains are the same
 */

/** How long grains are, in bytes. */
export interface GearSettings {
  min: number;
  max: number;
  /** log2 of what a grain has beyond `min` on average. */
  bits: number;
}

/** Bytes that the sum depends on: one is shifted out after as many as the sum has bits. */
const REACH = 32;

const GEAR = makeGear();

/** A number for each byte value, from a generator that will always give the same. */
function makeGear(): Int32Array {
  const gear = new Int32Array(256);
  let state = 0x9e3779b9 | 0;
  for (let value = 0; value < gear.length; value++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    gear[value] = Math.imul(state, 0x2545f491);
  }
  return gear;
}

/** Where the grain that starts at `from` ends, at `to` at the latest. */
export function nextCut(bytes: Uint8Array, from: number, to: number, { min, max, bits }: GearSettings): number {
  const start = from + min;
  if (start >= to) return to;
  const end = Math.min(to, from + max);
  const mask = -1 << (32 - bits);
  let sum = 0;
  let at = Math.max(from, start - REACH);
  for (; at < start; at++) sum = ((sum << 1) + GEAR[bytes[at]!]!) | 0;
  for (; at < end; at++) {
    sum = ((sum << 1) + GEAR[bytes[at]!]!) | 0;
    if ((sum & mask) === 0) return at + 1;
  }
  return end;
}
