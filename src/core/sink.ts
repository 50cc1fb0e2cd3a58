/** Where an image goes. */

/**
 * A target of bytes at known offsets. Offsets may come in any order, but never overlap. What a method throws, or its promise
 * is rejected with, ends the build and is passed on as it is: the caller's own error object, no ImageError around it.
 */
export interface Sink {
  /** Stores `bytes` at byte `offset`; the bytes may be reused as soon as this returns, or the promise resolves. */
  writeAt(bytes: Uint8Array, offset: number): void | Promise<void>;
  /** Sets the length of the target in bytes, before the first write; bytes never written are zero. */
  truncate(length: number): void | Promise<void>;
  /** All is written: makes it durable. Not called after a failure. */
  close(): void | Promise<void>;
}

/** A sink that can only be written front to back: fills gaps with zeros, refuses to go back. */
export class SequentialSink implements Sink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #at = 0;
  #length = 0;

  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
  }

  async writeAt(bytes: Uint8Array, offset: number): Promise<void> {
    if (offset < this.#at) throw new RangeError(`write at ${offset} after ${this.#at} in a stream`);
    await this.#zerosTo(offset);
    await this.#writer.ready;
    // the stream may keep its chunk, and the caller reuses its buffer
    await this.#writer.write(bytes.slice());
    this.#at += bytes.length;
  }

  truncate(length: number): void {
    this.#length = length;
  }

  async close(): Promise<void> {
    await this.#zerosTo(this.#length);
    await this.#writer.close();
  }

  /** Tells the stream that no more will come, because of `reason`. */
  async abort(reason: unknown): Promise<void> {
    await this.#writer.abort(reason).catch(() => undefined);
  }

  async #zerosTo(offset: number): Promise<void> {
    while (this.#at < offset) {
      const length = Math.min(offset - this.#at, 1 << 20);
      await this.#writer.write(new Uint8Array(length));
      this.#at += length;
    }
  }
}
