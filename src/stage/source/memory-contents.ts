/** Contents of files that are in memory, which all threads share. */
import type { Contents } from "../tree/contents.ts";
import { S_IFREG, type Tree } from "../tree/tree.ts";

/** Contents in a row, and where those of each entry start: plain data in shared memory. */
export interface SharedBytes {
  bytes: Uint8Array;
  starts: Float64Array;
}

/** Takes all contents of a tree into shared memory. */
export async function gatherContents(tree: Tree, contents: Contents): Promise<SharedBytes> {
  const size = tree.size.view;
  const files: number[] = [];
  for (let entry = 0; entry < tree.length; entry++) if (tree.kind(entry) === S_IFREG) files.push(entry);
  const bytes = new Uint8Array(new SharedArrayBuffer(files.reduce((sum, entry) => sum + size[entry]!, 0)));
  const starts = new Float64Array(new SharedArrayBuffer(8 * tree.length));
  let at = 0;
  for (const entry of files) {
    starts[entry] = at;
    await contents.read(entry, 0, size[entry]!, bytes, at, false);
    at += size[entry]!;
  }
  return { bytes, starts };
}

/** Reads {@link SharedBytes}. */
export class MemoryContents implements Contents {
  /** None are of the sources: whoever gathered them has counted. */
  bytesRead = 0;
  readonly #shared: SharedBytes;

  constructor(shared: SharedBytes) {
    this.#shared = shared;
  }

  read(entry: number, offset: number, length: number, into: Uint8Array, at: number): void {
    const from = this.#shared.starts[entry]! + offset;
    into.set(this.#shared.bytes.subarray(from, from + length), at);
  }

  close(): void {
    // nothing is open
  }

  release(): void {
    // nothing is open
  }
}
