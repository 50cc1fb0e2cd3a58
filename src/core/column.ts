/**
 * Growable typed arrays in shared memory, the columns of the tree. A column reserves address space for its largest
 * length and commits memory as it grows, so growing neither copies nor moves, and every thread sees the same bytes.
 *
 * `view` covers a fixed length, which engines index as fast as any typed array (a length-tracking view is ten times
 * slower); after another thread has grown the column, `ensure()` renews it.
 */
import { ImageError } from "./error.ts";
import { room } from "./threads/room.ts";

/** The element types that columns are made of. */
export type NumericArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;

interface ArrayType<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer, byteOffset: number, length: number): A;
}

const GROWTH_BYTES = 64 * 1024;
/** Elements that are of use at the least. */
const LEAST_LENGTH = 1 << 16;
const NO_ROOM = "not enough memory for the table of entries";

function columnFull(): string {
  const why = "the tree has too many entries for";
  return room().columnShare === 1 ? `${why} this machine` : `${why} the limit of address space: raise it (ulimit -v)`;
}

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

  /** A new column of at most `maxLength` elements; of fewer where that much address space cannot be had, see room.ts. */
  static create<A extends NumericArray>(type: ArrayType<A>, maxLength: number): Column<A> {
    const { columnShare } = room();
    for (let length = Math.max(LEAST_LENGTH, Math.floor(maxLength * columnShare)); ; length = Math.floor(length / 4)) {
      try {
        return new Column(type, new SharedArrayBuffer(0, { maxByteLength: length * type.BYTES_PER_ELEMENT }));
      } catch (cause) {
        if (length <= LEAST_LENGTH) throw new ImageError("LIMIT", NO_ROOM, { cause });
      }
    }
  }

  /** Makes `view` at least `length` long. Elements never written are zero. */
  ensure(length: number): A {
    if (this.view.length < length) {
      const wanted = Math.ceil((length * this.#type.BYTES_PER_ELEMENT) / GROWTH_BYTES) * GROWTH_BYTES;
      this.#grow(Math.min(Math.max(wanted, length * this.#type.BYTES_PER_ELEMENT), this.buffer.maxByteLength));
      this.view = this.#cover();
      if (this.view.length < length) throw new ImageError("LIMIT", columnFull());
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
          throw new ImageError("LIMIT", NO_ROOM, { cause });
        }
      }
    }
  }

  #cover(): A {
    return new this.#type(this.buffer, 0, Math.floor(this.buffer.byteLength / this.#type.BYTES_PER_ELEMENT));
  }
}
