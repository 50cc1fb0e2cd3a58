/**
 * Growable typed arrays in shared memory, the columns of the tree. A column reserves address space for its largest
 * length and commits memory as it grows, so growing neither copies nor moves, and every thread sees the same bytes.
 *
 * `view` covers a fixed length, which engines index as fast as any typed array (a length-tracking view is ten times
 * slower); after another thread has grown the column, `ensure()` renews it.
 */
import { ImageError } from "./error.ts";

/** The element types that columns are made of. */
export type NumericArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;

interface ArrayType<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer, byteOffset: number, length: number): A;
}

const GROWTH_BYTES = 64 * 1024;

/** One growable array; `buffer` is what other threads are given. */
export class Column<A extends NumericArray> {
  readonly buffer: SharedArrayBuffer;
  readonly #type: ArrayType<A>;
  view: A;

  constructor(type: ArrayType<A>, buffer: SharedArrayBuffer) {
    this.#type = type;
    this.buffer = buffer;
    this.view = this.#cover();
  }

  /** A new column of at most `maxLength` elements; where that much address space cannot be had, of fewer. */
  static create<A extends NumericArray>(type: ArrayType<A>, maxLength: number): Column<A> {
    for (let length = maxLength; ; length /= 4) {
      try {
        return new Column(type, new SharedArrayBuffer(0, { maxByteLength: length * type.BYTES_PER_ELEMENT }));
      } catch (cause) {
        if (length <= 1 << 20) throw new ImageError("LIMIT", "not enough memory for the table of entries", { cause });
      }
    }
  }

  /** Makes `view` at least `length` long. Elements never written are zero. */
  ensure(length: number): A {
    if (this.view.length < length) {
      const wanted = Math.ceil((length * this.#type.BYTES_PER_ELEMENT) / GROWTH_BYTES) * GROWTH_BYTES;
      this.#grow(Math.min(Math.max(wanted, length * this.#type.BYTES_PER_ELEMENT), this.buffer.maxByteLength));
      this.view = this.#cover();
      if (this.view.length < length) throw new ImageError("LIMIT", "the tree has too many entries for this machine");
    }
    return this.view;
  }

  #grow(byteLength: number): void {
    while (this.buffer.byteLength < byteLength) {
      try {
        this.buffer.grow(byteLength);
      } catch (cause) {
        // another thread may have grown it further in between; anything else is a real refusal
        if (this.buffer.byteLength < byteLength) {
          throw new ImageError("LIMIT", "not enough memory for the table of entries", { cause });
        }
      }
    }
  }

  #cover(): A {
    return new this.#type(this.buffer, 0, Math.floor(this.buffer.byteLength / this.#type.BYTES_PER_ELEMENT));
  }
}
