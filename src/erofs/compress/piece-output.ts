/**
 * What one piece of compression has made: blocks for the image, extents and inline bytes for the spill file that the
 * indexes are made from, ends of files for the packed inode. It is placed as a whole; pclusters and fragments that are
 * there already are left out then.
 */
import { equalBytes, roundUp } from "../../core/bytes.ts";
import type { PieceResult } from "../../core/ordered.ts";
import { EXTENT_COMPRESSED, EXTENT_PARTIAL, EXTENT_PLACED } from "../disk/lcluster.ts";
import type { SharedLinks } from "../links/links.ts";
import type { Part, StoredFiles } from "../plan/stored.ts";
import { ByteLog } from "./extent-log.ts";
import type { FoundBytes } from "./found.ts";
import { SKETCH_WORDS, sketch } from "./sketch.ts";

/** A file that is written at once, and can be read. */
export interface DirectFile {
  writeAt(bytes: Uint8Array, offset: number): void;
  /** Fills `into` from `offset`; returns how many bytes there were. */
  readAt(into: Uint8Array, offset: number): number;
}

/** Where the parts of a piece go. */
export interface PieceTargets {
  image: DirectFile;
  /** Extents and inline bytes. */
  records: DirectFile;
  /** Contents of the packed inode. */
  fragments: DirectFile;
}

/** What is found again in the image, and in the packed inode. */
export interface FoundTables {
  pclusters: FoundBytes;
  fragments: FoundBytes;
}

/** Bytes that an entry takes more in a full index than in a compact one. */
const FULL_COSTS = 6;

/** Collects a piece's output; used again when it has been placed. */
export class PieceOutput implements PieceResult {
  /** Whole blocks, up to {@link blocksUsed} bytes. */
  readonly blocks: Uint8Array;
  blocksUsed = 0;
  readonly inline = new ByteLog();
  readonly fragments = new ByteLog();
  /** By extent, in the order of their blocks: bytes of the file, bytes of blocks, flags, checksum of the blocks. */
  readonly #lengths: number[] = [];
  readonly #storedLens: number[] = [];
  readonly #flags: number[] = [];
  readonly #checksums: number[] = [];
  /** By extent: the slot of the one it refers to, and the slot that is told where it lies; or -1. */
  readonly #sources: number[] = [];
  readonly #slots: number[] = [];
  /** Slots of extents that have been dropped, as the file needs no index; and where their blocks are. */
  readonly #flatSlots: { slot: number; at: number }[] = [];
  /** By part: checksum of the fragment. */
  readonly #fragmentSums: number[] = [];
  readonly #parts: Part[] = [];
  readonly #records = new ByteLog();
  readonly #stored: StoredFiles;
  readonly #targets: PieceTargets;
  readonly #found: FoundTables | undefined;
  readonly #links: Pick<SharedLinks, "blks"> | undefined;
  readonly #done: (output: PieceOutput) => void;
  #again = new Uint8Array(0);

  /**
   * @param found where equal pclusters and fragments are looked for, if they are
   * @param links where extents tell others where they lie, if they are looked for
   * @param done takes the output back when it has been placed
   */
  constructor(
    roomBytes: number,
    stored: StoredFiles,
    targets: PieceTargets,
    found: FoundTables | undefined,
    links: Pick<SharedLinks, "blks"> | undefined,
    done: (output: PieceOutput) => void,
  ) {
    this.blocks = new Uint8Array(roomBytes);
    this.#stored = stored;
    this.#targets = targets;
    this.#found = found;
    this.#links = links;
    this.#done = done;
  }

  get heldBytes(): number {
    return this.blocks.length;
  }

  /** Number of extents so far. */
  get extents(): number {
    return this.#lengths.length;
  }

  /**
   * Adds an extent; `storedLen` are the bytes of its blocks, which have just been added.
   *
   * @param slot which is told where it lies, or -1
   */
  addExtent(length: number, storedLen: number, flags: number, slot: number): void {
    this.#add(length, storedLen, flags, -1, slot);
  }

  /** Adds an extent that has its blocks elsewhere: those of the one in slot `source`. */
  addReference(length: number, storedLen: number, flags: number, source: number, slot: number): void {
    this.#add(length, storedLen, flags, source, slot);
  }

  #add(length: number, storedLen: number, flags: number, source: number, slot: number): void {
    this.#lengths.push(length);
    this.#storedLens.push(storedLen);
    this.#flags.push(flags);
    this.#sources.push(source);
    this.#slots.push(slot);
  }

  /** Forgets the extents from `count` on, none of them a reference; their blocks, from `blocksAt` on, stay. */
  dropExtents(blocksAt: number, count: number): void {
    let at = blocksAt;
    for (let extent = count; extent < this.extents; extent++) {
      if (this.#slots[extent]! >= 0) this.#flatSlots.push({ slot: this.#slots[extent]!, at });
      at += this.#storedLens[extent]!;
    }
    this.#truncate(count);
  }

  #truncate(count: number): void {
    for (const list of [this.#lengths, this.#storedLens, this.#flags, this.#sources, this.#slots]) list.length = count;
  }

  /** Ends a part: what has been added since its start is its. */
  endPart(part: Part): void {
    this.#parts.push(part);
  }

  /** Notes by what equal and similar bytes are found: the last thing to do before the piece waits for its turn. */
  seal(): void {
    const { sketches } = this.#stored.shared;
    this.#parts.forEach((part, index) => {
      const end = this.#endOf(index);
      // of a file in several parts, the last one tells
      if (part.isLast && end.fragmentAt > part.fragmentAt) {
        const fragment = this.fragments.bytes.subarray(part.fragmentAt, end.fragmentAt);
        sketch(fragment, sketches, part.entry * SKETCH_WORDS);
      }
      if (!this.#found) return;
      const { pclusters, fragments } = this.#found;
      let at = part.blocksAt;
      for (let extent = part.extentsAt; extent < end.extentsAt; extent++) {
        if (this.#sources[extent]! >= 0) continue;
        const length = this.#storedLens[extent]!;
        this.#checksums[extent] = pclusters.checksum(this.blocks.subarray(at, at + length));
        at += length;
      }
      this.#fragmentSums[index] = fragments.checksum(this.fragments.bytes.subarray(part.fragmentAt, end.fragmentAt));
    });
  }

  place(): void {
    const { blockSize } = this.#stored;
    const imageOff = this.#stored.nextImageOff;
    const recordOff = this.#stored.recordBytes;
    const fragmentOff = this.#stored.fragmentBytes;
    let keptBlocks = 0;
    let keptFragments = 0;
    for (let index = 0; index < this.#parts.length; index++) {
      const part = this.#parts[index]!;
      const end = this.#endOf(index);
      const startOff = imageOff + keptBlocks;
      const recordAt = recordOff + this.#records.length;
      const storedLen = end.blocksAt - part.blocksAt;
      const referred = this.#sumReferences(part, end);
      const kept = this.#keepBlocks(part, end, imageOff, keptBlocks, referred > 0);
      keptBlocks += kept;
      this.#records.append(this.inline.bytes.subarray(part.inlineAt, end.inlineAt));
      const fragmentLen = end.fragmentAt - part.fragmentAt;
      const knownOff = fragmentLen > 0 ? this.#findFragment(index, part, end, fragmentOff, keptFragments) : -1;
      if (knownOff < 0) {
        this.fragments.bytes.copyWithin(keptFragments, part.fragmentAt, end.fragmentAt);
        keptFragments += fragmentLen;
      }
      this.#stored.placePart(
        part,
        startOff,
        kept,
        storedLen + referred,
        recordAt,
        end.inlineAt - part.inlineAt,
        knownOff < 0 ? fragmentOff + keptFragments - fragmentLen : knownOff,
        fragmentLen,
        end.extentsAt - part.extentsAt,
      );
    }
    // where extents start anywhere, pieces still start at blocks
    const whole = roundUp(keptBlocks, blockSize);
    this.blocks.fill(0, keptBlocks, whole);
    this.#stored.take(whole, this.#records.length, keptFragments);
    const { image, records, fragments } = this.#targets;
    if (whole > 0) image.writeAt(this.blocks.subarray(0, whole), imageOff);
    if (this.#records.length > 0) records.writeAt(this.#records.bytes, recordOff);
    if (keptFragments > 0) fragments.writeAt(this.fragments.bytes.subarray(0, keptFragments), fragmentOff);
  }

  write(): void {
    this.blocksUsed = 0;
    for (const log of [this.inline, this.fragments, this.#records]) log.clear();
    this.#truncate(0);
    this.#flatSlots.length = 0;
    this.#parts.length = 0;
    this.#done(this);
  }

  /** Where a part's blocks, extents and so on end. */
  #endOf(index: number): Pick<Part, "blocksAt" | "extentsAt" | "inlineAt" | "fragmentAt"> {
    return (
      this.#parts[index + 1] ?? {
        blocksAt: this.blocksUsed,
        extentsAt: this.extents,
        inlineAt: this.inline.length,
        fragmentAt: this.fragments.length,
      }
    );
  }

  /** Moves the blocks of a part behind those kept so far, and writes its extents down; returns the bytes kept of it. */
  #keepBlocks(
    part: Part,
    end: Pick<Part, "blocksAt" | "extentsAt">,
    imageOff: number,
    keptBefore: number,
    refers: boolean,
  ): number {
    const { blockSize, unit } = this.#stored;
    if (part.extentsAt === end.extentsAt) {
      for (const { slot, at } of this.#flatSlots) {
        const isOwn = at >= part.blocksAt && at < end.blocksAt;
        if (isOwn) this.#tellSlot(slot, (imageOff + keptBefore + at - part.blocksAt) / blockSize);
      }
      this.blocks.copyWithin(keptBefore, part.blocksAt, end.blocksAt);
      return end.blocksAt - part.blocksAt;
    }
    const placed =
      this.#found && part.isPacked ? this.#findExtents(part, end, imageOff, keptBefore, refers) : undefined;
    let at = part.blocksAt;
    let kept = keptBefore;
    // the last extent of the part before this one may lie elsewhere
    let follows = unit === blockSize && (part.isFirst || !this.#stored.isScattered(part.entry));
    for (let extent = part.extentsAt; extent < end.extentsAt; extent++) {
      const length = this.#storedLens[extent]!;
      const source = this.#sources[extent]!;
      if (source >= 0) {
        const blk = this.#links!.blks[source]!;
        this.#records.appendExtent(this.#lengths[extent]!, length / unit, this.#flags[extent]! | EXTENT_PLACED, blk);
        this.#tellSlot(this.#slots[extent]!, blk);
        follows = false;
        continue;
      }
      const known = placed?.[extent - part.extentsAt] ?? -1;
      const off = known < 0 ? imageOff + kept : known;
      // whoever follows an extent that lies elsewhere has to say where it lies itself
      const flags = this.#flags[extent]! | (follows && known < 0 ? 0 : EXTENT_PLACED);
      this.#records.appendExtent(this.#lengths[extent]!, length / unit, flags, off / unit);
      this.#tellSlot(this.#slots[extent]!, off / blockSize);
      follows = known < 0;
      if (known < 0) {
        this.blocks.copyWithin(kept, at, at + length);
        if (this.#isShareable(extent))
          this.#found?.pclusters.remember(this.#checksums[extent]!, part.algorithm, length, off);
        kept += length;
      }
      at += length;
    }
    // where extents start anywhere all are kept, with what stands between a part and one that needs whole blocks
    return unit < blockSize ? end.blocksAt - part.blocksAt : kept - keptBefore;
  }

  /**
   * Whether an extent's blocks may be those of another. The kernel takes what is at one place for one thing, read in one
   * way: not for an uncompressed block and a pcluster of the same bytes, nor for blocks turned in different ways.
   */
  #isShareable(extent: number): boolean {
    return (this.#flags[extent]! & EXTENT_COMPRESSED) !== 0;
  }

  #tellSlot(slot: number, blk: number): void {
    if (slot >= 0) this.#links!.blks[slot] = blk;
  }

  /** Bytes of blocks that the part refers to. */
  #sumReferences(part: Part, end: Pick<Part, "extentsAt">): number {
    let sum = 0;
    for (let extent = part.extentsAt; extent < end.extentsAt; extent++) {
      if (this.#sources[extent]! < 0) continue;
      sum += this.#storedLens[extent]!;
      const saves = (this.#flags[extent]! & EXTENT_PARTIAL) === 0;
      if (saves) this.#stored.countSaved(this.#storedLens[extent]!);
    }
    return sum;
  }

  /** Image offsets of the part's extents that are there already, -1 for others; undefined where they save too little. */
  #findExtents(
    part: Part,
    end: Pick<Part, "extentsAt">,
    imageOff: number,
    kept: number,
    refers: boolean,
  ): number[] | undefined {
    const { pclusters } = this.#found!;
    const places: number[] = [];
    let saved = 0;
    let at = part.blocksAt;
    for (let extent = part.extentsAt; extent < end.extentsAt; extent++) {
      const length = this.#sources[extent]! < 0 ? this.#storedLens[extent]! : 0;
      const isShareable = length > 0 && this.#isShareable(extent);
      const place = isShareable ? pclusters.find(this.#checksums[extent]!, part.algorithm, length) : -1;
      const isKnown = place >= 0 && this.#isWritten(place, this.blocks.subarray(at, at + length), imageOff, kept);
      places.push(isKnown ? place : -1);
      if (isKnown) saved += length;
      at += length;
    }
    const isFull = refers || this.#stored.isScattered(part.entry);
    const costs = isFull ? 0 : FULL_COSTS * Math.ceil(part.size / this.#stored.blockSize);
    return saved > costs ? places : undefined;
  }

  #isWritten(place: number, bytes: Uint8Array, imageOff: number, kept: number): boolean {
    const own = place - imageOff;
    if (own >= 0) return own + bytes.length <= kept && equalBytes(this.blocks.subarray(own, own + bytes.length), bytes);
    return this.#readsSame(this.#targets.image, place, bytes);
  }

  #readsSame(file: DirectFile, place: number, bytes: Uint8Array): boolean {
    if (this.#again.length < bytes.length) this.#again = new Uint8Array(bytes.length);
    const again = this.#again.subarray(0, bytes.length);
    return file.readAt(again, place) === bytes.length && equalBytes(again, bytes);
  }

  /** Where a fragment lies already, or -1: then it is remembered. */
  #findFragment(index: number, part: Part, end: Pick<Part, "fragmentAt">, fragmentOff: number, kept: number): number {
    if (!this.#found || this.#stored.hasFragment(part.entry) || !part.isLast) return -1;
    const bytes = this.fragments.bytes.subarray(part.fragmentAt, end.fragmentAt);
    const checksum = this.#fragmentSums[index]!;
    const place = this.#found.fragments.find(checksum, 0, bytes.length);
    if (place >= 0) {
      const own = place - fragmentOff;
      const isSame =
        own < 0
          ? this.#readsSame(this.#targets.fragments, place, bytes)
          : own + bytes.length <= kept && equalBytes(this.fragments.bytes.subarray(own, own + bytes.length), bytes);
      if (isSame) return place;
    }
    this.#found.fragments.remember(checksum, 0, bytes.length, fragmentOff + kept);
    return -1;
  }
}
