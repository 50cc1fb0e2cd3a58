/**
 * LZ4 and LZ4HC: raw blocks as EROFS and SquashFS hold them. The work is done in WebAssembly, whose sources are the
 * AssemblyScript files beside this one:
 *
 *   main       what is exported
 *   fast   chain (HC, levels 1 to 9)   optimal (HC, levels 10 to 12)   decode
 *     |         search (for matches, HC)   encode (of sequences, HC)     |
 *   memory     where things lie; counting, copying, lengths, last literals
 *
 * A block is a row of sequences, the last one without a match:
 *
 *   | token          | literal length - 15 | literals | distance | match length - 19 |
 *   | 4 + 4 bits     | 255* and one more   |          | u16      | 255* and one more |
 */
import { ImageError } from "../../core/error.ts";
import type { Codec, CodecWindows } from "../codec.ts";
import { SecondLookCodec } from "../second-look.ts";
import { WasmModule } from "../wasm.ts";
import { type CodecExports, type CodecFunctions, WasmCodec, type WasmFormat } from "../wasm-codec.ts";
import { WASM } from "./generated.ts";

/** The functions of the module; `compressFast` and `decompress` are just as they are to be called. */
interface Exports extends CodecExports {
  compressFast: CodecFunctions["compress"];
  compressChain(
    ...args: [...Parameters<Exports["compressFast"]>, attempts: number, wide: boolean, deepens: boolean]
  ): number;
  /** How many searches of the last compressChain() have ended because no more places were to be looked at. */
  countExhausted(): number;
  compressOptimal(
    ...args: [...Parameters<Exports["compressFast"]>, attempts: number, enough: number, full: boolean]
  ): number;
  decompress: CodecFunctions["decompress"];
}

const BLOCK: WasmFormat<Exports> = {
  module: new WasmModule(WASM),
  noun: "LZ4 block",
  // see decode.as
  damage: ["it ends inside a sequence", "it is too long", "a match starts before it", "its last match is too late"],
};

/**
 * LZ4 as `mkfs.erofs -zlz4` does it.
 *
 * @throws ImageError `INPUT` when there can be no such window
 */
export function createLz4(windows: CodecWindows = {}): Codec {
  return new WasmCodec("lz4", BLOCK, windows, ({ compressFast, decompress }) => ({
    compress: compressFast,
    decompress,
  }));
}

/** How many places are looked at for each match, by level; liblz4 1.9.4 does not tell levels 1 and 2 apart. */
const ATTEMPTS = [undefined, 2, 2, 4, 8, 16, 32, 64, 128, 256, 96, 512, 16384];
/** The level that is taken without a wish, and the one that finds more where bytes are few and all have been seen often. */
const NORMAL = 7;
const DEEP = 9;
/** Where of 1000 bytes so many searches have not gone to their end ... */
const EXHAUSTED = 27;
/** ... or of large outputs, where more places are in reach, and a wider table (see search.as) is worth its memory. */
const EXHAUSTED_LARGE = 33;
const LARGE = 1 << 14;
/** What shrinks to one of so many parts has been looked at as deep: see chain.as. */
const DEEP_RATIO = 7;

/** From level 10 on: matches longer than this are taken without a look at others. */
const ENOUGH = [64, 128, 4096];

const NORMAL_WAYS = { usual: ATTEMPTS[NORMAL]!, others: [ATTEMPTS[DEEP]!], leastGain: 1 / 64 };

/** The normal level of LZ4HC, which looks deeper where that is of use. */
class NormalLevel extends SecondLookCodec<Exports, number> {
  constructor(windows: CodecWindows) {
    super(`lz4hc,${NORMAL}`, BLOCK, windows, NORMAL_WAYS, ({ compressChain, decompress }, wayOf) => ({
      compress: (from, to, at, limit, fill) =>
        compressChain(
          from,
          to,
          at,
          limit,
          fill,
          wayOf(),
          fill && limit >= LARGE,
          fill && wayOf() === NORMAL_WAYS.usual,
        ),
      decompress,
    }));
  }

  protected override better(produced: number, known: number | undefined): readonly number[] {
    if (known !== undefined) return NORMAL_WAYS.others;
    const least = produced > LARGE ? EXHAUSTED_LARGE : EXHAUSTED;
    const isDeeper = 1000 * this.exports.countExhausted() >= least * this.consumed;
    return isDeeper && this.consumed < DEEP_RATIO * produced ? NORMAL_WAYS.others : [];
  }
}

/**
 * LZ4HC as `mkfs.erofs -zlz4hc,level` does it, with the bytes of liblz4 1.9.4; a fixed output of the normal level may hold
 * more.
 *
 * @param level 1 to 12. Levels 10 to 12 are slower, 12 several times, and save less than 1 %
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createLz4hc(level: number, windows: CodecWindows = {}): Codec {
  const attempts = ATTEMPTS[level];
  if (attempts === undefined) throw new ImageError("INPUT", `lz4hc has levels 1 to 12, not ${level}`);
  if (level === NORMAL) return new NormalLevel(windows);
  const enough = ENOUGH[level - 10];
  const full = level === 12;
  return new WasmCodec(`lz4hc,${level}`, BLOCK, windows, ({ compressChain, compressOptimal, decompress }) => ({
    compress:
      enough === undefined
        ? (from, to, at, limit, fill) => compressChain(from, to, at, limit, fill, attempts, false, false)
        : (from, to, at, limit, fill) => compressOptimal(from, to, at, limit, fill, attempts, enough, full),
    decompress,
  }));
}
