/**
 * LZMA with the header that `lzma` writes, as SquashFS's first compressed images hold it, which Linux never read:
 *
 *     | properties | dictionary | length | LZMA, and a mark of its end |
 *     | u8         | u32        | u64    |                             |
 */
import type { Codec, CodecWindows, FillNotes } from "../codec.ts";
import { WasmCodec } from "../wasm-codec.ts";
import { HEADER_SIZE, readHeader, UNKNOWN_LENGTH } from "./header.ts";
import { type LzmaSettings, prepareEncoder, propertiesByte, resolveProperties } from "./lzma.ts";
import { type LzmaExports, lzmaFormat } from "./module.ts";

class LzmaAlone extends WasmCodec<LzmaExports> {
  readonly #properties: number;
  readonly #dictSize: number;

  constructor(level: number, windows: CodecWindows, settings: LzmaSettings) {
    const properties = resolveProperties("lzma", settings);
    let dictSize = 0;
    super(`lzma-alone,${level}`, lzmaFormat("LZMA block"), windows, (exports) => {
      dictSize = prepareEncoder(exports, "lzma", level, windows, settings.dictSize);
      exports.setProperties(properties.lc, properties.lp, properties.pb);
      return {
        compress: exports.compressMarked,
        decompress(from, to, at, limit, partial) {
          const byte = new Uint8Array(exports.memory.buffer)[from - HEADER_SIZE]!;
          return exports.decompressLzma(byte, from, to, at, limit, partial);
        },
      };
    });
    this.#properties = propertiesByte(properties);
    this.#dictSize = dictSize;
  }

  protected override encode(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number {
    if (limit < HEADER_SIZE) return 0;
    const size = super.encode(from, to, at + HEADER_SIZE, limit - HEADER_SIZE, notes);
    if (size === 0) return 0;
    const view = this.#header(at);
    view.setUint8(0, this.#properties);
    view.setUint32(1, this.#dictSize, true);
    view.setBigUint64(5, BigInt(this.consumed), true);
    return HEADER_SIZE + size;
  }

  protected override decode(from: number, to: number, at: number, limit: number, partial: boolean): number {
    if (to - from < HEADER_SIZE) throw this.damaged("it ends too early");
    const { length } = readHeader(this.compressed.subarray(from, from + HEADER_SIZE));
    if (length === UNKNOWN_LENGTH) return super.decode(from + HEADER_SIZE, to, at, limit, partial);
    if (length > limit && !partial) throw this.damaged("it is too long");
    const isCut = partial && length > limit;
    const room = isCut ? limit : Number(length);
    const size = super.decode(from + HEADER_SIZE, to, at, room, isCut);
    if (size < room) throw this.damaged("it ends too early");
    return size;
  }

  #header(at: number): DataView {
    return new DataView(this.compressed.buffer, this.compressed.byteOffset + at, HEADER_SIZE);
  }
}

/**
 * LZMA with a header.
 *
 * @param level 0 to 9, or 100 to 109 for what `xz` calls extreme
 * @throws ImageError `INPUT` when there is no such level, no such setting, or no such window
 */
export function createLzmaAlone(level = 5, windows: CodecWindows = {}, settings: LzmaSettings = {}): Codec {
  return new LzmaAlone(level, windows, settings);
}
