/**
 * libzstd 1.5.7 as WebAssembly, the module of the package @bokuweb/zstd-wasm, inlined and embedded by build-wasm.mjs. The
 * package's own functions copy what they are given in and out, and keep one instance for all; here a codec has an
 * instance of its own, and its windows lie in the memory of that.
 *
 * The memory grows while an instance is made, never later, since that would take it away from the windows. What libzstd
 * will ever ask for is found by compressing as much as it will ever be given.
 */
import { ImageError } from "../../core/error.ts";
import type { CodecWindows } from "../codec.ts";
import { resolveWindows, WASM_PAGE, type WasmMemory, WasmModule } from "../wasm.ts";
import type { WindowPair } from "../window-codec.ts";
import { WASM } from "./generated.ts";

/** The module's exports under the names that its build has given them. */
interface Exports {
  /** memory */
  readonly f: WasmMemory;
  /** __wasm_call_ctors */
  g(): void;
  /** ZSTD_createCCtx */
  j(): number;
  /** ZSTD_compress_usingDict */
  l(...args: [context: number, ...Buffers, dictionary: number, dictionaryLen: number, level: number]): number;
  /** ZSTD_createDCtx */
  n(): number;
  /** ZSTD_decompress_usingDict */
  q(...args: [context: number, ...Buffers, dictionary: number, dictionaryLen: number]): number;
  /** malloc */
  s(size: number): number;
}

type Buffers = [to: number, capacity: number, from: number, size: number];

/** A frame is longer than its contents by no more, and 1/256 of them: see ZSTD_compressBound(). */
const MOST_OVERHEAD = 1024;
/** Results from here on are errors, told by their number below zero. */
const FIRST_ERROR = -120;
/** ZSTD_error_memory_allocation */
const NO_MEMORY = -64;
/** ZSTD_error_dstSize_tooSmall */
export const NO_ROOM = -70;

/** An instance; addresses are in its memory, those of the windows are their `byteOffset`. */
export interface ZstdInstance extends WindowPair {
  /** Room for output that is only looked at, or goes on to `compressed`: enough for whatever can be compressed. */
  readonly scratch: Uint8Array;
  /** Compresses to one frame, at the instance's level or a lower one; gives its size, or {@link NO_ROOM}. */
  compress(from: number, size: number, to: number, capacity: number, level?: number): number;
  /** Decompresses frames; gives the number of bytes, or a negative number: see zstd_errors.h. */
  decompress(from: number, size: number, to: number, capacity: number): number;
}

/** How large an instance is to be. */
interface ZstdSizes extends CodecWindows {
  /** The most that will be compressed at once. */
  mostPlain: number;
  /** Bytes behind `plain` that may be written to. */
  plainSlack: number;
}

const libzstd = new WasmModule<Exports>(WASM);

/** Makes an instance for one level. */
export function newZstdInstance(level: number, sizes: ZstdSizes): ZstdInstance {
  const { plainLen, compressedLen } = resolveWindows(sizes);
  const mostPlain = Math.min(plainLen, sizes.mostPlain);
  const scratchLen = mostPlain + (mostPlain >> 8) + MOST_OVERHEAD;
  let isComplete = false;
  const stop = () => {
    throw new ImageError("INTERNAL", "libzstd has given up");
  };
  const imports = {
    // proc_exit, runtime_keepalive_clear, abort, setitimer
    a: stop,
    b: () => {},
    c: stop,
    d: () => 0,
    // resize_heap
    e: (wanted: number) => {
      if (isComplete) return 0;
      exports.f.grow(Math.ceil(((wanted >>> 0) - exports.f.buffer.byteLength) / WASM_PAGE));
      return 1;
    },
  };
  const exports = libzstd.instantiate({ a: imports });
  exports.g();
  const allocate = (address: number): number => {
    if (address === 0) throw new ImageError("INTERNAL", "there is no memory for libzstd");
    return address >>> 0;
  };
  const check = (result: number): number => {
    if (result === NO_MEMORY) throw new ImageError("INTERNAL", "libzstd asks for more memory than it did at first");
    return result;
  };
  const compressedAt = allocate(exports.s(compressedLen + 1));
  const plainAt = allocate(exports.s(plainLen + sizes.plainSlack + 1));
  const scratchAt = allocate(exports.s(scratchLen));
  const decoder = allocate(exports.n());
  const encoder = allocate(exports.j());
  const compress = (from: number, size: number, to: number, capacity: number, lower = level) =>
    check(exports.l(encoder, to, capacity, from, size, 0, 0, lower));
  // zeros: quick at every level, and it is the size that counts
  if (compress(plainAt, mostPlain, scratchAt, scratchLen) < 0) stop();
  isComplete = true;
  // no view before this: growing takes the memory away from those that exist
  const { buffer } = exports.f;
  return {
    compressed: new Uint8Array(buffer, compressedAt, compressedLen),
    plain: new Uint8Array(buffer, plainAt, plainLen),
    scratch: new Uint8Array(buffer, scratchAt, scratchLen),
    compress,
    decompress: (from, size, to, capacity) => check(exports.q(decoder, to, capacity, from, size, 0, 0)),
  };
}

/** Whether a result of libzstd is an error. */
export function isError(result: number): boolean {
  return result < 0 && result > FIRST_ERROR;
}
