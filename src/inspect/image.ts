/**
 * An image that is read at any place, a page at a time. Whatever lies outside of it is damage: so whoever follows an
 * address asks no further whether it can be.
 */
import { ImageError } from "../core/error.ts";
import type { ByteSource } from "../core/sink.ts";
import { StructView } from "../core/struct.ts";

/** Bytes that are read at once where few are asked for. */
const PAGE = 1 << 16;
/** Pages that are kept. */
const MOST_PAGES = 32;

/** The bytes of an image, or of what has been decoded from it. */
export class ImageBytes {
  /** Bytes in all. */
  readonly size: number;
  readonly #name: string | undefined;
  readonly #source: ByteSource;
  /** Pages by number, the one that was asked for last at the end. */
  readonly #pages = new Map<number, Uint8Array>();

  /** @param name what they are, for messages, if they are not the image itself */
  constructor(image: Uint8Array | ByteSource, name?: string) {
    this.#name = name;
    this.#source = image instanceof Uint8Array ? new MemorySource(image) : image;
    this.size = this.#source.size;
  }

  /**
   * The bytes `[at, at + length)`; they stay as they are, and are not to be changed.
   *
   * @throws ImageError `DAMAGED` where they are not all in the image
   */
  async read(at: number, length: number): Promise<Uint8Array> {
    this.check(at, length);
    if (length > PAGE) return this.#fetch(at, length);
    const first = Math.floor(at / PAGE);
    const from = at - first * PAGE;
    const page = await this.#page(first);
    if (from + length <= page.length) return page.subarray(from, from + length);
    const next = await this.#page(first + 1);
    const bytes = new Uint8Array(length);
    bytes.set(page.subarray(from));
    bytes.set(next.subarray(0, from + length - PAGE), PAGE - from);
    return bytes;
  }

  /** Fills `into` with the bytes from `at` on: of long ranges no memory is taken for it. */
  async readInto(into: Uint8Array, at: number): Promise<void> {
    this.check(at, into.length);
    if (into.length > PAGE) await this.#fetchInto(into, at);
    else into.set(await this.read(at, into.length));
  }

  /** The same as fields of structures, which count from 0. */
  async view(at: number, length: number): Promise<StructView> {
    return viewOf(await this.read(at, length));
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

  async #page(number: number): Promise<Uint8Array> {
    const known = this.#pages.get(number);
    this.#pages.delete(number);
    const at = number * PAGE;
    const page = known ?? (await this.#fetch(at, Math.min(PAGE, this.size - at)));
    this.#pages.set(number, page);
    if (this.#pages.size > MOST_PAGES) this.#pages.delete(this.#pages.keys().next().value!);
    return page;
  }

  async #fetch(at: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.#fetchInto(bytes, at);
    return bytes;
  }

  async #fetchInto(into: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const count = await this.#source.readAt(into.subarray(done), at + done);
      if (!(count > 0)) throw this.damaged(at + done, `they end here, not at ${this.size}`);
      done += count;
    }
  }
}

class MemorySource implements ByteSource {
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  readAt(into: Uint8Array, offset: number): number {
    const bytes = this.#bytes.subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length;
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
