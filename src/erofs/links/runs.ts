/**
 * Runs of equal grains: a range of one file, the target, whose bytes stand in a range in front of it too, the source.
 *
 *     source   | a | b | c | d | e |              the run c d: its bytes and what is equal on both sides of it
 *     target         | x | c | d | y |
 */
import { shareFloat64 } from "../../core/shared.ts";
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
  const finder = new RunFinder(work, sizes);
  const at = new GrainPlace(work);
  for (let piece = 0; piece + 1 < work.firsts.length; piece++) {
    at.open(piece);
    while (at.next()) finder.add(at);
    finder.endPart();
  }
  return shareFloat64(finder.runs);
}

/** Joins grains that have equals in front of them to runs, as they come. */
class RunFinder {
  readonly runs: number[] = [];
  readonly #work: GrainWork;
  readonly #sizes: (index: number) => number;
  readonly #table: KnownGrains;
  /** Behind the last grain. */
  readonly #end: number;
  readonly #source: GrainPlace;
  /** First grains of the open run, and the number of its grains; 0: none is open. */
  #sourceGrain = 0;
  #targetGrain = 0;
  #grains = 0;
  /** Where the open run is, and the part of a file that it is in. */
  #target = { index: 0, offset: 0, length: 0, partFrom: 0, partEnd: 0 };
  /** The record of the last run of the same part, or -1. */
  #before = -1;

  constructor(work: GrainWork, sizes: (index: number) => number) {
    this.#work = work;
    this.#sizes = sizes;
    this.#end = work.firsts[work.firsts.length - 1]!;
    this.#table = new KnownGrains(work, this.#end);
    this.#source = new GrainPlace(work);
  }

  /** Takes the next grain. */
  add(at: GrainPlace): void {
    const { grain } = at;
    const starts = startsPart(this.#work, grain);
    const first = this.#table.findOrAdd(grain);
    const known = first < 0 ? grain : first;
    const latest = this.#table.replaceLatest(known, grain);
    const longest = this.#table.replaceLongest(known, grain, this.#partEnd(at) - at.offset);
    if (!starts && this.#goesOn(grain)) {
      this.#grains++;
      this.#target.length += at.length;
      return;
    }
    this.#close();
    if (starts) this.#before = -1;
    if (first < 0) return;
    this.#sourceGrain = this.#longest([first, latest, longest], grain);
    this.#targetGrain = grain;
    this.#grains = 1;
    const { index, offset, length, partFrom } = at;
    this.#target = { index, offset, length, partFrom, partEnd: this.#partEnd(at) };
  }

  /** Which of the grains that equal `grain` goes on longest as that does; the first of those that go on as long. */
  #longest(equals: readonly number[], grain: number): number {
    let best = equals[0]!;
    let most = 0;
    for (const from of equals) {
      let by = 1;
      while (this.#isSame(from + by, grain + by, grain)) by++;
      if (by > most) {
        most = by;
        best = from;
      }
    }
    return best;
  }

  /** Whether grain `to` goes on as `from`, which is in front of the run at `start`, does. */
  #isSame(from: number, to: number, start: number): boolean {
    const work = this.#work;
    const isInside = from < start && to < this.#end && !startsPart(work, from) && !startsPart(work, to);
    return isInside && sameGrains(work, from, to);
  }

  /** What comes next is in another part. */
  endPart(): void {
    this.#close();
    this.#before = -1;
  }

  /** Whether the open run goes on as it has begun; so it does even if the source's next grain has an equal in front of it. */
  #goesOn(grain: number): boolean {
    if (this.#grains === 0) return false;
    const next = this.#sourceGrain + this.#grains;
    return next < this.#targetGrain && !startsPart(this.#work, next) && sameGrains(this.#work, next, grain);
  }

  #partEnd({ index, partFrom, partLength }: GrainPlace): number {
    return partLength === 0 ? this.#sizes(index) : partFrom + partLength;
  }

  #close(): void {
    const { runs } = this;
    const isOpen = this.#grains > 0 && runs.length < RUNS * RUN_FIELDS;
    this.#grains = 0;
    if (!isOpen) return;
    const source = this.#source;
    source.find(this.#sourceGrain);
    const { max } = this.#work.settings;
    const { index, offset, length, partFrom, partEnd } = this.#target;
    const before = this.#before;
    const previousEnd = before < 0 ? partFrom : runs[before + RUN_TARGET_OFF]! + runs[before + RUN_LENGTH]!;
    if (before >= 0) runs[before + RUN_AFTER] = Math.min(runs[before + RUN_AFTER]!, offset - previousEnd);
    this.#before = runs.length;
    runs.push(
      index,
      offset,
      source.index,
      source.offset,
      length,
      Math.min(max, offset - previousEnd, source.offset - source.partFrom),
      Math.min(max, partEnd - offset - length, this.#partEnd(source) - source.offset - length),
    );
  }
}

/** The first grain of each hash, and of those that equal it the last one and the one with most of its part behind it. */
class KnownGrains {
  readonly #work: GrainWork;
  /** Grains, and one more: 0 is an empty slot. */
  readonly #slots: Uint32Array;
  readonly #mask: number;
  /** By first grain: the last one so far that equals it, and the one behind which most of its part is left, with how much. */
  readonly #latest: Uint32Array;
  readonly #longest: Uint32Array;
  readonly #left: Uint32Array;

  constructor(work: GrainWork, grains: number) {
    this.#work = work;
    this.#latest = new Uint32Array(grains);
    this.#longest = new Uint32Array(grains);
    this.#left = new Uint32Array(grains);
    const size = 2 ** Math.ceil(Math.log2(2 * grains + 1));
    this.#slots = new Uint32Array(size);
    this.#mask = size - 1;
  }

  /** The last grain in front of `grain` that equals the first; from now on it is `grain`. */
  replaceLatest(first: number, grain: number): number {
    const latest = this.#latest[first]!;
    this.#latest[first] = grain;
    return latest;
  }

  /** The grain that has most of its part behind it, of those in front of `grain`, which has `left` bytes of its own. */
  replaceLongest(first: number, grain: number, left: number): number {
    const longest = this.#longest[first]!;
    if (left >= this.#left[first]!) {
      this.#longest[first] = grain;
      this.#left[first] = Math.min(left, 0xffffffff);
    }
    return longest;
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
