/**
 * The bytes of an archive front to back, of which as little as possible is looked at: a window shows what was asked for,
 * contents are passed over.
 */

/** Where bytes come from. */
export interface ByteStream {
  /** The next bytes, at least one, good until the next call; undefined at the end. */
  next(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Passes over bytes without reading them; returns how many there were. Absent: all must be read. */
  pass?(bytes: number): number;
}

/** Reads bytes of an archive. */
export class ArchiveInput {
  readonly #stream: ByteStream;
  /** What has been read last; `bytes[from]` is the next byte. */
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  /** Offset of `bytes[0]`. */
  #start = 0;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Offset of the next byte. */
  get at(): number {
    return this.#start + this.from;
  }

  /** Has `bytes` show so many bytes from `from` on; false where the archive ends before. */
  need(length: number): boolean | Promise<boolean> {
    return this.bytes.length - this.from >= length || this.#fill(length);
  }

  /** Passes over bytes; false where the archive ends before. */
  skip(length: number): boolean | Promise<boolean> {
    const shown = this.bytes.length - this.from;
    if (shown >= length) {
      this.from += length;
      return true;
    }
    return this.#skipOn(length - shown);
  }

  /** Reads what is left. */
  async drain(): Promise<void> {
    this.#startAt(this.at);
    while (await this.#stream.next());
  }

  /** Gathers what comes in pieces, so that memory is taken only for what is there. */
  async #fill(length: number): Promise<boolean> {
    const start = this.at;
    let last = this.bytes.subarray(this.from);
    let got = last.length;
    const parts: Uint8Array[] = [];
    while (got < length) {
      // of a Buffer slice() would be no copy
      if (last.length > 0) parts.push(new Uint8Array(last));
      const chunk = await this.#stream.next();
      last = chunk ?? new Uint8Array(0);
      if (chunk === undefined) break;
      got += chunk.length;
    }
    // the last one is mostly all that there is to be shown
    this.bytes = parts.length === 0 ? last : join([...parts, last], got);
    this.from = 0;
    this.#start = start;
    return got >= length;
  }

  async #skipOn(length: number): Promise<boolean> {
    const start = this.#start + this.bytes.length;
    this.#startAt(start);
    let rest = length;
    if (this.#stream.pass) {
      const passed = this.#stream.pass(rest);
      this.#start = start + passed;
      return passed === rest;
    }
    while (rest > 0) {
      const chunk = await this.#stream.next();
      if (chunk === undefined) return false;
      this.bytes = chunk;
      this.from = Math.min(rest, chunk.length);
      rest -= this.from;
      if (rest > 0) this.#startAt(this.#start + chunk.length);
    }
    return true;
  }

  /** Nothing is shown. */
  #startAt(offset: number): void {
    this.bytes = new Uint8Array(0);
    this.from = 0;
    this.#start = offset;
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
