// What the module exports: see the files. scripts/build-wasm.mjs compiles it, deflate.ts and zlib.ts call it.
import { fillLogarithms } from "./encode/estimate";
import { fillConstants } from "./memory";

export { CONSUMED, WINDOWS } from "./memory";
export { findBetterWay } from "./encode/advice";
export { compress } from "./encode/encode";
export { decompress } from "./decode/decode";
export { adler32 } from "./adler";
export { setReach } from "./encode/search";

fillConstants();
fillLogarithms();
