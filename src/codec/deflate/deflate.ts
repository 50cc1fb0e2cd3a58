/**
 * DEFLATE (RFC 1951) as EROFS holds it; zlib.ts puts a frame around it. The work is done in WebAssembly, whose sources are
 * the AssemblyScript files beside this one:
 *
 *   main      what is exported
 *   encode    block after block   <- probe (of the first bytes, level 1)
 *     |   parse    from input to symbols   <- search (for matches), split (where a block should end)
 *     |   optimal  the same by what symbols take (levels 10 to 12)
 *     |   cut      fixed output: how much of the last block fits   <- estimate (how far to parse)
 *     |   block    what a block takes in its three forms, and the writing of it   <- header
 *     |     tokens (the symbols of a block)   huffman (codes)   bits (the output)
 *   decode    <- table (of codes), input (bits)       adler
 *   memory    where things lie, the format's numbers
 *
 * A fixed output costs one compression and a little: the input is parsed once, about as far as it will fit, and then the
 * longest row of its symbols is found whose codes, with the header that tells them, fill the output.
 */
import { ImageError } from "../../core/error.ts";
import type { Codec, CodecWindows } from "../codec.ts";
import { WasmModule } from "../wasm.ts";
import { type CodecExports, type CodecFunctions, WasmCodec, type WasmFormat } from "../wasm-codec.ts";
import { WASM } from "./generated.ts";

/** The functions of the module. */
export interface DeflateExports extends CodecExports {
  compress(
    ...args: [...Parameters<CodecFunctions["compress"]>, method: number, attempts: number, enough: number]
  ): number;
  /** `behind`: so many bytes of the input are behind the stream. */
  decompress(...args: [...Parameters<CodecFunctions["decompress"]>, behind: number]): number;
  adler32(from: number, to: number): number;
  setReach(distance: number): void;
}

/** Streams as the module reads and writes them. */
export const DEFLATE_STREAM: WasmFormat<DeflateExports> = {
  module: new WasmModule(WASM),
  noun: "DEFLATE stream",
  // see decode.as
  damage: [
    "it ends too early",
    "it is too long",
    "a match starts before it",
    "the header of a block makes no sense",
    "there are bits that are no code",
    "its end is not where it should be",
  ],
};

/** How matches are chosen: see encode.as. */
const FAST = 0;
const GREEDY = 1;
const LAZY = 2;
const LAZIER = 3;
/** Parses once; what is above this, so many times more. */
const OPTIMAL = 4;

/** By level: how matches are chosen, how many places are looked at for each, and what length is taken at once. */
const LEVELS: readonly (readonly [method: number, attempts: number, enough: number])[] = [
  [FAST, 2, 32],
  [GREEDY, 6, 10],
  [GREEDY, 12, 14],
  [GREEDY, 16, 30],
  [LAZY, 16, 30],
  [LAZY, 35, 65],
  [LAZY, 100, 130],
  [LAZIER, 300, 258],
  [LAZIER, 600, 258],
  [OPTIMAL + 1, 60, 80],
  [OPTIMAL + 2, 150, 150],
  [OPTIMAL + 4, 600, 258],
];

/** The farthest that a match may lie back, in bytes. */
const REACH = 0x8000;

/**
 * Checks a level.
 *
 * @throws ImageError `INPUT`
 */
export function checkDeflateLevel(name: string, level: number, highest: number): void {
  if (!Number.isInteger(level) || level < 1 || level > highest) {
    throw new ImageError("INPUT", `${name} has levels 1 to ${highest}, not ${level}`);
  }
}

/**
 * Chooses the functions of a level.
 *
 * @param reach how many bytes matches may lie back
 * @param behind how many bytes stand behind a stream
 */
export function deflateFunctions(
  { compress, decompress, setReach }: DeflateExports,
  level: number,
  reach: number,
  behind: number,
): CodecFunctions {
  const [method, attempts, enough] = LEVELS[level - 1]!;
  setReach(reach);
  return {
    compress: (from, to, at, limit, fill) => compress(from, to, at, limit, fill, method, attempts, enough),
    decompress: (from, to, at, limit, partial) => decompress(from, to, at, limit, partial, behind),
  };
}

/**
 * DEFLATE as EROFS holds it: streams without a header, the first byte of which is never zero. At most 32 KiB are looked
 * back (`windowbits` 15).
 *
 * @param level 1 to 12. From 10 on it is three to ten times slower than 9, and saves 1 to 2 %
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createDeflate(level = 1, windows: CodecWindows = {}): Codec {
  checkDeflateLevel("deflate", level, LEVELS.length);
  return new WasmCodec(`deflate,${level}`, DEFLATE_STREAM, windows, (exports) =>
    deflateFunctions(exports, level, REACH, 0),
  );
}
