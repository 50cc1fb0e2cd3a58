/** The public API of ts-mkerofs. */
export { type BuildOptions, type BuildProgress, type BuildReport, buildErofs, type EntryCounts } from "./build.ts";
export { type ErrorCode, type ErrorDetails, ImageError } from "./core/error.ts";
export type { ByteSource, Sink } from "./core/sink.ts";
export type { ErofsLayoutOptions } from "./erofs/options.ts";
export { type Entry, entries } from "./stage/entries.ts";
export { closure, directory, paths } from "./stage/node-sources.ts";
export type { ExcludeRules, StageOptions } from "./stage/policy.ts";
export type { Source } from "./stage/source.ts";
