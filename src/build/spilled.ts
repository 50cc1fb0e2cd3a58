/** Compression between files: each thread opens those that it writes, and the spill files. */
import { ImageError } from "../core/error.ts";
import { SpillFile } from "../core/node/node-spill.ts";
import type { TemporaryFile } from "../core/node/node-temporary.ts";
import type { JobContext } from "../core/threads/threads.ts";
import { type Arrangement, findStart } from "../erofs/compress/arrange.ts";
import type { Contents } from "../stage/tree/contents.ts";
import type { SharedTarget } from "./target/target.ts";

/** The files of a compressed build. */
export interface CompressFiles {
  image: SharedTarget;
  /** Holds extents and inline bytes: see StoredFiles. */
  records: TemporaryFile;
  /** Holds the contents of the packed inode. */
  fragments: TemporaryFile;
  /** Holds the contents of the metabox, where there is one. */
  box: TemporaryFile | undefined;
}

/** The same, open. */
export interface OpenCompressFiles {
  image: SpillFile;
  records: SpillFile;
  fragments: SpillFile;
  box: SpillFile | undefined;
}

/** All lies where it was gathered. */
const NOT_ARRANGED: Arrangement = { starts: new Float64Array(0), sources: new Float64Array(0), end: 0 };

/** Opens all files for a thread's part in a job. */
export function openFiles(job: JobContext, { image, records, fragments, box }: CompressFiles): OpenCompressFiles {
  return {
    image: job.keep(new SpillFile(image.path, image.shownPath, image.offset)),
    records: job.keep(new SpillFile(records.path, records.shownPath)),
    fragments: job.keep(new SpillFile(fragments.path, fragments.shownPath)),
    box: box && job.keep(new SpillFile(box.path, box.shownPath)),
  };
}

/** The contents of the packed inode, out of the spill file where they were gathered. */
export class GatheredContents implements Contents {
  /** None are of the sources. */
  bytesRead = 0;
  readonly #source: TemporaryFile;
  readonly #arrangement: Arrangement;
  #file: SpillFile | undefined;

  constructor(source: TemporaryFile, arrangement: Arrangement = NOT_ARRANGED) {
    this.#source = source;
    this.#arrangement = arrangement;
  }

  read(_entry: number, offset: number, length: number, into: Uint8Array, at: number): void {
    const { starts, sources, end } = this.#arrangement;
    const readEnd = offset + length;
    let done = offset;
    for (let part = findStart(starts, offset); done < Math.min(end, readEnd); part++) {
      const partEnd = Math.min(starts[part + 1] ?? end, readEnd);
      this.#read(sources[part]! + done - starts[part]!, into.subarray(at + done - offset, at + partEnd - offset));
      done = partEnd;
    }
    if (done < readEnd) this.#read(done, into.subarray(at + done - offset, at + length));
  }

  #read(offset: number, into: Uint8Array): void {
    this.#file ??= new SpillFile(this.#source.path, this.#source.shownPath);
    const got = this.#file.readAt(into, offset);
    if (got !== into.length)
      throw new ImageError("INTERNAL", `${got} bytes in the packed inode at ${offset}, not ${into.length}`);
  }

  close(): void {
    this.release();
  }

  release(): void {
    this.#file?.release();
    this.#file = undefined;
  }
}
