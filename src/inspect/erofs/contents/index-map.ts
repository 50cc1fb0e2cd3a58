/**
 * Extents of compressed files, from the entries of their lclusters: an extent starts at a head, and ends where the next one
 * starts. Source: Linux fs/erofs/zmap.c.
 */
import { LCLUSTER_NONHEAD, LCLUSTER_PLAIN } from "../../../erofs/disk/format.ts";
import type { ErofsImage } from "../image.ts";
import type { ErofsInode } from "../inode.ts";
import type { IndexRoom } from "./array-window.ts";
import { type Extent, type FileMap, inodeExtent, packedExtent, placeBytes } from "./extent.ts";
import type { FileIndex } from "./file-index.ts";
import { Lclusters } from "./lclusters.ts";

/** The largest distance that an entry tells; what is farther is as far. */
const MOST_BACK = 0x7ff;

/** A head whose extent is looked at. */
interface Head {
  readonly number: number;
  /** LCLUSTER_ number. */
  readonly type: number;
  readonly blk: number;
  readonly isPartial: boolean;
  /** The byte of the file at which its extent starts. */
  readonly start: number;
}

/** Finds extents by their heads: the one of an offset by distances backwards, then the next one, and so on. */
export class IndexMap implements FileMap {
  readonly #image: ErofsImage;
  readonly #index: FileIndex;
  readonly #size: number;
  /** Of an lcluster in bytes, and how many there are. */
  readonly #lcluster: number;
  readonly #count: number;
  readonly #entries: Lclusters;
  /** The entry that has to be loaded before it goes on. */
  #missing = 0;
  /** Which head is looked for, for which offset: the one before this entry, or of it. */
  #seek = { offset: -1, number: 0 };
  #head: Head | undefined;
  /** Blocks of its pcluster, as far as is known; 0 where that should be said, and is not. */
  #blocks = 1;
  /** The entry at which is looked next for the end of its extent. */
  #scan = 0;
  /** Where that ends, once that is known. */
  #end = Number.POSITIVE_INFINITY;

  constructor(image: ErofsImage, { size }: ErofsInode, index: FileIndex, room: IndexRoom) {
    this.#image = image;
    this.#index = index;
    this.#size = size;
    this.#lcluster = 2 ** index.lclusterBits;
    this.#count = Math.ceil(size / this.#lcluster);
    this.#entries = new Lclusters(index, room);
  }

  extentAt(offset: number): Extent | Promise<Extent> {
    return this.#find(offset) ?? this.#loadAndFind(offset);
  }

  async #loadAndFind(offset: number): Promise<Extent> {
    for (;;) {
      await this.#entries.load(this.#missing);
      const found = this.#find(offset);
      if (found !== undefined) return found;
    }
  }

  /** The extent of an offset; undefined where an entry is {@link #missing}. */
  #find(offset: number): Extent | undefined {
    if (this.#head === undefined || offset < this.#head.start || offset >= this.#end) {
      const isNext = this.#head !== undefined && offset === this.#end;
      if (!(isNext ? this.#openNext() : this.#seekHead(offset))) return undefined;
    }
    if (!this.#findEnd()) return undefined;
    if (offset >= this.#end) throw this.#damaged(`no extent holds byte ${offset}, where one is said to be`);
    return this.#extent(this.#head!);
  }

  #openNext(): boolean {
    if (!this.#see(this.#scan)) return false;
    this.#open(this.#scan);
    return true;
  }

  #seekHead(offset: number): boolean {
    if (this.#seek.offset !== offset) this.#seek = { offset, number: Math.floor(offset / this.#lcluster) };
    const entries = this.#entries;
    for (;;) {
      const { number } = this.#seek;
      if (!this.#see(number)) return false;
      const isHead = entries.type !== LCLUSTER_NONHEAD;
      if (isHead && number * this.#lcluster + entries.clusterOfs <= offset) {
        this.#seek.offset = -1;
        this.#open(number);
        return true;
      }
      const back = isHead ? 1 : Math.max(1, entries.back);
      if (back > number) throw this.#damaged(`no extent starts before byte ${offset}, which none holds`);
      this.#seek.number -= back;
    }
  }

  #open(number: number): void {
    const { type, blk, isPartial, clusterOfs } = this.#entries;
    this.#head = { number, type, blk, isPartial, start: number * this.#lcluster + clusterOfs };
    this.#blocks = 1;
    this.#scan = number + 1;
    this.#end = Number.POSITIVE_INFINITY;
  }

  /** Looks for the next head, whose number is then that of {@link #scan}. */
  #findEnd(): boolean {
    if (this.#end <= this.#size) return true;
    const entries = this.#entries;
    const { number, type } = this.#head!;
    const isBig = this.#index.isBig[type === 1 ? 0 : 1];
    for (; this.#scan < this.#count; this.#scan++) {
      if (!this.#see(this.#scan)) return false;
      if (entries.type !== LCLUSTER_NONHEAD) {
        // one that starts at the end is a mark that there it is
        this.#end = Math.min(this.#size, this.#scan * this.#lcluster + entries.clusterOfs);
        return true;
      }
      const distance = this.#scan - number;
      if (entries.back !== 0 && entries.back !== Math.min(distance, MOST_BACK))
        throw this.#damaged(`lcluster ${this.#scan} belongs to ${number}, and says ${this.#scan - entries.back}`);
      if (distance > 1 || !isBig) continue;
      this.#blocks = entries.blocks ?? 0;
    }
    this.#end = this.#size;
    return true;
  }

  #see(number: number): boolean {
    if (this.#entries.see(number)) return true;
    this.#missing = number;
    return false;
  }

  #extent({ number, type, blk, isPartial, start }: Head): Extent {
    const { kind, fragmentOff, inlineBytes, algorithms, isTurned, space, end: indexEnd } = this.#index;
    const { blockSize } = this.#image;
    const length = this.#end - start;
    const isLast = this.#end === this.#size;
    if (isLast && fragmentOff !== undefined) {
      return packedExtent(start, length, fragmentOff + (kind === "full" ? blk * 2 ** 32 : 0));
    }
    // the types of heads are 1 and 3
    const algorithm = type === LCLUSTER_PLAIN ? undefined : algorithms[type >> 1];
    if (isLast && inlineBytes !== undefined) {
      if ((indexEnd % blockSize) + inlineBytes > blockSize) throw this.#damaged("its end crosses a block");
      return { ...inodeExtent(start, inlineBytes, space, indexEnd), length, algorithm, isPartial };
    }
    if (this.#blocks === 0) throw this.#damaged(`lcluster ${number + 1} does not say how big its pcluster is`);
    const stored = this.#blocks * blockSize;
    const { source, device, space: within, at } = placeBytes(this.#image, blk * blockSize, stored, 0);
    return {
      start,
      length,
      source,
      device,
      space: within,
      at,
      stored,
      algorithm,
      isPartial,
      isTurned: algorithm === undefined && isTurned,
    };
  }

  #damaged(why: string) {
    return this.#index.space.damaged(this.#index.at, why);
  }
}
