/** The end of an image, written front to back behind the data, in large writes. */
import type { Sink } from "../../core/sink.ts";

const BUFFER = 1 << 20;

/** Gathers bytes and writes them one after another. */
export class OutputTail {
  readonly #sink: Sink;
  readonly #buffer = new Uint8Array(BUFFER);
  #used = 0;
  #writtenOff: number;
  #pending: Uint8Array[] = [];

  /** @param offset where the first byte goes */
  constructor(sink: Sink, offset: number) {
    this.#sink = sink;
    this.#writtenOff = offset;
  }

  /** Where the next byte goes. */
  get offset(): number {
    return this.#writtenOff + this.#used + this.#pending.length * BUFFER;
  }

  /** Takes bytes over; they are written by {@link flush} at the latest. */
  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const count = Math.min(BUFFER - this.#used, bytes.length - done);
      this.#buffer.set(bytes.subarray(done, done + count), this.#used);
      this.#used += count;
      done += count;
      if (this.#used < BUFFER) continue;
      this.#pending.push(this.#buffer.slice());
      this.#used = 0;
    }
  }

  /** Writes what has come together in large writes, if there is any. */
  drain(): Promise<void> | undefined {
    return this.#pending.length === 0 ? undefined : this.#writePending();
  }

  /** Writes all. */
  async flush(): Promise<void> {
    await this.#writePending();
    if (this.#used > 0) await this.#sink.writeAt(this.#buffer.subarray(0, this.#used), this.#writtenOff);
    this.#writtenOff += this.#used;
    this.#used = 0;
  }

  async #writePending(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    for (const bytes of pending) {
      await this.#sink.writeAt(bytes, this.#writtenOff);
      this.#writtenOff += BUFFER;
    }
  }
}
