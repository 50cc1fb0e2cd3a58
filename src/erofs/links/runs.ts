/**
 * Runs of equal grains: a range of one file, the target, whose bytes stand in a range in front of it too, the source.
 *
 *     source   | a | b | c | d | e |              the run c d: its bytes and what is equal on both sides of it
 *     target         | x | c | d | y |
 */
import { GrainPlace, type GrainWork, sameGrains, startsPart } from "./grains.ts";

/** Numbers of one run. */
export const RUN_FIELDS = 7;
/** Index of the target's file. */
export const RUN_TARGET = 0;
/** Offset in it. */
export const RUN_TARGET_OFF = 1;
/** Index of the source's file. */
export const RUN_SOURCE = 2;
/** Offset in it. */
export const RUN_SOURCE_OFF = 3;
/** Bytes; 0: they are not equal after all. */
export const RUN_LENGTH = 4;
/** Bytes in front of the run by which it may be longer; once it has been compared, by which it is longer. */
export const RUN_BEFORE = 5;
/** The same of the bytes behind it. */
export const RUN_AFTER = 6;

/** Most runs. */
const RUNS = 1 << 19;

/** Finds all runs: records of {@link RUN_FIELDS} in shared memory, in the order of the targets. */
export function findRuns(work: GrainWork, sizes: (index: number) => number): Float64Array {
  const count = work.firsts[work.firsts.length - 1]!;
  const table = new FirstGrains(work, count);
  const runs: number[] = [];
  const at = new GrainPlace(work);
  const source = new GrainPlace(work);
  /** First grains of the open run, and the number of its grains; 0: none is open. */
  let sourceGrain = 0;
  let targetGrain = 0;
  let grains = 0;
  let target = { index: 0, offset: 0, length: 0, partFrom: 0, partEnd: 0 };
  /** The record of the last run of the same part, or -1. */
  let before = -1;

  const close = () => {
    if (grains === 0 || runs.length >= RUNS * RUN_FIELDS) return;
    source.find(sourceGrain);
    const { max } = work.settings;
    const { index, offset, length, partFrom, partEnd } = target;
    const sourceEnd = source.offset + length;
    const sourcePartEnd = source.partLength === 0 ? sizes(source.index) : source.partFrom + source.partLength;
    const previousEnd = before < 0 ? partFrom : runs[before + RUN_TARGET_OFF]! + runs[before + RUN_LENGTH]!;
    if (before >= 0) runs[before + RUN_AFTER] = Math.min(runs[before + RUN_AFTER]!, offset - previousEnd);
    before = runs.length;
    runs.push(
      index,
      offset,
      source.index,
      source.offset,
      length,
      Math.min(max, offset - previousEnd, source.offset - source.partFrom),
      Math.min(max, partEnd - offset - length, sourcePartEnd - sourceEnd),
    );
  };

  for (let piece = 0; piece + 1 < work.firsts.length; piece++) {
    at.open(piece);
    while (at.next()) {
      const { grain } = at;
      const starts = startsPart(work, grain);
      const first = table.findOrAdd(grain);
      const next = sourceGrain + grains;
      // it goes on as it has begun even if the source's next grain has an equal in front of it
      const goesOn =
        grains > 0 && !starts && next < targetGrain && !startsPart(work, next) && sameGrains(work, next, grain);
      if (goesOn) {
        grains++;
        target.length += at.length;
        continue;
      }
      close();
      grains = 0;
      if (starts) before = -1;
      if (first < 0) continue;
      sourceGrain = first;
      targetGrain = grain;
      grains = 1;
      const { index, offset, length, partFrom, partLength } = at;
      const partEnd = partLength === 0 ? sizes(index) : partFrom + partLength;
      target = { index, offset, length, partFrom, partEnd };
    }
    close();
    grains = 0;
    before = -1;
  }
  const shared = new Float64Array(new SharedArrayBuffer(8 * runs.length));
  shared.set(runs);
  return shared;
}

/** The first grain of each hash. */
class FirstGrains {
  readonly #work: GrainWork;
  /** Grains, and one more: 0 is an empty slot. */
  readonly #slots: Uint32Array;
  readonly #mask: number;

  constructor(work: GrainWork, grains: number) {
    this.#work = work;
    const size = 2 ** Math.ceil(Math.log2(2 * grains + 1));
    this.#slots = new Uint32Array(size);
    this.#mask = size - 1;
  }

  /** The first grain that equals `grain`, or -1: then it is the first itself. */
  findOrAdd(grain: number): number {
    for (let slot = this.#work.low[grain]! & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const known = this.#slots[slot]! - 1;
      if (known < 0) this.#slots[slot] = grain + 1;
      if (known < 0 || sameGrains(this.#work, known, grain)) return known;
    }
  }
}
