// What the module exports: see the files. scripts/build-wasm.mjs compiles it, stream.ts calls it.
import { fillTables } from "./checksum";

export { CHECKED, CHECKED_SIZE, DICTIONARY, DICTIONARY_SLACK, INPUT, INPUT_SIZE } from "./memory";
export { setInput, startRange } from "./range";
export {
  addOutput,
  decode,
  inputAt,
  isAtEnd,
  outputAt,
  resetDictionary,
  resetState,
  roomForOutput,
  setDictionary,
  startOutput,
} from "./decode";
export { addCrc64, crc32, crc64High, crc64Low, startCrc64 } from "./checksum";

fillTables();
