/** What SquashFS compresses with: the codecs by name, and the options that the image carries for them. */
import type { Codec, CodecWindows } from "../codec/codec.ts";
import { createCodec } from "../codec/names.ts";
import { ImageError } from "../core/error.ts";
import { COMPRESSION, META_RAW } from "./disk/format.ts";

/** A compressor, as `compressor` of the options names it. */
export type CompressorName = "none" | "gzip" | "lz4" | "lz4hc" | "zstd" | "xz";

/** Levels by compressor; undefined for one that cannot be used yet. */
export const LEVELS: Readonly<Record<CompressorName, { min: number; max: number; default: number } | undefined>> = {
  none: { min: 0, max: 0, default: 0 },
  gzip: { min: 1, max: 9, default: 9 },
  lz4: { min: 0, max: 0, default: 0 },
  lz4hc: { min: 1, max: 12, default: 12 },
  zstd: { min: 1, max: 22, default: 15 },
  xz: undefined,
};

/** Which compressor with which level. */
export interface CompressorSpec {
  compressor: CompressorName;
  level: number;
  /** Of gzip: log2 of the bytes that matches may lie back. */
  windowBits: number;
}

/** Makes the codec for one thread; undefined where nothing is to be compressed. */
export async function makeCodec(spec: CompressorSpec, windows: CodecWindows): Promise<Codec | undefined> {
  const { compressor } = spec;
  if (compressor === "none") return undefined;
  if (compressor === "xz") throw new ImageError("INTERNAL", "there is no codec for xz yet");
  const level = compressor === "lz4" ? undefined : spec.level;
  const { windowBits } = spec;
  return createCodec({ name: compressor === "gzip" ? "zlib" : compressor, level, windowBits, ...windows });
}

/** `compression` of the superblock. */
export function compressionId(compressor: CompressorName): number {
  // of an image without compressed blocks it must still be one that the kernel knows
  if (compressor === "none") return COMPRESSION.gzip;
  return compressor === "lz4hc" ? COMPRESSION.lz4 : COMPRESSION[compressor];
}

const ZSTD_LEVEL = 15;
const GZIP_LEVEL = 9;
/** log2 of the largest window of gzip, which is the normal one. */
export const GZIP_WINDOW_BITS = 15;
const LZ4_VERSION = 1;
const LZ4_HC = 1;

/** What stands behind the superblock, a metadata block that is never compressed; empty where all is as by default. */
export function encodeCompressorOptions({ compressor, level, windowBits }: CompressorSpec): Uint8Array {
  switch (compressor) {
    case "gzip":
      // u32 level, u16 window bits, u16 strategies: 0 is the default one
      if (level === GZIP_LEVEL && windowBits === GZIP_WINDOW_BITS) return new Uint8Array(0);
      return optionsBlock([level, windowBits]);
    case "lz4":
      return optionsBlock([LZ4_VERSION, 0]);
    case "lz4hc":
      return optionsBlock([LZ4_VERSION, LZ4_HC]);
    case "zstd":
      return level === ZSTD_LEVEL ? new Uint8Array(0) : optionsBlock([level]);
    default:
      return new Uint8Array(0);
  }
}

function optionsBlock(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 + 4 * words.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, META_RAW | (4 * words.length), true);
  words.forEach((word, index) => {
    view.setUint32(2 + 4 * index, word, true);
  });
  return bytes;
}
