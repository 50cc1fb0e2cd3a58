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
import { WasmCodec } from "../wasm-codec.ts";
import { FirstLevel } from "./first-level.ts";
import { DEFLATE_STREAM, deflateFunctions, REACH } from "./stream.ts";
import { LEVELS } from "./ways.ts";

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
 * DEFLATE as EROFS holds it: streams without a header, the first byte of which is never zero. At most 32 KiB are looked
 * back (`windowbits` 15).
 *
 * @param level 1 to 12. From 10 on it is three to ten times slower than 9, and saves 1 to 2 %
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createDeflate(level = 1, windows: CodecWindows = {}): Codec {
  checkDeflateLevel("deflate", level, LEVELS.length);
  if (level === 1) return new FirstLevel(windows);
  const way = LEVELS[level - 1]!;
  return new WasmCodec(`deflate,${level}`, DEFLATE_STREAM, windows, (exports) =>
    deflateFunctions(exports, () => way, REACH, 0),
  );
}
