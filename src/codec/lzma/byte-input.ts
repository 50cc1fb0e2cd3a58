/** Bytes of a stream, as many as asked for. */
import { ImageError } from "../../core/error.ts";

/** Reads a stream front to back. Each part of it need be good only until the next is asked for. */
export class ByteInput {
  readonly #parts: AsyncIterator<Uint8Array>;
  #part: Uint8Array = new Uint8Array(0);
  #from = 0;
  /** Bytes that have been read. */
  at = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#parts = stream[Symbol.asyncIterator]();
  }

  /** Reads as much as fits, less only at the end; gives how much. */
  async readSome(into: Uint8Array): Promise<number> {
    let length = 0;
    while (length < into.length && (await this.#hasMore())) {
      const taken = this.#part.subarray(this.#from, this.#from + into.length - length);
      into.set(taken, length);
      length += taken.length;
      this.#from += taken.length;
    }
    this.at += length;
    return length;
  }

  /** Reads so many bytes. Throws `DAMAGED` where they are not there. */
  async read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.fill(bytes);
    return bytes;
  }

  /** Reads as many as fit. Throws `DAMAGED` where they are not there. */
  async fill(into: Uint8Array): Promise<void> {
    if ((await this.readSome(into)) < into.length) throw new ImageError("DAMAGED", "it ends too early");
  }

  /** Reads one. Throws `DAMAGED` at the end. */
  async byte(): Promise<number> {
    return (await this.read(1))[0]!;
  }

  /** Ends the stream: nobody wants the rest. */
  async end(): Promise<void> {
    await this.#parts.return?.();
  }

  async #hasMore(): Promise<boolean> {
    while (this.#from === this.#part.length) {
      const { done, value } = await this.#parts.next();
      if (done) return false;
      this.#part = value;
      this.#from = 0;
    }
    return true;
  }
}
