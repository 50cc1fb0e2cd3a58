/**
 * How regular files of a compressed image have been stored: what indexes and inodes are made from, by entry, in shared
 * memory. Filled in piece by piece, in the order of the pieces, so it does not depend on who compressed which.
 */
import { sharedFloat64, sharedUint32 } from "../../core/shared.ts";
import {
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  LAYOUT_CHUNK,
  LAYOUT_COMPRESSED_COMPACT,
  LAYOUT_COMPRESSED_FULL,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  MAX_CHUNK_BITS,
  MAX_COMPACT_BITS,
} from "../disk/format.ts";
import { checkBlocks } from "../disk/limits.ts";

/** A way to compress: an algorithm, and the size that its pclusters may have. */
export interface Method {
  /** Index into the algorithms of Compression. */
  algorithm: number;
  /** Bytes; 0: not compressed. */
  pclusterSize: number;
}

/** A part of a file that lies in one piece. */
export interface Part {
  entry: number;
  /** Index into the methods of StoredFiles. */
  method: number;
  /** As in available_compr_algs. */
  algorithm: number;
  /** Bytes of the whole file. */
  size: number;
  /** The file starts with this part, and ends with it. */
  isFirst: boolean;
  isLast: boolean;
  /** Something in it is compressed, or a fragment. */
  isPacked: boolean;
  /** Where its blocks, extents, inline bytes and fragment start in the piece; they end with the next part's. */
  blocksAt: number;
  extentsAt: number;
  inlineAt: number;
  fragmentAt: number;
}

/** Where a part has its place, and what it takes there; in bytes. One record is filled again for each part. */
export interface PartPlace {
  /** Where its blocks start. */
  imageOff: number;
  /** Of blocks of its own, from `imageOff` on. */
  keptLen: number;
  /** The same with those that lie elsewhere. */
  storedLen: number;
  /** Where its extents and inline bytes start in the spill file. */
  recordOff: number;
  inlineLen: number;
  /** Where it lies in the packed inode. */
  fragmentOff: number;
  fragmentLen: number;
  /** Number of extents. */
  extents: number;
}

/** A record to be filled. */
export function blankPlace(): PartPlace {
  return {
    imageOff: 0,
    keptLen: 0,
    storedLen: 0,
    recordOff: 0,
    inlineLen: 0,
    fragmentOff: 0,
    fragmentLen: 0,
    extents: 0,
  };
}

/** What {@link StoredFiles} are made of, for other threads; plain data in shared memory. */
export interface SharedStored {
  blockSize: number;
  /** Bytes of what the log of extents counts in: blocks, or bytes where extents start anywhere. */
  unit: number;
  /** The packed inode: its place is given before its extents are known, so it has an index and whole blocks. */
  packedEntry: number;
  /** The metabox, or NONE: the same is true of it. */
  boxEntry: number;
  fullIndexes: boolean;
  /** Files that are not compressed are in chunks of so many bytes; 0: they are not. */
  chunkBytes: number;
  /** Chunks are extents of the log, each at a place of its own; otherwise they lie in a row. */
  sharesChunks: boolean;
  /**
   * By entry: log2 of blocks in a chunk of a file whose chunks have been put together, as far as they lie one behind the
   * other; undefined: all have {@link chunkBytes}. Chunks of zeros are holes then.
   */
  chunkBits: Uint8Array | undefined;
  methods: Method[];
  /** By entry: bits 0..3 of i_format. */
  formats: Uint8Array;
  /** By entry: first block of data, or NULL_BLOCK. */
  startBlk: Uint32Array;
  /** By entry: blocks of data. */
  blocks: Uint32Array;
  /** By entry: the device that its data lies in; undefined: all have one, see InodePlan. */
  devices?: Uint16Array | undefined;
  /** By entry: number of extents. */
  extents: Uint32Array;
  /** By entry: index into `methods`. */
  method: Uint8Array;
  /** By entry: PACKED and SCATTERED. */
  packed: Uint8Array;
  /** By entry: bytes that go behind the inode, or behind its index. */
  inlineLen: Uint16Array;
  /** By entry: where its extents, or only its inline bytes, start in the spill file. */
  recordOff: Float64Array;
  /** By entry: bytes at its end that lie in the packed inode, and where. */
  fragmentLen: Float64Array;
  fragmentOff: Float64Array;
  /** By entry: the sketch of what it has in the packed inode; empty where there are no fragments. */
  sketches: Uint32Array;
  /** See the TOTAL_ constants. */
  totals: Float64Array;
}

/** Something in the file is compressed, or a fragment. */
export const PACKED = 1;
/** Some of its pclusters are those of other files, and lie where they lie. */
export const SCATTERED = 2;

const TOTAL_BLOCKS = 0;
const TOTAL_RECORDS = 1;
const TOTAL_FRAGMENTS = 2;
const TOTAL_SAVED = 3;
const TOTALS = 4;

/** log2 of the blocks of a chunk that holds a whole file, if one can. */
export function wholeBits(size: number, blockSize: number): number {
  return Math.min(MAX_CHUNK_BITS, Math.ceil(Math.log2(Math.ceil(size / blockSize))));
}

/** What {@link shareStored} makes columns for. */
export interface StoredOptions
  extends Pick<
    SharedStored,
    | "blockSize"
    | "unit"
    | "packedEntry"
    | "boxEntry"
    | "fullIndexes"
    | "chunkBytes"
    | "sharesChunks"
    | "methods"
    | "formats"
    | "startBlk"
  > {
  /** Number of entries. */
  entries: number;
  /** Block at which the data starts. */
  firstBlk: number;
  /** Words of the sketch of one entry; 0 where there are no fragments. */
  sketchWords: number;
  /** See {@link SharedStored.chunkBits}. */
  joinsChunks: boolean;
}

/** Shared columns for an image's entries. */
export function shareStored({ entries, firstBlk, sketchWords, joinsChunks, ...given }: StoredOptions): SharedStored {
  const bytes = (each: number) => new SharedArrayBuffer(each * entries);
  const totals = sharedFloat64(TOTALS);
  totals[TOTAL_BLOCKS] = firstBlk;
  return {
    ...given,
    chunkBits: joinsChunks ? new Uint8Array(bytes(1)) : undefined,
    blocks: sharedUint32(entries),
    extents: sharedUint32(entries),
    method: new Uint8Array(bytes(1)),
    packed: new Uint8Array(bytes(1)),
    inlineLen: new Uint16Array(bytes(2)),
    recordOff: sharedFloat64(entries),
    fragmentLen: sharedFloat64(entries),
    fragmentOff: sharedFloat64(entries),
    sketches: sharedUint32(sketchWords * entries),
    totals,
  };
}

/** The columns, and what is done with them while pieces are placed. */
export class StoredFiles {
  readonly shared: SharedStored;

  constructor(shared: SharedStored) {
    this.shared = shared;
  }

  /** Bytes of a block. */
  get blockSize(): number {
    return this.shared.blockSize;
  }

  /** Bytes of what the log of an entry's extents counts in. */
  unitOf(entry: number): number {
    const { unit, blockSize, packedEntry, boxEntry } = this.shared;
    return entry === packedEntry || entry === boxEntry ? blockSize : unit;
  }

  /** Whether the extents of an entry are listed one by one, and start anywhere. */
  hasRecords(entry: number): boolean {
    return this.unitOf(entry) < this.blockSize;
  }

  /** First block behind all data that has been placed. */
  get endBlk(): number {
    return this.shared.totals[TOTAL_BLOCKS]!;
  }

  /** Goes on at block `blk`. */
  set endBlk(blk: number) {
    this.shared.totals[TOTAL_BLOCKS] = blk;
  }

  /** Image offset behind all data that has been placed. */
  get nextImageOff(): number {
    return this.endBlk * this.blockSize;
  }

  /** Bytes of the spill file so far. */
  get recordBytes(): number {
    return this.shared.totals[TOTAL_RECORDS]!;
  }

  /** Bytes of the packed inode so far. */
  get fragmentBytes(): number {
    return this.shared.totals[TOTAL_FRAGMENTS]!;
  }

  /** Bytes of blocks that have been counted by {@link countSaved}. */
  get savedBytes(): number {
    return this.shared.totals[TOTAL_SAVED]!;
  }

  /** Counts bytes of blocks that are referred to instead of being there again. */
  countSaved(bytes: number): void {
    this.shared.totals[TOTAL_SAVED]! += bytes;
  }

  /** Counts what a piece has added, in bytes. Throws `LIMIT` behind the last block there is. */
  take(blockBytes: number, recordBytes: number, fragmentBytes: number): void {
    const { totals } = this.shared;
    totals[TOTAL_BLOCKS]! += blockBytes / this.blockSize;
    totals[TOTAL_RECORDS]! += recordBytes;
    totals[TOTAL_FRAGMENTS]! += fragmentBytes;
    checkBlocks(this.endBlk);
  }

  /** Adds what one piece has of a file; the parts of a file come one behind the other. */
  placePart(part: Part, place: PartPlace): void {
    const { shared } = this;
    const { entry } = part;
    const { keptLen, storedLen, inlineLen, fragmentOff, fragmentLen } = place;
    if (part.isFirst) {
      shared.method[entry] = part.method;
      shared.recordOff[entry] = place.recordOff;
    }
    if (storedLen > 0 && shared.blocks[entry] === 0) shared.startBlk[entry] = place.imageOff / shared.blockSize;
    shared.blocks[entry]! += Math.ceil(storedLen / shared.blockSize);
    shared.extents[entry]! += place.extents;
    if (fragmentLen > 0) {
      if (!this.hasFragment(entry)) shared.fragmentOff[entry] = fragmentOff;
      shared.fragmentLen[entry]! += fragmentLen;
    }
    if (part.isPacked) shared.packed[entry]! |= PACKED;
    if (keptLen < storedLen) shared.packed[entry]! |= SCATTERED;
    if (!part.isLast) return;
    shared.inlineLen[entry] = inlineLen;
    this.#chooseLayout(part, inlineLen, fragmentLen > 0 ? fragmentOff + fragmentLen : 0);
  }

  /** Whether a file is one with holes, whose chunks lie in a row: that shows before anything of it has its place. */
  isRow(entry: number): boolean {
    return this.shared.formats[entry]! >> FORMAT_LAYOUT_SHIFT === LAYOUT_CHUNK;
  }

  /** A file gets its first chunk: all of it is one, until {@link breakChunks} says that it is not. */
  startChunks({ entry, size }: Part): void {
    const { blockSize, chunkBits } = this.shared;
    if (chunkBits && size > 0) chunkBits[entry] = wholeBits(size, blockSize);
  }

  /** The chunk that starts with a block of the file does not lie behind the one before it. */
  breakChunks(entry: number, block: number): void {
    const { chunkBits } = this.shared;
    // the lowest bit that is set
    if (chunkBits) chunkBits[entry] = Math.min(chunkBits[entry]!, 31 - Math.clz32(block & -block));
  }

  /** Whether some of the file's pclusters lie elsewhere. */
  isScattered(entry: number): boolean {
    return (this.shared.packed[entry]! & SCATTERED) !== 0;
  }

  /** Whether some of the file is a fragment. */
  hasFragment(entry: number): boolean {
    return this.shared.fragmentLen[entry]! > 0;
  }

  /** The next `size` bytes of the packed inode are a directory's. */
  addDirectory(entry: number, size: number): void {
    const { formats, fragmentLen, fragmentOff, packed } = this.shared;
    fragmentOff[entry] = this.fragmentBytes;
    fragmentLen[entry] = size;
    packed[entry]! |= PACKED;
    formats[entry] = (formats[entry]! & FORMAT_EXTENDED) | (LAYOUT_COMPRESSED_FULL << FORMAT_LAYOUT_SHIFT);
    this.take(0, 0, size);
  }

  /** An equal file is stored as its original is. */
  copy(entry: number, original: number): void {
    const columns = [
      "startBlk",
      "blocks",
      "extents",
      "method",
      "packed",
      "inlineLen",
      "recordOff",
      "fragmentLen",
      "fragmentOff",
    ] as const;
    for (const name of columns) this.shared[name][entry] = this.shared[name][original]!;
    const { chunkBits, formats } = this.shared;
    if (chunkBits) chunkBits[entry] = chunkBits[original]!;
    formats[entry] = (formats[entry]! & FORMAT_EXTENDED) | (formats[original]! & ~FORMAT_EXTENDED);
  }

  #chooseLayout({ entry, size }: Part, inlineLen: number, fragmentEnd: number): void {
    const { blockSize, boxEntry, formats, fullIndexes, chunkBytes, packed } = this.shared;
    if (this.isRow(entry)) return;
    const isChunked = chunkBytes > 0 && size > 0 && entry !== boxEntry;
    let layout = inlineLen > 0 ? LAYOUT_INLINE : isChunked ? LAYOUT_CHUNK : LAYOUT_PLAIN;
    if ((packed[entry]! & PACKED) !== 0) {
      // an offset beyond 4 GiB has its upper half in the index
      const isFull =
        fullIndexes ||
        this.hasRecords(entry) ||
        this.isScattered(entry) ||
        fragmentEnd > 0xffffffff ||
        Math.log2(blockSize) > MAX_COMPACT_BITS ||
        this.isFragment(entry);
      layout = isFull ? LAYOUT_COMPRESSED_FULL : LAYOUT_COMPRESSED_COMPACT;
    }
    formats[entry] = (formats[entry]! & FORMAT_EXTENDED) | (layout << FORMAT_LAYOUT_SHIFT);
  }

  /** Whether the whole file lies in the packed inode: then it has no index. */
  isFragment(entry: number): boolean {
    return this.shared.fragmentLen[entry]! > 0 && this.shared.blocks[entry] === 0;
  }
}
