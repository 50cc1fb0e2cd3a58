/** The bytes of an archive front to back, through a window; whoever wants to, a hash, sees all of them. */
import { latin1FromBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { MAX_NAR_NAME, NAR_UNIT, paddingOf } from "./nar-format.ts";

const WINDOW = 1 << 18;

/** Where an archive's bytes come from: fewer than asked for only at the end. */
export interface NarBytes {
  /** Bytes of the archive. */
  readonly size: number;
  readAt(into: Uint8Array, offset: number): number;
}

/** Reads strings of an archive. */
export class NarInput {
  readonly #bytes: NarBytes;
  /** What messages call the archive. */
  readonly name: string;
  readonly #see: ((bytes: Uint8Array) => void) | undefined;
  readonly #window = new Uint8Array(WINDOW);
  #from = 0;
  #to = 0;
  /** Where the window starts. */
  #start = 0;

  /** @param see gets every byte in order; without it contents are passed over unread */
  constructor(bytes: NarBytes, name: string, see?: (bytes: Uint8Array) => void) {
    this.#bytes = bytes;
    this.name = name;
    this.#see = see;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#start + this.#from;
  }

  /** The length of the string that follows. Throws `INPUT` for one beyond the end of the archive. */
  length(): number {
    this.#need(NAR_UNIT);
    let length = 0;
    for (let byte = NAR_UNIT - 1; byte >= 0; byte--) length = length * 256 + this.#window[this.#from + byte]!;
    const end = this.at + NAR_UNIT + length;
    if (end > this.#bytes.size)
      throw this.refuse(`a string of ${length} bytes goes beyond the end, ${this.#bytes.size}`);
    this.#from += NAR_UNIT;
    return length;
  }

  /** A short string, as a latin1 string. Throws `INPUT` for one that is longer than `most`. */
  text(most: number = MAX_NAR_NAME): string {
    const at = this.at;
    const length = this.length();
    if (length > most) throw this.refuse(`a string of ${length} bytes where one of at most ${most} belongs`, at);
    this.#need(length);
    const text = latin1FromBytes(this.#window, this.#from, this.#from + length);
    this.#from += length;
    this.padding(length);
    return text;
  }

  /** Passes over so many bytes of contents, which are there. */
  skip(length: number): void {
    let rest = length;
    if (this.#see === undefined && rest > this.#to - this.#from) {
      this.#start += this.#from + rest;
      this.#from = 0;
      this.#to = 0;
      return;
    }
    while (rest > 0) {
      if (this.#from === this.#to) this.#need(1);
      const part = Math.min(rest, this.#to - this.#from);
      this.#from += part;
      rest -= part;
    }
  }

  /** Passes over the zeros behind a string. */
  padding(length: number): void {
    const at = this.at;
    const padding = paddingOf(length);
    this.#need(padding);
    for (let byte = 0; byte < padding; byte++) {
      if (this.#window[this.#from + byte] !== 0) throw this.refuse("what fills up a string is not zero", at);
    }
    this.#from += padding;
  }

  /** Throws `INPUT` where anything follows. */
  end(): void {
    if (this.at < this.#bytes.size) throw this.refuse(`${this.#bytes.size - this.at} bytes follow the archive`);
  }

  /** An `INPUT` that says where. */
  refuse(why: string, at: number = this.at): ImageError {
    return new ImageError("INPUT", `${this.name}: ${why} (offset ${at})`, { path: this.name, offset: at });
  }

  /** Makes the window hold so many bytes from here on. */
  #need(length: number): void {
    if (this.#to - this.#from >= length) return;
    this.#window.copyWithin(0, this.#from, this.#to);
    this.#start += this.#from;
    this.#to -= this.#from;
    this.#from = 0;
    while (this.#to < length) {
      const into = this.#window.subarray(this.#to);
      const got = this.#bytes.readAt(into, this.#start + this.#to);
      if (got === 0) throw this.refuse("ends in the middle of the archive", this.#start + this.#to);
      this.#see?.(into.subarray(0, got));
      this.#to += got;
    }
  }
}
