/** The public API of ts-mkerofs. */
export { buildErofs } from "./build.ts";
export type { BuildOptions, BuildProgress, RunOptions } from "./build-options.ts";
export type { BuildReport, BuildSeconds, EntryCounts } from "./build-report.ts";
export { buildSquashfs, type SquashfsOptions } from "./build-squashfs.ts";
export { type ErrorCode, type ErrorDetails, ImageError } from "./core/error.ts";
export type { ByteSource, Sink } from "./core/sink.ts";
export type { Algorithm, AlgorithmOptions, CompressHint, CompressionOptions } from "./erofs/compression.ts";
export type { ErofsLayoutOptions } from "./erofs/options.ts";
export type { CompressorName } from "./squashfs/compressor.ts";
export type { SquashfsLayoutOptions, UncompressedPart } from "./squashfs/options.ts";
export type { SquashfsReport } from "./squashfs-report.ts";
export { type Entry, entries } from "./stage/entries.ts";
export { type PackFileOptions, packFile } from "./stage/node-pack-file.ts";
export { closure, directory, paths } from "./stage/node-sources.ts";
export type { ExcludeRules, StageOptions } from "./stage/policy.ts";
export { parseSortFile, type SortRule } from "./stage/sort-file.ts";
export type { Source } from "./stage/source.ts";
