/** A part of an array that lies in an image, so that its elements can be looked at without waiting for each. */
import type { StructView } from "../../../core/struct.ts";
import { type ImageBytes, viewOf } from "../../image.ts";
import { PackEntries } from "./packs.ts";

/** Bytes that are read at once, and how many of them are in front of what is wanted. */
const [WINDOW, WINDOW_BEFORE] = [4096, 512] as const;

/** Room for a part of an array, whose it is, and what has been read in it: made once for many files, as most are small. */
export class IndexRoom {
  readonly bytes = new Uint8Array(WINDOW);
  readonly view: StructView = viewOf(this.bytes);
  readonly packed = new PackEntries();
  owner: ArrayWindow | undefined;
}

/** The part; at first there is none. */
export class ArrayWindow {
  /** What is there: fields at an offset of {@link offsetOf}. */
  readonly view: StructView;
  readonly #space: ImageBytes;
  readonly #at: number;
  readonly #end: number;
  readonly #room: IndexRoom;
  #from = 0;
  #to = 0;

  /** @param at where the array lies, up to `end` */
  constructor(space: ImageBytes, at: number, end: number, room: IndexRoom) {
    this.#space = space;
    this.#at = at;
    this.#end = end;
    this.#room = room;
    this.view = room.view;
  }

  /** Whether the bytes `[at, at + length)` are there. */
  has(at: number, length: number): boolean {
    return this.#room.owner === this && at >= this.#from && at + length <= this.#to;
  }

  /** Where in {@link view} a byte of the space stands that is there. */
  offsetOf(at: number): number {
    return at - this.#from;
  }

  /** Gets bytes of the array, and some around them. */
  load(at: number): undefined | Promise<void> {
    const room = this.#room;
    room.owner = undefined;
    const from = Math.max(this.#at, Math.min(at - WINDOW_BEFORE, this.#end - WINDOW));
    const bytes = room.bytes.subarray(0, Math.min(WINDOW, this.#end - from));
    const loading = this.#space.fill(bytes, from);
    const set = () => {
      room.owner = this;
      this.#from = from;
      this.#to = from + bytes.length;
    };
    if (loading !== undefined) return loading.then(set);
    set();
    return undefined;
  }
}
