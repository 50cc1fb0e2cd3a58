/** A sample that takes all ways through the compressors, and the calls whose output the golden tests pin. */
import { createHash } from "node:crypto";
import type { Codec } from "../../src/codec/codec.ts";

/** Half a megabyte that takes all ways through the compressors. */
function sample(): Uint8Array {
  const bytes = new Uint8Array(540_000);
  let at = 0;
  let state = 20;
  const next = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  /** Fills up to `end`, step by step. */
  const part = (end: number, step: () => void) => {
    while (at < end) step();
    at = end;
  };
  const put = (byte: number) => {
    if (at < bytes.length) bytes[at++] = byte;
  };
  const words = Array.from({ length: 700 }, () => Array.from({ length: 1 + next(11) }, () => 97 + next(26)));
  part(120_000, () => {
    // the product favours some words
    for (const letter of words[Math.floor((next(700) * next(700)) / 700)]!) put(letter);
    put(next(12) === 0 ? 10 : 32);
  });
  // records of 24 bytes, whose fields grow or repeat
  let count = 0;
  part(200_000, () => {
    for (const value of [0x400000 + count * 16, 0, 8, next(4), count, next(9) === 0 ? next(1 << 30) : 5]) {
      for (let shift = 0; shift < 32; shift += 8) put(value >>> shift);
    }
    count++;
  });
  // runs of few bytes, some long
  part(240_000, () => {
    const byte = next(3);
    for (let i = next(10) === 0 ? next(3000) : next(50); i >= 0; i--) put(byte);
  });
  // periods, each with a few flaws
  part(300_000, () => {
    const period = Array.from({ length: 1 + next(36) }, () => next(256));
    for (let i = next(4000); i >= 0; i--) put(next(900) === 0 ? next(256) : period[i % period.length]!);
  });
  part(330_000, () => put(next(256)));
  // copies of what is up to more than 64 KiB before, and bytes between them
  part(480_000, () => {
    const back = 1 + (next(3) === 0 ? 65500 + next(70) : next(67_000));
    for (let i = 3 + (next(9) === 0 ? next(500) : next(30)); i >= 0; i--) put(bytes[at - back]!);
    for (let i = next(4); i > 0; i--) put(next(256));
  });
  // zeros and a text behind them
  for (at = 530_000; at < bytes.length; at++) bytes[at] = bytes[at - 520_000]!;
  return bytes;
}

const BLOCK = 0x20000;
/** The sample; it must be what it was when hashes were pinned. */
export const data = sample();

/** Hash of what the calls gave, and of how much of the sample each used up. */
function hashOf(codec: Codec, run: () => Iterable<number>): string {
  const hash = createHash("sha256");
  codec.plain.set(data);
  for (const produced of run()) {
    hash.update(Uint32Array.of(codec.consumed, produced)).update(codec.compressed.subarray(0, produced));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Fixed output, as EROFS wants it. */
function* fill(codec: Codec, limit: number): Generator<number> {
  for (let at = 0; at < data.length; at += codec.consumed) yield codec.compressInto(at, data.length, 0, limit);
}

/** Fixed output with a limit that changes, of an input that ends soon, or near 64 KiB where LZ4 changes its table. */
function* fillAll(codec: Codec): Generator<number> {
  for (let at = 0, call = 0; at < data.length; at += codec.consumed, call++) {
    const size = call % 4 === 0 ? 65530 + (call % 24) : 1 + ((call * 7919) % 3000);
    yield codec.compressInto(at, Math.min(at + size, data.length), 0, 13 + ((call * 37) % 211));
  }
}

/** Fixed input, as SquashFS wants it: blocks of 128 KiB that must become smaller. */
function* blocks(codec: Codec): Generator<number> {
  for (let at = 0; at < data.length; at += BLOCK) {
    const end = Math.min(at + BLOCK, data.length);
    yield codec.compress(at, end, 0, end - at);
  }
}

/** The hashes that are pinned for a codec: fixed output of changing size, of 4096 and of 65536 bytes; fixed input. */
export function goldenHashes(codec: Codec): string[] {
  const runs = [() => fillAll(codec), () => fill(codec, 4096), () => fill(codec, 65536), () => blocks(codec)];
  return runs.map((run) => hashOf(codec, run));
}

/** The one for fixed input alone, of codecs whose fixed output is nobody's. */
export function goldenBlocks(codec: Codec): string {
  return hashOf(codec, () => blocks(codec));
}
