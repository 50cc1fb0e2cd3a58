/** Options that shape a SquashFS image, with their defaults; mksquashfs's names stand in brackets. */

import { type Checks, either, FLAG, list, NUMBER, oneOf } from "../core/options/checks.ts";
import { checkInteger, checkPowerOfTwo } from "../core/options/ranges.ts";
import { type CompressorSettings, SETTINGS_CHECKS } from "./disk/compressor-settings.ts";
import { COMPRESSORS, type CompressorName, type CompressorSpec, resolveSettings } from "./disk/compressors.ts";
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
  /**
   * Store extended attributes (false: `-no-xattrs`). `marked`: and where there are none, the superblock says that there are
   * none, as gensquashfs has it. Default: true.
   */
  xattrs?: boolean | "marked" | undefined;
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
  /** An image without attributes says so. */
  marksNoXattrs: boolean;
  padding: number;
}

/** What may stand in {@link SquashfsLayoutOptions}. */
export const SQUASHFS_CHECKS: Checks<SquashfsLayoutOptions> = {
  ...SETTINGS_CHECKS,
  compressor: oneOf(...(Object.keys(COMPRESSORS) as CompressorName[])),
  blockSize: NUMBER,
  fragments: oneOf("all", "small", "none"),
  uncompressed: list("an array of parts", oneOf("inodes", "data", "fragments", "xattrs", "ids")),
  sparse: FLAG,
  dedupe: oneOf("none", "file"),
  exportable: FLAG,
  xattrs: either('a boolean or "marked"', FLAG, oneOf("marked")),
  padding: NUMBER,
};

/** Decides the defaults. Throws `INPUT` naming the option that cannot be. */
export function resolveSquashfsOptions(options: SquashfsLayoutOptions): SquashfsSettings {
  const compressor = options.compressor ?? "zstd";
  const blockSize = checkPowerOfTwo("blockSize", options.blockSize ?? 131072, MIN_BLOCK, MAX_BLOCK);
  const settings = resolveSettings(compressor, options, blockSize);
  const uncompressed = options.uncompressed ?? [];
  const isRaw = (part: UncompressedPart) => compressor === "none" || uncompressed.includes(part);
  return {
    compression: { compressor, settings, blockSize },
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
    xattrs: options.xattrs !== false,
    marksNoXattrs: options.xattrs === "marked",
    padding: checkInteger("padding", options.padding, 1, 2 ** 30) ?? 4096,
  };
}
