/**
 * The index of a compressed file: one entry for each lcluster, which is one block of the file. An extent starts in an
 * lcluster (HEAD, or PLAIN if it is not compressed) or the lcluster continues one (NONHEAD):
 *
 *     file      |....h1......|............|....h2......|..p.........|      extents start at h1, h2, p
 *     entries   | HEAD ofs 4 | NONHEAD    | HEAD ofs 4 | PLAIN ofs 2|
 *
 * A NONHEAD entry has the distances to the head before it and the next one; where pclusters may be big, the first one
 * behind a head has the number of its blocks instead. Entries are eight bytes each (full), or bit-packed, in packs that
 * share one block address (compact): packs of 2 in 8 bytes, and of 16 in 32 bytes where those are aligned.
 *
 *     compact   | packs of 2, up to 32-byte alignment | packs of 16 | packs of 2 |
 *
 * Source: Linux fs/erofs/zmap.c.
 */
import { roundUp } from "../../core/bytes.ts";
import type { StructView } from "../../core/struct.ts";
import {
  ADVISE_EXTENTS_16,
  ADVISE_EXTENTS_32,
  ADVISE_FRAGMENT_PCLUSTER,
  CBLKCNT,
  EXTENT,
  EXTENT_FORMAT_SHIFT,
  EXTENT_PARTIAL_REF,
  LAYOUT_COMPRESSED_FULL,
  LCLUSTER_DELTAS,
  LCLUSTER_HEAD,
  LCLUSTER_INDEX,
  LCLUSTER_NONHEAD,
  LCLUSTER_PARTIAL_REF,
  LCLUSTER_PLAIN,
  MAP_HEADER,
  MAX_COMPACT_2B_BITS,
  PACK_BASE,
  PACK_BYTE,
} from "./format.ts";

/** The extent is compressed; otherwise its bytes lie as they are. */
export const EXTENT_COMPRESSED = 1;
/** The extent lies elsewhere: its first block follows. */
export const EXTENT_PLACED = 2;
/** The extent is but the start of what its pcluster holds. */
export const EXTENT_PARTIAL = 4;
/** Numbers that the flags can make up. */
export const EXTENT_FLAGS = 8;

/** Bytes that an entry takes more in a full index than in a compact one, at most. */
export const FULL_COSTS = 6;

/** The extents of a file, one after another, as their writer knows them. */
export interface ExtentStream {
  /** Bytes of the file. */
  readonly length: number;
  readonly blocks: number;
  /** EXTENT_ bits. */
  readonly flags: number;
  /** First block. */
  readonly blk: number;
  /** Goes on to the next. */
  next(): void;
}

/** Bytes between the map header and a full index. */
const FULL_GAP = 8;
/** Distances are at most this. */
const MAX_DISTANCE = CBLKCNT - 1;
/** Bits of a distance with CBLKCNT. */
const CBLKCNT_BITS = Math.log2(CBLKCNT) + 1;

/** Where the map header lies behind an inode with its attributes. */
export function mapHeaderAt(headEnd: number): number {
  return roundUp(headEnd, MAP_HEADER.byteSize);
}

/** Entries of a compact index in each kind of pack, in the order of the packs. */
interface Packs {
  /** In packs of 2, before the first of 16. */
  first: number;
  /** In packs of 16. */
  wide: number;
  /** In packs of 2. */
  last: number;
}

/** @param start of the packs, from anything that is 32-byte aligned */
function divide(entries: number, start: number, blockBits: number): Packs {
  const first = ((32 - (start % 32)) / 4) % 8;
  if (blockBits > MAX_COMPACT_2B_BITS || first > entries) return { first: 0, wide: 0, last: entries };
  const wide = entries - first - ((entries - first) % 16);
  return { first, wide, last: entries - first - wide };
}

/**
 * Where the index of a file of `size` bytes ends, if its map header lies at `header`.
 *
 * @param header offset from anything that is 32-byte aligned
 */
export function measureIndex(header: number, size: number, layout: number, blockBits: number): number {
  // of each file that is compressed: a power would take longer than all else
  const entries = Math.ceil(size / (1 << blockBits));
  const start = header + MAP_HEADER.byteSize;
  if (layout === LAYOUT_COMPRESSED_FULL) return start + FULL_GAP + entries * LCLUSTER_INDEX.byteSize;
  const { first, wide, last } = divide(entries, start, blockBits);
  return start + first * 4 + wide * 2 + roundUp(last, 2) * 4;
}

/** Bytes of one extent's record, where extents are listed: the file's offsets may need more than 32 bits. */
function recordBytes(size: number): number {
  return size > 0xffffffff ? EXTENT.byteSize : EXTENT.byteSize / 2;
}

/**
 * Where the list of `count` extents of a file of `size` bytes ends, if its map header lies at `header`; a fragment at the
 * file's end counts too.
 */
export function measureExtents(header: number, size: number, count: number): number {
  const record = recordBytes(size);
  return roundUp(header + MAP_HEADER.byteSize, record) + count * record;
}

/** What a list of extents is made from. */
export interface ExtentsInput {
  /** Bytes of the file. */
  size: number;
  /** Extents in the log. */
  count: number;
  /** As in available_compr_algs. */
  algorithm: number;
  /** Bytes at the end that lie in the packed inode, and where; an extent of their own, which is not in the log. */
  fragmentLen: number;
  fragmentOff: number;
}

/**
 * Writes the map header at `header`, and the list of extents behind it, into zeroed bytes; returns the offset behind it.
 *
 * @param extents at the file's first
 */
export function emitExtents(view: StructView, header: number, input: ExtentsInput, extents: ExtentStream): number {
  const { size, count, algorithm, fragmentLen, fragmentOff } = input;
  const record = recordBytes(size);
  const hasFragment = fragmentLen > 0;
  view.setU32(header, MAP_HEADER.h_fragmentoff, count + Number(hasFragment));
  const advise = record === EXTENT.byteSize ? ADVISE_EXTENTS_32 : ADVISE_EXTENTS_16;
  view.setU16(header, MAP_HEADER.h_advise, advise | (hasFragment ? ADVISE_FRAGMENT_PCLUSTER : 0));
  let at = roundUp(header + MAP_HEADER.byteSize, record);
  let start = 0;
  const put = (plen: number, place: number) => {
    view.setU32(at, EXTENT.plen, plen);
    view.setHalves(at, EXTENT.pstart_lo, EXTENT.pstart_hi, place);
    if (record === EXTENT.byteSize) view.setHalves(at, EXTENT.lstart_lo, EXTENT.lstart_hi, start);
    else view.setU32(at, EXTENT.lstart_lo, start);
    at += record;
  };
  for (let extent = 0; extent < count; extent++) {
    extents.next();
    const format = (extents.flags & EXTENT_COMPRESSED) !== 0 ? algorithm + 1 : 0;
    const partial = (extents.flags & EXTENT_PARTIAL) !== 0 ? EXTENT_PARTIAL_REF : 0;
    put(extents.blocks + partial + format * 2 ** EXTENT_FORMAT_SHIFT, extents.blk);
    start += extents.length;
  }
  // both halves of where it lies, in place of bytes and place
  if (hasFragment) put(fragmentOff % 2 ** 32, Math.floor(fragmentOff / 2 ** 32));
  return at;
}

/** What an index is made from. */
export interface IndexInput {
  /** Bytes of the file. */
  size: number;
  layout: number;
  /** log2 of the block size, which is that of lclusters too. */
  blockBits: number;
  /** Whether pclusters may have several blocks. */
  big: boolean;
  /** Block of the first extent. */
  startBlk: number;
  /** Bytes at the end that lie in the packed inode; an extent of their own, which is not in the log. */
  fragmentLen: number;
  /** The upper half of their offset. */
  fragmentHigh: number;
}

/** Takes the entries of an index, one after the other. */
interface EntrySink {
  /** An extent starts. */
  head(type: number, clusterOfs: number, blk: number, flags: number): void;
  /** An extent goes on; `distance` is that to its head, or CBLKCNT and its blocks. */
  nonhead(distance: number, toNext: number): void;
  /** There are no more; returns the offset behind the index. */
  end(): number;
}

/**
 * Writes the index behind the map header at `header` into zeroed bytes; returns the offset behind it.
 *
 * @param extents at the file's first
 */
export function emitIndex(view: StructView, header: number, input: IndexInput, extents: ExtentStream): number {
  const start = header + MAP_HEADER.byteSize;
  const sink: EntrySink =
    input.layout === LAYOUT_COMPRESSED_FULL
      ? new FullIndex(view, start + FULL_GAP)
      : new CompactIndex(view, start, input);
  const { size, blockBits, big, fragmentLen } = input;
  const blockSize = 1 << blockBits;
  let clusterOfs = 0;
  const put = (length: number, blocks: number, type: number, blk: number, flags: number) => {
    const count = Math.floor((clusterOfs + length) / blockSize);
    sink.head(type, clusterOfs, blk, flags);
    for (let distance = 1; distance < count; distance++) {
      const isCount = big && distance === 1;
      sink.nonhead(
        isCount ? CBLKCNT | blocks : Math.min(distance, MAX_DISTANCE),
        Math.min(count - distance, MAX_DISTANCE),
      );
    }
    // an extent that ends in the lcluster in which it starts is the last
    clusterOfs = count === 0 ? 0 : (clusterOfs + length) % blockSize;
  };
  let at = 0;
  while (at < size - fragmentLen) {
    extents.next();
    const type = (extents.flags & EXTENT_COMPRESSED) !== 0 ? LCLUSTER_HEAD : LCLUSTER_PLAIN;
    put(
      extents.length,
      extents.blocks,
      type,
      extents.blk,
      (extents.flags & EXTENT_PARTIAL) !== 0 ? LCLUSTER_PARTIAL_REF : 0,
    );
    at += extents.length;
  }
  if (fragmentLen > 0) put(fragmentLen, 0, LCLUSTER_HEAD, input.fragmentHigh, 0);
  // an extent of no length at the end of the file
  if (clusterOfs > 0) sink.head(LCLUSTER_PLAIN, clusterOfs, 0, 0);
  return sink.end();
}

class FullIndex implements EntrySink {
  readonly #view: StructView;
  #at: number;

  constructor(view: StructView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  head(type: number, clusterOfs: number, blk: number, flags: number): void {
    this.#view.setU16(this.#at, LCLUSTER_INDEX.di_advise, type | flags);
    this.#view.setU16(this.#at, LCLUSTER_INDEX.di_clusterofs, clusterOfs);
    this.#view.setU32(this.#at, LCLUSTER_INDEX.blkaddr, blk);
    this.#at += LCLUSTER_INDEX.byteSize;
  }

  nonhead(distance: number, toNext: number): void {
    this.#view.setU16(this.#at, LCLUSTER_DELTAS.di_advise, LCLUSTER_NONHEAD);
    this.#view.setU16(this.#at, LCLUSTER_DELTAS.delta_0, distance);
    this.#view.setU16(this.#at, LCLUSTER_DELTAS.delta_1, toNext);
    this.#at += LCLUSTER_DELTAS.byteSize;
  }

  end(): number {
    return this.#at;
  }
}

/**
 * Packs entries. The reader adds up the addresses within a pack, from the pack's base: each head takes a block more than
 * the one before it, or as many as the entry behind it counts. Where pclusters cannot be big the base is one less.
 */
class CompactIndex implements EntrySink {
  readonly #view: StructView;
  readonly #packs: Packs;
  /** What a type is multiplied with: the value lies below it. */
  readonly #typeUnit: number;
  readonly #big: boolean;
  #at: number;
  /** Entries of the pack being filled: what goes into it of each. */
  readonly #values = new Uint32Array(16);
  #filled = 0;
  /** Base of the pack being filled. */
  #base: number;
  /** Address as the reader adds it up. */
  #blk: number;
  /** The last head's blocks are not counted yet. */
  #headOpen: boolean;
  /** No head has been put into this pack. */
  #headless = true;

  constructor(view: StructView, at: number, { size, blockBits, big, startBlk }: IndexInput) {
    this.#view = view;
    this.#at = at;
    this.#packs = divide(Math.ceil(size / (1 << blockBits)), at, blockBits);
    this.#typeUnit = 1 << Math.max(blockBits, CBLKCNT_BITS);
    this.#big = big;
    this.#blk = big ? startBlk : startBlk - 1;
    this.#base = this.#blk;
    this.#headOpen = !big;
  }

  head(type: number, clusterOfs: number): void {
    if (this.#headOpen) {
      this.#blk++;
      if (this.#big && this.#headless) this.#base = this.#blk;
    }
    this.#headOpen = true;
    this.#headless = false;
    this.#put(type, clusterOfs);
  }

  nonhead(distance: number, toNext: number): void {
    const isCount = (distance & CBLKCNT) !== 0;
    if (isCount) {
      this.#blk += distance - CBLKCNT;
      this.#headOpen = false;
    }
    const isLast = this.#filled + 1 === this.#packSize();
    this.#put(LCLUSTER_NONHEAD, isLast && !isCount ? toNext : distance);
  }

  end(): number {
    while (this.#filled > 0) this.#put(LCLUSTER_PLAIN, 0);
    return this.#at;
  }

  #packSize(): number {
    return this.#packs.first === 0 && this.#packs.wide > 0 ? 16 : 2;
  }

  #put(type: number, value: number): void {
    this.#values[this.#filled++] = type * this.#typeUnit + value;
    const size = this.#packSize();
    if (this.#filled === size) this.#flush(size);
  }

  #flush(size: number): void {
    const bytes = size === 2 ? 8 : 32;
    const bits = (bytes * 8 - 32) / size;
    let pending = 0;
    let held = 0;
    let at = this.#at;
    for (let index = 0; index < size; index++) {
      pending |= this.#values[index]! << held;
      held += bits;
      for (; held >= 8; held -= 8) {
        this.#view.setU8(at++, PACK_BYTE.bits, pending & 0xff);
        pending >>>= 8;
      }
    }
    this.#at += bytes;
    this.#view.setU32(this.#at - PACK_BASE.byteSize, PACK_BASE.blkaddr, this.#base);
    const kind = this.#packs.first > 0 ? "first" : size === 16 ? "wide" : "last";
    this.#packs[kind] -= size;
    this.#base = this.#blk;
    this.#filled = 0;
    this.#headless = true;
  }
}
