/** The public API of ts-mkerofs. */
export { buildErofs } from "./build/erofs.ts";
export { type ImageBytesSource, type OpenImageOptions, openImage } from "./build/look/open-image.ts";
export type { BuildOptions, BuildProgress, NixOptions, RunOptions, SquashfsOptions } from "./build/options.ts";
export type {
  BuildReport,
  BuildSeconds,
  PrintedError,
  PrintedReport,
  SquashfsReport,
  VerityReport,
} from "./build/report.ts";
export { type ErofsImagesOptions, erofsImages } from "./build/source/images/images-source.ts";
export { buildSquashfs } from "./build/squashfs.ts";
export type { ByteSource } from "./core/byte-source.ts";
export { type ErrorCode, type ErrorDetails, ImageError } from "./core/error.ts";
export type { Sink } from "./core/sink.ts";
export type { CompressHint, CompressionOptions } from "./erofs/compress-options.ts";
export type { Algorithm, AlgorithmOptions } from "./erofs/disk/algorithms.ts";
export type { ErofsLayoutOptions } from "./erofs/options.ts";
export type { Image, ImageName, ImageStat, ImageWalked } from "./inspect/filesystem.ts";
export type { CompressorSettings } from "./squashfs/disk/compressor-settings.ts";
export type { CompressorName } from "./squashfs/disk/compressors.ts";
export type { SquashfsLayoutOptions, UncompressedPart } from "./squashfs/options.ts";
export { type TarInput, type TarOptions, tarStream } from "./stage/source/archive/tar/node-tar-source.ts";
export { type ZipInput, type ZipOptions, zipArchive } from "./stage/source/archive/zip/node-zip-source.ts";
export { type ByteStream, type Entry, type EntryTime, entries } from "./stage/source/entries.ts";
export type { Manifest, ManifestBytes, ManifestEntry } from "./stage/source/list/manifest/manifest.ts";
export { type ManifestOptions, manifest } from "./stage/source/list/manifest/node-manifest.ts";
export { type PackFileDefaults, type PackFileOptions, packFile } from "./stage/source/list/node-pack-file.ts";
export { parseSortFile } from "./stage/source/list/sort-file.ts";
export { merge } from "./stage/source/merge.ts";
export { type BinaryCacheOptions, binaryCache } from "./stage/source/nix/cache/node-binary-cache.ts";
export { type ClosureOfOptions, nixClosureOf } from "./stage/source/nix/database/node-closure-of.ts";
export { closure } from "./stage/source/nix/list/node-closure.ts";
export { narFile } from "./stage/source/nix/nar/node-nar-source.ts";
export { directory, paths } from "./stage/source/node-sources.ts";
export type { Source } from "./stage/source/source.ts";
export { filter, map } from "./stage/source/transform.ts";
export type { EntryChange, TreeEntry } from "./stage/source/transformed.ts";
export type { InodeCounts as EntryCounts } from "./stage/tree/counts.ts";
export type { ComponentRule, ExcludeRules } from "./stage/tree/exclude.ts";
export type { SortRule } from "./stage/tree/file-order.ts";
export type { ChmodRule, StageOptions, XattrNameRules, XattrReaderName } from "./stage/tree/policy.ts";
export type { VerityOptions } from "./verity/options.ts";
