/**
 * Where the inodes of a segment go. An inode with what lies behind it must not cross a block, so they are fitted best
 * fit, largest first; equal ones stay in order. What is larger than a block starts at one of its own, behind the others.
 *
 *     | block: inodes | block: inodes | … | inode larger than a block | …
 */
import { SLOT } from "../disk/format.ts";

/** Fits the inodes of segments into blocks, one segment after another, in memory that is used again. */
export class SlotFitter {
  readonly #perBlock: number;
  /** By number of slots: the first item of that size, or -1; and by item the next one of the same size. */
  readonly #firstOfSize: Int32Array;
  readonly #next: Int32Array;
  /** By number of free slots: the last block that has so many, or -1; and by block the one before it. */
  readonly #withFree: Int32Array;
  readonly #before: Int32Array;

  /** @param most items of a segment */
  constructor(blockSize: number, most: number) {
    this.#perBlock = blockSize / SLOT;
    this.#firstOfSize = new Int32Array(this.#perBlock + 1);
    this.#withFree = new Int32Array(this.#perBlock + 1);
    this.#next = new Int32Array(most);
    this.#before = new Int32Array(most);
  }

  /**
   * Gives `count` items their places.
   *
   * @param slots how many slots of 32 bytes each takes
   * @param into takes the first slot of each, counted from the start of the segment
   * @returns the number of blocks that all of them take
   */
  fit(slots: Uint32Array, count: number, into: Uint32Array): number {
    const perBlock = this.#perBlock;
    this.#firstOfSize.fill(-1);
    this.#withFree.fill(-1);
    let largest = 0;
    let long = 0;
    for (let item = count - 1; item >= 0; item--) {
      const size = slots[item]!;
      if (size > perBlock) {
        long++;
        continue;
      }
      if (size > largest) largest = size;
      this.#next[item] = this.#firstOfSize[size]!;
      this.#firstOfSize[size] = item;
    }
    let blocks = 0;
    for (let size = largest; size > 0; size--) {
      for (let item = this.#firstOfSize[size]!; item >= 0; item = this.#next[item]!) {
        let free = size;
        while (free <= perBlock && this.#withFree[free]! < 0) free++;
        let block: number;
        if (free > perBlock) {
          block = blocks++;
          free = perBlock;
        } else {
          block = this.#withFree[free]!;
          this.#withFree[free] = this.#before[block]!;
        }
        into[item] = block * perBlock + perBlock - free;
        const left = free - size;
        this.#before[block] = this.#withFree[left]!;
        this.#withFree[left] = block;
      }
    }
    for (let item = 0; long > 0; item++) {
      if (slots[item]! <= perBlock) continue;
      into[item] = blocks * perBlock;
      blocks += Math.ceil(slots[item]! / perBlock);
      long--;
    }
    return blocks;
  }
}
