// What the module exports: see the files. scripts/build-wasm.mjs compiles it, module.ts says what calls it.
import { fillTables } from "./checksum";

export { CHECKED, CHECKED_SIZE, DICTIONARY, DICTIONARY_SLACK, INPUT, INPUT_SIZE } from "./memory";
export { setInput, startRange } from "./decode/range";
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
} from "./decode/decode";
export { compressLzma, compressLzma2, compressMarked, setEncoder, setProperties } from "./encode/encode";
export { decompressLzma, decompressLzma2, decompressMicro, endOfChunks } from "./decode/block";
export { WINDOWS } from "./encode/tables";
export { CONSUMED } from "./memory";
export { addCrc64, crc32, crc64High, crc64Low, startCrc64 } from "./checksum";

fillTables();
