/**
 * Links as they are followed while a file is compressed: where the next extent is that can be referred to.
 *
 * A link waits until its source's piece is compressed, if another thread is at it. Pieces are taken in their order and
 * only ever wait for earlier ones, so the earliest that is not done waits for none.
 */
import type { JobContext } from "../../core/threads/threads.ts";
import { EXTENT_COMPRESSED, EXTENT_FLAGS, EXTENT_PARTIAL } from "../disk/lcluster.ts";
import { LINK_FIELDS, type SharedLinks, SOURCE_FIELDS } from "./links.ts";

const WAIT_MS = 50;
/** Share of a pcluster that a link must save: half of one is lost in front of it on average. */
const LEAST_WORTH = 0.6;

/** Follows the links of one part of a file after another, and notes the extents of those that others link to. */
export class Linker {
  readonly #job: JobContext;
  readonly #shared: SharedLinks;
  readonly #blockSize: number;
  readonly #unit: number;
  #pclusterUnits = 1;
  #piece = 0;
  #index = 0;
  /** The link being followed, the one behind the last of the file, and the source being passed. */
  #link = 0;
  #endLink = 0;
  #source = 0;
  #endSource = 0;
  #cut = 0;
  #endCut = 0;
  /** The link that has last been found to be worth it. */
  #worthy = -1;
  /** Where the next extent that can be referred to starts in the file; infinity: there is none. */
  start = Number.POSITIVE_INFINITY;
  /** How many bytes of it, its slot and its flags; slot -1: not known yet. */
  length = 0;
  /** Where the next extent is to start at the latest: there, or where one is to start that others can refer to. */
  cut = Number.POSITIVE_INFINITY;
  slot = -1;
  /** The link for which there is a cut saves next to nothing if a pcluster holds so many bytes. */
  enough = Number.POSITIVE_INFINITY;
  flags = 0;
  /** How far in front of it what it refers to starts, if that is of the same file and not compressed yet; else infinity. */
  distance = Number.POSITIVE_INFINITY;
  /** Bytes of its blocks. */
  storedLen = 0;

  /** @param unit bytes of what is stored count in it, as in the log of extents */
  constructor(job: JobContext, shared: SharedLinks, blockSize: number, unit: number) {
    this.#job = job;
    this.#shared = shared;
    this.#blockSize = blockSize;
    this.#unit = unit;
  }

  /** Goes to the part that file number `index` has in `piece`, from `from` on, with pclusters of so many bytes. */
  open(piece: number, index: number, from: number, pclusterSize: number): void {
    const { linkAt, links, sourceAt, sources, cutAt } = this.#shared;
    this.#pclusterUnits = pclusterSize / this.#unit;
    this.#piece = piece;
    this.#index = index;
    this.#link = linkAt[index]! * LINK_FIELDS;
    this.#endLink = linkAt[index + 1]! * LINK_FIELDS;
    while (this.#link < this.#endLink && links[this.#link]! < from) this.#link += LINK_FIELDS;
    this.#source = sourceAt[index]! * SOURCE_FIELDS;
    this.#endSource = sourceAt[index + 1]! * SOURCE_FIELDS;
    while (this.#source < this.#endSource && sources[this.#source]! < from) this.#source += SOURCE_FIELDS;
    this.#cut = cutAt[index]!;
    this.#endCut = cutAt[index + 1]!;
    this.#worthy = -1;
  }

  /**
   * Looks for the next extent that can be referred to, at `at` or behind it, before `end`; and for the next cut.
   *
   * @param held bytes that a pcluster is expected to hold
   */
  seek(at: number, end: number, held: number): void | Promise<void> {
    const seeking = this.#seekLink(at, end);
    if (seeking !== undefined) return seeking.then(() => this.#seekCut(at, held));
    this.#seekCut(at, held);
  }

  #seekCut(at: number, held: number): void {
    const { cuts } = this.#shared;
    // what is between a cut and a link takes a pcluster here, and no more where it would be referred to
    const isIdle = (cut: number) => !this.#crosses(at, cut) || (cut < this.start && this.start - cut < held);
    while (this.#cut < this.#endCut && isIdle(cuts[this.#cut]!)) this.#cut++;
    this.cut = this.#cut < this.#endCut ? Math.min(this.start, cuts[this.#cut]!) : this.start;
    this.enough = this.cut < Number.POSITIVE_INFINITY ? this.#enoughAt(this.cut) : Number.POSITIVE_INFINITY;
  }

  /** See {@link enough}: the link is most of a pcluster then. */
  #enoughAt(cut: number): number {
    const { links, sources } = this.#shared;
    if (cut === this.start) return links[this.#link + 1]! / LEAST_WORTH;
    let source = this.#source;
    while (source < this.#endSource && sources[source]! < cut) source += SOURCE_FIELDS;
    return source < this.#endSource && sources[source] === cut
      ? sources[source + 1]! / LEAST_WORTH
      : Number.POSITIVE_INFINITY;
  }

  #seekLink(at: number, end: number): void | Promise<void> {
    const { links, sources, done } = this.#shared;
    this.distance = Number.POSITIVE_INFINITY;
    for (; this.#link < this.#endLink && links[this.#link]! < end; this.#link += LINK_FIELDS) {
      const link = this.#link;
      if (links[link]! + links[link + 1]! <= at) continue;
      const source = links[link + 3]! * SOURCE_FIELDS;
      const piece = sources[source + 2]!;
      if (piece !== this.#piece && Atomics.load(done, piece) === 0) return this.#seekLater(piece, at, end);
      if (this.#isBehind(source, at)) {
        // the source is not compressed yet: the link is looked at where it starts
        const isCut = this.#crosses(at, links[link]!);
        this.start = isCut ? links[link]! : Number.POSITIVE_INFINITY;
        this.distance = links[link]! - links[link + 2]!;
        this.slot = -1;
        return;
      }
      if (this.#findSlot(link, at)) return;
    }
    this.start = Number.POSITIVE_INFINITY;
  }

  async #seekLater(piece: number, at: number, end: number): Promise<void> {
    const { done } = this.#shared;
    while (Atomics.load(done, piece) === 0) {
      Atomics.wait(done, piece, 0, WAIT_MS);
      await this.#job.breathe();
    }
    const seeking = this.#seekLink(at, end);
    if (seeking !== undefined) await seeking;
  }

  /** Whether a link's source is of the same file, and ends behind `at`. */
  #isBehind(source: number, at: number): boolean {
    const { links, sourceAt } = this.#shared;
    const number = source / SOURCE_FIELDS;
    const isOwn = number >= sourceAt[this.#index]! && number < sourceAt[this.#index + 1]!;
    return isOwn && at < links[this.#link]! && links[this.#link + 2]! + links[this.#link + 1]! > at;
  }

  /** Looks for the first extent of a link's source that can be referred to. */
  #findSlot(link: number, at: number): boolean {
    const { links, sources, used, starts, lengths, words } = this.#shared;
    const from = links[link]!;
    const to = from + links[link + 1]!;
    const number = links[link + 3]!;
    const source = number * SOURCE_FIELDS;
    /** What an offset in the source lacks to be one in the file. */
    const shift = sources[source]! - links[link + 2]! + from;
    const first = sources[source + 3]!;
    const end = first + used[number]!;
    for (let slot = lowerBound(starts, first, end, Math.max(from, at) - shift); slot < end; slot++) {
      const start = starts[slot]! + shift;
      if (start + this.#blockSize > to) return false;
      if (start !== at && !this.#crosses(at, start)) continue;
      const word = words[slot]!;
      const flags = word % EXTENT_FLAGS;
      const isWhole = start + lengths[slot]! <= to;
      const storedLen = ((word - flags) / EXTENT_FLAGS) * this.#unit;
      // of a compressed extent the first bytes will do; the index must have room for the number of its blocks
      if (!isWhole && ((flags & EXTENT_COMPRESSED) === 0 || to - start < storedLen)) return false;
      if (link !== this.#worthy && !this.#isWorthy(slot, end, shift, to, start === at)) return false;
      this.#worthy = link;
      this.start = start;
      this.slot = slot;
      this.storedLen = storedLen;
      this.length = isWhole ? lengths[slot]! : to - start;
      this.flags = isWhole ? flags : flags | EXTENT_PARTIAL;
      return true;
    }
    return false;
  }

  /** Whether the extents from slot `from` on save more than it costs to cut what is in front of them. */
  #isWorthy(from: number, end: number, shift: number, to: number, isFree: boolean): boolean {
    const { starts, lengths, words } = this.#shared;
    let worth = 0;
    for (let slot = from; slot < end; slot++) {
      const room = to - starts[slot]! - shift;
      if (room < this.#blockSize) break;
      worth += Math.floor(words[slot]! / EXTENT_FLAGS) * Math.min(1, room / lengths[slot]!);
      if (worth >= LEAST_WORTH * this.#pclusterUnits) return true;
    }
    return isFree && worth > 0;
  }

  /**
   * How many of `length` bytes an extent at `at` should have so that the next link can still start: one that ends in the
   * link's first block leaves it no room.
   */
  shorten(at: number, length: number): number {
    const end = at + length;
    if (this.slot < 0 || end >= this.start || this.#crosses(end, this.start)) return length;
    const short = this.start - (this.start % this.#blockSize) - 1 - at;
    return short > this.#blockSize && this.length > this.#blockSize ? short : length;
  }

  /** Whether extents may start at both of these offsets: only one may in each block. */
  #crosses(at: number, next: number): boolean {
    return Math.floor(next / this.#blockSize) > Math.floor(at / this.#blockSize);
  }

  /** Notes an extent of the part if others may refer to it; returns its slot, or -1. Each is behind the one before it. */
  note(at: number, length: number, storedLen: number, flags: number): number {
    const { sources, used, starts, lengths, words } = this.#shared;
    while (this.#source < this.#endSource && sources[this.#source]! + sources[this.#source + 1]! <= at) {
      this.#source += SOURCE_FIELDS;
    }
    const source = this.#source;
    const isInside = source < this.#endSource && at >= sources[source]!;
    // what is shorter than a block, or stored elsewhere, is the end of a file
    if (!isInside || length < this.#blockSize || storedLen === 0) return -1;
    const number = source / SOURCE_FIELDS;
    if (used[number] === sources[source + 4]) return -1;
    const slot = sources[source + 3]! + used[number]!;
    starts[slot] = at - sources[source]!;
    lengths[slot] = length;
    words[slot] = (storedLen / this.#unit) * EXTENT_FLAGS + flags;
    used[number]!++;
    return slot;
  }

  /** Tells other threads that all extents of a piece are noted. */
  finish(piece: number): void {
    Atomics.store(this.#shared.done, piece, 1);
    Atomics.notify(this.#shared.done, piece);
  }
}

/** The first of `numbers[from, to)`, which ascend, that is `value` at least. */
function lowerBound(numbers: Uint32Array, from: number, to: number, value: number): number {
  let low = from;
  for (let high = to; low < high; ) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
