/**
 * The extents of compressed files on their way from the threads that make them to the indexes that list them. There are
 * too many to keep, so they go through a spill file, a few bytes each:
 *
 *     | length | blocks * 8 + flags | block, if flags say so |      numbers of 7 bits a byte, the lowest first
 *
 * Without a block of its own an extent lies behind the one before it.
 */
import { ImageError } from "../../core/error.ts";
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

  /** Bytes of memory that it takes, used or not. */
  get room(): number {
    return this.#bytes.length;
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

/** What is read of a log at once. */
const WINDOW_BYTES = 1 << 16;
/**
 * Windows that are kept: inodes are written a mebibyte at a time, and what is behind them is not in the order of the log
 * there.
 */
const WINDOWS = 32;

/** Reads a log that is somewhere else, some windows of it at a time. */
export class ExtentReader implements ExtentStream {
  readonly #readAt: (into: Uint8Array, offset: number) => number;
  /** By the number of a window, modulo WINDOWS; made when one is asked for. */
  readonly #windows: Uint8Array[] = [];
  readonly #numbers = new Float64Array(WINDOWS).fill(-1);
  readonly #lengths = new Uint32Array(WINDOWS);
  /** The window that is being read, and what of the log it holds. */
  #window: Uint8Array = new Uint8Array(0);
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
    for (let done = 0; done < into.length; ) {
      this.#open();
      const from = this.#at - this.#start;
      const count = Math.min(into.length - done, this.#end - this.#at);
      into.set(this.#window.subarray(from, from + count), done);
      done += count;
      this.#at += count;
    }
  }

  #number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      if (this.#at < this.#start || this.#at >= this.#end) this.#open();
      const byte = this.#window[this.#at++ - this.#start]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Makes the window at hand the one in which the next byte is. */
  #open(): void {
    if (this.#at >= this.#start && this.#at < this.#end) return;
    const number = Math.floor(this.#at / WINDOW_BYTES);
    const slot = number % WINDOWS;
    this.#start = number * WINDOW_BYTES;
    this.#windows[slot] ??= new Uint8Array(WINDOW_BYTES);
    this.#window = this.#windows[slot];
    if (this.#numbers[slot] !== number) {
      this.#numbers[slot] = number;
      this.#lengths[slot] = 0;
    }
    for (let length = this.#lengths[slot]!; this.#at >= this.#start + length; ) {
      const got = this.#readAt(this.#window.subarray(length), this.#start + length);
      if (got === 0) throw new ImageError("INTERNAL", `nothing to read at ${this.#at} of the extents`);
      length += got;
      this.#lengths[slot] = length;
    }
    this.#end = this.#start + this.#lengths[slot]!;
  }
}
