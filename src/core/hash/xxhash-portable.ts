/**
 * xxHash without WebAssembly, for where its memory cannot be had: xxh32 and xxh64 as their specification has them, at a
 * fraction of the speed. A number of 64 bits is two of 32, as BigInt would take ten times as long.
 */

/** A hash of 64 bits that takes its bytes in parts. */
export interface Hash64 {
  update(bytes: Uint8Array): Hash64;
  digest(): bigint;
}

const PRIMES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1] as const;

/** xxh32 of some bytes. */
export function xxh32(bytes: Uint8Array, seed = 0): number {
  const [p1, p2, p3, p4, p5] = PRIMES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = seed + p5;
  if (bytes.length >= 16) {
    const lanes = [seed + p1 + p2, seed + p2, seed, seed - p1];
    for (; at + 16 <= bytes.length; at += 16) {
      for (let lane = 0; lane < 4; lane++) {
        const sum = (lanes[lane]! + Math.imul(view.getUint32(at + 4 * lane, true), p2)) | 0;
        lanes[lane] = Math.imul(rotate(sum, 13), p1);
      }
    }
    const [a, b, c, d] = lanes as [number, number, number, number];
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(view.getUint32(at, true), p3)) | 0, 17), p4);
  }
  for (; at < bytes.length; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, p5)) | 0, 11), p1);
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Primes of xxh64, in halves. */
const [P1H, P1L] = [0x9e3779b1, 0x85ebca87];
const [P2H, P2L] = [0xc2b2ae3d, 0x27d4eb4f];
const [P3H, P3L] = [0x165667b1, 0x9e3779f9];
const [P4H, P4L] = [0x85ebca77, 0xc2b2ae63];
const [P5H, P5L] = [0x27d4eb2f, 0x165667c5];

/** A number of 64 bits, modulo 2^64. */
class Word {
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high | 0;
    this.low = low | 0;
    return this;
  }

  add(high: number, low: number): this {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.low = sum | 0;
    return this;
  }

  multiply(high: number, low: number): this {
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = low & 0xffff;
    const b1 = low >>> 16;
    const first = a1 * b0 + ((a0 * b0) >>> 16);
    const second = a0 * b1 + (first & 0xffff);
    const carried = a1 * b1 + (first >>> 16) + (second >>> 16);
    this.high = (carried + Math.imul(this.low, high) + Math.imul(this.high, low)) | 0;
    this.low = Math.imul(this.low, low);
    return this;
  }

  /** By less than 32. */
  rotate(bits: number): this {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
    return this;
  }

  xor(high: number, low: number): this {
    this.high ^= high;
    this.low ^= low;
    return this;
  }

  /** What each eight bytes do to a lane. */
  round(high: number, low: number): this {
    taken.high = high;
    taken.low = low;
    taken.multiply(P2H, P2L);
    return this.add(taken.high, taken.low).rotate(31).multiply(P1H, P1L);
  }
}

const taken = new Word();
const mixed = new Word();
const STRIPE = 32;

/** xxh64 of bytes that come in parts. */
export class Xxh64 implements Hash64 {
  readonly #lanes = [new Word(), new Word(), new Word(), new Word()];
  readonly #rest = new Uint8Array(STRIPE);
  readonly #seed: readonly [high: number, low: number];
  #length = 0;

  constructor(seed = 0n) {
    this.#seed = [Number(BigInt.asIntN(32, seed >> 32n)), Number(BigInt.asIntN(32, seed))];
    const [a, b, , d] = this.#lanes as [Word, Word, Word, Word];
    for (const lane of this.#lanes) lane.set(...this.#seed);
    a.add(P1H, P1L).add(P2H, P2L);
    b.add(P2H, P2L);
    d.add(~P1H, ~P1L).add(0, 1);
  }

  update(bytes: Uint8Array): Hash64 {
    const kept = this.#length % STRIPE;
    this.#length += bytes.length;
    let at = 0;
    if (kept > 0) {
      at = Math.min(STRIPE - kept, bytes.length);
      this.#rest.set(bytes.subarray(0, at), kept);
      if (kept + at < STRIPE) return this;
      this.#take(this.#rest, 0, STRIPE);
    }
    const whole = at + Math.floor((bytes.length - at) / STRIPE) * STRIPE;
    this.#take(bytes, at, whole);
    this.#rest.set(bytes.subarray(whole));
    return this;
  }

  digest(): bigint {
    const hash = new Word();
    if (this.#length >= STRIPE) this.#mergeLanes(hash);
    else hash.set(...this.#seed).add(P5H, P5L);
    hash.add(Math.floor(this.#length / 2 ** 32), this.#length % 2 ** 32);
    const length = this.#length % STRIPE;
    const view = new DataView(this.#rest.buffer);
    let at = 0;
    for (; at + 8 <= length; at += 8) {
      mixed.set(0, 0).round(view.getInt32(at + 4, true), view.getInt32(at, true));
      hash.xor(mixed.high, mixed.low).rotate(27).multiply(P1H, P1L).add(P4H, P4L);
    }
    if (at + 4 <= length) {
      mixed.set(0, view.getInt32(at, true)).multiply(P1H, P1L);
      hash.xor(mixed.high, mixed.low).rotate(23).multiply(P2H, P2L).add(P3H, P3L);
      at += 4;
    }
    for (; at < length; at++) {
      mixed.set(0, this.#rest[at]!).multiply(P5H, P5L);
      hash.xor(mixed.high, mixed.low).rotate(11).multiply(P1H, P1L);
    }
    hash.xor(0, hash.high >>> 1).multiply(P2H, P2L);
    hash.xor(hash.high >>> 29, (hash.low >>> 29) | (hash.high << 3)).multiply(P3H, P3L);
    hash.xor(0, hash.high);
    return (BigInt(hash.high >>> 0) << 32n) | BigInt(hash.low >>> 0);
  }

  /** Takes whole stripes. */
  #take(bytes: Uint8Array, from: number, to: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = from; at < to; at += STRIPE) {
      for (let lane = 0; lane < 4; lane++) {
        const word = at + 8 * lane;
        this.#lanes[lane]!.round(view.getInt32(word + 4, true), view.getInt32(word, true));
      }
    }
  }

  #mergeLanes(hash: Word): void {
    for (const [lane, bits] of [1, 7, 12, 18].entries()) {
      const { high, low } = this.#lanes[lane]!;
      mixed.set(high, low).rotate(bits);
      hash.add(mixed.high, mixed.low);
    }
    for (const { high, low } of this.#lanes) {
      mixed.set(0, 0).round(high, low);
      hash.xor(mixed.high, mixed.low).multiply(P1H, P1L).add(P4H, P4L);
    }
  }
}
