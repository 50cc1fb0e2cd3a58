// What the module exports: see the files. scripts/build-wasm.mjs compiles it, deflate.ts calls it.
import { fillLogarithms } from "./estimate";
import { fillConstants } from "./memory";

export { CONSUMED, ENDED, WINDOWS } from "./memory";
export { compress } from "./encode";
export { decompress } from "./decode";
export { adler32 } from "./adler";
export { setReach } from "./search";

fillConstants();
fillLogarithms();
