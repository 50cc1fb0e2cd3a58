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
import { checkRanges } from "../ranges.ts";
import { wasmCodec } from "../wasm.ts";
import { WASM } from "./generated.ts";

/** Ranges are addresses in the module's memory; `fill` takes as much of the input as fits, else all or nothing. */
interface Exports {
  /** The address of the number of bytes that a compression has used up. */
  readonly CONSUMED: { readonly value: number };
  compressFast(from: number, to: number, at: number, limit: number, fill: boolean): number;
  compressChain(from: number, to: number, at: number, limit: number, fill: boolean, attempts: number): number;
  compressOptimal(...args: [...Parameters<Exports["compressChain"]>, enough: number, full: boolean]): number;
  decompress(from: number, to: number, at: number, limit: number, partial: boolean): number;
}

type Compress = Exports["compressFast"];

const newInstance = wasmCodec<Exports>(WASM);

/** What the decoder's negative results mean: see decode.as. */
const DAMAGE = [
  "",
  "it ends inside a sequence",
  "it is too long",
  "a match starts before it",
  "its last match is too late",
];

class Lz4 implements Codec {
  readonly name: string;
  readonly plain: Uint8Array;
  readonly packed: Uint8Array;
  consumed = 0;
  readonly #exports: Exports;
  readonly #compress: Compress;
  readonly #consumed: Uint32Array;

  constructor(name: string, windows: CodecWindows, compressor: (exports: Exports) => Compress) {
    const { exports, plain, packed } = newInstance(windows);
    this.name = name;
    this.plain = plain;
    this.packed = packed;
    this.#exports = exports;
    this.#compress = compressor(exports);
    this.#consumed = new Uint32Array(plain.buffer, exports.CONSUMED.value, 1);
  }

  compressInto(from: number, to: number, at: number, limit: number): number {
    return this.#run(from, to, at, limit, true);
  }

  compress(from: number, to: number, at: number, limit: number): number {
    return this.#run(from, to, at, limit, false);
  }

  #run(from: number, to: number, at: number, limit: number, fill: boolean): number {
    const { plain, packed } = this;
    checkRanges(plain, from, to - from, packed, at, limit);
    const start = plain.byteOffset + from;
    const produced = this.#compress(start, start + (to - from), packed.byteOffset + at, limit, fill);
    this.consumed = produced === 0 ? 0 : this.#consumed[0]!;
    return produced;
  }

  decompress(from: number, to: number, at: number, limit: number): number {
    return this.#decode(from, to, at, limit, false);
  }

  decompressStart(from: number, to: number, at: number, limit: number): number {
    return this.#decode(from, to, at, limit, true);
  }

  #decode(from: number, to: number, at: number, limit: number, partial: boolean): number {
    const { plain, packed } = this;
    checkRanges(plain, at, limit, packed, from, to - from);
    const start = packed.byteOffset + from;
    const size = this.#exports.decompress(start, start + (to - from), plain.byteOffset + at, limit, partial);
    if (size < 0) throw new ImageError("DAMAGED", `this is no LZ4 block: ${DAMAGE[-size]}`);
    return size;
  }
}

/**
 * LZ4 as `mkfs.erofs -zlz4` does it.
 *
 * @throws ImageError `INPUT` when there can be no such window
 */
export function createLz4(windows: CodecWindows = {}): Codec {
  return new Lz4("lz4", windows, ({ compressFast }) => compressFast);
}

/** How many places are looked at for each match, by level; liblz4 1.9.4 does not tell levels 1 and 2 apart. */
const ATTEMPTS = [undefined, 2, 2, 4, 8, 16, 32, 64, 128, 256, 96, 512, 16384];
/** From level 10 on: matches longer than this are taken without a look at others. */
const ENOUGH = [64, 128, 4096];

/**
 * LZ4HC as `mkfs.erofs -zlz4hc,level` does it, with the bytes of liblz4 1.9.4.
 *
 * @param level 1 to 12. Levels 10 to 12 are slower, 12 several times, and save less than 1 %
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createLz4hc(level: number, windows: CodecWindows = {}): Codec {
  const attempts = ATTEMPTS[level];
  if (attempts === undefined) throw new ImageError("INPUT", `lz4hc has levels 1 to 12, not ${level}`);
  const enough = ENOUGH[level - 10];
  const full = level === 12;
  return new Lz4(`lz4hc,${level}`, windows, ({ compressChain, compressOptimal }) =>
    enough === undefined
      ? (from, to, at, limit, fill) => compressChain(from, to, at, limit, fill, attempts)
      : (from, to, at, limit, fill) => compressOptimal(from, to, at, limit, fill, attempts, enough, full),
  );
}
