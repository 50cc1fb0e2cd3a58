/** LZMA as the module decodes it, a piece of input after the other, with a dictionary as large as the data asks for. */
import { ImageError } from "../../core/error.ts";
import { WASM_PAGE, type WasmMemory } from "../wasm.ts";
import { type LzmaExports, MODULE } from "./module.ts";

/** The largest dictionary that is taken, in bytes: twice that of `xz -9`. */
export const MOST_DICTIONARY: number = 2 ** 27;
/** The smallest that there is. */
const LEAST_DICTIONARY = 4096;
/** What a byte of properties must be less than. */
const PROPERTIES = 9 * 5 * 5;
/** Bits of a literal's context, at most: no encoder of today asks for more, and memory hangs on it. */
const MOST_CONTEXT_BITS = 4;

/** One decoder, with its memory. */
export class LzmaDecoder {
  readonly #module: LzmaExports = MODULE.instantiate();
  /** Compressed bytes go here. */
  #input = new Uint8Array(0);
  #properties = -1;

  /** Room for compressed bytes; good until {@link setDictionary}. */
  get input(): Uint8Array {
    const { memory, INPUT, INPUT_SIZE } = this.#module;
    if (this.#input.length === 0) this.#input = new Uint8Array(memory.buffer, INPUT.value, INPUT_SIZE.value);
    return this.#input;
  }

  /** Starts anew, with matches that reach so many bytes back. Throws `LIMIT` for more than {@link MOST_DICTIONARY}. */
  setDictionary(bytes: number): void {
    const { memory, DICTIONARY, DICTIONARY_SLACK } = this.#module;
    if (bytes > MOST_DICTIONARY) {
      throw new ImageError("LIMIT", `its dictionary has ${bytes} bytes, and at most ${MOST_DICTIONARY} are taken`);
    }
    const reach = Math.max(bytes, LEAST_DICTIONARY);
    const missing = DICTIONARY.value + reach + 2 * DICTIONARY_SLACK.value - memory.buffer.byteLength;
    if (missing > 0) grow(memory, Math.ceil(missing / WASM_PAGE));
    this.#input = new Uint8Array(0);
    this.#module.setDictionary(reach);
  }

  /** What comes reaches nothing that came before. */
  resetDictionary(): void {
    this.#module.resetDictionary();
  }

  /** Sets a byte of properties, and forgets what contexts were like. Throws `DAMAGED` for one that is none. */
  setProperties(byte: number): void {
    const lc = byte % 9;
    const lp = Math.floor(byte / 9) % 5;
    if (byte >= PROPERTIES || lc + lp > MOST_CONTEXT_BITS) {
      throw new ImageError("DAMAGED", `its properties, ${byte}, are none that are known`);
    }
    this.#properties = byte;
    this.resetState();
  }

  /** Forgets what contexts were like. Throws `DAMAGED` where there are no properties yet. */
  resetState(): void {
    const byte = this.#properties;
    if (byte < 0) throw new ImageError("DAMAGED", "it begins in the middle");
    this.#module.resetState(byte % 9, Math.floor(byte / 9) % 5, Math.floor(byte / 45));
  }

  /** Starts with the input at an offset. Throws `DAMAGED` where it cannot begin so. */
  startInput(offset: number): void {
    this.#module.setInput(this.#module.INPUT.value + offset);
    if (!this.#module.startRange()) throw new ImageError("DAMAGED", "it does not begin with 0");
  }

  /** The offset of the next byte of input. May be behind what is there: then {@link decode} has gone on without it. */
  get inputAt(): number {
    return this.#module.inputAt() - this.#module.INPUT.value;
  }

  /** The input goes on at another offset. */
  set inputAt(offset: number) {
    this.#module.setInput(this.#module.INPUT.value + offset);
  }

  /**
   * Gives up to `length` bytes: less at the end of a window, where the mark of an end comes, and once the next byte of input
   * is behind `to`. They are good until the next call.
   */
  decode(length: number, to: number): { bytes: Uint8Array; isEnd: boolean } {
    const { memory, INPUT } = this.#module;
    const from = this.#module.startOutput();
    const result = this.#module.decode(Math.min(length, this.#module.roomForOutput()), INPUT.value + to);
    if (result < 0) throw new ImageError("DAMAGED", "a match starts before all contents");
    const bytes = new Uint8Array(memory.buffer, from, this.#module.outputAt() - from);
    return { bytes, isEnd: result > 0 };
  }

  /** Up to so many bytes that are not compressed: whoever calls puts them here, and says so. */
  room(length: number): Uint8Array {
    const from = this.#module.startOutput();
    return new Uint8Array(this.#module.memory.buffer, from, Math.min(length, this.#module.roomForOutput()));
  }

  /** So many bytes were put into {@link room}. */
  add(length: number): void {
    this.#module.addOutput(length);
  }

  /** Whether the input may end where it does. */
  get isAtEnd(): boolean {
    return this.#module.isAtEnd() !== 0;
  }

  /** Continues a CRC-32; the first one continues 0. */
  crc32(bytes: Uint8Array, crc = 0): number {
    let value = crc;
    this.#check(bytes, (from, to) => {
      value = this.#module.crc32(from, to, value) >>> 0;
    });
    return value;
  }

  /** Starts a CRC-64. */
  startCrc64(): void {
    this.#module.startCrc64();
  }

  /** Continues it. */
  addCrc64(bytes: Uint8Array): void {
    this.#check(bytes, (from, to) => this.#module.addCrc64(from, to));
  }

  /** Its halves, the lower first. */
  get crc64(): [number, number] {
    return [this.#module.crc64Low() >>> 0, this.#module.crc64High() >>> 0];
  }

  /** Calls with addresses of bytes: where they are in the memory of the module, or copied there, a part at a time. */
  #check(bytes: Uint8Array, see: (from: number, to: number) => void): void {
    const { memory, CHECKED, CHECKED_SIZE } = this.#module;
    if (bytes.buffer === memory.buffer) {
      see(bytes.byteOffset, bytes.byteOffset + bytes.length);
      return;
    }
    const room = new Uint8Array(memory.buffer, CHECKED.value, CHECKED_SIZE.value);
    for (let at = 0; at < bytes.length; at += room.length) {
      const part = bytes.subarray(at, at + room.length);
      room.set(part);
      see(CHECKED.value, CHECKED.value + part.length);
    }
  }
}

function grow(memory: WasmMemory, pages: number): void {
  try {
    memory.grow(pages);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ImageError("LIMIT", `there is no memory for a dictionary: ${pages * WASM_PAGE} bytes more`, { cause });
  }
}
