/**
 * Holes. Node cannot ask the filesystem where they are (SEEK_HOLE), so files that take less space than their size are
 * read, and blocks of zeros count as holes. What is kept is the list of ranges that hold data.
 */
import { isZero } from "../../core/bytes.ts";
import { Column } from "../../core/column.ts";
import { sharedUint32, shareUint32 } from "../../core/shared.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "./contents.ts";
import type { InodeOrder } from "./order.ts";
import { FLAG_SPARSE, NONE, S_IFREG, type Tree } from "./tree.ts";

/** Ranges of data in one file, in blocks: first, count, first, count, … in order, no two touching. */
export type DataRanges = Float64Array;

/** Work for {@link scanSparse}; plain data in shared memory. */
export interface SparseScan {
  /** Files to look through, in the tree's order. */
  entries: Uint32Array;
  blockSize: number;
  /** Bytes of all of them. */
  bytes: number;
  /** Results end to end: entry, number of numbers, ranges. */
  found: SharedArrayBuffer;
  /** Numbers in `found`. */
  length: Uint32Array;
}

/** Ranges of one file beyond which small holes are taken for data, so that memory stays bounded. */
export const MAX_RANGES = 1 << 15;
const READ_BYTES = 1 << 20;

/** Lists the sparse files that keep their own data and could save a block. */
export function findSparse(
  tree: Tree,
  { order }: InodeOrder,
  sharesWith: Uint32Array | undefined,
  blockSize: number,
): SparseScan {
  const sparse = order.filter(
    (entry) =>
      (tree.flags.view[entry]! & FLAG_SPARSE) !== 0 &&
      tree.kind(entry) === S_IFREG &&
      tree.size.view[entry]! >= blockSize &&
      (sharesWith?.[entry] ?? NONE) === NONE,
  );
  return {
    entries: shareUint32(sparse),
    blockSize,
    bytes: sparse.reduce((sum, entry) => sum + tree.size.view[entry]!, 0),
    found: Column.create(Float64Array, 2 ** 28).buffer,
    length: sharedUint32(1),
  };
}

/** Looks through files until none is left; run by every thread at once. */
export async function scanSparse(job: JobContext, tree: Tree, scan: SparseScan, contents: Contents): Promise<void> {
  const found = new Column(Float64Array, scan.found);
  const buffer = new Uint8Array(READ_BYTES + 1);
  for (const index of job.pieces(scan.entries.length)) {
    const entry = scan.entries[index]!;
    const ranges = new RangeList();
    const size = tree.size.view[entry]!;
    for (let at = 0; at < size; at += READ_BYTES) {
      const length = Math.min(READ_BYTES, size - at);
      const reading = contents.read(entry, at, length, buffer, 0, at + length === size);
      if (reading !== undefined) await reading;
      for (let block = 0; block < length; block += scan.blockSize) {
        const end = Math.min(block + scan.blockSize, length);
        if (!isZero(buffer.subarray(block, end))) ranges.add((at + block) / scan.blockSize);
      }
      await job.breathe(length);
    }
    const at = Atomics.add(scan.length, 0, 2 + ranges.numbers.length);
    const into = found.ensure(at + 2 + ranges.numbers.length);
    into[at] = entry;
    into[at + 1] = ranges.numbers.length;
    into.set(ranges.numbers, at + 2);
  }
  contents.close();
}

/** The outcome of a scan by entry. */
export function readSparse(scan: SparseScan): Map<number, DataRanges> {
  const found = new Float64Array(scan.found);
  const ranges = new Map<number, DataRanges>();
  for (let at = 0; at < scan.length[0]!; ) {
    const count = found[at + 1]!;
    ranges.set(found[at]!, found.slice(at + 2, at + 2 + count));
    at += 2 + count;
  }
  return ranges;
}

/** Collects blocks that hold data, in ascending order. */
export class RangeList {
  numbers: number[] = [];
  /** Holes of fewer blocks than this are filled. */
  #smallestHole = 1;

  add(block: number): void {
    const last = this.numbers.length - 2;
    const end = last < 0 ? Number.NEGATIVE_INFINITY : this.numbers[last]! + this.numbers[last + 1]!;
    if (block - end < this.#smallestHole) {
      this.numbers[last + 1] = block + 1 - this.numbers[last]!;
      return;
    }
    this.numbers.push(block, 1);
    while (this.numbers.length > 2 * MAX_RANGES) this.#coarsen();
  }

  #coarsen(): void {
    this.#smallestHole *= 2;
    const ranges = this.numbers;
    this.numbers = [];
    for (let at = 0; at < ranges.length; at += 2) {
      const last = this.numbers.length - 2;
      const end = last < 0 ? Number.NEGATIVE_INFINITY : this.numbers[last]! + this.numbers[last + 1]!;
      if (ranges[at]! - end < this.#smallestHole)
        this.numbers[last + 1] = ranges[at]! + ranges[at + 1]! - this.numbers[last]!;
      else this.numbers.push(ranges[at]!, ranges[at + 1]!);
    }
  }
}
