// What the module exports: see the files. scripts/build-wasm.mjs compiles it, lz4.ts calls it.
export { CONSUMED, WINDOWS } from "./memory";
export { compressFast } from "./fast";
export { countExhausted } from "./search";
export { compressChain } from "./chain";
export { compressOptimal } from "./optimal";
export { decompress } from "./decode";
