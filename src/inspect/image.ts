/**
 * An image that is read at any place, a page at a time. Whatever lies outside of it is damage: so whoever follows an
 * address asks no further whether it can be.
 */

import { type ByteSource, bytesSource } from "../core/byte-source.ts";
import { ImageError } from "../core/error.ts";
import { StructView } from "../core/struct.ts";

/** Bytes that are read at once where few are asked for. */
const PAGE = 1 << 16;
/** The bits of an offset, however large, that are its place in a page. */
const PAGE_MASK = PAGE - 1;
/** Pages that are kept. */
const MOST_PAGES = 32;
/** No bytes. */
const NONE = new Uint8Array(0);

/** The bytes of an image, or of what has been decoded from it. */
export class ImageBytes {
  /** Bytes in all. */
  readonly size: number;
  readonly #name: string | undefined;
  readonly #source: ByteSource;
  /** Pages by number, the one that was asked for last at the end. */
  readonly #pages = new Map<number, Uint8Array>();
  #lastNumber = -1;
  #lastPage: Uint8Array = NONE;

  /** @param name what they are, for messages, if they are not the image itself */
  constructor(image: Uint8Array | ByteSource, name?: string) {
    this.#name = name;
    this.#source = image instanceof Uint8Array ? bytesSource(image) : image;
    this.size = this.#source.size;
  }

  /**
   * The bytes `[at, at + length)`, for the caller to keep.
   *
   * @throws ImageError `DAMAGED` where they are not all in the image
   */
  async read(at: number, length: number): Promise<Uint8Array> {
    this.check(at, length);
    const bytes = new Uint8Array(length);
    await this.fill(bytes, at);
    return bytes;
  }

  /** The same as fields of structures, which count from 0. */
  async view(at: number, length: number): Promise<StructView> {
    return viewOf(await this.read(at, length));
  }

  /**
   * The same bytes as {@link read} gives, quicker: at once where they are known, and without a copy. They are valid until
   * anything else is read, and not to be changed.
   */
  borrow(at: number, length: number): Uint8Array | Promise<Uint8Array> {
    this.check(at, length);
    const from = at & PAGE_MASK;
    if (from + length > PAGE) return this.read(at, length);
    if (length === 0) return NONE;
    const page = this.#page((at - from) / PAGE);
    if (page instanceof Promise) return page.then((bytes) => bytes.subarray(from, from + length));
    return page.subarray(from, from + length);
  }

  /** At least one of the bytes `[at, at + most)`, and as many as can be had without a copy; see {@link borrow}. */
  borrowSome(at: number, most: number): Uint8Array | Promise<Uint8Array> {
    this.check(at, most);
    return this.borrow(at, Math.min(most, PAGE - (at & PAGE_MASK)));
  }

  /** The bytes `[at, at + size)` by themselves. @param name for messages */
  part(at: number, size: number, name: string): ImageBytes {
    this.check(at, size);
    return new ImageBytes({ size, readAt: (into, offset) => this.#source.readAt(into, at + offset) }, name);
  }

  /** Fills `into` with the bytes from `at` on: at once where that can be. */
  fill(into: Uint8Array, at: number): undefined | Promise<void> {
    this.check(at, into.length);
    if (into.length > PAGE) return this.#fetch(into, at);
    for (let done = 0; done < into.length; ) {
      const bytes = this.borrowSome(at + done, into.length - done);
      if (bytes instanceof Promise) return this.#fillLater(into, at, done, bytes);
      into.set(bytes, done);
      done += bytes.length;
    }
    return undefined;
  }

  /** Throws `DAMAGED` unless the bytes `[at, at + length)` are all in the image. */
  check(at: number, length: number): void {
    if (Number.isSafeInteger(at) && Number.isSafeInteger(length) && at >= 0 && length >= 0 && at + length <= this.size)
      return;
    throw this.damaged(at, `${length} bytes are more than there are, ${this.size}`);
  }

  /** They do not hold together at one of them. */
  damaged(at: number, why: string): ImageError {
    if (this.#name === undefined) return damaged(at, why);
    return new ImageError("DAMAGED", `damaged image: at ${hex(at)} of ${this.#name}: ${why}`);
  }

  /** A number of 64 bits, at one of them, that must be one of this language. */
  toNumber(value: bigint, at: number): number {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged(at, `${value} is more than anything can be`);
    return Number(value);
  }

  async #fillLater(into: Uint8Array, at: number, from: number, first: Promise<Uint8Array>): Promise<void> {
    let bytes = await first;
    for (let done = from; ; bytes = await this.borrowSome(at + done, into.length - done)) {
      into.set(bytes, done);
      done += bytes.length;
      if (done === into.length) return;
    }
  }

  #page(number: number): Uint8Array | Promise<Uint8Array> {
    if (number === this.#lastNumber) return this.#lastPage;
    const known = this.#pages.get(number);
    if (known !== undefined) return this.#keep(number, known);
    const page = this.#spare();
    const at = number * PAGE;
    const loading = this.#fetch(page.subarray(0, Math.min(PAGE, this.size - at)), at);
    return loading === undefined ? this.#keep(number, page) : loading.then(() => this.#keep(number, page));
  }

  /** Room for a page: that of the one that was asked for longest ago, which is no longer kept. */
  #spare(): Uint8Array {
    if (this.#pages.size < MOST_PAGES) return new Uint8Array(Math.min(PAGE, this.size));
    const [number, page] = this.#pages.entries().next().value!;
    this.#pages.delete(number);
    return page;
  }

  #keep(number: number, page: Uint8Array): Uint8Array {
    this.#pages.delete(number);
    this.#pages.set(number, page);
    this.#lastNumber = number;
    this.#lastPage = page;
    return page;
  }

  #fetch(into: Uint8Array, at: number): undefined | Promise<void> {
    for (let done = 0; done < into.length; ) {
      const count = this.#source.readAt(done === 0 ? into : into.subarray(done), at + done);
      if (typeof count !== "number") return this.#fetchLater(into, at, done, count);
      done += this.#checkCount(count, at + done);
    }
    return undefined;
  }

  async #fetchLater(into: Uint8Array, at: number, from: number, first: Promise<number>): Promise<void> {
    let count = await first;
    for (let done = from; ; count = await this.#source.readAt(into.subarray(done), at + done)) {
      done += this.#checkCount(count, at + done);
      if (done >= into.length) return;
    }
  }

  #checkCount(count: number, at: number): number {
    if (!(count > 0)) throw this.damaged(at, `they end here, not at ${this.size}`);
    return count;
  }
}

/** Bytes as fields of structures. */
export function viewOf(bytes: Uint8Array): StructView {
  return new StructView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** An image does not hold together at a byte offset. */
export function damaged(offset: number, why: string): ImageError {
  return new ImageError("DAMAGED", `damaged image: at ${hex(offset)}: ${why}`, { offset });
}

/** An image has something that it may have, and that is not read here. */
export function unsupported(what: string): ImageError {
  return new ImageError("INPUT", `this image has ${what}, which cannot be read yet`);
}

/** An offset as it is shown everywhere. */
export function hex(offset: number): string {
  return `0x${Math.abs(offset).toString(16).padStart(8, "0")}`;
}
