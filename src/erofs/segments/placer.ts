/**
 * Gives segments their places, one after another, and writes them. Within a segment's turn only numbers are decided:
 * where it starts, which files have the data of earlier ones, where the data of the others goes. It is written when the
 * next one may have its turn already.
 *
 *     | inodes, packed | whole blocks of directories and long links | data of files, in their order |
 */
import { equalBytes, roundUp } from "../../core/bytes.ts";
import type { PieceResult } from "../../core/ordered.ts";
import type { JobContext } from "../../core/threads.ts";
import type { XxHash } from "../../core/xxhash.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import { countInode, noInodes } from "../../stage/tree/counts.ts";
import { S_IFDIR, type Tree } from "../../stage/tree/tree.ts";
import { FORMAT_EXTENDED, SLOT } from "../disk/format.ts";
import { type InodePlaces, MetaBuffer } from "../emit/meta-buffer.ts";
import type { ErofsSettings } from "../options.ts";
import type { InodeSizes } from "../plan/measure.ts";
import type { FileSharing } from "./file-sharing.ts";
import type { InodeColumns } from "./inode-columns.ts";
import type { FileKey, KnownFiles } from "./known-files.ts";
import { type ImageFile, LargeFiles } from "./large-files.ts";
import type { ParentLinks } from "./parent-links.ts";
import type { SegmentRow } from "./row.ts";
import { NOT_HERE, type Segment, SHARES_NOTHING } from "./segment.ts";

/** What placing needs. */
export interface PlacerInput {
  tree: Tree;
  columns: InodeColumns;
  sizes: InodeSizes;
  settings: ErofsSettings;
  xattrIbodies: (Uint8Array | undefined)[];
  contents: Contents;
  sharing: { known: KnownFiles; files: FileSharing } | undefined;
  row: SegmentRow;
  image: ImageFile;
  /** See SegmentOrder. */
  inodeOf: Uint32Array | undefined;
  parents: ParentLinks;
  xxhash: XxHash;
}

/** Places and writes the segments of one thread. */
export class SegmentPlacer {
  readonly #job: JobContext;
  readonly #input: PlacerInput;
  readonly #blockSize: number;
  readonly #meta: MetaBuffer;
  readonly #largeFiles: LargeFiles;

  constructor(job: JobContext, input: PlacerInput) {
    const { tree, columns, sizes, settings, xattrIbodies, parents } = input;
    this.#job = job;
    this.#input = input;
    this.#blockSize = settings.blockSize;
    const places: InodePlaces = {
      blockSize: settings.blockSize,
      nidBlk: 0,
      chunkMaps: sizes.chunkMaps,
      chunkBits: settings.chunkBits ?? 0,
      chunkIndexes: settings.chunkIndexes,
      omitsDot: settings.omitsDot,
      xattrs: { ibodies: xattrIbodies },
      stored: undefined,
      parents,
      // a thread's own columns are replaced when they grow
      get nids() {
        return columns.nids;
      },
      get startBlk() {
        return columns.startBlk;
      },
      get nlink() {
        return columns.nlink;
      },
      get formats() {
        return columns.formats;
      },
    };
    this.#meta = new MetaBuffer(places, tree);
    this.#largeFiles = new LargeFiles(job, input, settings.blockSize);
  }

  /**
   * What is to be done with a segment in its turn, and then. Large files are copied when all of the piece has its place,
   * so that other threads need not wait for that.
   *
   * @param done is called when what the segment holds is in the image
   */
  result(segment: Segment, isLast: boolean, done: (segment: Segment) => void): PieceResult {
    const end = () => {
      done(segment);
      return isLast ? this.#largeFiles.copyAll() : undefined;
    };
    return {
      heldBytes: segment.heldBytes,
      place: () => this.#place(segment),
      write: () => {
        const writing = this.#write(segment);
        return writing === undefined ? end() : writing.then(end);
      },
    };
  }

  /** Copies the large files of a segment of this thread, if that has been put off; undefined if it has not. */
  writeAll(segment: number): Promise<void> | undefined {
    return this.#largeFiles.has(segment) ? this.#largeFiles.copyAll() : undefined;
  }

  #place(segment: Segment): void | Promise<void> {
    const { row, settings } = this.#input;
    segment.startBlk = roundUp(row.nextBlk, settings.dsunit);
    segment.number = row.length;
    segment.endBlk = segment.startBlk + segment.inodeBlocks + segment.bodyBlocks;
    this.#placeInodes(segment);
    const placing = segment.large.length > 0 ? this.#placeData(segment) : this.#placeSmallFrom(segment, 0);
    if (placing !== undefined) return placing.then(() => this.#take(segment));
    this.#take(segment);
  }

  #placeInodes(segment: Segment): void {
    const { columns, sizes } = this.#input;
    const { count, entries, slotAt, startBlk, withBodies } = segment;
    // a segment that has data alone leaves the inodes to another
    if (segment.inodeBlocks === 0) return;
    const firstNid = (startBlk * this.#blockSize) / SLOT;
    for (let item = 0; item < count; item++) columns.nids[entries[item]!] = firstNid + slotAt[item]!;
    if (this.#input.inodeOf) this.#nameLinks(segment, this.#input.inodeOf);
    let blk = startBlk + segment.inodeBlocks;
    for (const item of withBodies) {
      columns.startBlk[entries[item]!] = blk;
      blk += sizes.metaBodyBlocks(entries[item]!);
    }
  }

  /** The further names of hard links, in directories of the segment, lead to the one inode, which comes before them. */
  #nameLinks({ count, entries }: Segment, inodeOf: Uint32Array): void {
    const { columns, tree } = this.#input;
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

  /** Places the data of items that are all small, from one on; mostly there is nothing to wait for. */
  #placeSmallFrom(segment: Segment, first: number): Promise<void> | undefined {
    for (let item = first; item < segment.count; item++) {
      const placing = segment.blocks[item]! > 0 ? this.#placeSmall(segment, item) : undefined;
      if (placing !== undefined) return placing.then(() => this.#placeSmallFrom(segment, item + 1));
    }
    return undefined;
  }

  #placeSmall(segment: Segment, item: number): Promise<void> | undefined {
    const { sharing } = this.#input;
    if (segment.shares[item] === SHARES_NOTHING) {
      if (segment.dataAt[item] === NOT_HERE) return undefined;
      if (sharing && segment.keys[item] !== 0) {
        const waiting = this.#shareSmall(segment, item, sharing);
        if (waiting !== undefined) return waiting.then(() => this.#placeItem(segment, item));
      }
    }
    this.#placeItem(segment, item);
    return undefined;
  }

  #placeItem(segment: Segment, item: number): void {
    if (segment.shares[item] === SHARES_NOTHING) this.#placeOwn(segment, item);
    else this.#placeShared(segment, item);
  }

  /** Gives a file's data the next blocks. */
  #placeOwn(segment: Segment, item: number): void {
    const { columns, settings, sharing } = this.#input;
    const blk = roundUp(segment.endBlk, settings.dsunit);
    columns.startBlk[segment.entries[item]!] = blk;
    segment.endBlk = blk + segment.blocks[item]!;
    const key = segment.keys[item]!;
    if (!sharing || key === 0) return;
    const tailOff = segment.tailLen[item] === 0 ? 0 : this.#tailOff(segment, item);
    segment.originals.push(item);
    sharing.known.add({ key, size: this.#sizeOf(segment, item) }, blk, tailOff, segment.number);
  }

  #placeShared(segment: Segment, item: number): void {
    const { columns, row, sharing } = this.#input;
    segment.dataAt[item] = NOT_HERE;
    columns.startBlk[segment.entries[item]!] = sharing!.known.blk(segment.shares[item]!);
    row.countSaved(segment.blocks[item]! * this.#blockSize, 0);
  }

  /** Has a file share the data of one that became known while its segment was made, or of one in the segment. */
  #shareSmall(segment: Segment, item: number, sharing: Sharing): Promise<void> | undefined {
    const { known, files } = sharing;
    const since = segment.known[item]!;
    const key = segment.keys[item]!;
    const size = this.#sizeOf(segment, item);
    if (!known.hasAlike(key, size, since)) return undefined;
    const file = { key, size, hasTail: segment.tailLen[item]! > 0 };
    const waiting = files.wait(file, since, known.length - segment.originals.length);
    if (waiting !== undefined) return waiting.then(() => this.#shareKnown(segment, item, file, sharing));
    this.#shareKnown(segment, item, file, sharing);
    return undefined;
  }

  #shareKnown(segment: Segment, item: number, file: FileKey, { known, files }: Sharing): void {
    const { body, tail } = this.#bytesOf(segment, item);
    const firstOwn = known.length - segment.originals.length;
    segment.shares[item] = files.find(file, body, tail, segment.known[item]!, firstOwn);
    if (segment.shares[item] !== SHARES_NOTHING) return;
    for (const number of known.alike(file, firstOwn, known.length)) {
      const other = this.#bytesOf(segment, segment.originals[number - firstOwn]!);
      if (equalBytes(other.body, body) && equalBytes(other.tail, tail)) segment.shares[item] = number;
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
        const placing = this.#placeSmall(segment, item);
        if (placing !== undefined) await placing;
        continue;
      }
      large++;
      if (sharing && segment.keys[item] !== 0) await this.#shareLarge(segment, item, sharing);
      if (segment.shares[item] === SHARES_NOTHING) this.#placeOwn(segment, item);
      else {
        this.#placeShared(segment, item);
        this.#job.advance(this.#sizeOf(segment, item));
      }
    }
  }

  async #shareLarge(segment: Segment, item: number, { known, files }: Sharing): Promise<void> {
    const since = segment.known[item]!;
    if (known.length === since) return;
    const entry = segment.entries[item]!;
    const size = this.#sizeOf(segment, item);
    const file = { key: segment.keys[item]!, size, hasTail: segment.tailLen[item]! > 0 };
    const firstOwn = known.length - segment.originals.length;
    segment.shares[item] = await files.findLarge(file, entry, since, firstOwn);
    if (segment.shares[item] !== SHARES_NOTHING) return;
    for (const number of known.alike(file, firstOwn, known.length)) {
      const other = segment.entries[segment.originals[number - firstOwn]!]!;
      if (await files.areEqual(other, entry, size)) segment.shares[item] = number;
    }
  }

  #sizeOf(segment: Segment, item: number): number {
    return this.#input.tree.size.view[segment.entries[item]!]!;
  }

  /** Where what lies beside an item's inode is in the image. */
  #tailOff(segment: Segment, item: number): number {
    const { columns, sizes } = this.#input;
    const entry = segment.entries[item]!;
    const isExtended = (columns.formats[entry]! & FORMAT_EXTENDED) !== 0;
    return columns.nids[entry]! * SLOT + sizes.headBytes(entry, isExtended);
  }

  /** Ends the segment's turn. */
  #take(segment: Segment): void {
    const { row, tree, columns } = this.#input;
    const counts = noInodes();
    for (let item = 0; segment.inodeBlocks > 0 && item < segment.count; item++) {
      const entry = segment.entries[item]!;
      countInode(counts, tree.kind(entry), columns.nlink[entry]!);
    }
    row.countSaved(segment.savedByDedupe, segment.savedByHoles);
    row.take(segment.endBlk, segment.inodeBlocks + segment.bodyBlocks, counts);
  }

  #write(segment: Segment): Promise<void> | undefined {
    const hash = this.#input.xxhash.create64();
    if (segment.inodeBlocks > 0) this.#emitInodes(segment);
    const { image, row } = this.#input;
    const { bytes, imageOff } = this.#meta;
    if (segment.inodeBlocks > 0) {
      hash.update(bytes);
      image.writeAt(bytes, imageOff);
    }
    this.#writeSmall(segment);
    if (segment.withBodies.length === 0 && segment.large.length === 0) {
      row.setWritten(segment.number, hash.digest());
      return undefined;
    }
    return this.#writeRest(segment, hash);
  }

  async #writeRest(segment: Segment, hash: Hash): Promise<void> {
    const { image } = this.#input;
    await this.#meta.emitBodies((bytes, imageOff) => {
      hash.update(bytes);
      image.writeAt(bytes, imageOff);
    });
    const { number, large, shares, entries } = segment;
    const own = large.filter((item) => shares[item] === SHARES_NOTHING);
    const files = own.map((item) => entries[item]!);
    this.#largeFiles.add({ segment: number, files, hash: hash.digest() });
  }

  #emitInodes(segment: Segment): void {
    const { columns, parents } = this.#input;
    const { count, entries, tails, tailAt, tailLen, withBodies, startBlk } = segment;
    const meta = this.#meta;
    const bodiesBlk = startBlk + segment.inodeBlocks;
    const bodyOwners = withBodies.map((item) => entries[item]!);
    meta.open(startBlk, bodiesBlk + segment.bodyBlocks, bodyOwners);
    parents.open((startBlk * this.#blockSize) / SLOT, (bodiesBlk * this.#blockSize) / SLOT);
    for (let item = 0; item < count; item++) {
      const entry = entries[item]!;
      const headEnd = meta.emitInode(entry, columns.nids[entry]! % 2 ** 32);
      const length = tailLen[item]!;
      if (length > 0) meta.bytes.set(tails.subarray(tailAt[item]!, tailAt[item]! + length), headEnd);
    }
  }

  /** Writes the data of small files, as many at once as lie side by side. */
  #writeSmall(segment: Segment): void {
    const { columns, image } = this.#input;
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

type Sharing = NonNullable<PlacerInput["sharing"]>;
type Hash = ReturnType<XxHash["create64"]>;
