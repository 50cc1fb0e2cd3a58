/** xxHash through xxhash-wasm: xxh32 for the attribute filter, xxh64 for content identity and the derived UUID. */
import xxhash from "xxhash-wasm";

/** The loaded module: see xxhash-wasm's own types. */
export type XxHash = Awaited<ReturnType<typeof xxhash>>;

let loading: Promise<XxHash> | undefined;

/** Compiles the module once a thread. */
export function loadXxHash(): Promise<XxHash> {
  loading ??= xxhash();
  return loading;
}
