/**
 * Compression of one part of a file: its contents slide through the codec's window and are cut into extents, each as
 * long as fills one pcluster. What does not shrink by a block stays as it is. Where contents shrink to a quarter,
 * more of them is looked at than usually.
 *
 *     file     |  extent      | extent    |raw | extent        | end |
 *     blocks   | pcluster     | pcluster  |raw | pcluster      |         the end: a block, behind the inode, a fragment
 *
 * What a part becomes depends on the file and the options alone.
 */
import { blankNotes, type Codec } from "../../../codec/codec.ts";
import { roundUp } from "../../../core/bytes.ts";
import type { JobContext } from "../../../core/threads/threads.ts";
import type { Contents } from "../../../stage/tree/contents.ts";
import { SlidingWindow } from "../../../stage/tree/sliding.ts";
import { USUAL_EXTENT } from "../../disk/algorithms.ts";
import { LCLUSTER_INDEX } from "../../disk/format.ts";
import { EXTENT_COMPRESSED, FULL_COSTS } from "../../disk/lcluster.ts";
import type { Linker } from "../../links/linker.ts";
import { NOISE_BYTES, NoiseLook, REPEATS } from "../look/noise.ts";
import { indexCode } from "../piece-extents.ts";
import type { PieceOutput } from "../piece-output.ts";
import { cutForInline, goesInline, staysInline } from "./inline-end.ts";
import { OneByteExtent } from "./one-byte.ts";
import type { PartInput, SqueezeSettings } from "./part-input.ts";
import { countEqualBlocks, flatten, storeBytes, storeTurned } from "./raw-blocks.ts";
import { ReachRule } from "./reach.ts";

/** The end of a file that is longer than so many pclusters is not expected to fit into one. */
const FEW_PCLUSTERS = 6;

/** All that was looked at has gone into a pcluster that has room for more. */
const GOES_ON = -1;

/** So many times what a link refers to: a pcluster that holds them is better than links to it. */
const MANY_REPEATS = 16;

/** Files up to this size take no more room behind their inodes than what leads to a fragment. */
const TINY = 32;

/** Files up to this size are in the window as a whole. */
const WHOLE_BYTES = 1 << 16;

/** Compresses parts of files, one after another, with one codec. */
export class Squeezer {
  readonly #job: JobContext;
  readonly #codec: Codec;
  readonly #quick: Codec;
  readonly #window: SlidingWindow;
  readonly #settings: SqueezeSettings;
  readonly #blockSize: number;
  readonly #noise: NoiseLook | undefined;
  readonly #reachRule: ReachRule;
  readonly #linker: Linker | undefined;
  readonly #compressesTails: boolean;
  readonly #oneByte: OneByteExtent | undefined;
  #out!: PieceOutput;
  #part!: PartInput;
  /** What the codec has learnt of the part. */
  #notes = blankNotes();
  /** The part is the end of its file. */
  #isLast = false;
  /** Something is compressed, or a fragment. */
  #isPacked = false;
  /** An extent of the part refers to another: then the index is a full one. */
  #hasReferences = false;

  /**
   * @param quick a fast codec, by which it is seen whether something is worth the trouble
   * @param linker finds what is there already, if that is looked for
   */
  constructor(
    job: JobContext,
    codec: Codec,
    quick: Codec,
    contents: Contents,
    settings: SqueezeSettings,
    linker: Linker | undefined,
  ) {
    this.#job = job;
    this.#codec = codec;
    this.#quick = quick;
    this.#window = new SlidingWindow(codec.plain, contents, 2 * USUAL_EXTENT);
    this.#settings = settings;
    this.#blockSize = settings.blockSize;
    const { skipsRandom, blockSize, distance } = settings;
    this.#noise = skipsRandom ? new NoiseLook(codec.plain, quick, blockSize, distance) : undefined;
    this.#reachRule = new ReachRule(settings.fillsAtOnce);
    this.#linker = linker;
    this.#oneByte = settings.refersBack ? new OneByteExtent() : undefined;
    this.#compressesTails = settings.compressesTails && linker === undefined;
  }

  /** Compresses a part, and adds what has become of it to `out`. */
  async squeeze(part: PartInput, out: PieceOutput): Promise<void> {
    const { entry, method, algorithm, from, length, size } = part;
    this.#part = part;
    this.#out = out;
    this.#notes = blankNotes();
    this.#hasReferences = false;
    this.#oneByte?.clear();
    this.#isLast = from + length === size;
    this.#isPacked = part.end === "indexed";
    let blocksAt = out.blocksUsed;
    const extentsAt = out.extents.length;
    const inlineAt = out.inline.length;
    const fragmentAt = out.fragments.length;
    this.#noise?.open(from);
    this.#window.open(entry, from, from + length, this.#isLast);
    this.#linker?.open(part.piece, part.index, from, part.pclusterSize);
    await this.#cut();
    const checking = this.#window.checkUnread();
    if (checking !== undefined) await checking;
    const isFirst = from === 0;
    const isRow = this.#settings.rawLen > 0;
    if (this.#isBetterFlat(blocksAt)) this.#storeAgain(blocksAt, extentsAt);
    if (isFirst && this.#isLast && !this.#isPacked && !isRow) {
      if (this.#settings.sharesBlocks && out.extents.length > extentsAt) this.#findEqualBlocks(blocksAt);
      if (!this.#isPacked) blocksAt = flatten(out, part, this.#blockSize, { blocksAt, extentsAt });
    }
    const isLast = this.#isLast;
    const isPacked = this.#isPacked;
    out.endPart({
      entry,
      method,
      algorithm,
      size,
      isFirst,
      isLast,
      isPacked,
      blocksAt,
      extentsAt,
      inlineAt,
      fragmentAt,
    });
  }

  async #cut(): Promise<void> {
    const { from, length, pclusterSize } = this.#part;
    const rule = this.#reachRule;
    const end = from + length;
    let compresses = false;
    for (let at = from; at < end; ) {
      const rest = end - at;
      const seeking = this.#linker?.seek(at, end, rule.expectHeld(this.#notes, pclusterSize));
      if (seeking !== undefined) await seeking;
      let done = this.#refer(at);
      if (done === 0) {
        const longest = Math.min(rest, this.#settings.maxExtentBytes);
        let whole = Math.min(longest, rule.expect(this.#notes, pclusterSize));
        const covering = this.#window.cover(at, at + whole);
        if (covering !== undefined) await covering;
        let place = this.#window.placeOf(at);
        let reach = this.#reachLink(at, place, rest, whole);
        let isCut = reach === whole || !this.#holdsRepeats(place, whole);
        if (!isCut) reach = whole;
        done = this.#storeFragment(at, place, rest, reach);
        if (done === 0) {
          // where compression has just succeeded, a look at the bytes would cost more than it saves
          const noise = compresses ? 0 : (this.#noise?.measure(place, at, reach, pclusterSize) ?? 0);
          this.#notes.repeats = noise === REPEATS;
          if (noise === REPEATS && reach < longest) done = GOES_ON;
          else if (noise <= 0) done = this.#compress(at, place, rest, reach, this.#longRatio(reach, whole, longest));
          while (done === GOES_ON) {
            // the link saves less than it costs to cut what is in front of it
            if (reach < whole) isCut = false;
            else whole = noise === REPEATS ? longest : Math.min(longest, rule.extend(whole, this.#notes, pclusterSize));
            const covering = this.#window.cover(at, at + whole);
            if (covering !== undefined) await covering;
            place = this.#window.placeOf(at);
            reach = isCut ? this.#reachLink(at, place, rest, whole) : whole;
            done = this.#compress(at, place, rest, reach, this.#longRatio(reach, whole, longest));
          }
          compresses = done > 0;
          if (!compresses) {
            const length = Math.max(noise, 0) || pclusterSize || Math.max(NOISE_BYTES, this.#settings.rawLen);
            done = this.#storeRaw(at, place, Math.min(reach, roundUp(length, this.#blockSize)), rest);
          }
        }
      }
      at += done;
      const breathing = this.#job.breathe(done);
      if (breathing !== undefined) await breathing;
    }
  }

  /** Refers to an extent that is there already, if one starts at `at`. */
  #refer(at: number): number {
    const linker = this.#linker;
    if (linker === undefined || linker.start !== at || linker.slot < 0) return 0;
    const { length, slot, flags, storedLen } = linker;
    this.#out.addReference(length, storedLen, flags, slot, linker.note(at, length, storedLen, flags));
    this.#isPacked = true;
    this.#hasReferences = true;
    return length;
  }

  /** How far an extent may reach that starts at `at`: to the next cut, or `whole`. */
  #reachLink(at: number, place: number, rest: number, whole: number): number {
    const reach = Math.min(whole, (this.#linker?.cut ?? Number.POSITIVE_INFINITY) - at);
    if (reach === whole || this.#part.end !== "fragment" || !this.#isLast || rest !== whole) return reach;
    // a fragment costs less than a block in front of the link
    return (at === 0 || this.#isPacked) && this.#surelyFits(place, rest) ? whole : reach;
  }

  /** Whether the link in the way is to bytes so near that a pcluster holds them, and what is equal to them many times. */
  #holdsRepeats(place: number, whole: number): boolean {
    const codec = this.#codec;
    const distance = this.#linker?.distance ?? Number.POSITIVE_INFINITY;
    const { pclusterSize } = this.#part;
    if (distance > Math.min(pclusterSize, this.#settings.distance)) return false;
    return codec.compressInto(place, place + whole, 0, pclusterSize) > 0 && codec.consumed >= MANY_REPEATS * distance;
  }

  /** How well `reach` must shrink so that more is looked at: see {@link #compress}. */
  #longRatio(reach: number, whole: number, longest: number): number {
    const rule = this.#reachRule;
    const { pclusterSize } = this.#part;
    if (reach === whole) return rule.longRatio(whole, longest, pclusterSize);
    return rule.longRatioAtLink(this.#linker?.enough ?? Number.POSITIVE_INFINITY, pclusterSize);
  }

  #addExtent(at: number, length: number, storedLen: number, flags: number): void {
    this.#out.addExtent(length, storedLen, flags, this.#linker?.note(at, length, storedLen, flags) ?? -1);
  }

  /** Makes what is left of the file a fragment, if it shall be one before any attempt to compress it. */
  #storeFragment(at: number, place: number, rest: number, reach: number): number {
    const { end, flatRoom, pclusterSize, size } = this.#part;
    // an inode that points to a fragment has more behind it than so small a file
    if (size <= TINY && size <= flatRoom) return 0;
    if (end === "whole") return this.#appendFragment(place, reach);
    // of a file that does not compress so far, the end is no fragment either
    const isEnd = end === "fragment" && this.#isLast && rest === reach && rest <= pclusterSize;
    return isEnd && (at === 0 || this.#isPacked) ? this.#appendFragment(place, rest) : 0;
  }

  #appendFragment(place: number, length: number): number {
    this.#out.fragments.append(this.#codec.plain.subarray(place, place + length));
    this.#isPacked = true;
    return length;
  }

  /**
   * Makes one pcluster of what fits into it, or puts the end where it shall go; returns 0 where nothing is gained, and
   * {@link GOES_ON} where all of `reach` goes into it, shrinks to one of `longRatio` parts at most, and leaves it room.
   */
  #compress(at: number, place: number, rest: number, reach: number, longRatio: number): number {
    const { end, pclusterSize, inlineRoom } = this.#part;
    const codec = this.#codec;
    const isEnd = this.#isLast && rest === reach;
    const isInline = isEnd && goesInline(this.#part);
    if (pclusterSize === 0 || (reach <= this.#blockSize && !isInline)) return 0;
    if (isEnd && end === "fragment" && this.#surelyFits(place, rest)) return this.#appendFragment(place, rest);
    const again = this.#referBack(at, place, reach);
    if (again > 0) return again;
    let length = codec.compressInto(place, place + reach, 0, pclusterSize, this.#notes);
    let { consumed } = codec;
    if (length === 0) return 0;
    if (consumed === reach && length < pclusterSize && length * longRatio <= reach) return GOES_ON;
    const shorter = this.#linker?.shorten(at, consumed) ?? consumed;
    if (shorter < consumed) {
      length = codec.compressInto(place, place + shorter, 0, pclusterSize, { ...this.#notes });
      ({ consumed } = codec);
    }
    if (isEnd && consumed === rest) {
      const saves = length < rest;
      if (end === "fragment" && saves && length < pclusterSize) return this.#appendFragment(place, rest);
      if (isInline && saves && length < this.#blockSize && length <= inlineRoom)
        return this.#appendInline(length, rest);
      const sizes = { blockSize: this.#blockSize, room: inlineRoom };
      const all = { length, consumed };
      const cut = isInline ? cutForInline(codec, place, place + rest, all, sizes, this.#notes) : undefined;
      ({ length, consumed } = cut ?? all);
    }
    const stored = roundUp(length, this.#settings.unit);
    if (stored >= consumed) return 0;
    const { blocks, blocksUsed } = this.#out;
    const start = blocksUsed + stored - length;
    // the reader finds the start behind the zeros
    blocks.fill(0, blocksUsed, start);
    blocks.set(codec.compressed.subarray(0, length), start);
    this.#out.blocksUsed += stored;
    this.#addExtent(at, consumed, stored, EXTENT_COMPRESSED);
    this.#isPacked = true;
    // one that has not filled its pcluster is shorter than it could be
    if (consumed < reach) this.#oneByte?.add(codec.plain.subarray(place, place + consumed), this.#out.extents);
    return consumed;
  }

  /** Refers to the start of an extent of the part, if what follows is that and its index costs no more than it saves. */
  #referBack(at: number, place: number, reach: number): number {
    const one = this.#oneByte;
    if (one === undefined) return 0;
    const { index, storedLen } = one;
    const costs = this.#hasReferences ? 0 : FULL_COSTS * Math.ceil(this.#part.size / this.#blockSize);
    if (storedLen <= costs) return 0;
    const found = one.measure(this.#codec.plain.subarray(place, place + reach), this.#blockSize);
    if (found === 0) return 0;
    const length = this.#linker?.shorten(at, found) ?? found;
    const flags = one.flagsOf(length);
    const slot = this.#linker?.note(at, length, storedLen, flags) ?? -1;
    this.#out.addReference(length, storedLen, flags, indexCode(index), slot);
    this.#hasReferences = true;
    return length;
  }

  /**
   * A quick look whether the end of a file fits into a pcluster: then it will be compressed together with other ends, and
   * need not be now.
   */
  #surelyFits(place: number, rest: number): boolean {
    const quick = this.#quick;
    const { pclusterSize } = this.#part;
    if (rest > Math.min(FEW_PCLUSTERS * pclusterSize, quick.plain.length)) return false;
    quick.plain.set(this.#codec.plain.subarray(place, place + rest));
    return quick.compress(0, rest, 0, pclusterSize - 1) > 0;
  }

  #appendInline(length: number, rest: number): number {
    this.#out.addExtent(rest, 0, EXTENT_COMPRESSED, -1);
    this.#out.inline.append(this.#codec.compressed.subarray(0, length));
    this.#isPacked = true;
    return rest;
  }

  /** Stores `length` bytes as they are, or as many of them as are whole blocks; of the part, `rest` bytes are left. */
  #storeRaw(at: number, place: number, length: number, rest: number): number {
    const { inlineRoom } = this.#part;
    const plain = this.#codec.plain;
    const blockSize = this.#blockSize;
    const isInline = this.#isLast && this.#isPacked && staysInline(this.#part, this.#settings.interlaced);
    if (isInline && rest < blockSize && rest <= inlineRoom) {
      this.#out.addExtent(rest, 0, 0, -1);
      this.#out.inline.append(plain.subarray(place, place + rest));
      return rest;
    }
    const short = length % blockSize;
    const endAt = at + length;
    // what is no block may end the part, or stand in front of an extent that starts in a later block
    const isEnd = length === rest && !this.#keepsEnd(short, length);
    const isKept = isEnd || (endAt === this.#linker?.cut && endAt % blockSize < short);
    const whole = isKept ? length : length - short;
    const rawLen = this.#settings.rawLen || blockSize;
    for (let done = 0; done < whole; done += rawLen) {
      const count = Math.min(rawLen, whole - done);
      const bytes = plain.subarray(place + done, place + done + count);
      if (this.#settings.interlaced)
        storeTurned(this.#out, bytes, (at + done) % blockSize, blockSize, this.#settings.unit);
      else storeBytes(this.#out, bytes, this.#settings.unit);
      this.#addExtent(at + done, count, roundUp(count, this.#settings.unit), 0);
    }
    return whole;
  }

  /** Whether the last `short` of `length` bytes, the end of the file, are to go where ends go, by themselves. */
  #keepsEnd(short: number, length: number): boolean {
    const { end, inlineRoom, pclusterSize } = this.#part;
    if (!this.#isLast || !this.#isPacked || short === 0 || short === length) return false;
    if (staysInline(this.#part, this.#settings.interlaced)) return short <= inlineRoom;
    return end === "fragment" && short <= pclusterSize;
  }

  /** Nothing of the file is compressed, but blocks of it may be stored once: then it has an index, and its end is a fragment. */
  #findEqualBlocks(blocksAt: number): void {
    const { end, size, pclusterSize } = this.#part;
    const { blocks, extents, fragments } = this.#out;
    const blockSize = this.#blockSize;
    const saved = countEqualBlocks(blocks.subarray(blocksAt, blocksAt + size), blockSize) * blockSize;
    if (saved <= LCLUSTER_INDEX.byteSize * Math.ceil(size / blockSize) + blockSize) return;
    this.#isPacked = true;
    const short = size % blockSize;
    if (end !== "fragment" || short === 0 || short > pclusterSize) return;
    fragments.append(blocks.subarray(blocksAt + size - short, blocksAt + size));
    extents.length--;
    this.#out.blocksUsed -= blockSize;
  }

  /** Whether a file has become no shorter, in blocks, and its end may go behind its inode. */
  #isBetterFlat(blocksAt: number): boolean {
    const { end, flatRoom, size } = this.#part;
    if (!this.#compressesTails || end !== "block" || !this.#isPacked || size > WHOLE_BYTES) return false;
    const tail = size % this.#blockSize;
    return tail > 0 && tail <= flatRoom && this.#out.blocksUsed - blocksAt >= size;
  }

  /** Stores a whole file as it is, in the place of what it has become. */
  #storeAgain(blocksAt: number, extentsAt: number): void {
    const { size } = this.#part;
    const out = this.#out;
    const place = this.#window.placeOf(0);
    out.extents.length = extentsAt;
    out.blocks.set(this.#codec.plain.subarray(place, place + size), blocksAt);
    out.blocksUsed = blocksAt + roundUp(size, this.#settings.unit);
    out.blocks.fill(0, blocksAt + size, out.blocksUsed);
    this.#isPacked = false;
  }
}
