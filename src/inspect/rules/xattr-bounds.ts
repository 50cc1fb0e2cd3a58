/** What the attributes of one inode can come to. */
import type { ImageError } from "../../core/error.ts";
import { MAX_XATTR_LIST } from "../../core/xattr.ts";

/** Holds the attributes of one inode to what Linux lists, and to the bytes that there are: it may name some many times. */
export class XattrBounds {
  readonly #most: number;
  readonly #damaged: (why: string) => ImageError;
  readonly #places = new Set<number>();
  #listed = 0;
  #bytes = 0;

  /**
   * @param most bytes in which those lie that are named by their places
   * @param damaged makes the error, of the inode or of its set
   */
  constructor(most: number, damaged: (why: string) => ImageError) {
    this.#most = most;
    this.#damaged = damaged;
  }

  /** Counts the whole name of one that is shown. @throws ImageError `DAMAGED` where Linux lists none of them any more */
  addName(length: number): void {
    this.#listed += length + 1;
    if (this.#listed > MAX_XATTR_LIST)
      throw this.#damaged(`names of attributes take more than ${MAX_XATTR_LIST} bytes`);
  }

  /** Counts what stands at a place, once. @throws ImageError `DAMAGED` where what stands at some lies in each other */
  addPlace(at: number, length: number): void {
    if (this.#places.has(at)) return;
    this.#places.add(at);
    this.#bytes += length;
    if (this.#bytes > this.#most)
      throw this.#damaged(`attributes take more than the ${this.#most} bytes that there are`);
  }
}
