/**
 * The segments of one thread, in line for the one that places them: at one end they are put in, at the other taken out, in
 * that order. What they hold lies in rings of memory that both threads see.
 *
 *     made → | newest | … | oldest | → placed, written, released
 */
import { Column } from "../../core/column.ts";
import { Ring } from "../../core/threads/ring.ts";
import { MAX_RANGES } from "../../stage/tree/sparse.ts";
import type { ChunkMap } from "../disk/chunk.ts";
import { SEGMENT_ENTRIES, SEGMENT_LARGE, segmentRoom } from "./cuts.ts";
import { DATA_PER_TAILS, SEGMENT_BYTES, Segment, TAIL_UNIT } from "./segment.ts";

/** Bytes of segments that may stand in line when another one is started, and half as many of their ends. */
const HELD_BYTES = 6 << 20;
/** Most segments in line. */
const SEGMENTS = 16;

/** How many have been put in, how many released, how many pieces of large files are still to be copied. */
const PUT = 0;
const RELEASED = 1;
const COPIES = 2;

/** How many numbers of maps may be there when another segment is started. */
const HELD_MAPS = 1 << 20;
/** Numbers of a map in front of its ranges: entry, bits, blocks, numbers of ranges. */
const MAP_HEAD = 4;

/** A line in shared memory. */
export interface SharedLine {
  counts: Int32Array;
  segments: SharedArrayBuffer;
  data: Uint8Array;
  tails: Uint8Array;
  maps: SharedArrayBuffer;
}

/** An empty line. */
export function shareLine(blockSize: number): SharedLine {
  const { data, tails } = rings(blockSize);
  return {
    counts: new Int32Array(new SharedArrayBuffer(12)),
    // in one piece: so much the system gives without touching it
    segments: new SharedArrayBuffer(SEGMENTS * SEGMENT_BYTES),
    data: new Uint8Array(new SharedArrayBuffer(Ring.measure(data.room, data.held))),
    tails: new Uint8Array(new SharedArrayBuffer(Ring.measure(tails.room, tails.held))),
    maps: new SharedArrayBuffer(0, { maxByteLength: 8 * (HELD_MAPS + segmentMaps(blockSize)) }),
  };
}

/** Most numbers that the maps of a segment have: small files cannot have more ranges than blocks. */
function segmentMaps(blockSize: number): number {
  const large = SEGMENT_LARGE * (MAP_HEAD + 2 * MAX_RANGES);
  return large + SEGMENT_ENTRIES * (MAP_HEAD + 2) + segmentRoom(blockSize).data / blockSize;
}

function rings(blockSize: number) {
  const room = segmentRoom(blockSize);
  // a file is read with one byte that must not be there
  const read = blockSize + 1;
  return {
    data: { room: room.data + read, held: HELD_BYTES },
    tails: { room: room.tails + TAIL_UNIT * SEGMENT_ENTRIES + read, held: HELD_BYTES / DATA_PER_TAILS },
  };
}

/** What both ends of a line know of it. */
export class LineCounts {
  readonly #counts: Int32Array;

  constructor(counts: Int32Array) {
    this.#counts = counts;
  }

  get put(): number {
    return Atomics.load(this.#counts, PUT);
  }

  get released(): number {
    return Atomics.load(this.#counts, RELEASED);
  }

  /** Whether all that was put in is in the image, large files too. */
  get isDone(): boolean {
    return this.put === this.released && Atomics.load(this.#counts, COPIES) === 0;
  }

  countPut(): void {
    Atomics.add(this.#counts, PUT, 1);
  }

  countReleased(): void {
    Atomics.add(this.#counts, RELEASED, 1);
  }

  /** Adds to the pieces of large files that are still to be copied. */
  countCopies(pieces: number): void {
    Atomics.add(this.#counts, COPIES, pieces);
  }
}

function openSegments({ segments, data, tails }: SharedLine): Segment[] {
  return Array.from({ length: SEGMENTS }, (_, at) => new Segment(segments, at * SEGMENT_BYTES, data, tails));
}

/** The end at which segments are put in. */
export class LineStart {
  readonly #counts: LineCounts;
  readonly #segments: Segment[];
  readonly #data: Ring;
  readonly #tails: Ring;
  readonly #maps: Column<Float64Array>;
  #mapsUsed = 0;
  /** Bytes of each segment in line; the oldest is first. */
  readonly #held: number[] = [];
  #heldBytes = 0;

  constructor(line: SharedLine, blockSize: number) {
    const { data, tails } = rings(blockSize);
    this.#counts = new LineCounts(line.counts);
    this.#segments = openSegments(line);
    this.#data = new Ring(data.room, data.held);
    this.#tails = new Ring(tails.room, tails.held);
    this.#maps = new Column(Float64Array, line.maps);
  }

  /** Whether all that was put in is in the image. */
  get isDone(): boolean {
    return this.#counts.isDone;
  }

  /** Whether there is room for another segment. */
  get hasRoom(): boolean {
    const waiting = this.#counts.put - this.#counts.released;
    while (this.#held.length > waiting) {
      this.#heldBytes -= this.#held.shift()!;
      this.#data.free();
      this.#tails.free();
    }
    if (waiting === 0) this.#mapsUsed = 0;
    return waiting < SEGMENTS && this.#heldBytes <= HELD_BYTES && this.#mapsUsed <= HELD_MAPS;
  }

  /** Starts a segment, for which there is room. */
  open(): Segment {
    const segment = this.#segments[this.#counts.put % SEGMENTS]!;
    segment.clear(this.#data.open(), this.#tails.open());
    return segment;
  }

  /** Puts in the segment that was started last. */
  put(segment: Segment): void {
    this.#data.close(segment.dataUsed);
    this.#tails.close(segment.tailsUsed);
    this.#held.push(segment.heldBytes);
    this.#heldBytes += segment.heldBytes;
    const mapsFrom = this.#mapsUsed;
    for (const [entry, map] of segment.maps) this.#putMap(entry, map);
    segment.leave(mapsFrom, this.#mapsUsed);
    this.#counts.countPut();
  }

  #putMap(entry: number, { bits, blocks, ranges }: ChunkMap): void {
    const at = this.#mapsUsed;
    this.#mapsUsed += MAP_HEAD + ranges.length;
    const maps = this.#maps.ensure(this.#mapsUsed);
    maps.set([entry, bits, blocks, ranges.length], at);
    maps.set(ranges, at + MAP_HEAD);
  }
}

/** The end at which they are taken out. */
export class LineEnd {
  readonly #counts: LineCounts;
  readonly #segments: Segment[];
  readonly #maps: Column<Float64Array>;
  #taken = -1;

  constructor(line: SharedLine) {
    this.#counts = new LineCounts(line.counts);
    this.#segments = openSegments(line);
    this.#maps = new Column(Float64Array, line.maps);
  }

  /** The oldest segment that has been put in; undefined where there is none. */
  get first(): Segment | undefined {
    const { released } = this.#counts;
    if (this.#counts.put === released) return undefined;
    const segment = this.#segments[released % SEGMENTS]!;
    if (this.#taken !== released) this.#take(segment);
    this.#taken = released;
    return segment;
  }

  #take(segment: Segment): void {
    const { mapsFrom, mapsTo } = segment.take();
    segment.maps.length = 0;
    const maps = this.#maps.ensure(mapsTo);
    for (let at = mapsFrom; at < mapsTo; ) {
      const [entry, bits, blocks, length] = maps.subarray(at, at + MAP_HEAD) as unknown as [
        number,
        number,
        number,
        number,
      ];
      at += MAP_HEAD;
      segment.maps.push([entry, { bits, blocks, ranges: [...maps.subarray(at, at + length)] }]);
      at += length;
    }
  }

  /** Frees its memory: it is in the image, but for large files of which so many pieces are still to be copied. */
  release(copies: number): void {
    this.#counts.countCopies(copies);
    this.#counts.countReleased();
  }
}
