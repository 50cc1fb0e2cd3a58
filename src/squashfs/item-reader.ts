/** Reads what items hold: the blocks of a file, or for a fragment block the ends of many. */
import type { JobContext } from "../core/threads/threads.ts";
import type { Contents } from "../stage/tree/contents.ts";
import type { Tree } from "../stage/tree/tree.ts";
import { FRAGMENT_ITEM } from "./items.ts";
import type { DataPlan } from "./plan.ts";

/** Ends of files that are read between two pauses, less one. */
const TAILS_BREATH = 63;

/** The contents of items, for one thread. */
export class ItemReader {
  readonly #job: JobContext;
  readonly #plan: DataPlan;
  readonly #tree: Tree;
  readonly #contents: Contents;

  constructor(job: JobContext, plan: DataPlan, tree: Tree, contents: Contents) {
    this.#job = job;
    this.#plan = plan;
    this.#tree = tree;
    this.#contents = contents;
  }

  /** Reads `count` blocks of an item, from `block` on, to `into` at `at`; returns their bytes. One byte more may change. */
  async read(item: number, block: number, count: number, into: Uint8Array, at: number): Promise<number> {
    const { items, blockSize, tailLen } = this.#plan;
    const what = items[item]!;
    if (what >= FRAGMENT_ITEM) return this.#readTails(what - FRAGMENT_ITEM, into, at);
    const size = this.#tree.size.view[what]!;
    const from = block * blockSize;
    const length = Math.min(count * blockSize, size - tailLen[what]! - from);
    const reading = this.#contents.read(what, from, length, into, at, from + length === size);
    if (reading !== undefined) await reading;
    return length;
  }

  async #readTails(fragment: number, into: Uint8Array, start: number): Promise<number> {
    const { tails, fragmentTails, tailLen } = this.#plan;
    const end = fragmentTails[fragment + 1]!;
    let at = start;
    for (let index = fragmentTails[fragment]!; index < end; index++) {
      const entry = tails[index]!;
      const length = tailLen[entry]!;
      const reading = this.#contents.read(entry, this.#tree.size.view[entry]! - length, length, into, at, true);
      if (reading !== undefined) await reading;
      at += length;
      if ((index & TAILS_BREATH) === TAILS_BREATH) await this.#job.breathe();
    }
    return at - start;
  }

  /** Makes sure that files which shall be empty are so. */
  async checkEmpty(entries: Uint32Array): Promise<void> {
    const scratch = new Uint8Array(1);
    for (const entry of entries) {
      const reading = this.#contents.read(entry, 0, 0, scratch, 0, true);
      if (reading !== undefined) await reading;
    }
  }
}
