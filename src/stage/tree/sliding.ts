/** A window that slides over a file, front to back; what it shows lies in one array. */
import type { Contents } from "./contents.ts";

/** Bytes of a part of one file, as many as have been asked for. */
export class SlidingWindow {
  readonly #bytes: Uint8Array;
  readonly #usual: number;
  readonly #contents: Contents;
  #entry = 0;
  /** Offset in the file of the first byte, and of the one behind the last. */
  #from = 0;
  #to = 0;
  /** Where the part ends, and whether the file does too. */
  #end = 0;
  #isFileEnd = false;
  #isRead = false;

  /**
   * @param bytes where the window lies; the last one is not used, as a read to a file's end may scribble behind it
   * @param usual so many of them are used unless more are asked for at once: what is read soon is still in a cache then
   */
  constructor(bytes: Uint8Array, contents: Contents, usual: number = bytes.length) {
    this.#bytes = bytes;
    this.#usual = usual - 1;
    this.#contents = contents;
  }

  /** Goes to the start of another part. */
  open(entry: number, from: number, end: number, isFileEnd: boolean): void {
    this.#entry = entry;
    this.#from = from;
    this.#to = from;
    this.#end = end;
    this.#isFileEnd = isFileEnd;
    this.#isRead = false;
  }

  /** Where byte `at` of the file lies in the array. */
  placeOf(at: number): number {
    return at - this.#from;
  }

  /**
   * Makes sure that the file is still what it was, if nothing of the part has been asked for: it is empty, or all its bytes
   * are known from others.
   */
  checkUnread(): void | Promise<void> {
    if (!this.#isRead) return this.#contents.read(this.#entry, 0, 0, this.#bytes, 0, this.#end === 0);
  }

  /** Makes the bytes from `at` to `to` lie in the array; what is in front of them may go. */
  cover(at: number, to: number): void | Promise<void> {
    if (to <= this.#to) return;
    // what has been skipped need not be read
    if (at > this.#to) {
      this.#from = at;
      this.#to = at;
    }
    const capacity = Math.max(this.#usual, to - at);
    if (to - this.#from > capacity) {
      this.#bytes.copyWithin(0, at - this.#from, this.#to - this.#from);
      this.#from = at;
    }
    this.#isRead = true;
    const offset = this.#to;
    const place = offset - this.#from;
    const length = Math.min(capacity - place, this.#end - offset);
    const isEnd = this.#isFileEnd && offset + length === this.#end;
    this.#to += length;
    return this.#contents.read(this.#entry, offset, length, this.#bytes, place, isEnd);
  }
}
