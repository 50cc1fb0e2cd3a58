/**
 * Finds the file that another is equal to, among those that are in the image already: bytes are compared with what has
 * been written there, so no file is opened again for it.
 */
import { equalBytes } from "../../core/bytes.ts";
import type { JobContext } from "../../core/threads.ts";
import type { XxHash } from "../../core/xxhash.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { FileKey, KnownFiles } from "./known-files.ts";

/** Bytes that are compared at once. */
const CHUNK = 256 * 1024;

/** Reads what has been written to the image, once it has. */
export interface WrittenImage {
  readAt(into: Uint8Array, offset: number): number;
  /** Whether a segment that has its place is written. */
  isWritten(segment: number): boolean;
  /** Does what is left of it, or waits a moment for another thread. */
  waitWritten(segment: number): void | Promise<void>;
}

/** One thread's search. */
export class FileSharing {
  readonly #job: JobContext;
  readonly #known: KnownFiles;
  readonly #image: WrittenImage;
  readonly #contents: Contents;
  readonly #xxhash: XxHash;
  readonly #blockSize: number;
  readonly #own = new Uint8Array(CHUNK + 1);
  readonly #other = new Uint8Array(CHUNK);

  constructor(
    job: JobContext,
    known: KnownFiles,
    image: WrittenImage,
    contents: Contents,
    xxhash: XxHash,
    blockSize: number,
  ) {
    this.#job = job;
    this.#known = known;
    this.#image = image;
    this.#contents = contents;
    this.#xxhash = xxhash;
    this.#blockSize = blockSize;
  }

  /** Waits until all files that may be equal to one, of those known from `since` up to `until`, are in the image. */
  wait(file: FileKey, since: number, until: number): Promise<void> | undefined {
    const alike = this.#known.alike(file, since, until);
    // nearly always
    if (alike.length === 0) return undefined;
    const segments = alike.map((other) => this.#known.segment(other));
    return segments.every((segment) => this.#image.isWritten(segment)) ? undefined : this.#waitFor(segments);
  }

  /** Whoever is to write them may be gone, or take long. */
  async #waitFor(segments: readonly number[]): Promise<void> {
    for (const segment of segments) {
      while (!this.#image.isWritten(segment)) {
        const writing = this.#image.waitWritten(segment);
        if (writing !== undefined) await writing;
        await this.#job.breathe();
      }
    }
  }

  /**
   * The number of the file that is equal to one, of those known from `since` up to `until`, which are all in the image; or -1.
   *
   * @param body its bytes that are in blocks, in memory
   * @param tail those that lie beside its inode
   */
  find(file: FileKey, body: Uint8Array, tail: Uint8Array, since: number, until: number): number {
    const alike = this.#known.alike(file, since, until);
    if (alike.length === 0) return -1;
    // for one, hashing both would cost as much as comparing them
    const hash = alike.length > 1 ? this.#xxhash.create64().update(body).update(tail).digest() : undefined;
    for (const other of alike) {
      if (hash !== undefined && this.#hashOf(other, file.size, body.length) !== hash) continue;
      if (this.#isEqual(other, body, tail)) return other;
    }
    return -1;
  }

  /** The same for a large file, which is read for it. */
  async findLarge(file: FileKey, entry: number, since: number, until: number): Promise<number> {
    await this.wait(file, since, until);
    const alike = this.#known.alike(file, since, until);
    const body = file.hasTail ? file.size - (file.size % this.#blockSize) : file.size;
    const hash = alike.length > 1 ? await this.#hashLarge(entry, file.size) : undefined;
    for (const other of alike) {
      if (hash !== undefined && this.#hashOf(other, file.size, body) !== hash) continue;
      if (await this.#isEqualLarge(other, entry, file.size, body)) return other;
    }
    return -1;
  }

  /** Whether two files of one size, both large, hold the same bytes. */
  async areEqual(a: number, b: number, size: number): Promise<boolean> {
    const other = new Uint8Array(CHUNK + 1);
    for (let at = 0; at < size; at += CHUNK) {
      const length = Math.min(CHUNK, size - at);
      const toEnd = at + length === size;
      await this.#contents.read(a, at, length, this.#own, 0, toEnd);
      await this.#contents.read(b, at, length, other, 0, toEnd);
      if (!equalBytes(this.#own.subarray(0, length), other.subarray(0, length))) return false;
      await this.#job.breathe();
    }
    return true;
  }

  #isEqual(other: number, body: Uint8Array, tail: Uint8Array): boolean {
    for (let at = 0; at < body.length; at += CHUNK) {
      const end = Math.min(at + CHUNK, body.length);
      if (!equalBytes(this.#read(other, at, end, body.length), body.subarray(at, end))) return false;
    }
    return (
      tail.length === 0 || equalBytes(this.#read(other, body.length, body.length + tail.length, body.length), tail)
    );
  }

  async #isEqualLarge(other: number, entry: number, size: number, body: number): Promise<boolean> {
    for (let at = 0; at < size; ) {
      const end = Math.min(at + CHUNK, at < body ? body : size);
      const reading = this.#contents.read(entry, at, end - at, this.#own, 0, end === size);
      if (reading !== undefined) await reading;
      if (!equalBytes(this.#read(other, at, end, body), this.#own.subarray(0, end - at))) return false;
      at = end;
      await this.#job.breathe();
    }
    return true;
  }

  async #hashLarge(entry: number, size: number): Promise<bigint> {
    const hash = this.#xxhash.create64();
    for (let at = 0; at < size; at += CHUNK) {
      const length = Math.min(CHUNK, size - at);
      const reading = this.#contents.read(entry, at, length, this.#own, 0, at + length === size);
      if (reading !== undefined) await reading;
      hash.update(this.#own.subarray(0, length));
      await this.#job.breathe();
    }
    return hash.digest();
  }

  /** The hash of a known file, taken when there is a third file like it. */
  #hashOf(file: number, size: number, body: number): bigint {
    const known = this.#known.hash(file);
    if (known !== undefined) return known;
    const hash = this.#xxhash.create64();
    for (let at = 0; at < size; ) {
      const end = Math.min(at + CHUNK, at < body ? body : size);
      hash.update(this.#read(file, at, end, body));
      at = end;
    }
    const digest = hash.digest();
    this.#known.noteHash(file, digest);
    return digest;
  }

  /** Bytes of a known file from the image: of its blocks, up to `body`, or of what lies beside its inode. */
  #read(file: number, from: number, to: number, body: number): Uint8Array {
    const start = this.#known.blk(file) * this.#blockSize;
    const offset = from < body ? start + from : this.#known.tailOff(file) + from - body;
    const bytes = this.#other.subarray(0, to - from);
    const got = this.#image.readAt(bytes, offset);
    // what was not written at the end of the last block reads as zeros, or not at all yet
    return got === bytes.length ? bytes : bytes.fill(0, got);
  }
}
