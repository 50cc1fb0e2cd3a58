/** Whether files of an image hold what those of a source do. */
import { equalBytes, isZero } from "../../core/bytes.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { ImageInode, ImageReader } from "../../inspect/reader.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";

/** Bytes of a source that are read at once. */
const READ_BYTES = 1 << 20;

/** Compares contents, with memory for those of the source. */
export class ContentsComparison {
  readonly #reader: ImageReader;
  readonly #tree: Tree;
  readonly #contents: Contents;
  /** One byte more, as what reads to the end of a file may write that. */
  readonly #buffer = new Uint8Array(READ_BYTES + 1);

  constructor(reader: ImageReader, tree: Tree, contents: Contents) {
    this.#reader = reader;
    this.#tree = tree;
    this.#contents = contents;
  }

  /** Whether a file has the same bytes in both. */
  async isEqual(job: JobContext, entry: number, inode: ImageInode): Promise<boolean> {
    /** Bytes of the source from `at` on that have not been compared. */
    let window: Uint8Array = this.#buffer.subarray(0, 0);
    let at = 0;
    for await (const piece of this.#reader.pieces(inode)) {
      const length = piece instanceof Uint8Array ? piece.length : piece.zeros;
      for (let done = 0; done < length; ) {
        if (window.length === 0) window = await this.#read(job, entry, at, Math.min(READ_BYTES, inode.size - at));
        const bytes = window.subarray(0, length - done);
        const isSame =
          piece instanceof Uint8Array ? equalBytes(piece.subarray(done, done + bytes.length), bytes) : isZero(bytes);
        if (!isSame) return false;
        window = window.subarray(bytes.length);
        done += bytes.length;
        at += bytes.length;
      }
    }
    return at === inode.size;
  }

  /** Ends reading well: no file of the source has changed. */
  close(): void {
    this.#contents.close();
  }

  async #read(job: JobContext, entry: number, offset: number, length: number): Promise<Uint8Array> {
    const isEnd = offset + length === this.#tree.size.view[entry]!;
    const reading = this.#contents.read(entry, offset, length, this.#buffer, 0, isEnd);
    if (reading !== undefined) await reading;
    const breathing = job.breathe(length);
    if (breathing !== undefined) await breathing;
    return this.#buffer.subarray(0, length);
  }
}
