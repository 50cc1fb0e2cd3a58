/**
 * Finds store paths in bytes, as Nix does when it has built something: by the 32 digits of base 32 that tell each from
 * others. A path refers to one of the closure whose digits it has anywhere, and to another one where the whole of its
 * name stands behind the store's folder.
 */
import { bytesFromLatin1, latin1FromBytes } from "../../../../core/bytes.ts";

const DIGITS = 32;
const IS_DIGIT = new Uint8Array(256);
for (const byte of bytesFromLatin1("0123456789abcdfghijklmnpqrsvwxyz")) IS_DIGIT[byte] = 1;
const DASH = 0x2d;
/** The longest name behind the digits and the dash. */
const MAX_NAME = 211;
const NAME = /^[0-9a-zA-Z+._?=-]+/;

/** Scans one row of bytes after another. */
export class ReferenceScanner {
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #folder: string;
  /** The end of what came before, which may be the beginning of a path. */
  #tail = new Uint8Array(0);
  /** Numbers of the paths that have been found. */
  readonly found = new Set<number>();
  /** A path that is none of the closure's; undefined where there is none. */
  missing: string | undefined;

  /**
   * @param hashParts the digits of the closure's paths, by number
   * @param folder of the store: `/nix/store`
   */
  constructor(hashParts: readonly (string | undefined)[], folder: string) {
    const numbers = new Map<string, number>();
    hashParts.forEach((digits, number) => {
      if (digits !== undefined) numbers.set(digits, number);
    });
    this.#numbers = numbers;
    this.#folder = `${folder}/`;
  }

  /** Starts with another row of bytes. */
  clear(): void {
    this.#tail = new Uint8Array(0);
    this.found.clear();
    this.missing = undefined;
  }

  /** Looks at the next bytes. */
  push(bytes: Uint8Array): void {
    const keep = this.#folder.length + DIGITS + 1 + MAX_NAME;
    if (this.#tail.length > 0) {
      // what ends in these bytes and has begun before
      const start = this.#tail.length;
      const joined = new Uint8Array(start + Math.min(bytes.length, keep));
      joined.set(this.#tail);
      joined.set(bytes.subarray(0, joined.length - start), start);
      this.#scan(joined, 0, start + this.#folder.length);
    }
    this.#scan(bytes, 0, bytes.length);
    if (bytes.length >= keep) this.#tail = bytes.slice(bytes.length - keep);
    else {
      const all = new Uint8Array(this.#tail.length + bytes.length);
      all.set(this.#tail);
      all.set(bytes, this.#tail.length);
      this.#tail = all.slice(Math.max(0, all.length - keep));
    }
  }

  /** Looks for digits that begin from `from` up to `to`. */
  #scan(bytes: Uint8Array, from: number, to: number): void {
    const last = Math.min(to - 1, bytes.length - DIGITS);
    for (let at = from; at <= last; ) {
      // from behind: most windows have another byte near their end, and are passed at once
      let other = at + DIGITS - 1;
      while (other >= at && IS_DIGIT[bytes[other]!] !== 0) other--;
      if (other >= at) at = other + 1;
      else this.#look(bytes, at++);
    }
  }

  #look(bytes: Uint8Array, at: number): void {
    const number = this.#numbers.get(latin1FromBytes(bytes, at, at + DIGITS));
    if (number !== undefined) this.found.add(number);
    else if (this.missing === undefined && bytes[at + DIGITS] === DASH && at >= this.#folder.length) {
      if (latin1FromBytes(bytes, at - this.#folder.length, at) !== this.#folder) return;
      const end = Math.min(bytes.length, at + DIGITS + 1 + MAX_NAME);
      const name = NAME.exec(latin1FromBytes(bytes, at + DIGITS + 1, end))?.[0];
      // one that the end of these bytes may have cut off comes again with what follows: no archive ends in one
      const isWhole = name !== undefined && at + DIGITS + 1 + name.length < bytes.length;
      if (isWhole) this.missing = `${this.#folder}${latin1FromBytes(bytes, at, at + DIGITS)}-${name}`;
    }
  }
}
