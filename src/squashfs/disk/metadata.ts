/**
 * Metadata streams: records end to end, cut into blocks of 8 KiB, each compressed by itself where that makes it smaller.
 *
 *     | u16 header | ≤ 8 KiB | u16 header | … |       header: length, bit 15: stored uncompressed
 *
 * A reference to a record is (start of its block in the stream as stored) << 16 | (offset in the block as it was), so a
 * record has one only when all blocks before its own are compressed: streams are written by one thread, in order.
 */
import type { Codec } from "../../codec/codec.ts";
import { StructView } from "../../core/struct.ts";
import { META_BLOCK, META_HEADER, META_RAW } from "./format.ts";

/** Takes the stored bytes of a stream, in order; may keep none of them after it returns. */
export type MetadataOutput = (bytes: Uint8Array) => void;

/** The largest record part that is written at once. */
const RECORD_ROOM = 64 * 1024;

/** One stream of metadata. */
export class MetadataStream {
  /** Where records are written, at {@link at}. */
  readonly bytes = new Uint8Array(META_BLOCK + RECORD_ROOM);
  /** The same bytes. */
  readonly view = new StructView(this.bytes.buffer);
  readonly #codec: Codec | undefined;
  readonly #output: MetadataOutput;
  readonly #stored = new Uint8Array(META_HEADER.byteSize + META_BLOCK);
  readonly #storedView = new StructView(this.#stored.buffer);
  /** Starts of the blocks so far, in the stream as stored. */
  readonly blockStarts: number[] = [];
  #at = 0;
  #storedBytes = 0;
  #plainBytes = 0;

  /** @param codec with windows of at least META_BLOCK, or undefined: blocks are stored as they are */
  constructor(codec: Codec | undefined, output: MetadataOutput) {
    this.#codec = codec;
    this.#output = output;
  }

  /** Where in {@link bytes} the next record begins, with room for 64 KiB. */
  get at(): number {
    return this.#at;
  }

  /** Start of the block that the next record begins in. */
  get blockStart(): number {
    return this.#storedBytes;
  }

  /** Reference to the next record. */
  get reference(): number {
    return this.#storedBytes * 0x10000 + this.#at;
  }

  /** Bytes of the records so far. */
  get length(): number {
    return this.#plainBytes + this.#at;
  }

  /** Bytes of the stream as stored; of use once it is finished. */
  get storedLength(): number {
    return this.#storedBytes;
  }

  /** The record ends at `end` in {@link bytes}. */
  commit(end: number): void {
    this.#at = end;
    if (end < META_BLOCK) return;
    let from = 0;
    for (; end - from >= META_BLOCK; from += META_BLOCK) this.#store(from, META_BLOCK);
    this.bytes.copyWithin(0, from, end);
    this.#at = end - from;
  }

  /** Appends bytes of any length. */
  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; done += RECORD_ROOM) {
      const part = bytes.subarray(done, done + RECORD_ROOM);
      this.bytes.set(part, this.#at);
      this.commit(this.#at + part.length);
    }
  }

  /** Stores the last block. */
  finish(): void {
    if (this.#at > 0) this.#store(0, this.#at);
    this.#at = 0;
  }

  #store(from: number, length: number): void {
    const plain = this.bytes.subarray(from, from + length);
    const compressed = this.#compress(plain);
    const stored = this.#stored;
    const body = compressed ?? plain;
    const header = compressed ? compressed.length : META_RAW | length;
    this.#storedView.setU16(0, META_HEADER.size, header);
    stored.set(body, META_HEADER.byteSize);
    this.blockStarts.push(this.#storedBytes);
    this.#storedBytes += META_HEADER.byteSize + body.length;
    this.#plainBytes += length;
    this.#output(stored.subarray(0, META_HEADER.byteSize + body.length));
  }

  #compress(plain: Uint8Array): Uint8Array | undefined {
    const codec = this.#codec;
    if (codec === undefined) return undefined;
    codec.plain.set(plain);
    const length = codec.compress(0, plain.length, 0, plain.length - 1);
    return length === 0 ? undefined : codec.compressed.subarray(0, length);
  }
}
