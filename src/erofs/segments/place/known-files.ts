/**
 * The files whose data is in the image, for those that come later and are equal. They are found by their size and by a
 * key of some of their bytes; of those that are then alike, all bytes are hashed; in the end bytes are compared, with
 * what has been written to the image.
 */

const BUCKETS = 1 << 18;
/** Files that there is room for at first. */
const FIRST_ROOM = 4096;
/** Four-byte words that a key is made of. */
const SAMPLES = 16;

/** What is looked for. */
export interface FileKey {
  /** Of some of the bytes: see {@link sampleKey}. */
  key: number;
  /** Bytes of the file. */
  size: number;
  /** Its end lies beside its inode. */
  hasTail: boolean;
}

/** The table, of the thread that places segments. */
export class KnownFiles {
  /** By bucket: 1 + the file that came last. */
  readonly #buckets = new Int32Array(BUCKETS);
  #size = new Float64Array(FIRST_ROOM);
  #tailOff = new Float64Array(FIRST_ROOM);
  #key = new Uint32Array(FIRST_ROOM);
  #blk = new Uint32Array(FIRST_ROOM);
  #segment = new Uint32Array(FIRST_ROOM);
  /** 1 + the one that came before in the bucket. */
  #next = new Uint32Array(FIRST_ROOM);
  /** Of files of which a hash has been needed. */
  readonly #hashes = new Map<number, bigint>();
  #length = 0;

  /** Number of files so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds a file, behind all that are known. */
  add({ key, size }: Pick<FileKey, "key" | "size">, blk: number, tailOff: number, segment: number): void {
    const file = this.#length;
    if (file === this.#key.length) this.#grow();
    this.#length = file + 1;
    const bucket = key & (BUCKETS - 1);
    this.#size[file] = size;
    this.#tailOff[file] = tailOff;
    this.#key[file] = key;
    this.#blk[file] = blk;
    this.#segment[file] = segment;
    this.#next[file] = this.#buckets[bucket]!;
    this.#buckets[bucket] = file + 1;
  }

  #grow(): void {
    const room = 2 * this.#key.length;
    this.#size = grown(new Float64Array(room), this.#size);
    this.#tailOff = grown(new Float64Array(room), this.#tailOff);
    this.#key = grown(new Uint32Array(room), this.#key);
    this.#blk = grown(new Uint32Array(room), this.#blk);
    this.#segment = grown(new Uint32Array(room), this.#segment);
    this.#next = grown(new Uint32Array(room), this.#next);
  }

  /** Whether there may be some: mostly there is none, and nothing need be made to look for them. */
  hasAlike(key: number, size: number): boolean {
    let file = this.#buckets[key & (BUCKETS - 1)]! - 1;
    for (; file >= 0; file = this.#next[file]! - 1) {
      if (this.#key[file] === key && this.#size[file] === size) return true;
    }
    return false;
  }

  /** The numbers of files that may be equal, of those from `since` up to `until`; the last of them comes first. */
  alike({ key, size, hasTail }: FileKey, since: number, until: number): readonly number[] {
    let file = this.#buckets[key & (BUCKETS - 1)]! - 1;
    if (file < since) return NO_FILES;
    const found: number[] = [];
    for (; file >= since; file = this.#next[file]! - 1) {
      const isAlike = this.#key[file] === key && this.#size[file] === size;
      if (isAlike && file < until && this.#tailOff[file]! > 0 === hasTail) found.push(file);
    }
    return found;
  }

  /** First block of a file's data. */
  blk(file: number): number {
    return this.#blk[file]!;
  }

  /** Image offset of the end that lies beside the file's inode; 0: there is none. */
  tailOff(file: number): number {
    return this.#tailOff[file]!;
  }

  /** The number of the segment that a file is in. */
  segment(file: number): number {
    return this.#segment[file]!;
  }

  /** The hash of a file's bytes, if it has been noted. */
  hash(file: number): bigint | undefined {
    return this.#hashes.get(file);
  }

  /** Notes a hash. */
  noteHash(file: number, hash: bigint): void {
    this.#hashes.set(file, hash);
  }
}

function grown<A extends Float64Array | Uint32Array>(larger: A, numbers: A): A {
  larger.set(numbers);
  return larger;
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
