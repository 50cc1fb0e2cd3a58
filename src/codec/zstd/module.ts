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

/** Contents up to so many bytes have parameters of their own, and need memory of their own kind. */
const SIZE_CLASSES = [16 << 10, 128 << 10, 256 << 10];
/** Rows of parameters for each class of sizes: levels 0 to 22. */
const LEVELS = 23;
/** ZSTD_defaultCParameters: rows of 7 numbers, of which the first is the window. */
const PARAMETERS = { rows: (SIZE_CLASSES.length + 1) * LEVELS, rowLen: 7 };
/** What it begins with: levels 0 and 1 of the largest contents. */
const FIRST_PARAMETERS = [19, 12, 13, 1, 6, 1, 1, 19, 13, 14, 1, 7, 0, 1];
/** Those of a search for long matches that needs no more memory than level 3, all but the window. */
const DEEP_PARAMETERS = [16, 17, 3, 5, 4, 4];
/** More than that takes, tables and all. */
const DEEP_BYTES = 2 << 20;
/** The level at which libzstd takes them: one below zero, whose parameters are those of level 0. */
export const DEEP_LEVEL = -1;
/** From this level on libzstd searches for long matches by itself. */
export const FIRST_DEEP_LEVEL = 6;

/** An instance; addresses are in its memory, those of the windows are their `byteOffset`. */
export interface ZstdInstance extends WindowPair {
  /** Room for output that is only looked at, or goes on to `compressed`. */
  readonly scratch: Uint8Array;
  /**
   * Compresses to one frame, at the instance's level, another one up to its highest, or {@link DEEP_LEVEL}; gives its size, or
   * {@link NO_ROOM}.
   */
  compress(from: number, size: number, to: number, capacity: number, level?: number): number;
  /** Decompresses frames; gives the number of bytes, or a negative number: see zstd_errors.h. */
  decompress(from: number, size: number, to: number, capacity: number): number;
}

/** How large an instance is to be. */
interface ZstdSizes extends CodecWindows {
  /** The most that will be compressed at once. */
  mostPlain: number;
  /** Most bytes of output that will be looked at. */
  mostPacked: number;
  /** The highest level that will be asked for. */
  highestLevel: number;
  /** log2 of the largest window of a frame: so far matches reach back. */
  windowBits: number;
  /** Bytes behind `plain` that may be written to. */
  plainSlack: number;
}

const libzstd = new WasmModule<Exports>(WASM);

/** Makes an instance for one level. */
export function newZstdInstance(level: number, sizes: ZstdSizes): ZstdInstance {
  const { plainLen, compressedLen } = resolveWindows(sizes);
  const mostPlain = Math.min(plainLen, sizes.mostPlain);
  const mostPacked = Math.min(mostPlain, sizes.mostPacked);
  const scratchLen = mostPacked + (mostPacked >> 8) + MOST_OVERHEAD;
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
  setParameters(exports.f, sizes.windowBits);
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
  const compress = (from: number, size: number, to: number, capacity: number, other = level) =>
    check(exports.l(encoder, to, capacity, from, size, 0, 0, other));
  // zeros: quick at every level, and it is the size that counts
  for (const size of [2 ** sizes.windowBits, ...SIZE_CLASSES]) {
    for (const each of new Set([level, sizes.highestLevel])) {
      if (compress(plainAt, Math.min(size, mostPlain), scratchAt, scratchLen, each) < 0) stop();
    }
  }
  // not by compressing: the code for it would be compiled for nothing
  exports.f.grow(DEEP_BYTES / WASM_PAGE);
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

/**
 * Makes windows of the largest contents 2^`windowBits` bytes, others no larger than that, and a level of its own of
 * {@link DEEP_PARAMETERS}. What libzstd has for
 * that, ZSTD_CCtx_setParameter(), is not in the package's module; it would change the same numbers once they have been
 * taken from the table, which is in memory.
 */
function setParameters({ buffer }: WasmMemory, windowBits: number): void {
  const words = new Uint32Array(buffer);
  const { rows, rowLen } = PARAMETERS;
  const last = words.length - rows * rowLen;
  let at = 0;
  while (at <= last && FIRST_PARAMETERS.some((value, i) => words[at + i] !== value)) at++;
  if (at > last) throw new ImageError("INTERNAL", "libzstd has no table of parameters");
  for (let row = 0; row < rows; row++, at += rowLen) {
    words[at] = row < LEVELS ? windowBits : Math.min(words[at]!, windowBits);
    if (row % LEVELS === 0) words.set(DEEP_PARAMETERS, at + 1);
  }
}

/** Whether a result of libzstd is an error. */
export function isError(result: number): boolean {
  return result < 0 && result > FIRST_ERROR;
}
