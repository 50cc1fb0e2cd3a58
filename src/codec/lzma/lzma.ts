/**
 * LZMA as EROFS holds it, MicroLZMA: without a mark of its end, so that its length has to be known, and with its properties
 * in place of the first byte, which is 0 else. The work is done in WebAssembly, whose sources are the AssemblyScript files
 * beside this one:
 *
 *   main       what is exported
 *   encode/encode    symbol after symbol, chunks of LZMA2
 *     fast, optimal  which symbol comes next   <- search (for matches), prices (of symbols)
 *     symbols        how each is written       <- range (the range encoder), state
 *     tables         where all that lies
 *   decode/decode    from input to contents    <- range (the range decoder)
 *   decode/block     the same for blocks as a whole
 *   checksum   CRC-32 and CRC-64
 *   memory     where things lie, the format's numbers
 */
import { ImageError } from "../../core/error.ts";
import type { Codec, CodecWindows } from "../codec.ts";
import { resolveWindows } from "../wasm.ts";
import { WasmCodec } from "../wasm-codec.ts";
import { type LzmaExports, lzmaFormat } from "./module.ts";
import { wayOfLevel } from "./ways.ts";

/** What LZMA is to be like, besides its level. */
export interface LzmaSettings {
  /** Bytes that matches may reach back, from 4096 on, at most 8 MiB; default: as far as the window of contents goes. */
  dictSize?: number | undefined;
  /** Bits of the byte before that contexts of literals have, 0 to 4, default 3; with `lp` at most 4. */
  lc?: number | undefined;
  /** Bits of the position that they have, 0 to 4, default 0. */
  lp?: number | undefined;
  /** Bits of the position that contexts of matches have, 0 to 4, default 2. */
  pb?: number | undefined;
}

/** The same with all defaults decided. */
export type LzmaProperties = Readonly<Required<{ [Key in "lc" | "lp" | "pb"]: number }>>;

/** The smallest dictionary of the format, and the largest that readers of images have; the encoder has links for no more. */
const LEAST_DICTIONARY = 4096;
const MOST_DICTIONARY = 1 << 23;
const MOST_BITS = 4;

/** Decides what contexts are made of. Throws `INPUT` for what is none. */
export function resolveProperties(name: string, { lc = 3, lp = 0, pb = 2 }: LzmaSettings): LzmaProperties {
  for (const [key, value] of Object.entries({ lc, lp, pb, "lc + lp": lc + lp })) {
    if (!Number.isInteger(value) || value < 0 || value > MOST_BITS) {
      throw new ImageError("INPUT", `${name}: ${key} is 0 to ${MOST_BITS}, not ${value}`);
    }
  }
  return { lc, lp, pb };
}

/** The byte that tells them. */
export function propertiesByte({ lc, lp, pb }: LzmaProperties): number {
  return (pb * 5 + lp) * 9 + lc;
}

/** Gets an instance ready to encode, which decides where its windows are; gives how far matches reach back. */
export function prepareEncoder(
  exports: LzmaExports,
  name: string,
  level: number,
  windows: CodecWindows,
  dictSize: number | undefined,
): number {
  const { isTree, isOptimal, nice, depth } = wayOfLevel(name, level);
  const whole = Math.max(resolveWindows(windows).plainLen, LEAST_DICTIONARY);
  const reach = Math.min(dictSize ?? whole, whole, MOST_DICTIONARY);
  if (!Number.isInteger(reach) || reach < LEAST_DICTIONARY) {
    throw new ImageError("INPUT", `${name}: a dictionary has ${LEAST_DICTIONARY} bytes or more, not ${dictSize}`);
  }
  exports.setEncoder(reach, isTree, isOptimal, nice, depth);
  return reach;
}

/**
 * LZMA as EROFS holds it; `decompress` gives as many bytes as it is told.
 *
 * @param level 0 to 9, or 100 to 109 for what `xz` calls extreme
 * @throws ImageError `INPUT` when there is no such level, no such setting, or no such window
 */
export function createLzma(level = 6, windows: CodecWindows = {}, settings: LzmaSettings = {}): Codec {
  const name = `lzma,${level}`;
  const { lc, lp, pb } = resolveProperties("lzma", settings);
  const first = ~propertiesByte({ lc, lp, pb }) & 0xff;
  return new WasmCodec(name, lzmaFormat("MicroLZMA"), windows, (exports) => {
    prepareEncoder(exports, "lzma", level, windows, settings.dictSize);
    exports.setProperties(lc, lp, pb);
    return {
      compress(from, to, at, limit, fill) {
        const size = exports.compressLzma(from, to, at, limit, fill);
        if (size > 0) new Uint8Array(exports.memory.buffer)[at] = first;
        return size;
      },
      decompress: exports.decompressMicro,
    };
  });
}
