/** DEFLATE streams as the module reads and writes them: see deflate.ts. */
import { WasmModule } from "../wasm.ts";
import type { CodecExports, CodecFunctions, WasmFormat } from "../wasm-codec.ts";
import { WASM } from "./generated.ts";
import type { Way } from "./ways.ts";

/** The functions of the module. */
export interface DeflateExports extends CodecExports {
  compress(...args: [...Parameters<CodecFunctions["compress"]>, ...Way]): number;
  /** Of the last compression in the first level's way, or in one of the better ones: a key of BETTER_WAYS, or 0. */
  findBetterWay(): number;
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

/** The farthest that a match may lie back, in bytes. */
export const REACH = 0x8000;

/**
 * Chooses the functions of a codec.
 *
 * @param wayOf tells how the next input is parsed
 * @param reach how many bytes matches may lie back
 * @param behind how many bytes stand behind a stream
 */
export function deflateFunctions(
  { compress, decompress, setReach }: DeflateExports,
  wayOf: () => Way,
  reach: number,
  behind: number,
): CodecFunctions {
  setReach(reach);
  return {
    compress: (from, to, at, limit, fill) => compress(from, to, at, limit, fill, ...wayOf()),
    decompress: (from, to, at, limit, partial) => decompress(from, to, at, limit, partial, behind),
  };
}
