/**
 * DEFLATE (RFC 1951) as EROFS holds it, and zlib streams (RFC 1950) as SquashFS does. The work is done in WebAssembly,
 * whose sources are the AssemblyScript files beside this one:
 *
 *   main      what is exported
 *   encode    block after block
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
import { checkRanges } from "../ranges.ts";
import { wasmCodec } from "../wasm.ts";
import { WASM } from "./generated.ts";

/** Ranges are addresses in the module's memory; `fill` takes as much of the input as fits, else all or nothing. */
interface Exports {
  /** The address of the number of bytes that a compression has used up. */
  readonly CONSUMED: { readonly value: number };
  /** The address of the length of the stream that was decoded, 0xffffffff if it was not read to its end. */
  readonly ENDED: { readonly value: number };
  compress(...args: [...ranges: Ranges, fill: boolean, method: number, attempts: number, enough: number]): number;
  decompress(...args: [...ranges: Ranges, partial: boolean]): number;
  adler32(from: number, to: number): number;
  setReach(distance: number): void;
}

type Ranges = [from: number, to: number, at: number, limit: number];

const newInstance = wasmCodec<Exports>(WASM);

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

/** What the decoder's negative results mean: see decode.as. */
const DAMAGE = [
  "",
  "it ends too early",
  "it is too long",
  "a match starts before it",
  "the header of a block makes no sense",
  "there are bits that are no code",
];

/** A zlib stream: two bytes, that tell the window's size and the kind of level, and Adler-32 behind it. */
const ZLIB_HEAD = 2;
const ZLIB_TAIL = 4;
/** The kind of level, as zlib tells it: fastest, fast, normal, or best. */
const ZLIB_LEVELS = [0, 1, 1, 1, 1, 2, 3, 3, 3];
/** The first byte for a window of 32 KiB. */
const ZLIB_METHOD = 0x78;
const MIN_WINDOW_BITS = 8;
const MAX_WINDOW_BITS = 15;

/** The two bytes, as one number, which is a multiple of 31. */
function zlibHead(level: number, windowBits: number): number {
  const word = ((windowBits - MIN_WINDOW_BITS) << 12) | (8 << 8) | (ZLIB_LEVELS[level - 1]! << 6);
  return word + 31 - (word % 31);
}

class Deflate implements Codec {
  readonly name: string;
  readonly plain: Uint8Array;
  readonly packed: Uint8Array;
  consumed = 0;
  readonly #exports: Exports;
  readonly #results: Uint32Array;
  readonly #level: (typeof LEVELS)[number];
  /** What a zlib stream begins with, or 0 for streams without a header. */
  readonly #zlib: number;

  constructor(
    name: string,
    windows: CodecWindows,
    level: (typeof LEVELS)[number],
    zlib: number,
    windowBits = MAX_WINDOW_BITS,
  ) {
    const { exports, plain, packed } = newInstance(windows);
    exports.setReach(2 ** windowBits);
    this.name = name;
    this.plain = plain;
    this.packed = packed;
    this.#exports = exports;
    this.#results = new Uint32Array(plain.buffer, exports.CONSUMED.value, 2);
    this.#level = level;
    this.#zlib = zlib;
  }

  compressInto(from: number, to: number, at: number, limit: number): number {
    return this.#encode(from, to, at, limit, true);
  }

  compress(from: number, to: number, at: number, limit: number): number {
    return this.#encode(from, to, at, limit, false);
  }

  #encode(from: number, to: number, at: number, limit: number, fill: boolean): number {
    const { plain, packed } = this;
    checkRanges(plain, from, to - from, packed, at, limit);
    const isZlib = this.#zlib !== 0;
    const head = isZlib ? ZLIB_HEAD : 0;
    const room = limit - head - (isZlib ? ZLIB_TAIL : 0);
    this.consumed = 0;
    if (room <= 0) return 0;
    const start = plain.byteOffset + from;
    const [method, attempts, enough] = this.#level;
    const target = packed.byteOffset + at + head;
    const produced = this.#exports.compress(start, start + (to - from), target, room, fill, method, attempts, enough);
    if (produced === 0) return 0;
    this.consumed = this.#results[0]!;
    if (!isZlib) return produced;
    packed[at] = this.#zlib >> 8;
    packed[at + 1] = this.#zlib & 0xff;
    const end = at + head + produced;
    new DataView(packed.buffer).setUint32(packed.byteOffset + end, this.#checksum(from, this.consumed));
    return head + produced + ZLIB_TAIL;
  }

  #checksum(from: number, length: number): number {
    const start = this.plain.byteOffset + from;
    return this.#exports.adler32(start, start + length) >>> 0;
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
    const isZlib = this.#zlib !== 0;
    const head = isZlib ? ZLIB_HEAD : 0;
    if (isZlib) this.#checkHead(from, to);
    const source = packed.byteOffset + from + head;
    const size = this.#exports.decompress(source, packed.byteOffset + to, plain.byteOffset + at, limit, partial);
    if (size < 0) throw damaged(DAMAGE[-size]!);
    if (partial && size === limit) return size;
    const rest = to - from - head - this.#results[1]!;
    if (rest !== (isZlib ? ZLIB_TAIL : 0)) throw damaged("its end is not where it should be");
    if (isZlib) {
      const expected = new DataView(packed.buffer).getUint32(packed.byteOffset + to - ZLIB_TAIL);
      if (this.#checksum(at, size) !== expected) throw damaged("its checksum is not that of the contents");
    }
    return size;
  }

  #checkHead(from: number, to: number): void {
    const [method = 0, flags = 0] = this.packed.subarray(from, Math.min(from + ZLIB_HEAD, to));
    // method 8 with a window of up to 32 KiB, no dictionary, and a multiple of 31
    if ((method & 15) !== 8 || method > ZLIB_METHOD || (flags & 0x20) !== 0 || (method * 256 + flags) % 31 !== 0) {
      throw damaged("it has no zlib header");
    }
  }
}

function damaged(what: string): ImageError {
  return new ImageError("DAMAGED", `this is no DEFLATE stream: ${what}`);
}

function levelOf(name: string, level: number, highest: number): (typeof LEVELS)[number] {
  const found = level <= highest ? LEVELS[level - 1] : undefined;
  if (!found) throw new ImageError("INPUT", `${name} has levels 1 to ${highest}, not ${level}`);
  return found;
}

/**
 * DEFLATE as EROFS holds it: streams without a header, the first byte of which is never zero. At most 32 KiB are looked
 * back (`windowbits` 15).
 *
 * @param level 1 to 12. From 10 on it is three to ten times slower than 9, and saves 1 to 2 %
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createDeflate(level = 1, windows: CodecWindows = {}): Codec {
  return new Deflate(`deflate,${level}`, windows, levelOf("deflate", level, LEVELS.length), 0);
}

/**
 * zlib streams as SquashFS holds them, its `gzip`: with a header and a checksum.
 *
 * @param level 1 to 9
 * @param windowBits log2 of the bytes that matches may lie back, 8 to 15
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createZlib(level = 9, windows: CodecWindows = {}, windowBits = MAX_WINDOW_BITS): Codec {
  const found = levelOf("zlib", level, 9);
  if (!Number.isInteger(windowBits) || windowBits < MIN_WINDOW_BITS || windowBits > MAX_WINDOW_BITS) {
    throw new ImageError("INPUT", `zlib has windows of 8 to 15 bits, not ${windowBits}`);
  }
  return new Deflate(`zlib,${level}`, windows, found, zlibHead(level, windowBits), windowBits);
}
