/**
 * Makes segments: takes a tree's entries in their order, reads each small file once, and closes a segment where the cuts
 * say so. What is done then in the order of the segments, and how they are written, is the placer's, in another thread.
 */
import { isZero, roundUp } from "../../core/bytes.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import { type DataRanges, RangeList } from "../../stage/tree/sparse.ts";
import { FLAG_LATE, FLAG_SPARSE, NONE, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import type { ChunkMap } from "../disk/chunk.ts";
import { FORMAT_LAYOUT_SHIFT, LAYOUT_INLINE, SLOT } from "../disk/format.ts";
import type { ErofsSettings } from "../options.ts";
import { FormatChooser } from "../plan/layouts.ts";
import type { InodeSizes } from "../plan/measure.ts";
import type { ImageTime } from "../plan/time.ts";
import { LARGE_FILE, SEGMENT_ENTRIES, type SegmentCuts } from "./cuts.ts";
import type { InodeColumns } from "./inode-columns.ts";
import type { LineStart } from "./line.ts";
import { sampleKey } from "./place/known-files.ts";
import { NOT_HERE, type Segment, TAIL_UNIT } from "./segment.ts";
import { SlotFitter } from "./slot-fitter.ts";

/** Bytes at the start of a large file that its key is made of. */
const HEAD = 4096;
/** Bytes of a large file that are looked through at once. */
const SCAN = 1 << 20;

/** What segments are made of. */
export interface BuilderInput {
  tree: Tree;
  columns: InodeColumns;
  sizes: InodeSizes;
  settings: ErofsSettings;
  time: ImageTime;
  contents: Contents;
  /** Files get keys, by which equal ones are found. */
  hasKeys: boolean;
  /** What of each file is wanted: beside its inode, its blocks, or both. */
  makes: "all" | "inodes" | "data";
  /** By entry: the file whose data it shares, or NONE, where that has been decided before. */
  sharesWith: Uint32Array | undefined;
  /** By entry: 1 where its end must not lie beside its inode, since it would not fit beside one that shares its data. */
  plainEnds: Uint8Array | undefined;
  /** Who reads along; undefined: nobody does. */
  follower: SegmentFollower | undefined;
  /** Takes digests of files; undefined: none are wanted. */
  fingerprinter?: Fingerprinter | undefined;
  /** Where segments are cut; undefined where each piece is one. */
  cuts: SegmentCuts | undefined;
  /** Where segments go. */
  line: LineStart;
  /** A segment has been put in line; what it returns is awaited until the line has room for another. */
  afterPut(): Promise<void> | undefined;
}

/** Who takes digests of files: of those that are read whole as they are read. */
export interface Fingerprinter {
  /**
   * Sees to it that the digest of a file is known.
   *
   * @param original one with the same contents, or itself
   */
  take(entry: number, original: number): Promise<void> | undefined;
}

/** Who reads files too, and best while a segment holds them. */
export interface SegmentFollower {
  /** Where the segments are made. */
  attach(builder: Pick<SegmentBuilder, "held">): void;
  /** Nothing more comes into the open segment, which is still held. */
  close(): Promise<void> | undefined;
}

/** Makes one segment after another, of one thread's pieces. */
export class SegmentBuilder {
  readonly #job: JobContext;
  readonly #input: BuilderInput;
  readonly #chooser: FormatChooser;
  readonly #fitter: SlotFitter;
  readonly #cuts: SegmentCuts | undefined;
  /** By item: slots that it takes in the metadata. */
  readonly #slots = new Uint32Array(SEGMENT_ENTRIES);
  readonly #head = new Uint8Array(HEAD + 1);
  #scanned = new Uint8Array(0);
  readonly #blockSize: number;
  #segment: Segment;
  #piece = 0;

  constructor(job: JobContext, input: BuilderInput) {
    this.#job = job;
    this.#input = input;
    this.#blockSize = input.settings.blockSize;
    this.#chooser = new FormatChooser({ ...input, inodes: input.columns }, input.sizes);
    this.#fitter = new SlotFitter(this.#blockSize, SEGMENT_ENTRIES);
    this.#cuts = input.cuts;
    this.#segment = input.line.open();
    input.follower?.attach(this);
  }

  /** What comes next is of another piece. */
  startPiece(piece: number): void {
    this.#piece = piece;
    this.#cuts?.startGroup();
  }

  /** What comes next is below another name of the root. */
  startTop(): void {
    this.#cuts?.startTop();
  }

  /** Takes the next entry. */
  add(entry: number): Promise<void> | undefined {
    const kind = this.#input.tree.kind(entry);
    const size = kind === S_IFREG || kind === S_IFLNK ? this.#input.tree.size.view[entry]! : 0;
    const closing = this.#cuts?.add(size) ? this.#end(false) : undefined;
    return closing === undefined ? this.#put(entry, kind, size) : closing.then(() => this.#put(entry, kind, size));
  }

  /** All entries of a segment have come, but not of the piece. */
  endSegment(): Promise<void> | undefined {
    return this.#end(false);
  }

  /** All entries of the piece have come. */
  endPiece(): Promise<void> | undefined {
    return this.#end(true);
  }

  #end(isLast: boolean): Promise<void> | undefined {
    const following = this.#input.follower?.close();
    return following === undefined ? this.#finish(isLast) : following.then(() => this.#finish(isLast));
  }

  /** Packs the inodes of the segment, puts it in line, and starts with another. */
  #finish(isLast: boolean): Promise<void> | undefined {
    const { afterPut, line, makes, sizes } = this.#input;
    const segment = this.#segment;
    segment.piece = this.#piece;
    segment.isLast = isLast;
    if (makes !== "data") {
      const { count, entries, slotAt, withBodies } = segment;
      const slots = this.#slots;
      for (let item = 0; item < count; item++) slots[item] = Math.ceil(sizes.itemBytes(entries[item]!) / SLOT);
      segment.inodeBlocks = this.#fitter.fit(slots, count, slotAt);
      for (const item of withBodies) segment.bodyBlocks += sizes.metaBodyBlocks(entries[item]!);
    }
    line.put(segment);
    const open = () => {
      this.#segment = line.open();
    };
    const waiting = afterPut();
    if (waiting !== undefined) return waiting.then(open);
    open();
    return undefined;
  }

  #put(entry: number, kind: number, size: number): Promise<void> | undefined {
    const { sizes } = this.#input;
    const segment = this.#segment;
    const item = segment.add(entry);
    if ((this.#input.tree.flags.view[entry]! & FLAG_LATE) !== 0) {
      this.#choose(entry, 0, undefined);
      return undefined;
    }
    if (kind === S_IFREG && (size >= LARGE_FILE || this.#input.makes === "inodes"))
      return this.#putEnds(item, entry, size);
    if (kind === S_IFREG)
      return size < this.#blockSize ? this.#putTiny(item, entry, size) : this.#putSmall(item, entry, size);
    this.#chooser.choose(entry, undefined);
    const hasBody = (kind === S_IFDIR || kind === S_IFLNK) && sizes.metaBodyBlocks(entry) > 0;
    if (hasBody) segment.withBodies.push(item);
    return undefined;
  }

  /** Reads a file of less than a block, which has no holes, to where it stays: beside its inode, or in a block. */
  #putTiny(item: number, entry: number, size: number): Promise<void> | undefined {
    const { contents } = this.#input;
    const { data, dataUsed, tails, tailsUsed } = this.#segment;
    const tail = this.#choose(entry, size, undefined);
    const reading =
      tail === size
        ? contents.read(entry, 0, size, tails, tailsUsed, true)
        : contents.read(entry, 0, size, data, dataUsed, true);
    if (reading !== undefined) return reading.then(() => this.#keep(item, entry, size, tail));
    this.#keep(item, entry, size, tail);
    return undefined;
  }

  /** Reads any other small file behind all data that is in use. */
  #putSmall(item: number, entry: number, size: number): Promise<void> | undefined {
    const { data, dataUsed } = this.#segment;
    const reading = this.#input.contents.read(entry, 0, size, data, dataUsed, true);
    if (reading !== undefined) return reading.then(() => this.#keepSmall(item, entry, size));
    this.#keepSmall(item, entry, size);
    return undefined;
  }

  #keepSmall(item: number, entry: number, size: number): void {
    const { data, dataUsed: at, tails, tailsUsed } = this.#segment;
    const ranges = this.#isSparse(entry, size) ? findRanges(data, at, size, this.#blockSize) : undefined;
    const tail = this.#choose(entry, size, ranges);
    if (tail > 0) tails.set(data.subarray(at + size - tail, at + size), tailsUsed);
    this.#keep(item, entry, size, tail);
  }

  /** Keeps of a file what goes into the image: its end and its blocks each stand behind all others. */
  #keep(item: number, entry: number, size: number, tail: number): void {
    const { hasKeys, makes, sizes } = this.#input;
    const segment = this.#segment;
    const body = size - tail;
    if (tail > 0 && makes !== "data") this.#keepTail(item, tail);
    this.#job.advance(size);
    if (body === 0) return;
    const { data, dataUsed: at } = segment;
    const map = sizes.chunkMaps.get(entry);
    segment.blocks[item] = map ? map.blocks : Math.ceil(body / this.#blockSize);
    if (!map && hasKeys) segment.keys[item] = sampleKey(data, at, at + size);
    this.#putBody(item, body, map);
  }

  /** Keeps the blocks of a file, which stands behind all data that is in use. */
  #putBody(item: number, body: number, map: ChunkMap | undefined): void {
    const segment = this.#segment;
    const { data, dataUsed: at } = segment;
    data.fill(0, at + body, roundUp(at + body, this.#blockSize));
    if (map) this.#squash(at, map);
    segment.dataAt[item] = at;
    segment.dataUsed = at + segment.blocks[item]! * this.#blockSize;
  }

  /** What a file of the open segment holds, by its number there, in order; undefined where the segment has not all of it. */
  held(item: number): readonly Uint8Array[] | undefined {
    const { entries, data, dataAt, tails, tailAt, tailLen } = this.#segment;
    const { tree, sizes } = this.#input;
    const body = tree.size.view[entries[item]!]! - tailLen[item]!;
    const from = dataAt[item]!;
    if (body > 0 && (from === NOT_HERE || sizes.chunkMaps.has(entries[item]!))) return undefined;
    const parts: Uint8Array[] = [];
    if (body > 0) parts.push(data.subarray(from, from + body));
    if (tailLen[item]! > 0) parts.push(tails.subarray(tailAt[item]!, tailAt[item]! + tailLen[item]!));
    return parts;
  }

  /** Chooses a file's format; returns how many bytes of it lie beside its inode. */
  #choose(entry: number, size: number, ranges: DataRanges | undefined): number {
    const { columns, makes, plainEnds, sizes } = this.#input;
    const owner = this.#ownerOf(entry);
    const isOwner = owner === entry;
    // another thread's choice for the owner is known here, but not how it has cut the file
    const saved = isOwner || ranges ? this.#chooser.choose(owner, ranges, plainEnds?.[owner] === 1) : 0;
    if (isOwner && makes !== "inodes" && saved > 0) this.#segment.countSaved(saved, 0);
    if (!isOwner) {
      this.#chooser.inherit(entry, owner);
      columns.startBlk[entry] = columns.startBlk[owner]!;
      this.#segment.countSaved(0, sizes.dataBlocks(entry) * this.#blockSize);
    }
    const map = sizes.chunkMaps.get(entry);
    if (map) this.#segment.maps.push([entry, map]);
    const isInline = columns.formats[entry]! >> FORMAT_LAYOUT_SHIFT === LAYOUT_INLINE;
    return isInline ? size % this.#blockSize : 0;
  }

  /** The file whose data a file has, where that has been decided before. */
  #ownerOf(entry: number): number {
    const original = this.#input.sharesWith?.[entry] ?? NONE;
    return original === NONE ? entry : original;
  }

  #isSparse(entry: number, size: number): boolean {
    const { tree, settings } = this.#input;
    return settings.findHoles && size >= this.#blockSize && (tree.flags.view[entry]! & FLAG_SPARSE) !== 0;
  }

  #keepTail(item: number, length: number): void {
    const segment = this.#segment;
    segment.tailAt[item] = segment.tailsUsed;
    segment.tailLen[item] = length;
    segment.tailsUsed = roundUp(segment.tailsUsed + length, TAIL_UNIT);
  }

  /** Puts the chunks of a file that are stored one behind the other. */
  #squash(at: number, { bits, ranges, blocks }: ChunkMap): void {
    const { data } = this.#segment;
    const chunk = this.#blockSize * 2 ** bits;
    let to = at;
    let left = blocks * this.#blockSize;
    for (let range = 0; range < ranges.length; range += 2) {
      const from = at + ranges[range]! * chunk;
      const length = Math.min(ranges[range + 1]! * chunk, left);
      data.copyWithin(to, from, from + length);
      to += length;
      left -= length;
    }
  }

  /** Notes a large file, or one whose data is in the image, of which only the ends are read now. */
  async #putEnds(item: number, entry: number, size: number): Promise<void> {
    const { contents, hasKeys, makes, sizes } = this.#input;
    const segment = this.#segment;
    const owner = this.#ownerOf(entry);
    await this.#input.fingerprinter?.take(entry, owner);
    const ranges = this.#isSparse(owner, size) ? await this.#scan(owner, size) : undefined;
    const tail = this.#choose(entry, size, ranges);
    if (tail > 0 && makes !== "data") {
      await contents.read(entry, size - tail, tail, segment.tails, segment.tailsUsed, true);
      this.#keepTail(item, tail);
    }
    if (makes === "inodes") return;
    const map = sizes.chunkMaps.get(entry);
    segment.blocks[item] = map ? map.blocks : Math.ceil((size - tail) / this.#blockSize);
    if (segment.blocks[item] === 0) {
      this.#job.advance(size);
      return;
    }
    segment.large.push(item);
    if (map || !hasKeys) return;
    await contents.read(entry, 0, HEAD, this.#head, 0, false);
    segment.keys[item] = sampleKey(this.#head, 0, HEAD);
  }

  /** What of a large file is no hole. */
  async #scan(entry: number, size: number): Promise<DataRanges> {
    const ranges = new RangeList();
    if (this.#scanned.length === 0) this.#scanned = new Uint8Array(SCAN + 1);
    for (let at = 0; at < size; at += SCAN) {
      const length = Math.min(SCAN, size - at);
      await this.#input.contents.read(entry, at, length, this.#scanned, 0, at + length === size);
      addRanges(ranges, this.#scanned, 0, length, at, this.#blockSize);
      await this.#job.breathe();
    }
    return Float64Array.from(ranges.numbers);
  }
}

/** What of a file, at `at` of `bytes`, is no hole. */
function findRanges(bytes: Uint8Array, at: number, size: number, blockSize: number): DataRanges {
  const ranges = new RangeList();
  addRanges(ranges, bytes, at, size, 0, blockSize);
  return Float64Array.from(ranges.numbers);
}

/** Adds the blocks of `bytes[at, at + length)`, which are a file's from `from` on, that are not all zeros. */
function addRanges(
  ranges: RangeList,
  bytes: Uint8Array,
  at: number,
  length: number,
  from: number,
  blockSize: number,
): void {
  for (let done = 0; done < length; done += blockSize) {
    const end = Math.min(done + blockSize, length);
    if (!isZero(bytes.subarray(at + done, at + end))) ranges.add((from + done) / blockSize);
  }
}
