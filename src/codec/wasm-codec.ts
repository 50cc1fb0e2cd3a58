/**
 * Codecs whose work is done by a module of our own, compiled from the AssemblyScript files of the codec's folder. What is
 * the same for all of them is here: where windows lie in an instance's memory, how ranges become addresses, how damage
 * is told. The codec itself says which function compresses, with which parameters.
 *
 *     0           WINDOWS                       a page's start
 *     | tables    | compressed data | SLACK … | contents | SLACK |
 */
import { roundUp } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import type { CodecWindows, FillNotes } from "./codec.ts";
import { resolveWindows, WASM_PAGE, type WasmMemory, type WasmModule } from "./wasm.ts";
import { WindowCodec, type WindowPair } from "./window-codec.ts";

/** What every module exports besides its functions. */
export interface CodecExports {
  readonly memory: WasmMemory;
  /** The address behind its tables. */
  readonly WINDOWS: { readonly value: number };
  /** The address of the number of bytes that the last compression has used up, a u32. */
  readonly CONSUMED: { readonly value: number };
}

/** Functions of one instance, with the codec's parameters. Ranges are addresses in its memory. */
export interface CodecFunctions {
  /** `fill` takes as much of [from, to) as fits into [at, at + limit), else all or nothing; gives the bytes written. */
  compress(from: number, to: number, at: number, limit: number, fill: boolean): number;
  /** Gives the bytes written, or what is wrong as a negative number: see {@link WasmFormat.damage}. */
  decompress(from: number, to: number, at: number, limit: number, partial: boolean): number;
}

/** A kind of compressed data, with the module that reads and writes it. */
export interface WasmFormat<Exports> {
  readonly module: WasmModule<Exports>;
  /** What one is called in messages. */
  readonly noun: string;
  /** What the decoder's results mean, from -1 downwards. */
  readonly damage: readonly string[];
}

/** Bytes behind each window that may be read, never written: loads are eight or sixteen bytes wide. */
const SLACK = 64;

/** A codec that has an instance of a module, in whose memory its windows lie. */
export class WasmCodec<Exports extends CodecExports> extends WindowCodec {
  /** What the instance exports. */
  protected readonly exports: Exports;
  readonly #format: WasmFormat<Exports>;
  readonly #functions: CodecFunctions;
  readonly #consumed: Uint32Array;

  /**
   * @param choose gives the functions to call, out of what the instance exports; what decides where windows are is called
   *   by it
   */
  constructor(
    name: string,
    format: WasmFormat<Exports>,
    windows: CodecWindows,
    choose: (exports: Exports) => CodecFunctions,
  ) {
    const { plainLen, compressedLen } = resolveWindows(windows);
    const exports = format.module.instantiate();
    const functions = choose(exports);
    super(name, placeWindows(exports, plainLen, compressedLen));
    this.exports = exports;
    this.#format = format;
    this.#functions = functions;
    this.#consumed = new Uint32Array(this.plain.buffer, exports.CONSUMED.value, 1);
  }

  protected encode(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number {
    const { plain, compressed } = this;
    const start = plain.byteOffset;
    const fill = notes !== undefined;
    const produced = this.#functions.compress(start + from, start + to, compressed.byteOffset + at, limit, fill);
    this.consumed = this.#consumed[0]!;
    return produced;
  }

  protected decode(from: number, to: number, at: number, limit: number, partial: boolean): number {
    const { plain, compressed } = this;
    const start = compressed.byteOffset;
    const size = this.#functions.decompress(start + from, start + to, plain.byteOffset + at, limit, partial);
    if (size < 0) throw this.damaged(this.#format.damage[-size - 1]!);
    return size;
  }

  /** What is thrown for data that cannot be read. */
  protected damaged(what: string): ImageError {
    return new ImageError("DAMAGED", `this is no ${this.#format.noun}: ${what}`);
  }
}

/** Makes the windows; their addresses in the instance's memory are their `byteOffset`. */
function placeWindows({ memory, WINDOWS }: CodecExports, plainLen: number, compressedLen: number): WindowPair {
  const compressedAt = WINDOWS.value;
  const plainAt = roundUp(compressedAt + compressedLen + SLACK, WASM_PAGE);
  const end = plainAt + plainLen + SLACK;
  memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / WASM_PAGE)));
  // no view before this: growing takes the memory away from those that exist
  return {
    compressed: new Uint8Array(memory.buffer, compressedAt, compressedLen),
    plain: new Uint8Array(memory.buffer, plainAt, plainLen),
  };
}
