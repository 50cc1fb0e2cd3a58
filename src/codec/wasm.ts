/**
 * WebAssembly modules that are part of the package: made from base64, synchronously, without loading a file, so that
 * they also run where there are no files. Each codec is an instance of its own with memory of its own.
 */
import { roundUp } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import { type CodecWindows, MAX_WINDOW } from "./codec.ts";

/** The part of the global WebAssembly that is used here: its types come with `dom`, which Node's program lacks. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports?: object) => { readonly exports: object };
}

const api = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** Compiles a module from base64. */
export function compileModule(base64: string): object {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  // Uint8Array.from() with a function would take a multiple of the compilation itself
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return new api.Module(bytes);
}

/** Makes an instance of a module; gives what it exports. */
export function instantiate<Exports>(module: object, imports?: object): Exports {
  return new api.Instance(module, imports).exports as Exports;
}

/** What every module exports: its memory, and the address behind its tables. */
interface CommonExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly WINDOWS: { readonly value: number };
}

const PAGE = 0x10000;
/** Bytes behind each window that may be read, never written: loads are eight or sixteen bytes wide. */
const SLACK = 64;

/** An instance with its windows; their addresses in its memory are their `byteOffset`. */
export interface CodecInstance<Exports> {
  /** The functions of the module. */
  readonly exports: Exports;
  /** Window of contents. */
  readonly plain: Uint8Array;
  /** Window of compressed data. */
  readonly packed: Uint8Array;
}

/** Gives a function that makes instances of the module, which is compiled when the first of them is made. */
export function wasmCodec<Exports>(base64: string): (windows: CodecWindows) => CodecInstance<Exports> {
  let module: object | undefined;
  return ({ plainLen = 0x200000, packedLen = 0x100000 }) => {
    for (const length of [plainLen, packedLen]) {
      if (!Number.isInteger(length) || length < 0 || length > MAX_WINDOW) {
        throw new ImageError("INPUT", `a codec's window cannot have ${length} bytes`);
      }
    }
    module ??= compileModule(base64);
    const exports = instantiate<Exports & CommonExports>(module);
    const { memory } = exports;
    const packedAt = exports.WINDOWS.value;
    const plainAt = roundUp(packedAt + packedLen + SLACK, PAGE);
    const end = plainAt + plainLen + SLACK;
    memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
    // no view before this: growing takes the memory away from those that exist
    const packed = new Uint8Array(memory.buffer, packedAt, packedLen);
    const plain = new Uint8Array(memory.buffer, plainAt, plainLen);
    return { exports, plain, packed };
  };
}
