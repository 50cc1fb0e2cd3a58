/**
 * zlib streams (RFC 1950) as SquashFS holds them, its `gzip`: DEFLATE in a frame.
 *
 *     | method, window | kind of level, check | DEFLATE stream | Adler-32 |
 *     | u8             | u8                   |                | u32 BE   |
 */
import { ImageError } from "../../core/error.ts";
import type { Codec, CodecWindows, FillNotes } from "../codec.ts";
import { WasmCodec } from "../wasm-codec.ts";
import { checkDeflateLevel } from "./deflate.ts";
import { DEFLATE_STREAM, type DeflateExports, deflateFunctions } from "./stream.ts";
import { LEVELS } from "./ways.ts";

/** Bytes of the frame. */
const HEAD = 2;
const TAIL = 4;
/** The kind of level, as zlib tells it: fastest, fast, normal, or best. */
const KINDS = [0, 1, 1, 1, 1, 2, 3, 3, 3];
/** The first byte for a window of 32 KiB. */
const METHOD = 0x78;
const MIN_WINDOW_BITS = 8;
const MAX_WINDOW_BITS = 15;

class Zlib extends WasmCodec<DeflateExports> {
  /** The two bytes in front, as one number, which is a multiple of 31. */
  readonly #head: number;

  constructor(level: number, windows: CodecWindows, windowBits: number) {
    const way = LEVELS[level - 1]!;
    super(`zlib,${level}`, DEFLATE_STREAM, windows, (exports) =>
      deflateFunctions(exports, () => way, 2 ** windowBits, TAIL),
    );
    const word = ((windowBits - MIN_WINDOW_BITS) << 12) | (8 << 8) | (KINDS[level - 1]! << 6);
    this.#head = word + 31 - (word % 31);
  }

  protected override encode(from: number, to: number, at: number, limit: number, notes: FillNotes | undefined): number {
    const room = limit - HEAD - TAIL;
    const produced = room <= 0 ? 0 : super.encode(from, to, at + HEAD, room, notes);
    if (produced === 0) return 0;
    const view = this.#view();
    view.setUint16(at, this.#head);
    view.setUint32(at + HEAD + produced, this.#checksum(from, this.consumed));
    return HEAD + produced + TAIL;
  }

  protected override decode(from: number, to: number, at: number, limit: number, partial: boolean): number {
    this.#checkHead(from, to);
    const size = super.decode(from + HEAD, to, at, limit, partial);
    if (partial && size === limit) return size;
    if (this.#checksum(at, size) !== this.#view().getUint32(to - TAIL)) {
      throw this.damaged("its checksum is not that of the contents");
    }
    return size;
  }

  #checkHead(from: number, to: number): void {
    const [method = 0, flags = 0] = this.compressed.subarray(from, Math.min(from + HEAD, to));
    // method 8 with a window of up to 32 KiB, no dictionary, and a multiple of 31
    if ((method & 15) !== 8 || method > METHOD || (flags & 0x20) !== 0 || (method * 256 + flags) % 31 !== 0) {
      throw this.damaged("it has no zlib header");
    }
  }

  /** Adler-32 of so many bytes of contents. */
  #checksum(at: number, length: number): number {
    const start = this.plain.byteOffset + at;
    return this.exports.adler32(start, start + length) >>> 0;
  }

  #view(): DataView {
    return new DataView(this.compressed.buffer, this.compressed.byteOffset, this.compressed.length);
  }
}

/**
 * zlib streams as SquashFS holds them, its `gzip`: with a header and a checksum.
 *
 * @param level 1 to 9
 * @param windowBits log2 of the bytes that matches may lie back, 8 to 15
 * @throws ImageError `INPUT` when there is no such level, or no such window
 */
export function createZlib(level = 9, windows: CodecWindows = {}, windowBits = MAX_WINDOW_BITS): Codec {
  checkDeflateLevel("zlib", level, KINDS.length);
  if (!Number.isInteger(windowBits) || windowBits < MIN_WINDOW_BITS || windowBits > MAX_WINDOW_BITS) {
    throw new ImageError("INPUT", `zlib has windows of 8 to 15 bits, not ${windowBits}`);
  }
  return new Zlib(level, windows, windowBits);
}
