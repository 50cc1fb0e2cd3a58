/** The filters of a block of .xz: what has been done to contents before they were compressed is undone behind that. */
import { ImageError } from "../../core/error.ts";
import { type BranchFilter, DECODE } from "./branch.ts";
import { BRANCHES } from "./branches.ts";

/** Undoes one filter. */
export interface Filter {
  /** Takes what follows; gives what is done by it, good until the next call. */
  add(bytes: Uint8Array): Uint8Array;
  /** Gives what is left at the end. */
  end(): Uint8Array;
}

const DELTA = 0x03;

/** Makes the filter of an identifier. Throws `DAMAGED` for one that is not known, or has no such properties. */
export function createFilter(id: number, properties: Uint8Array): Filter {
  const branch = Object.values(BRANCHES).find((row) => row.id === id);
  if (id === DELTA && properties.length === 1) return new Delta(properties[0]! + 1);
  if (branch && (properties.length === 0 || properties.length === 4)) {
    const start =
      properties.length === 0 ? 0 : new DataView(properties.buffer, properties.byteOffset).getUint32(0, true);
    if (start % branch.unit === 0) return new Branch(branch.kind(DECODE), start);
  }
  throw new ImageError("DAMAGED", `a block has a filter that is not known: 0x${id.toString(16)}`);
}

/** Bytes are less than those before them by a distance. */
class Delta implements Filter {
  readonly #distance: number;
  /** The last 256 bytes, by their position. */
  readonly #last = new Uint8Array(256);
  #at = 0;
  #done = new Uint8Array(0);

  constructor(distance: number) {
    this.#distance = distance;
  }

  add(bytes: Uint8Array): Uint8Array {
    if (this.#done.length < bytes.length) this.#done = new Uint8Array(bytes.length);
    const done = this.#done;
    for (let from = 0; from < bytes.length; from++) {
      const sum = bytes[from]! + this.#last[(this.#at - this.#distance) & 0xff]!;
      done[from] = sum;
      this.#last[this.#at] = sum;
      this.#at = (this.#at + 1) & 0xff;
    }
    return done.subarray(0, bytes.length);
  }

  end(): Uint8Array {
    return new Uint8Array(0);
  }
}

/** Code: what may be the start of an instruction waits for what follows. */
class Branch implements Filter {
  readonly #turn: BranchFilter;
  #position: number;
  #bytes = new Uint8Array(0);
  #from = 0;
  #to = 0;

  constructor(turn: BranchFilter, position: number) {
    this.#turn = turn;
    this.#position = position;
  }

  add(bytes: Uint8Array): Uint8Array {
    const rest = this.#to - this.#from;
    const length = rest + bytes.length;
    const into = this.#bytes.length < length ? new Uint8Array(length) : this.#bytes;
    into.set(this.#bytes.subarray(this.#from, this.#to));
    into.set(bytes, rest);
    this.#bytes = into;
    this.#from = this.#turn(into.subarray(0, length), this.#position);
    this.#to = length;
    this.#position = (this.#position + this.#from) >>> 0;
    return into.subarray(0, this.#from);
  }

  end(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }
}
