/**
 * LZO1X: blocks as SquashFS holds them, without LZO-RLE, which is Linux's extension. The work is done in WebAssembly, whose
 * sources are the AssemblyScript files beside this one:
 *
 *   main       what is exported
 *   fast (LZO1X-1)   optimal (LZO1X-999)                              decode
 *     |                |   nodes (prices of ways)   search (for matches)
 *   encode (of instructions: all that there are)                        |
 *   memory     where things lie; limits of the format; counting, copying
 *
 * A block is a row of instructions up to one that is its end, and literals between them:
 *
 *   | number of literals + 17 | literals | match, number of literals | 0 to 3 literals | number of literals | literals | ...
 *
 * Source: Linux Documentation/staging/lzo.rst. Names, and what levels are for, are liblzo2's; the compressors are others.
 */
import { ImageError } from "../../core/error.ts";
import type { Codec, CodecWindows } from "../codec.ts";
import { WasmModule } from "../wasm.ts";
import { type CodecExports, type CodecFunctions, WasmCodec, type WasmFormat } from "../wasm-codec.ts";
import { WASM } from "./generated.ts";

type Compress = Parameters<CodecFunctions["compress"]>;

/** The functions of the module; `decompress` is just as it is to be called. */
interface Exports extends CodecExports {
  /** `bits`: log2 of how many positions are kept. */
  compressFast(...args: [...Compress, bits: number]): number;
  compressOptimal(...args: [...Compress, attempts: number, enough: number, pairs: boolean]): number;
  decompress: CodecFunctions["decompress"];
}

const BLOCK: WasmFormat<Exports> = {
  module: new WasmModule(WASM),
  noun: "LZO1X block",
  // see decode.as
  damage: [
    "it ends inside an instruction",
    "it is too long",
    "a match starts before it",
    "its end is not where it ends",
  ],
};

/** log2 of how many positions are kept for matches, as liblzo2 has it. */
const TABLE_BITS = { lzo1x_1: 14, lzo1x_1_11: 11, lzo1x_1_12: 12, lzo1x_1_15: 15 } as const;

/** The fast algorithms, by liblzo2's names. */
export type FastLzo = keyof typeof TABLE_BITS;

/**
 * LZO1X-1 and those of its kin that differ in how much they keep: fast, and they have no levels.
 *
 * @throws ImageError `INPUT` when there can be no such window
 */
export function createFastLzo(name: FastLzo, windows: CodecWindows = {}): Codec {
  const bits = TABLE_BITS[name];
  return new WasmCodec(name, BLOCK, windows, ({ compressFast, decompress }) => ({
    compress: (from, to, at, limit, fill) => compressFast(from, to, at, limit, fill, bits),
    decompress,
  }));
}

/**
 * What each level does: how many places are looked at for a match, and from which length on one is taken without a look at
 * others; in large inputs, two bytes are looked for where more places are no better use of time. Blocks of files are
 * smaller than liblzo2's of the same level.
 */
const LEVELS = [
  undefined,
  { attempts: 1, enough: 8, pairs: false },
  { attempts: 2, enough: 8, pairs: false },
  { attempts: 2, enough: 12, pairs: false },
  { attempts: 4, enough: 16, pairs: false },
  { attempts: 8, enough: 48, pairs: false },
  { attempts: 12, enough: 100, pairs: true },
  { attempts: 32, enough: 256, pairs: true },
  { attempts: 256, enough: 1000, pairs: true },
  { attempts: 2048, enough: 1000, pairs: true },
];

/**
 * LZO1X-999, which finds the smallest of the blocks that can be made of the matches that it knows.
 *
 * @param level 1 to 9
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createLzo(level: number, windows: CodecWindows = {}): Codec {
  const settings = LEVELS[level];
  if (settings === undefined) throw new ImageError("INPUT", `lzo has levels 1 to 9, not ${level}`);
  const { attempts, enough, pairs } = settings;
  return new WasmCodec(`lzo,${level}`, BLOCK, windows, ({ compressOptimal, decompress }) => ({
    compress: (from, to, at, limit, fill) => compressOptimal(from, to, at, limit, fill, attempts, enough, pairs),
    decompress,
  }));
}
