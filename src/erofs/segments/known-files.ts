/**
 * The files whose data is in the image, for those that come later and are equal. They are found by their size and by a
 * key of some of their bytes; of those that are then alike, all bytes are hashed; in the end bytes are compared, with
 * what has been written to the image.
 */
import { Column } from "../../core/column.ts";

const BUCKETS = 1 << 18;
const MOST_FILES = 2 ** 26;
/** Four-byte words that a key is made of. */
const SAMPLES = 16;

/** The table for other threads. */
export interface SharedKnownFiles {
  count: SharedArrayBuffer;
  buckets: SharedArrayBuffer;
  doubles: SharedArrayBuffer[];
  words: SharedArrayBuffer[];
}

/** An empty table. */
export function shareKnownFiles(): SharedKnownFiles {
  return {
    count: new SharedArrayBuffer(4),
    buckets: new SharedArrayBuffer(4 * BUCKETS),
    doubles: Array.from({ length: 2 }, () => Column.create(Float64Array, MOST_FILES).buffer),
    words: Array.from({ length: 6 }, () => Column.create(Uint32Array, MOST_FILES).buffer),
  };
}

/** What is looked for. */
export interface FileKey {
  /** Of some of the bytes: see {@link sampleKey}. */
  key: number;
  /** Bytes of the file. */
  size: number;
  /** Its end lies beside its inode. */
  hasTail: boolean;
}

/** The table as one thread sees it. Files are added by one thread at a time, and looked for by all. */
export class KnownFiles {
  readonly #count: Int32Array;
  readonly #buckets: Int32Array;
  readonly #size: Column<Float64Array>;
  readonly #tailOff: Column<Float64Array>;
  readonly #key: Column<Uint32Array>;
  readonly #blk: Column<Uint32Array>;
  readonly #segment: Column<Uint32Array>;
  readonly #next: Column<Uint32Array>;
  readonly #hashLow: Column<Uint32Array>;
  readonly #hashHigh: Column<Uint32Array>;
  /** Files that all columns' views have. */
  #covered = 0;

  constructor(shared: SharedKnownFiles) {
    this.#count = new Int32Array(shared.count);
    this.#buckets = new Int32Array(shared.buckets);
    this.#size = new Column(Float64Array, shared.doubles[0]!);
    this.#tailOff = new Column(Float64Array, shared.doubles[1]!);
    this.#key = new Column(Uint32Array, shared.words[0]!);
    this.#blk = new Column(Uint32Array, shared.words[1]!);
    this.#segment = new Column(Uint32Array, shared.words[2]!);
    this.#next = new Column(Uint32Array, shared.words[3]!);
    this.#hashLow = new Column(Uint32Array, shared.words[4]!);
    this.#hashHigh = new Column(Uint32Array, shared.words[5]!);
  }

  /** Number of files so far. */
  get length(): number {
    return Atomics.load(this.#count, 0);
  }

  /** Adds a file, behind all that are known. */
  add({ key, size }: Pick<FileKey, "key" | "size">, blk: number, tailOff: number, segment: number): void {
    const file = this.length;
    if (file >= MOST_FILES) return;
    this.#cover(file + 1);
    const bucket = key & (BUCKETS - 1);
    this.#size.view[file] = size;
    this.#tailOff.view[file] = tailOff;
    this.#key.view[file] = key;
    this.#blk.view[file] = blk;
    this.#segment.view[file] = segment;
    this.#next.view[file] = this.#buckets[bucket]!;
    // only now can others see it
    Atomics.store(this.#buckets, bucket, file + 1);
    Atomics.store(this.#count, 0, file + 1);
  }

  /** Whether there may be some: mostly there is none, and nothing need be made to look for them. */
  hasAlike(key: number, size: number, since: number): boolean {
    let file = Atomics.load(this.#buckets, key & (BUCKETS - 1)) - 1;
    if (file < since) return false;
    this.#cover(file + 1);
    for (; file >= since; file = this.#next.view[file]! - 1) {
      if (this.#key.view[file] === key && this.#size.view[file] === size) return true;
    }
    return false;
  }

  /** The numbers of files that may be equal, of those from `since` up to `until`; the last of them comes first. */
  alike({ key, size, hasTail }: FileKey, since: number, until: number): readonly number[] {
    let file = Atomics.load(this.#buckets, key & (BUCKETS - 1)) - 1;
    if (file < since) return NO_FILES;
    this.#cover(file + 1);
    const found: number[] = [];
    for (; file >= since; file = this.#next.view[file]! - 1) {
      const isAlike = this.#key.view[file] === key && this.#size.view[file] === size;
      if (isAlike && file < until && this.#tailOff.view[file]! > 0 === hasTail) found.push(file);
    }
    return found;
  }

  /** First block of a file's data. */
  blk(file: number): number {
    return this.#blk.view[file]!;
  }

  /** Image offset of the end that lies beside the file's inode; 0: there is none. */
  tailOff(file: number): number {
    return this.#tailOff.view[file]!;
  }

  /** The number of the segment that a file is in. */
  segment(file: number): number {
    return this.#segment.view[file]!;
  }

  /** The hash of a file's bytes, if it has been noted. */
  hash(file: number): bigint | undefined {
    const high = this.#hashHigh.view[file]!;
    const low = this.#hashLow.view[file]!;
    return high === 0 || low === 0 ? undefined : (BigInt(high) << 32n) | BigInt(low);
  }

  /** Notes a hash: every thread that does notes the same. */
  noteHash(file: number, hash: bigint): void {
    this.#hashLow.view[file] = Number(hash & 0xffffffffn);
    this.#hashHigh.view[file] = Number(hash >> 32n);
  }

  #cover(length: number): void {
    if (length <= this.#covered) return;
    this.#covered = length;
    for (const column of [this.#size, this.#tailOff]) column.ensure(length);
    for (const column of [this.#key, this.#blk, this.#segment, this.#next]) column.ensure(length);
    for (const column of [this.#hashLow, this.#hashHigh]) column.ensure(length);
  }
}

const NO_FILES: readonly number[] = [];

/** A key of a file, of words all over `bytes[from, to)`. */
export function sampleKey(bytes: Uint8Array, from: number, to: number): number {
  let key = to - from;
  const last = to - from - 4;
  // what stands behind so few bytes is anything
  for (let at = from; last < 0 && at < to; at++) key = mix(key, bytes[at]!);
  const step = last / (SAMPLES - 1);
  for (let sample = 0; last >= 0 && sample < SAMPLES; sample++) {
    const at = from + Math.floor(sample * step);
    key = mix(key, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  // 0 stands for none
  return key >>> 0 || 1;
}

function mix(key: number, word: number): number {
  const mixed = Math.imul(key ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
