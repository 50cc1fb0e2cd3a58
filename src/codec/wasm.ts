/**
 * WebAssembly modules that are part of the package: made from text, synchronously, without loading a file, so that
 * they also run where there are no files. Each codec is an instance of its own with memory of its own.
 */
import { ImageError } from "../core/error.ts";
import { type CodecWindows, MAX_WINDOW } from "./codec.ts";
import { readEmbedded } from "./embedded.ts";

/** The part of the global WebAssembly that is used here: its types come with `dom`, which Node's program lacks. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports?: object) => { readonly exports: object };
}

const api = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** The memory of an instance. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Bytes of a page, by which memory grows. */
export const WASM_PAGE = 0x10000;

const NO_MEMORY =
  "there is no address space for the memory of a codec, for which Node reserves 10 GB: raise its limit (ulimit -v), or set " +
  "NODE_OPTIONS=--disable-wasm-trap-handler, with which some megabytes are enough";

/** A module as text, see embedded.ts, which is compiled when its first instance is made. */
export class WasmModule<Exports> {
  readonly #text: string;
  #compiled: object | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Makes an instance; gives what it exports. Throws `LIMIT` where there is no address space for its memory. */
  instantiate(imports?: object): Exports {
    this.#compiled ??= new api.Module(readEmbedded(this.#text));
    try {
      return new api.Instance(this.#compiled, imports).exports as Exports;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new ImageError("LIMIT", NO_MEMORY, { cause });
    }
  }
}

/**
 * Decides how large windows are.
 *
 * @throws ImageError `INPUT` when there is no such window
 */
export function resolveWindows({ plainLen = 0x200000, compressedLen = 0x100000 }: CodecWindows): {
  plainLen: number;
  compressedLen: number;
} {
  for (const length of [plainLen, compressedLen]) {
    if (!Number.isInteger(length) || length < 0 || length > MAX_WINDOW) {
      throw new ImageError("INPUT", `a codec's window cannot have ${length} bytes`);
    }
  }
  return { plainLen, compressedLen };
}
