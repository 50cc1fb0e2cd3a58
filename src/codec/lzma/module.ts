/** The WebAssembly module of LZMA: what it exports. See its files for what the functions do. */
import { WasmModule } from "../wasm.ts";
import type { CodecExports, WasmFormat } from "../wasm-codec.ts";
import { WASM } from "./generated.ts";

/** A number that the module gives the address of. */
interface Constant {
  readonly value: number;
}

/** All of it. Booleans are 0 or 1. */
export interface LzmaExports extends CodecExports {
  // the encoder: decides where its tables and thereby the windows are, so it comes first
  setEncoder(reach: number, isTree: boolean, isOptimal: boolean, nice: number, depth: number): void;
  setProperties(lc: number, lp: number, pb: number): void;
  compressLzma(from: number, to: number, at: number, limit: number, fill: boolean): number;
  compressMarked(from: number, to: number, at: number, limit: number, fill: boolean): number;
  compressLzma2(from: number, to: number, at: number, limit: number, fill: boolean): number;
  // the decoder of blocks: what it gives below zero is one of DAMAGE
  decompressLzma(properties: number, from: number, to: number, at: number, limit: number, partial: boolean): number;
  decompressMicro(from: number, to: number, at: number, limit: number, partial: boolean): number;
  decompressLzma2(from: number, to: number, at: number, limit: number, partial: boolean): number;
  endOfChunks(): number;
  // the decoder of streams
  readonly DICTIONARY: Constant;
  readonly DICTIONARY_SLACK: Constant;
  readonly INPUT: Constant;
  readonly INPUT_SIZE: Constant;
  readonly CHECKED: Constant;
  readonly CHECKED_SIZE: Constant;
  setDictionary(reach: number): void;
  resetDictionary(): void;
  resetState(lc: number, lp: number, pb: number): void;
  setInput(at: number): void;
  inputAt(): number;
  startRange(): number;
  startOutput(): number;
  outputAt(): number;
  roomForOutput(): number;
  addOutput(length: number): void;
  decode(length: number, to: number): number;
  isAtEnd(): number;
  // checksums
  crc32(from: number, to: number, crc: number): number;
  startCrc64(): void;
  addCrc64(from: number, to: number): void;
  crc64Low(): number;
  crc64High(): number;
}

/** The module. */
export const MODULE: WasmModule<LzmaExports> = new WasmModule(WASM);

/** What is wrong with a block, from -1 downwards: see decode/block.as. */
const DAMAGE = [
  "it ends too early",
  "a match starts before all contents",
  "it is too long",
  "its end is not where it should be",
  "it begins with what makes no sense",
];

/** Blocks of one kind, which messages call by a noun. */
export function lzmaFormat(noun: string): WasmFormat<LzmaExports> {
  return { module: MODULE, noun, damage: DAMAGE };
}
