/** xxHash: xxh32 for the attribute filter, xxh64 for content identity and the derived UUID. */
import xxhash from "xxhash-wasm";
import { room } from "../threads/room.ts";
import { type Hash64, Xxh64, xxh32 } from "./xxhash-portable.ts";

/** What is used of it. */
export interface XxHash {
  h32Raw(bytes: Uint8Array, seed?: number): number;
  h64Raw(bytes: Uint8Array, seed?: bigint): bigint;
  create64(seed?: bigint): Hash64;
}

const PORTABLE: XxHash = {
  h32Raw: xxh32,
  h64Raw: (bytes, seed) => new Xxh64(seed).update(bytes).digest(),
  create64: (seed) => new Xxh64(seed),
};

let loading: Promise<XxHash> | undefined;

/**
 * Bytes that the module is given at once, which fit into the one page of memory that it starts with. With the first page
 * more, V8 would learn that buffers may lose their memory, and throw away all code that it has compiled for typed arrays.
 */
const MOST_AT_ONCE = 32 << 10;

/** Compiles the module once a thread; where there is no address space for it, the same hashes are had without. */
export async function loadXxHash(): Promise<XxHash> {
  if (!room().usesWasm) return PORTABLE;
  loading ??= xxhash().then(inPieces);
  return loading;
}

/** The same hashes, of as many bytes at a time as there is room for. */
function inPieces(module: Awaited<ReturnType<typeof xxhash>>): XxHash {
  const create64 = (seed?: bigint): Hash64 => {
    const hash = module.create64(seed);
    return {
      update(bytes) {
        for (let at = 0; at < bytes.length; at += MOST_AT_ONCE) hash.update(bytes.subarray(at, at + MOST_AT_ONCE));
        return this;
      },
      digest: () => hash.digest(),
    };
  };
  return {
    h32Raw(bytes, seed) {
      if (bytes.length <= MOST_AT_ONCE) return module.h32Raw(bytes, seed);
      const hash = module.create32(seed);
      for (let at = 0; at < bytes.length; at += MOST_AT_ONCE) hash.update(bytes.subarray(at, at + MOST_AT_ONCE));
      return hash.digest();
    },
    h64Raw: (bytes, seed) =>
      bytes.length <= MOST_AT_ONCE ? module.h64Raw(bytes, seed) : create64(seed).update(bytes).digest(),
    create64,
  };
}
