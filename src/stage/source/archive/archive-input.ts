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
  #fill(length: number): boolean | Promise<boolean> {
    if (this.from === this.bytes.length) {
      const start = this.at;
      const chunk = this.#stream.next();
      // mostly nothing has to be waited for, nor gathered
      if (chunk instanceof Uint8Array && chunk.length >= length) {
        this.bytes = chunk;
        this.from = 0;
        this.#start = start;
        return true;
      }
      return this.#gather(length, chunk);
    }
    const rest = new Uint8Array(this.bytes.subarray(this.from));
    return this.#gather(length, this.#stream.next(), rest);
  }

  /** @param next what comes next @param before what has come before it */
  async #gather(length: number, next: ReturnType<ByteStream["next"]>, before?: Uint8Array): Promise<boolean> {
    const start = this.at;
    const parts = before ? [before] : [];
    let got = before?.length ?? 0;
    for (let chunk = await next; chunk !== undefined; chunk = await this.#stream.next()) {
      got += chunk.length;
      // of a Buffer slice() would be no copy
      parts.push(got >= length ? chunk : new Uint8Array(chunk));
      if (got >= length) break;
    }
    this.bytes = parts.length === 1 ? parts[0]! : join(parts, got);
    this.from = 0;
    this.#start = start;
    return got >= length;
  }

  #skipOn(length: number): boolean | Promise<boolean> {
    const start = this.#start + this.bytes.length;
    this.#startAt(start);
    if (!this.#stream.pass) return this.#skipRead(length);
    const passed = this.#stream.pass(length);
    this.#start = start + passed;
    return passed === length;
  }

  async #skipRead(length: number): Promise<boolean> {
    let rest = length;
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
    this.bytes = NOTHING;
    this.from = 0;
    this.#start = offset;
  }
}

const NOTHING = new Uint8Array(0);

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
