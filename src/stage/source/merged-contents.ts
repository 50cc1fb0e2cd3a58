/** Contents of a tree that several have been merged into: each file's are read as those of the tree that it is from. */
import type { Contents } from "../tree/contents.ts";

/** Reads contents of several trees. */
export class MergedContents implements Contents {
  readonly #parts: readonly Contents[];
  readonly #part: Uint32Array;
  readonly #entry: Uint32Array;
  /** The part that was read last. */
  #last = 0;

  /**
   * @param part which of the parts each entry is from
   * @param entry what it is there
   */
  constructor(parts: readonly Contents[], part: Uint32Array, entry: Uint32Array) {
    this.#parts = parts;
    this.#part = part;
    this.#entry = entry;
  }

  get bytesRead(): number {
    return this.#parts.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  }

  set bytesRead(bytes: number) {
    for (const part of this.#parts) part.bytesRead = 0;
    this.#parts[0]!.bytesRead = bytes;
  }

  read(
    entry: number,
    offset: number,
    length: number,
    into: Uint8Array,
    at: number,
    toEnd: boolean,
  ): void | Promise<void> {
    const part = this.#part[entry]!;
    if (part !== this.#last) this.#parts[this.#last]!.close();
    this.#last = part;
    return this.#parts[part]!.read(this.#entry[entry]!, offset, length, into, at, toEnd);
  }

  close(): void {
    for (const part of this.#parts) part.close();
  }

  release(): void {
    for (const part of this.#parts) part.release();
  }
}
