/** Options that shape a SquashFS image, with their defaults; mksquashfs's names stand in brackets. */

import { ImageError } from "../core/error.ts";
import { checkInteger, checkOneOf } from "../core/options/check.ts";
import {
  COMPRESSORS,
  COMPRESSORS_TO_COME,
  type CompressorName,
  type CompressorSettings,
  type CompressorSpec,
  resolveSettings,
} from "./disk/compressors.ts";
import { MAX_BLOCK, MIN_BLOCK } from "./disk/format.ts";

/** Parts of an image that can be left uncompressed. */
export type UncompressedPart = "inodes" | "data" | "fragments" | "xattrs" | "ids";

/** How a SquashFS image is laid out. Every field is optional. */
export interface SquashfsLayoutOptions extends CompressorSettings {
  /** What blocks are compressed with (`-comp`); `none` compresses nothing. Default: `zstd`. */
  compressor?: CompressorName | undefined;
  /** Bytes of a data block, a power of two from 4096 to 1048576 (`-b`). Default: 131072. */
  blockSize?: number | undefined;
  /**
   * Whose ends share blocks with others: `all` files', those `small`er than a block, or `none` (`-no-fragments`).
   * Default: `all` (`-always-use-fragments`).
   */
  fragments?: "all" | "small" | "none" | undefined;
  /** What is stored uncompressed (`-noI`, `-noD`, `-noF`, `-noX`, `-noId`). Default: nothing. */
  uncompressed?: readonly UncompressedPart[] | undefined;
  /** Store blocks of zeros as holes (false: `-no-sparse`). Default: true. */
  sparse?: boolean | undefined;
  /** Files with equal contents share their data (`none`: `-no-duplicates`). Default: `file`. */
  dedupe?: "none" | "file" | undefined;
  /** Write the table by which NFS finds inodes (false: `-no-exports`). Default: true. */
  exportable?: boolean | undefined;
  /** Store extended attributes (false: `-no-xattrs`). Default: true. */
  xattrs?: boolean | undefined;
  /** The image is a multiple of this many bytes; 1: no padding (`-nopad`). Default: 4096. */
  padding?: number | undefined;
}

/** {@link SquashfsLayoutOptions} with every default decided and every value checked. */
export interface SquashfsSettings {
  compression: CompressorSpec;
  blockSize: number;
  fragments: "all" | "small" | "none";
  uncompressed: Readonly<Record<UncompressedPart, boolean>>;
  sparse: boolean;
  dedupe: boolean;
  exportable: boolean;
  xattrs: boolean;
  padding: number;
}

const PARTS = ["inodes", "data", "fragments", "xattrs", "ids"] as const;

/** Decides the defaults. Throws `INPUT` naming the option that cannot be. */
export function resolveSquashfsOptions(options: SquashfsLayoutOptions): SquashfsSettings {
  const compressor = options.compressor ?? "zstd";
  if (Object.hasOwn(COMPRESSORS_TO_COME, compressor)) {
    throw new ImageError("INPUT", `compressor: ${compressor} is not supported yet`);
  }
  checkOneOf("compressor", compressor, Object.keys(COMPRESSORS));
  const settings = resolveSettings(compressor, options);
  const blockSize = checkInteger("block size", options.blockSize, MIN_BLOCK, MAX_BLOCK) ?? 131072;
  if (!Number.isInteger(Math.log2(blockSize))) {
    throw new ImageError("INPUT", `block size: ${blockSize} is not a power of two`);
  }
  checkOneOf("fragments", options.fragments, ["all", "small", "none"]);
  checkOneOf("dedupe", options.dedupe, ["none", "file"]);
  const uncompressed = options.uncompressed ?? [];
  if (!Array.isArray(uncompressed)) throw new ImageError("INPUT", "uncompressed: not an array of names");
  for (const part of uncompressed) checkOneOf("uncompressed", part, PARTS);
  const isRaw = (part: UncompressedPart) => compressor === "none" || uncompressed.includes(part);
  return {
    compression: { compressor, settings },
    blockSize,
    fragments: options.fragments ?? "all",
    uncompressed: {
      inodes: isRaw("inodes"),
      data: isRaw("data"),
      fragments: isRaw("fragments"),
      xattrs: isRaw("xattrs"),
      ids: isRaw("ids"),
    },
    sparse: options.sparse ?? true,
    dedupe: (options.dedupe ?? "file") === "file",
    exportable: options.exportable ?? true,
    xattrs: options.xattrs ?? true,
    padding: checkInteger("padding", options.padding, 1, 2 ** 30) ?? 4096,
  };
}
