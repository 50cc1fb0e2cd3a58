/**
 * The extents of compressed files on their way from the threads that make them to the indexes that list them. There are
 * too many to keep, so they go through a spill file, a few bytes each:
 *
 *     | length | blocks * 8 + flags | block, if flags say so |      numbers of 7 bits a byte, the lowest first
 *
 * Without a block of its own an extent lies behind the one before it.
 */
import { EXTENT_FLAGS, EXTENT_PLACED, type ExtentStream } from "../disk/lcluster.ts";

/** Most bytes of one extent in the log. */
const LOG_BYTES = 30;

/** A growing row of bytes that extents, or anything else, are appended to. */
export class ByteLog {
  #bytes = new Uint8Array(4096);
  length = 0;

  /** What has been appended, as a view that the next append may leave behind. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for `length` bytes more, and returns the array that {@link length} counts in. */
  reserve(length: number): Uint8Array {
    if (this.length + length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + length));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** @param blk the first block, where `flags` say that it is placed */
  appendExtent(length: number, blocks: number, flags: number, blk: number): void {
    this.reserve(LOG_BYTES);
    this.#number(length);
    this.#number(blocks * EXTENT_FLAGS + flags);
    if ((flags & EXTENT_PLACED) !== 0) this.#number(blk);
  }

  #number(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    while (rest >= 0x80) {
      bytes[this.length++] = 0x80 | (rest % 0x80);
      rest = Math.floor(rest / 0x80);
    }
    bytes[this.length++] = rest;
  }
}

/** Reads a log that is somewhere else, through a buffer. */
export class ExtentReader implements ExtentStream {
  readonly #readAt: (into: Uint8Array, offset: number) => number;
  readonly #buffer = new Uint8Array(1 << 16);
  #start = 0;
  #end = 0;
  #at = 0;
  /** Bytes of the file. */
  length = 0;
  blocks = 0;
  flags = 0;
  /** First block. */
  blk = 0;

  /** @param readAt fills the array from an offset of the log; returns how many bytes there were */
  constructor(readAt: (into: Uint8Array, offset: number) => number) {
    this.#readAt = readAt;
  }

  /** Goes to where a file's extents start, the first of them in block `startBlk`. */
  seek(offset: number, startBlk: number): void {
    this.#at = offset;
    this.length = 0;
    this.blocks = 0;
    this.blk = startBlk;
  }

  /** Reads the next extent. */
  next(): void {
    const follows = this.blk + this.blocks;
    this.length = this.#number();
    const word = this.#number();
    this.flags = word % EXTENT_FLAGS;
    this.blocks = (word - this.flags) / EXTENT_FLAGS;
    this.blk = (this.flags & EXTENT_PLACED) !== 0 ? this.#number() : follows;
  }

  /** Reads the bytes that follow what was read last. */
  copy(into: Uint8Array): void {
    for (let done = 0; done < into.length; done++) into[done] = this.#byte();
  }

  #number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  #byte(): number {
    if (this.#at < this.#start || this.#at >= this.#end) {
      this.#start = this.#at;
      this.#end = this.#at + this.#readAt(this.#buffer, this.#at);
      if (this.#end === this.#start) throw new RangeError(`nothing to read at ${this.#at} of the extents`);
    }
    return this.#buffer[this.#at++ - this.#start]!;
  }
}
