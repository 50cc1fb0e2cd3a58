/**
 * The blocks of large files, which are copied when all segments of a piece have their places: other threads may take
 * theirs meanwhile.
 */
import { roundUp } from "../../core/bytes.ts";
import type { JobContext } from "../../core/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { InodeSizes } from "../plan/measure.ts";
import type { InodeColumns } from "./inode-columns.ts";
import type { SegmentRow } from "./row.ts";

/** Bytes that are copied at once. */
const COPY = 512 * 1024;

/** A file that can be written and read at any offset. */
export interface ImageFile {
  writeAt(bytes: Uint8Array, offset: number): void;
  readAt(into: Uint8Array, offset: number): number;
}

/** What copying needs. */
interface LargeFilesInput {
  tree: Tree;
  columns: InodeColumns;
  sizes: InodeSizes;
  contents: Contents;
  row: SegmentRow;
  image: ImageFile;
}

/** A segment that is in the image but for its large files. */
interface LeftSegment {
  segment: number;
  files: readonly number[];
  /** Of its metadata. */
  hash: bigint;
}

/** Copies the large files of one thread's segments. */
export class LargeFiles {
  readonly #job: JobContext;
  readonly #input: LargeFilesInput;
  readonly #blockSize: number;
  readonly #left: LeftSegment[] = [];
  readonly #copied = new Uint8Array(COPY + 1);

  constructor(job: JobContext, input: LargeFilesInput, blockSize: number) {
    this.#job = job;
    this.#input = input;
    this.#blockSize = blockSize;
  }

  /** Takes over what is left of a segment. */
  add(left: LeftSegment): void {
    this.#left.push(left);
  }

  /** Whether something is left of a segment. */
  has(segment: number): boolean {
    return this.#left.some((each) => each.segment === segment);
  }

  /** Copies all that is left; undefined where nothing is. */
  copyAll(): Promise<void> | undefined {
    return this.#left.length > 0 ? this.#copyAll() : undefined;
  }

  async #copyAll(): Promise<void> {
    for (let next = this.#left.shift(); next !== undefined; next = this.#left.shift()) {
      for (const entry of next.files) await this.#copy(entry);
      this.#input.row.setWritten(next.segment, next.hash);
    }
  }

  /** Copies the blocks of a large file. */
  async #copy(entry: number): Promise<void> {
    const { columns, sizes, tree } = this.#input;
    const size = tree.size.view[entry]!;
    const imageOff = columns.startBlk[entry]! * this.#blockSize;
    const map = sizes.chunkMaps.get(entry);
    // holes, and the end beside the inode, are done too
    this.#job.advance(size - Math.min(size, sizes.dataBlocks(entry) * this.#blockSize));
    if (!map) return this.#copyRange(entry, 0, sizes.bodyBytes(entry), imageOff);
    const chunk = this.#blockSize * 2 ** map.bits;
    let at = imageOff;
    for (let range = 0; range < map.ranges.length; range += 2) {
      const from = map.ranges[range]! * chunk;
      const length = Math.min(map.ranges[range + 1]! * chunk, size - from);
      await this.#copyRange(entry, from, length, at);
      at += roundUp(length, this.#blockSize);
    }
  }

  async #copyRange(entry: number, from: number, length: number, imageOff: number): Promise<void> {
    const { contents, image, tree } = this.#input;
    const size = tree.size.view[entry]!;
    for (let done = 0; done < length; ) {
      const count = Math.min(COPY, length - done);
      const at = from + done;
      const reading = contents.read(entry, at, count, this.#copied, 0, at + count === size);
      if (reading !== undefined) await reading;
      image.writeAt(this.#copied.subarray(0, count), imageOff + done);
      done += count;
      await this.#job.breathe(count);
    }
  }
}
