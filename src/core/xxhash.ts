/** xxHash: xxh32 for the attribute filter, xxh64 for content identity and the derived UUID. */
import xxhash from "xxhash-wasm";
import { room } from "./room.ts";
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

/** Compiles the module once a thread; where there is no address space for it, the same hashes are had without. */
export async function loadXxHash(): Promise<XxHash> {
  if (!room().usesWasm) return PORTABLE;
  loading ??= xxhash();
  return loading;
}
