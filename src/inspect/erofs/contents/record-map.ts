/** Extents of compressed files that are listed in records. Source: Linux fs/erofs/zmap.c. */
import { EXTENT, EXTENT_FORMAT_SHIFT, EXTENT_PARTIAL_REF, EXTENT_START } from "../../../erofs/disk/format.ts";
import type { ErofsImage } from "../image.ts";
import type { ErofsInode } from "../inode.ts";
import { ArrayWindow, type IndexRoom } from "./array-window.ts";
import { type Extent, type FileMap, holeExtent, packedExtent, placeBytes } from "./extent.ts";
import { type FileIndex, LISTED_RECORD } from "./file-index.ts";

/** plen: bytes that are stored. */
const PLEN_BYTES = 0x1fffff;
/** Bytes of a record that is but its plen: where the data of one starts follows from all before it. */
const BARE_RECORD = 4;
/** Of so many bare records one is remembered. */
const MARK_STEP = 4096;

/** A record. */
interface ExtentRecord {
  readonly plen: number;
  /** Where its data starts; 0 in those of {@link BARE_RECORD} bytes. */
  readonly at: number;
  /** The byte of the file at which it starts. */
  readonly start: number;
}

/** Finds extents in records: by their number, or, where they say at which byte they start, by bisection. */
export class RecordMap implements FileMap {
  readonly #image: ErofsImage;
  readonly #size: number;
  readonly #index: FileIndex;
  readonly #records: ArrayWindow;
  /** The number of the extent that was told last, and where it ends. */
  #last = -1;
  #lastEnd = 0;
  #isOrdered = false;
  /** Of bare records: where the data of every {@link MARK_STEP}th one starts, and of the one that was wanted last. */
  readonly #marks: number[] = [];
  #wanted = { number: 0, at: 0 };

  constructor(image: ErofsImage, { size }: ErofsInode, index: FileIndex, room: IndexRoom) {
    this.#image = image;
    this.#size = size;
    this.#index = index;
    this.#records = new ArrayWindow(index.space, index.at, index.end, room);
  }

  async extentAt(offset: number): Promise<Extent> {
    const { recordBytes, entries, lclusterBits } = this.#index;
    if (recordBytes < LISTED_RECORD) {
      const number = Math.floor(offset / 2 ** lclusterBits);
      const record = await this.#record(number);
      const at = recordBytes === BARE_RECORD ? await this.#bareStart(number) : record.at;
      const end = Math.min(record.start + 2 ** lclusterBits, this.#size);
      return this.#extent({ ...record, at }, end, number === entries - 1);
    }
    if (entries === 0) return holeExtent(0, this.#size);
    // from front to back it is the next one
    const number = offset === this.#lastEnd ? this.#last + 1 : await this.#find(offset);
    const record = await this.#record(number);
    // nothing is in front of the first one
    if (number === 0 && record.start > offset && record.start <= this.#size) return holeExtent(0, record.start);
    const end = number + 1 < entries ? (await this.#record(number + 1)).start : this.#size;
    if (record.start > offset || end <= offset || end > this.#size)
      throw this.#damaged(`the extent of byte ${offset} is said to be from ${record.start} to ${end}`);
    this.#last = number;
    this.#lastEnd = end;
    return this.#extent(record, end, number === entries - 1);
  }

  /** The last record that starts at `offset` or before it. */
  async #find(offset: number): Promise<number> {
    if (!this.#isOrdered) await this.#checkOrder();
    let [from, to] = [0, this.#index.entries];
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if ((await this.#record(middle)).start <= offset) from = middle;
      else to = middle;
    }
    return from;
  }

  /** Looks at all records once: bisection finds something in any order, and not the same each time. */
  async #checkOrder(): Promise<void> {
    let before = -1;
    for (let number = 0; number < this.#index.entries; number++) {
      const { start } = await this.#record(number);
      if (start <= before) throw this.#damaged(`an extent starts at ${start}, behind one at ${before}`);
      before = start;
    }
    this.#isOrdered = true;
  }

  async #record(number: number): Promise<ExtentRecord> {
    const { entries, recordBytes, lclusterBits } = this.#index;
    if (number >= entries) throw this.#damaged(`there are ${entries} extents, which are not all of it`);
    const from = await this.#load(number);
    const { view } = this.#records;
    const field = (offset: typeof EXTENT.plen) => (offset < recordBytes ? view.getU32(from, offset) : 0);
    const listed = field(EXTENT.lstart_lo) + field(EXTENT.lstart_hi) * 2 ** 32;
    return {
      plen: view.getU32(from, EXTENT.plen),
      at: field(EXTENT.pstart_lo) + field(EXTENT.pstart_hi) * 2 ** 32,
      start: recordBytes < LISTED_RECORD ? number * 2 ** lclusterBits : listed,
    };
  }

  /** Where a record stands in the view of {@link #records}. */
  async #load(number: number): Promise<number> {
    const { at, recordBytes } = this.#index;
    const from = at + number * recordBytes;
    while (!this.#records.has(from, recordBytes)) await this.#records.load(from);
    return this.#records.offsetOf(from);
  }

  /** Where the data of a bare record starts: behind that of all before it. */
  async #bareStart(number: number): Promise<number> {
    if (this.#marks.length === 0) this.#marks.push(await this.#firstStart());
    if (number < this.#wanted.number || this.#wanted.number === 0) {
      const mark = Math.min(Math.floor(number / MARK_STEP), this.#marks.length - 1);
      this.#wanted = { number: mark * MARK_STEP, at: this.#marks[mark]! };
    }
    const wanted = this.#wanted;
    while (wanted.number < number) {
      const from = await this.#load(wanted.number);
      wanted.at += this.#records.view.getU32(from, EXTENT.plen) & PLEN_BYTES;
      wanted.number++;
      if (wanted.number === this.#marks.length * MARK_STEP) this.#marks.push(wanted.at);
    }
    return wanted.at;
  }

  async #firstStart(): Promise<number> {
    const { at, space } = this.#index;
    const view = await space.view(at - EXTENT_START.byteSize, EXTENT_START.byteSize);
    return view.getNumber(0, EXTENT_START.pstart);
  }

  #extent({ plen, at, start }: ExtentRecord, end: number, isLast: boolean): Extent {
    const { fragmentOff, isTurned, recordBytes } = this.#index;
    const { blockSize } = this.#image;
    const length = end - start;
    if (isLast && fragmentOff !== undefined) {
      // the low half of pstart is the high half of where that is
      const high = recordBytes === BARE_RECORD ? 0 : at % 2 ** 32;
      return packedExtent(start, length, plen + high * 2 ** 32);
    }
    const stored = plen & PLEN_BYTES;
    if (stored === 0) return holeExtent(start, length);
    const format = plen >>> EXTENT_FORMAT_SHIFT;
    return {
      start,
      length,
      stored,
      ...placeBytes(this.#image, at, stored, 0),
      algorithm: format === 0 ? undefined : format - 1,
      isPartial: (plen & EXTENT_PARTIAL_REF) !== 0,
      isTurned: format === 0 && isTurned && at % blockSize === 0 && stored % blockSize === 0,
    };
  }

  #damaged(why: string) {
    const { space, at } = this.#index;
    return space.damaged(at, why);
  }
}
