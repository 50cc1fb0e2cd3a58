/**
 * Dedupe of files, or of their starts or ends. Those of one length are compared, by xxh64 and then byte by byte; the
 * first in the tree's order keeps its data, the others point to it. Each length is one piece of work for whichever
 * thread takes it, so the outcome does not depend on their number.
 *
 * Most candidates are small: their contents stay in the thread's arena, so that each is read once. Large ones are
 * told apart by their first bytes, and only what is left is hashed as a whole and compared by a second read.
 */
import { equalBytes } from "../../core/bytes.ts";
import type { XxHash } from "../../core/hash/xxhash.ts";
import { sharedUint32, shareUint32 } from "../../core/shared.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "./contents.ts";
import type { InodeOrder } from "./order.ts";
import { NONE, S_IFREG, type Tree } from "./tree.ts";

/** Candidates in groups of equal size; plain data in shared memory. */
export interface DedupeCandidates {
  /** Entries, group by group, each group in the tree's order. */
  entries: Uint32Array;
  /** Where each group starts in `entries`, and the end. */
  groups: Uint32Array;
  /** Bytes that are compared of each file of a group. */
  lengths: Float64Array;
  /** These are the file's last bytes, else its first. */
  atEnd: boolean;
  /** The outcome by entry: the entry whose data it shares, or NONE. */
  sharesWith: Uint32Array;
  /** Bytes of all candidates. */
  bytes: number;
}

/** Finds the files that may have equals: of at least `blockSize` bytes, and not the only one of that size. */
export function findCandidates(tree: Tree, inodes: InodeOrder, blockSize: number): DedupeCandidates {
  const size = tree.size.view;
  return groupByLength(tree, inodes, (entry) => (size[entry]! < blockSize ? 0 : size[entry]!), false);
}

/**
 * Groups regular files by how many of their bytes are to be compared with those of others.
 *
 * @param lengthOf that number, 0 for none
 * @param atEnd whether it is the files' last bytes
 */
export function groupByLength(
  tree: Tree,
  { order }: InodeOrder,
  lengthOf: (entry: number) => number,
  atEnd: boolean,
): DedupeCandidates {
  const seen = new Map<number, number>();
  for (const entry of order) {
    if (tree.kind(entry) !== S_IFREG) continue;
    const length = sizeKey(lengthOf(entry));
    if (length > 0) seen.set(length, (seen.get(length) ?? 0) + 1);
  }
  const groupAt = new Map<number, number>();
  const groups: number[] = [0];
  const lengths: number[] = [];
  let total = 0;
  let bytes = 0;
  for (const [length, count] of seen) {
    if (count < 2) continue;
    groupAt.set(length, total);
    total += count;
    bytes += length * count;
    groups.push(total);
    lengths.push(length);
  }
  const entries = sharedUint32(total);
  for (const entry of order) {
    if (tree.kind(entry) !== S_IFREG) continue;
    const key = sizeKey(lengthOf(entry));
    const at = groupAt.get(key);
    if (at === undefined) continue;
    entries[at] = entry;
    groupAt.set(key, at + 1);
  }
  const sharesWith = sharedUint32(tree.length).fill(NONE);
  return { entries, groups: shareUint32(groups), lengths: Float64Array.from(lengths), atEnd, sharesWith, bytes };
}

/** The same number, but a small integer where it can be: maps hash those ten times as fast as doubles. */
function sizeKey(size: number): number {
  return size < 2 ** 30 ? size | 0 : size;
}

/** Files up to this size are read whole. */
const SMALL = 256 * 1024;
const ARENA = 2 * 1024 * 1024;
/** So few files are compared at once: to tell them apart by hashes would cost more than that. */
const FEW = 3;
/** In the place of their hashes. */
const NO_HASH = 0n;
/** Of a larger file, this much is read first. */
const HEAD = 64 * 1024;

/** How many groups there are. */
export function countGroups({ groups }: DedupeCandidates): number {
  return groups.length - 1;
}

/** Compares groups until none is left; run by every thread at once. */
export async function compareCandidates(
  job: JobContext,
  tree: Tree,
  candidates: DedupeCandidates,
  contents: Contents,
  xxhash: XxHash,
): Promise<void> {
  const comparer = new Comparer(job, tree, candidates, contents, xxhash);
  const { entries, groups, lengths } = candidates;
  for (const group of job.pieces(countGroups(candidates))) {
    const members = entries.subarray(groups[group]!, groups[group + 1]!);
    const length = lengths[group]!;
    if (length <= SMALL) await comparer.compareSmall(members, length);
    else await comparer.compareLarge(members, length);
  }
  contents.close();
}

/** A file that others may turn out to be equal to. */
interface Original {
  entry: number;
  /** Where its contents lie in the arena, or -1. */
  at: number;
}

class Comparer {
  readonly #job: JobContext;
  readonly #size: Float64Array;
  readonly #atEnd: boolean;
  readonly #sharesWith: Uint32Array;
  readonly #contents: Contents;
  readonly #xxhash: XxHash;
  readonly #arena = new Uint8Array(ARENA);
  readonly #second = new Uint8Array(SMALL + 1);

  constructor(job: JobContext, tree: Tree, candidates: DedupeCandidates, contents: Contents, xxhash: XxHash) {
    this.#job = job;
    this.#size = tree.size.view;
    this.#atEnd = candidates.atEnd;
    this.#sharesWith = candidates.sharesWith;
    this.#contents = contents;
    this.#xxhash = xxhash;
  }

  /** One read a file; an original that no longer fits the arena is read again when something equals its hash. */
  async compareSmall(members: Uint32Array, size: number): Promise<void> {
    const originals = new Map<bigint, Original[]>();
    const hashes = members.length > FEW;
    // one byte more for the read that must find the end
    const room = size + 1;
    let free = 0;
    for (const entry of members) {
      const breathing = this.#job.breathe(size);
      if (breathing !== undefined) await breathing;
      // the last place is the scratch of all files that come after the arena is full
      const stays = free + 2 * room <= ARENA;
      const at = stays ? free : ARENA - room;
      const reading = this.#read(entry, 0, size, size, this.#arena, at);
      if (reading !== undefined) await reading;
      const bytes = this.#arena.subarray(at, at + size);
      const known = bucket(originals, hashes ? this.#xxhash.h64Raw(bytes) : NO_HASH);
      const equal = known.length === 0 ? undefined : await this.#findEqual(known, bytes, size);
      if (equal !== undefined) this.#sharesWith[entry] = equal;
      else {
        known.push({ entry, at: stays ? at : -1 });
        if (stays) free += room;
      }
    }
  }

  async #findEqual(originals: readonly Original[], bytes: Uint8Array, size: number): Promise<number | undefined> {
    for (const { entry, at } of originals) {
      let other = this.#arena.subarray(at, at + size);
      if (at < 0) {
        await this.#read(entry, 0, size, size, this.#second, 0);
        other = this.#second.subarray(0, size);
      }
      if (equalBytes(other, bytes)) return entry;
    }
    return undefined;
  }

  /** Splits by the first bytes, then by the hash of all, then compares. */
  async compareLarge(members: Uint32Array, size: number): Promise<void> {
    const byHead = new Map<bigint, number[]>();
    for (const entry of members) {
      await this.#job.breathe(HEAD);
      await this.#read(entry, 0, HEAD, size, this.#arena, 0);
      bucket(byHead, this.#xxhash.h64Raw(this.#arena.subarray(0, HEAD))).push(entry);
    }
    for (const alike of byHead.values()) {
      if (alike.length < 2) continue;
      const byHash = new Map<bigint, number[]>();
      // for two, hashing both would cost as much as comparing them
      if (alike.length === 2) byHash.set(0n, alike);
      else for (const entry of alike) bucket(byHash, await this.#hash(entry, size)).push(entry);
      for (const equalHash of byHash.values()) await this.#compareAll(equalHash, size);
    }
  }

  async #compareAll(entries: readonly number[], size: number): Promise<void> {
    const originals: number[] = [];
    for (const entry of entries) {
      let equal: number | undefined;
      for (const original of originals) {
        if (await this.#areEqual(original, entry, size)) {
          equal = original;
          break;
        }
      }
      if (equal === undefined) originals.push(entry);
      else this.#sharesWith[entry] = equal;
    }
  }

  async #hash(entry: number, size: number): Promise<bigint> {
    const hash = this.#xxhash.create64();
    for (let at = 0; at < size; at += SMALL) {
      const length = Math.min(SMALL, size - at);
      await this.#job.breathe(length);
      await this.#read(entry, at, length, size, this.#arena, 0);
      hash.update(this.#arena.subarray(0, length));
    }
    return hash.digest();
  }

  async #areEqual(a: number, b: number, size: number): Promise<boolean> {
    // parts large enough that opening the files in turn does not count
    const half = ARENA >> 1;
    const part = half - 1;
    for (let at = 0; at < size; at += part) {
      const length = Math.min(part, size - at);
      await this.#job.breathe(length);
      await this.#read(a, at, length, size, this.#arena, 0);
      await this.#read(b, at, length, size, this.#arena, half);
      if (!equalBytes(this.#arena.subarray(0, length), this.#arena.subarray(half, half + length))) return false;
    }
    return true;
  }

  /** Reads from the `whole` bytes that are compared of a file. */
  #read(
    entry: number,
    offset: number,
    length: number,
    whole: number,
    into: Uint8Array,
    at: number,
  ): void | Promise<void> {
    const size = this.#size[entry]!;
    const from = offset + (this.#atEnd ? size - whole : 0);
    return this.#contents.read(entry, from, length, into, at, from + length === size);
  }
}

function bucket<T>(map: Map<bigint, T[]>, key: bigint): T[] {
  let list = map.get(key);
  if (!list) {
    list = [];
    map.set(key, list);
  }
  return list;
}
