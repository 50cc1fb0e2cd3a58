/**
 * Gives segments their places, one after another, and writes them, in the one thread that writes the image but for large
 * files: first only numbers are decided, where the segment starts, which files have the data of earlier ones, where the data
 * of the others goes.
 *
 *     | inodes, packed | whole blocks of directories and long links | data of files, in their order |
 */
import { equalBytes, roundUp } from "../../../core/bytes.ts";
import type { XxHash } from "../../../core/hash/xxhash.ts";
import type { JobContext } from "../../../core/threads/threads.ts";
import { countInode, noInodes } from "../../../stage/tree/counts.ts";
import { FLAG_LATE, S_IFDIR } from "../../../stage/tree/tree.ts";
import { FORMAT_EXTENDED, SLOT } from "../../disk/format.ts";
import type { ErofsSettings } from "../../options.ts";
import type { Copies, ImageFile } from "../copies.ts";
import { SEGMENT_ENTRIES } from "../cuts.ts";
import { NOT_HERE, type Segment } from "../segment.ts";
import type { FileSharing } from "./file-sharing.ts";
import type { KnownFiles } from "./known-files.ts";
import type { LateFile, Metadata } from "./late-files.ts";
import type { PlacedLine } from "./placed-line.ts";
import type { SegmentRow } from "./row.ts";

/** What placing needs. */
export interface PlacerInput {
  settings: ErofsSettings;
  sharing: Sharing | undefined;
  row: SegmentRow;
  /** Gets the files whose contents are to come. */
  late: LateFile[];
  image: ImageFile;
  copies: Copies;
  xxhash: XxHash;
}

/** How equal files are found. */
export interface Sharing {
  known: KnownFiles;
  files: FileSharing;
}

/** In place of a known file's number: the file has data of its own. */
const SHARES_NOTHING = -1;

/** Places and writes segments. */
export class SegmentPlacer {
  readonly #job: JobContext;
  readonly #input: PlacerInput;
  readonly #blockSize: number;
  /** By item, what the file shares its data with: see KnownFiles; or SHARES_NOTHING. */
  readonly #shares = new Int32Array(SEGMENT_ENTRIES);
  /** Items that are known from their places on, in the order of their numbers: see KnownFiles. */
  readonly #originals: number[] = [];
  /** Items whose contents are to come. */
  readonly #late: number[] = [];
  #line!: PlacedLine;
  /** Of the segment that is being placed: its first block, the block behind it, its number among all. */
  #startBlk = 0;
  #endBlk = 0;
  #number = 0;

  constructor(job: JobContext, input: PlacerInput) {
    this.#job = job;
    this.#input = input;
    this.#blockSize = input.settings.blockSize;
  }

  /**
   * Places and writes a segment; returns how many pieces of its large files are still to be copied: those are shown to all
   * threads.
   */
  place(segment: Segment, line: PlacedLine): number | Promise<number> {
    const { row, settings } = this.#input;
    this.#line = line;
    this.#late.length = 0;
    line.cover(segment);
    this.#shares.fill(SHARES_NOTHING, 0, segment.count);
    this.#originals.length = 0;
    this.#startBlk = roundUp(row.nextBlk, settings.dsunit);
    this.#number = row.length;
    this.#endBlk = this.#startBlk + segment.inodeBlocks + segment.bodyBlocks;
    this.#placeInodes(segment);
    if (segment.large.length > 0) return this.#placeData(segment).then(() => this.#finish(segment));
    for (let item = 0; item < segment.count; item++) if (segment.blocks[item]! > 0) this.#placeSmall(segment, item);
    return this.#finish(segment);
  }

  #finish(segment: Segment): number | Promise<number> {
    this.#take(segment);
    const writing = this.#write(segment);
    return writing === undefined ? this.#leaveLarge(segment) : writing.then(() => this.#leaveLarge(segment));
  }

  #placeInodes(segment: Segment): void {
    const { columns, sizes, inodeOf } = this.#line;
    const { count, entries, slotAt, withBodies } = segment;
    const startBlk = this.#startBlk;
    // a segment that has data alone leaves the inodes to another
    if (segment.inodeBlocks === 0) return;
    const firstNid = (startBlk * this.#blockSize) / SLOT;
    for (let item = 0; item < count; item++) columns.nids[entries[item]!] = firstNid + slotAt[item]!;
    if (inodeOf) this.#nameLinks(segment, inodeOf);
    let blk = startBlk + segment.inodeBlocks;
    for (const item of withBodies) {
      columns.startBlk[entries[item]!] = blk;
      blk += sizes.metaBodyBlocks(entries[item]!);
    }
  }

  /** The further names of hard links, in directories of the segment, lead to the one inode, which comes before them. */
  #nameLinks({ count, entries }: Segment, inodeOf: Uint32Array): void {
    const { columns, tree } = this.#line;
    for (let item = 0; item < count; item++) {
      const directory = entries[item]!;
      if (tree.kind(directory) !== S_IFDIR) continue;
      const first = tree.ref.view[directory]!;
      for (let child = first; child < first + tree.count.view[directory]!; child++) {
        const inode = inodeOf[child]!;
        if (inode !== child && tree.kind(child) !== S_IFDIR) columns.nids[child] = columns.nids[inode]!;
      }
    }
  }

  /** Places the data of a small file: all that it may be equal to has been written when that had its place. */
  #placeSmall(segment: Segment, item: number): void {
    const { sharing } = this.#input;
    if (segment.dataAt[item] === NOT_HERE) return;
    if (sharing && segment.keys[item] !== 0) this.#shareSmall(segment, item, sharing);
    if (this.#shares[item] === SHARES_NOTHING) this.#placeOwn(segment, item);
    else this.#placeShared(segment, item);
  }

  /** Gives a file's data the next blocks. */
  #placeOwn(segment: Segment, item: number): void {
    const { settings, sharing } = this.#input;
    const { columns } = this.#line;
    const blk = roundUp(this.#endBlk, settings.dsunit);
    columns.startBlk[segment.entries[item]!] = blk;
    this.#endBlk = blk + segment.blocks[item]!;
    const key = segment.keys[item]!;
    if (!sharing || key === 0) return;
    const tailOff = segment.tailLen[item] === 0 ? 0 : this.#tailOff(segment, item);
    this.#originals.push(item);
    sharing.known.add({ key, size: this.#sizeOf(segment, item) }, blk, tailOff, this.#number);
  }

  #placeShared(segment: Segment, item: number): void {
    const { row, sharing } = this.#input;
    const { columns } = this.#line;
    segment.dataAt[item] = NOT_HERE;
    columns.startBlk[segment.entries[item]!] = sharing!.known.blk(this.#shares[item]!);
    row.countSaved(segment.blocks[item]! * this.#blockSize, 0);
  }

  /** Has a file share the data of one that is in the image, or of one in the segment. */
  #shareSmall(segment: Segment, item: number, { known, files }: Sharing): void {
    const key = segment.keys[item]!;
    const size = this.#sizeOf(segment, item);
    if (!known.hasAlike(key, size)) return;
    const file = { key, size, hasTail: segment.tailLen[item]! > 0 };
    const { body, tail } = this.#bytesOf(segment, item);
    const firstOwn = known.length - this.#originals.length;
    this.#shares[item] = files.find(file, body, tail, firstOwn);
    if (this.#shares[item] !== SHARES_NOTHING) return;
    for (const number of known.alike(file, firstOwn, known.length)) {
      const other = this.#bytesOf(segment, this.#originals[number - firstOwn]!);
      if (equalBytes(other.body, body) && equalBytes(other.tail, tail)) this.#shares[item] = number;
    }
  }

  /** The bytes of a small file. */
  #bytesOf(segment: Segment, item: number): { body: Uint8Array; tail: Uint8Array } {
    const { data, dataAt, tails, tailAt, tailLen } = segment;
    const length = tailLen[item]!;
    const body = this.#sizeOf(segment, item) - length;
    return {
      body: data.subarray(dataAt[item]!, dataAt[item]! + body),
      tail: tails.subarray(tailAt[item]!, tailAt[item]! + length),
    };
  }

  /** Places the data of a segment with large files, which may have to be read for it. */
  async #placeData(segment: Segment): Promise<void> {
    const { sharing } = this.#input;
    let large = 0;
    for (let item = 0; item < segment.count; item++) {
      if (segment.blocks[item] === 0) continue;
      if (segment.large[large] !== item) {
        this.#placeSmall(segment, item);
        continue;
      }
      large++;
      if (sharing && segment.keys[item] !== 0) await this.#shareLarge(segment, item, sharing);
      if (this.#shares[item] === SHARES_NOTHING) this.#placeOwn(segment, item);
      else {
        this.#placeShared(segment, item);
        this.#job.advance(this.#sizeOf(segment, item));
      }
    }
  }

  async #shareLarge(segment: Segment, item: number, { known, files }: Sharing): Promise<void> {
    const { contents } = this.#line;
    const entry = segment.entries[item]!;
    const size = this.#sizeOf(segment, item);
    const file = { key: segment.keys[item]!, size, hasTail: segment.tailLen[item]! > 0 };
    const firstOwn = known.length - this.#originals.length;
    this.#shares[item] = await files.findLarge(file, contents, entry, firstOwn);
    if (this.#shares[item] === SHARES_NOTHING) {
      for (const number of known.alike(file, firstOwn, known.length)) {
        const other = segment.entries[this.#originals[number - firstOwn]!]!;
        if (await files.areEqual(contents, other, entry, size)) this.#shares[item] = number;
      }
    }
    // it is stated again while its entry still stands for it
    contents.close();
  }

  #sizeOf(segment: Segment, item: number): number {
    return this.#line.tree.size.view[segment.entries[item]!]!;
  }

  /** Where what lies beside an item's inode is in the image. */
  #tailOff(segment: Segment, item: number): number {
    const { columns, sizes } = this.#line;
    const entry = segment.entries[item]!;
    const isExtended = (columns.formats[entry]! & FORMAT_EXTENDED) !== 0;
    return columns.nids[entry]! * SLOT + sizes.headBytes(entry, isExtended);
  }

  /** Ends the segment's turn. */
  #take(segment: Segment): void {
    const { row } = this.#input;
    const { tree, columns } = this.#line;
    const counts = noInodes();
    for (let item = 0; segment.inodeBlocks > 0 && item < segment.count; item++) {
      const entry = segment.entries[item]!;
      countInode(counts, tree.kind(entry), columns.nlink[entry]!);
    }
    row.countSaved(segment.savedByDedupe, segment.savedByHoles);
    row.take(this.#endBlk, segment.inodeBlocks + segment.bodyBlocks, counts);
  }

  #write(segment: Segment): Promise<void> | undefined {
    const hash = this.#input.xxhash.create64();
    const { image, row } = this.#input;
    let kept: Metadata | undefined;
    if (segment.inodeBlocks > 0) {
      this.#emitInodes(segment);
      const { bytes, imageOff } = this.#line.meta;
      if (this.#late.length > 0)
        kept = { number: this.#number, inodesOff: imageOff, inodes: bytes.slice(), bodies: [] };
      hash.update(bytes);
      image.writeAt(bytes, imageOff);
    }
    this.#writeSmall(segment);
    const end = () => {
      row.setHash(this.#number, hash.digest());
      if (kept) this.#noteLate(segment, kept);
    };
    if (segment.withBodies.length > 0) return this.#writeBodies(hash, kept).then(end);
    end();
    return undefined;
  }

  #writeBodies(hash: Hash, kept: Metadata | undefined): Promise<void> {
    const { image } = this.#input;
    return this.#line.meta.emitBodies((bytes, imageOff) => {
      hash.update(bytes);
      kept?.bodies.push(bytes.slice());
      image.writeAt(bytes, imageOff);
    });
  }

  /** Leaves a note of files whose contents are to come. @param metadata of the segment */
  #noteLate(segment: Segment, metadata: Metadata): void {
    const { nids, formats } = this.#line.columns;
    for (const item of this.#late) {
      const entry = segment.entries[item]!;
      const isExtended = (formats[entry]! & FORMAT_EXTENDED) !== 0;
      this.#input.late.push({ entry, isExtended, inodeOff: nids[entry]! * SLOT, metadata });
    }
  }

  /** Leaves the large files to whoever comes to it. */
  #leaveLarge(segment: Segment): number | Promise<number> {
    return segment.large.length === 0 ? 0 : this.#addCopies(segment);
  }

  async #addCopies({ large, entries }: Segment): Promise<number> {
    const { copies } = this.#input;
    const { index, tree, columns, sizes } = this.#line;
    let pieces = 0;
    for (const item of large) {
      const entry = entries[item]!;
      if (this.#shares[item] !== SHARES_NOTHING) continue;
      const size = tree.size.view[entry]!;
      // holes, and the end beside the inode, are done
      this.#job.advance(size - Math.min(size, sizes.dataBlocks(entry) * this.#blockSize));
      const imageOff = columns.startBlk[entry]! * this.#blockSize;
      const file = { line: index, entry, size, length: sizes.bodyBytes(entry), imageOff };
      pieces += await copies.add(file, sizes.chunkMaps.get(entry), this.#blockSize);
    }
    copies.show(this.#number);
    return pieces;
  }

  #emitInodes(segment: Segment): void {
    const { columns, parents, meta, tree } = this.#line;
    const { count, entries, tails, tailAt, tailLen, withBodies } = segment;
    const startBlk = this.#startBlk;
    const bodiesBlk = startBlk + segment.inodeBlocks;
    const bodyOwners = withBodies.map((item) => entries[item]!);
    meta.open(startBlk, bodiesBlk + segment.bodyBlocks, bodyOwners);
    parents.open((startBlk * this.#blockSize) / SLOT, (bodiesBlk * this.#blockSize) / SLOT);
    for (let item = 0; item < count; item++) {
      const entry = entries[item]!;
      const headEnd = meta.emitInode(entry, columns.nids[entry]! % 2 ** 32);
      if ((tree.flags.view[entry]! & FLAG_LATE) !== 0) this.#late.push(item);
      const length = tailLen[item]!;
      if (length > 0) meta.bytes.set(tails.subarray(tailAt[item]!, tailAt[item]! + length), headEnd);
    }
  }

  /** Writes the data of small files, as many at once as lie side by side. */
  #writeSmall(segment: Segment): void {
    const { image } = this.#input;
    const { columns } = this.#line;
    const { data, dataAt, blocks, count, entries } = segment;
    let from = 0;
    let to = 0;
    let blk = 0;
    for (let item = 0; item < count; item++) {
      const at = dataAt[item]!;
      if (at === NOT_HERE) continue;
      const start = columns.startBlk[entries[item]!]!;
      if (at !== to || start - blk !== (at - from) / this.#blockSize) {
        if (to > from) image.writeAt(data.subarray(from, to), blk * this.#blockSize);
        from = at;
        blk = start;
      }
      to = at + blocks[item]! * this.#blockSize;
    }
    if (to > from) image.writeAt(data.subarray(from, to), blk * this.#blockSize);
  }
}

type Hash = ReturnType<XxHash["create64"]>;
