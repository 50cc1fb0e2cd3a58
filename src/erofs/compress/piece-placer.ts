/**
 * Gives pieces their places, one after another: blocks that are there already are left out, the others move together,
 * extents are written down with where they lie, and fragments go to the packed inode.
 */
import { equalBytes, roundUp } from "../../core/bytes.ts";
import { NULL_BLOCK } from "../disk/format.ts";
import { EXTENT_COMPRESSED, EXTENT_PARTIAL, EXTENT_PLACED, FULL_COSTS } from "../disk/lcluster.ts";
import type { SharedLinks } from "../links/links.ts";
import { blankPlace, type Part, type StoredFiles } from "../plan/stored.ts";
import { ChunkRow, HOLE } from "./chunk-row.ts";
import { ByteLog } from "./extent-log.ts";
import type { FoundBytes } from "./found.ts";
import { OwnExtents } from "./own-extents.ts";
import { indexCode, NO_SOURCE, type PieceExtent } from "./piece-extents.ts";
import type { PartEnd, PieceOutput, Placer } from "./piece-output.ts";
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
  fragments: FoundBytes | undefined;
}

/** What is not compressed, among what is found again: no algorithm has this number. */
const RAW_KIND = 255;

/** Places the pieces of one thread. */
export class PiecePlacer implements Placer {
  readonly #stored: StoredFiles;
  readonly #targets: PieceTargets;
  readonly #found: FoundTables | undefined;
  readonly #links: Pick<SharedLinks, "starting"> | undefined;
  readonly #records = new ByteLog();
  #again = new Uint8Array(0);
  /** What an extent is in the table: see {@link #describe}. */
  #kind = 0;
  #length = 0;
  /** The piece that is being placed. */
  #piece!: PieceOutput;
  /** Where it starts in the image, and in the packed inode. */
  #imageOff = 0;
  #fragmentOff = 0;
  /** Bytes of its blocks, and of its fragments, that have been kept so far. */
  #keptBlocks = 0;
  #keptFragments = 0;
  /** Of the part that is being placed. */
  readonly #place = blankPlace();

  /**
   * @param found where equal pclusters and fragments are looked for, if they are
   * @param links where extents tell others where they lie, if they are looked for
   */
  constructor(
    stored: StoredFiles,
    targets: PieceTargets,
    found: FoundTables | undefined,
    links: Pick<SharedLinks, "starting"> | undefined,
  ) {
    this.#stored = stored;
    this.#targets = targets;
    this.#found = found;
    this.#links = links;
  }

  /** Notes by what equal and similar bytes are found. */
  prepare(piece: PieceOutput): void {
    const { sketches } = this.#stored.shared;
    piece.parts.forEach((part, index) => {
      const end = piece.endOf(index);
      // of a file in several parts, the last one tells
      if (part.isLast && end.fragmentAt > part.fragmentAt) {
        const fragment = piece.fragments.bytes.subarray(part.fragmentAt, end.fragmentAt);
        sketch(fragment, sketches, part.entry * SKETCH_WORDS);
      }
      if (this.#found) this.#checksum(piece, index, this.#found);
    });
  }

  #checksum(piece: PieceOutput, index: number, { pclusters, fragments }: FoundTables): void {
    const part = piece.parts[index]!;
    const end = piece.endOf(index);
    let at = part.blocksAt;
    for (let each = part.extentsAt; each < end.extentsAt; each++) {
      const extent = piece.extents.at(each);
      if (extent.source !== NO_SOURCE) continue;
      extent.checksum = pclusters.checksum(piece.blocks.subarray(at, at + extent.storedLen));
      at += extent.storedLen;
    }
    if (!fragments) return;
    piece.fragmentSums[index] = fragments.checksum(piece.fragments.bytes.subarray(part.fragmentAt, end.fragmentAt));
  }

  place(piece: PieceOutput): void {
    this.#piece = piece;
    this.#imageOff = this.#stored.nextImageOff;
    this.#fragmentOff = this.#stored.fragmentBytes;
    this.#keptBlocks = 0;
    this.#keptFragments = 0;
    this.#records.clear();
    const recordOff = this.#stored.recordBytes;
    for (let index = 0; index < piece.parts.length; index++) this.#placePart(index, recordOff);
    // where extents start anywhere, pieces still start at blocks
    const whole = roundUp(this.#keptBlocks, this.#stored.blockSize);
    piece.blocks.fill(0, this.#keptBlocks, whole);
    this.#stored.take(whole, this.#records.length, this.#keptFragments);
    const { image, records, fragments } = this.#targets;
    if (whole > 0) image.writeAt(piece.blocks.subarray(0, whole), this.#imageOff);
    if (this.#records.length > 0) records.writeAt(this.#records.bytes, recordOff);
    if (this.#keptFragments > 0) {
      fragments.writeAt(piece.fragments.bytes.subarray(0, this.#keptFragments), this.#fragmentOff);
    }
  }

  #placePart(index: number, recordOff: number): void {
    const piece = this.#piece;
    const part = piece.parts[index]!;
    const end = piece.endOf(index);
    const place = this.#place;
    place.imageOff = this.#imageOff + this.#keptBlocks;
    place.recordOff = recordOff + this.#records.length;
    if (part.isFirst) this.#stored.startChunks(part);
    const referred = this.#sumReferences(part, end);
    place.storedLen = end.blocksAt - part.blocksAt + referred;
    place.keptLen = this.#keepBlocks(part, end, referred > 0);
    this.#keptBlocks += place.keptLen;
    place.inlineLen = end.inlineAt - part.inlineAt;
    if (place.inlineLen > 0) this.#records.append(piece.inline.bytes.subarray(part.inlineAt, end.inlineAt));
    place.fragmentLen = end.fragmentAt - part.fragmentAt;
    place.fragmentOff = place.fragmentLen > 0 ? this.#placeFragment(index, part, end) : 0;
    place.extents = end.extentsAt - part.extentsAt;
    this.#stored.placePart(part, place);
  }

  /** Moves the blocks of a part behind those kept so far, and writes its extents down; returns the bytes kept of it. */
  #keepBlocks(part: Part, end: PartEnd, refers: boolean): number {
    if (part.extentsAt === end.extentsAt) return this.#keepFlat(part, end);
    const unit = this.#stored.unitOf(part.entry);
    const hasRecords = this.#stored.hasRecords(part.entry);
    const { blocks, extents } = this.#piece;
    const { sharesChunks } = this.#stored.shared;
    // a file with holes is a row of chunks, which cannot be elsewhere
    const isShared = part.isPacked || (sharesChunks && !this.#stored.isRow(part.entry));
    const findsAgain = this.#found !== undefined && isShared && !hasRecords;
    const placed = findsAgain ? this.#findExtents(part, end, refers) : undefined;
    /** By extent: its offset in the image, where others may be the same or refer to it. */
    const offs: number[] = [];
    let at = part.blocksAt;
    /** Offset in the file, modulo a block: parts start with blocks. */
    let turn = 0;
    let kept = this.#keptBlocks;
    // the last extent of the part before this one may lie elsewhere
    let follows = !hasRecords && (part.isFirst || !this.#stored.isScattered(part.entry));
    const row = new ChunkRow(this.#stored, part);
    for (let index = part.extentsAt; index < end.extentsAt; index++) {
      const extent = extents.at(index);
      const { storedLen, source } = extent;
      const canShare = this.#describe(extent, part, turn);
      turn = (turn + extent.length) % this.#stored.blockSize;
      if (source !== NO_SOURCE) {
        const isLink = source >= 0;
        const own = isLink ? -1 : offs[indexCode(source) - part.extentsAt]! / unit;
        this.#keepReference(extent, unit, isLink ? this.#links!.starting[source]! : own);
        follows = false;
        continue;
      }
      if (row.isHole(blocks, at, storedLen)) {
        row.add(HOLE, storedLen);
        this.#records.appendExtent(extent.length, storedLen / unit, EXTENT_PLACED, NULL_BLOCK);
        at += storedLen;
        follows = false;
        continue;
      }
      const found = placed?.[index - part.extentsAt] ?? -1;
      const known = found < -1 ? offs[indexCode(found)]! : found;
      const off = known < 0 ? this.#imageOff + kept : known;
      if (placed || refers) offs[index - part.extentsAt] = off;
      row.add(off, storedLen);
      // whoever follows an extent that lies elsewhere has to say where it lies itself
      const flags = extent.flags | (follows && known < 0 ? 0 : EXTENT_PLACED);
      this.#records.appendExtent(extent.length, storedLen / unit, flags, off / unit);
      this.#tellSlot(extent.slot, off / unit);
      follows = known < 0;
      if (known < 0) {
        if (kept !== at) blocks.copyWithin(kept, at, at + storedLen);
        if (canShare) this.#found?.pclusters.remember(extent.checksum, this.#kind, this.#length, off);
        kept += storedLen;
      } else if (sharesChunks) this.#stored.countSaved(storedLen);
      at += storedLen;
    }
    // where extents start anywhere all are kept, with what stands between a part and one that needs whole blocks
    return hasRecords ? end.blocksAt - part.blocksAt : kept - this.#keptBlocks;
  }

  /** The same for a part that needs no index. */
  #keepFlat(part: Part, end: PartEnd): number {
    const { blocks, flatSlots } = this.#piece;
    for (const { slot, at } of flatSlots) {
      const isOwn = at >= part.blocksAt && at < end.blocksAt;
      const off = this.#imageOff + this.#keptBlocks + at - part.blocksAt;
      if (isOwn) this.#tellSlot(slot, off / this.#stored.unitOf(part.entry));
    }
    if (this.#keptBlocks !== part.blocksAt) blocks.copyWithin(this.#keptBlocks, part.blocksAt, end.blocksAt);
    return end.blocksAt - part.blocksAt;
  }

  #keepReference({ length, storedLen, flags, slot }: PieceExtent, unit: number, start: number): void {
    this.#records.appendExtent(length, storedLen / unit, flags | EXTENT_PLACED, start);
    this.#tellSlot(slot, start);
  }

  #tellSlot(slot: number, start: number): void {
    if (slot >= 0) this.#links!.starting[slot] = start;
  }

  /** Bytes of blocks that the part refers to. */
  #sumReferences(part: Part, end: PartEnd): number {
    let sum = 0;
    for (let index = part.extentsAt; index < end.extentsAt; index++) {
      const { source, storedLen, flags } = this.#piece.extents.at(index);
      if (source === NO_SOURCE) continue;
      sum += storedLen;
      const saves = (flags & EXTENT_PARTIAL) === 0;
      if (saves) this.#stored.countSaved(storedLen);
    }
    return sum;
  }

  /**
   * Where the part's extents are already: image offsets, or the {@link indexCode} of one before in the part; -1 for
   * others. Undefined where they save too little.
   */
  #findExtents(part: Part, end: PartEnd, refers: boolean): number[] | undefined {
    const { blocks, extents } = this.#piece;
    const { blockSize, shared } = this.#stored;
    const own = shared.sharesChunks ? undefined : new OwnExtents(blocks);
    const places: number[] = [];
    let saved = 0;
    let at = part.blocksAt;
    let turn = 0;
    for (let index = part.extentsAt; index < end.extentsAt; index++) {
      const extent = extents.at(index);
      const length = extent.source === NO_SOURCE ? extent.storedLen : 0;
      const isShared = this.#describe(extent, part, turn) && length > 0;
      turn = (turn + extent.length) % blockSize;
      const place = isShared ? this.#findPlace(extent.checksum, at, length, own) : -1;
      if (place !== -1) saved += length;
      else if (isShared) own?.add(extent.checksum, this.#kind, this.#length, places.length, at);
      places.push(place);
      at += length;
    }
    // chunks say where they are in any case
    const isFull = refers || this.#stored.isScattered(part.entry) || shared.sharesChunks;
    const costs = isFull ? 0 : FULL_COSTS * Math.ceil(part.size / blockSize);
    return saved > costs ? places : undefined;
  }

  /** The same for one of them, whose blocks are `length` bytes of the piece's from `at` on; it has just been described. */
  #findPlace(checksum: number, at: number, length: number, own: OwnExtents | undefined): number {
    const bytes = this.#piece.blocks.subarray(at, at + length);
    const place = this.#found!.pclusters.find(checksum, this.#kind, this.#length);
    if (place >= 0 && this.#isWritten(place, bytes)) return place;
    const index = own?.find(checksum, this.#kind, this.#length, bytes) ?? -1;
    return index < 0 ? -1 : indexCode(index);
  }

  /**
   * Says what an extent's blocks are, for the table of what is found again; false if they may not be those of another. The
   * kernel takes what is at one place for one thing, read in one way: not for an uncompressed block and a pcluster of the
   * same bytes, nor for blocks turned in different ways.
   *
   * @param turn where in a block of the file the extent starts
   */
  #describe({ flags, length, storedLen }: PieceExtent, { algorithm }: Part, turn: number): boolean {
    const isRaw = (flags & EXTENT_COMPRESSED) === 0;
    this.#kind = isRaw ? RAW_KIND : algorithm;
    this.#length = isRaw ? storedLen + turn : storedLen;
    return !isRaw || length === storedLen || this.#stored.shared.sharesChunks;
  }

  /** Whether these bytes stand at an offset of the image, or will: what this piece has kept is not written yet. */
  #isWritten(place: number, bytes: Uint8Array): boolean {
    const own = place - this.#imageOff;
    if (own < 0) return this.#readsSame(this.#targets.image, place, bytes);
    const end = own + bytes.length;
    return end <= this.#keptBlocks && equalBytes(this.#piece.blocks.subarray(own, end), bytes);
  }

  #readsSame(file: DirectFile, place: number, bytes: Uint8Array): boolean {
    if (this.#again.length < bytes.length) this.#again = new Uint8Array(bytes.length);
    const again = this.#again.subarray(0, bytes.length);
    return file.readAt(again, place) === bytes.length && equalBytes(again, bytes);
  }

  /** Where a part's fragment lies in the packed inode: where an equal one does, or behind those kept so far. */
  #placeFragment(index: number, part: Part, end: PartEnd): number {
    const known = this.#findFragment(index, part, end);
    if (known >= 0) return known;
    const off = this.#fragmentOff + this.#keptFragments;
    this.#piece.fragments.bytes.copyWithin(this.#keptFragments, part.fragmentAt, end.fragmentAt);
    this.#keptFragments += end.fragmentAt - part.fragmentAt;
    return off;
  }

  /** Where a fragment lies already, or -1: then it is remembered. */
  #findFragment(index: number, part: Part, end: PartEnd): number {
    const found = this.#found?.fragments;
    if (!found || this.#stored.hasFragment(part.entry) || !part.isLast) return -1;
    const { fragments, fragmentSums } = this.#piece;
    const bytes = fragments.bytes.subarray(part.fragmentAt, end.fragmentAt);
    const checksum = fragmentSums[index]!;
    const place = found.find(checksum, 0, bytes.length);
    if (place >= 0) {
      const own = place - this.#fragmentOff;
      const ownEnd = own + bytes.length;
      const isSame =
        own < 0
          ? this.#readsSame(this.#targets.fragments, place, bytes)
          : ownEnd <= this.#keptFragments && equalBytes(fragments.bytes.subarray(own, ownEnd), bytes);
      if (isSame) return place;
    }
    found.remember(checksum, 0, bytes.length, this.#fragmentOff + this.#keptFragments);
    return -1;
  }
}
