/**
 * Finds the file that another is equal to, among those that are in the image already: bytes are compared with what has
 * been written there, so no file is opened again for it.
 */
import { equalBytes } from "../../../core/bytes.ts";
import type { XxHash } from "../../../core/hash/xxhash.ts";
import type { JobContext } from "../../../core/threads/threads.ts";
import type { Contents } from "../../../stage/tree/contents.ts";
import type { FileKey, KnownFiles } from "./known-files.ts";

/** Bytes that are compared at once. */
const CHUNK = 256 * 1024;

/** Reads what has been written to the image, once it has. */
export interface WrittenImage {
  readAt(into: Uint8Array, offset: number): number;
  /** Has the large files of a segment copied, which has its place; all else of it has been written then. */
  finish(segment: number): Promise<void>;
}

/** Finds equal files, for the thread that places segments. */
export class FileSharing {
  readonly #job: JobContext;
  readonly #known: KnownFiles;
  readonly #image: WrittenImage;
  readonly #xxhash: XxHash;
  readonly #blockSize: number;
  readonly #own = new Uint8Array(CHUNK + 1);
  readonly #other = new Uint8Array(CHUNK);

  constructor(job: JobContext, known: KnownFiles, image: WrittenImage, xxhash: XxHash, blockSize: number) {
    this.#job = job;
    this.#known = known;
    this.#image = image;
    this.#xxhash = xxhash;
    this.#blockSize = blockSize;
  }

  /**
   * The number of the file that is equal to one, of those known before `until`, which are all in the image; or -1.
   *
   * @param body its bytes that are in blocks, in memory
   * @param tail those that lie beside its inode
   */
  find(file: FileKey, body: Uint8Array, tail: Uint8Array, until: number): number {
    const alike = this.#known.alike(file, 0, until);
    if (alike.length === 0) return -1;
    // for one, hashing both would cost as much as comparing them
    const hash = alike.length > 1 ? this.#xxhash.create64().update(body).update(tail).digest() : undefined;
    for (const other of alike) {
      if (hash !== undefined && this.#hashOf(other, file.size, body.length) !== hash) continue;
      if (this.#isEqual(other, body, tail)) return other;
    }
    return -1;
  }

  /** The same for a large file, which is read for it; those that may be equal to it are copied before. */
  async findLarge(file: FileKey, contents: Contents, entry: number, until: number): Promise<number> {
    const alike = this.#known.alike(file, 0, until);
    for (const other of alike) await this.#image.finish(this.#known.segment(other));
    const body = file.hasTail ? file.size - (file.size % this.#blockSize) : file.size;
    const hash = alike.length > 1 ? await this.#hashLarge(contents, entry, file.size) : undefined;
    for (const other of alike) {
      if (hash !== undefined && this.#hashOf(other, file.size, body) !== hash) continue;
      if (await this.#isEqualLarge(other, contents, entry, file.size, body)) return other;
    }
    return -1;
  }

  /** Whether two files of one size, both large, hold the same bytes. */
  async areEqual(contents: Contents, a: number, b: number, size: number): Promise<boolean> {
    const other = new Uint8Array(CHUNK + 1);
    for (let at = 0; at < size; at += CHUNK) {
      const length = Math.min(CHUNK, size - at);
      const toEnd = at + length === size;
      await contents.read(a, at, length, this.#own, 0, toEnd);
      await contents.read(b, at, length, other, 0, toEnd);
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

  async #isEqualLarge(other: number, contents: Contents, entry: number, size: number, body: number): Promise<boolean> {
    for (let at = 0; at < size; ) {
      const end = Math.min(at + CHUNK, at < body ? body : size);
      const reading = contents.read(entry, at, end - at, this.#own, 0, end === size);
      if (reading !== undefined) await reading;
      if (!equalBytes(this.#read(other, at, end, body), this.#own.subarray(0, end - at))) return false;
      at = end;
      await this.#job.breathe();
    }
    return true;
  }

  async #hashLarge(contents: Contents, entry: number, size: number): Promise<bigint> {
    const hash = this.#xxhash.create64();
    for (let at = 0; at < size; at += CHUNK) {
      const length = Math.min(CHUNK, size - at);
      const reading = contents.read(entry, at, length, this.#own, 0, at + length === size);
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
