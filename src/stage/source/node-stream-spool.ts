/** Streams that become contents of files: their bytes go through one temporary file, so that memory does not grow with them. */

import type { ByteSource } from "../../core/byte-source.ts";
import { ImageError } from "../../core/error.ts";
import { SpillFile } from "../../core/node/node-spill.ts";
import type { TemporaryFile, TemporaryFiles } from "../../core/node/node-temporary.ts";
import { showValue } from "../../core/options/checks.ts";
import type { StreamSpool } from "./source.ts";

/** Keeps streams until the build ends, one behind the other. */
export class FileSpool implements StreamSpool {
  readonly #temporary: TemporaryFiles;
  #file: TemporaryFile | undefined;
  #end = 0;

  constructor(temporary: TemporaryFiles) {
    this.#temporary = temporary;
  }

  async add(stream: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>): Promise<ByteSource> {
    this.#file ??= this.#temporary.createHidden();
    const { path, shownPath } = this.#file;
    const start = this.#end;
    const spill = new SpillFile(path, shownPath);
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        if (!(chunk instanceof Uint8Array)) throw new ImageError("INPUT", `${showValue(chunk)} is no Uint8Array`);
        spill.writeAt(chunk, this.#end);
        this.#end += chunk.length;
      }
    } finally {
      spill.release();
    }
    return {
      size: this.#end - start,
      readAt(into, offset) {
        // nobody says when the last of it has been read
        const file = new SpillFile(path, shownPath, start);
        try {
          return file.readAt(into, offset);
        } finally {
          file.release();
        }
      },
    };
  }
}
