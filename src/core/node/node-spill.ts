/** Temporary files for what has to wait: each thread opens its own view of one. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { ImageError } from "../error.ts";
import { attempt } from "./node-errors.ts";

/** A temporary file that is open for reading and writing at any offset. */
export class SpillFile {
  readonly #shownPath: string;
  readonly #offset: number;
  #descriptor: number;

  /**
   * @param path of an existing file
   * @param shownPath what messages call it
   * @param start the byte of the file that is offset 0
   */
  constructor(path: string, shownPath: string = path, start = 0) {
    this.#shownPath = shownPath;
    this.#offset = start;
    this.#descriptor = attempt(this.#shownPath, () => openSync(path, "r+"));
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    attempt(this.#shownPath, () => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#offset + offset + done);
      }
    });
  }

  /** Fills `into` from `offset`; returns how many bytes there were, fewer than asked only at the end. */
  readAt(into: Uint8Array, offset: number): number {
    return attempt(this.#shownPath, () => {
      let done = 0;
      while (done < into.length) {
        const got = readSync(this.#descriptor, into, done, into.length - done, this.#offset + offset + done);
        if (got === 0) break;
        done += got;
      }
      return done;
    });
  }

  /** An `IO` about the file. */
  fail(why: string): ImageError {
    const path = this.#shownPath;
    return new ImageError("IO", `${path}: ${why}`, { path });
  }

  /** Closes the file; may be called again. */
  release(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}
