// What the module exports: see the files. scripts/build-wasm.mjs compiles it, lzo.ts calls it.
export { CONSUMED, WINDOWS } from "./memory";
export { compressFast } from "./fast";
export { compressOptimal } from "./optimal";
export { decompress } from "./decode";
