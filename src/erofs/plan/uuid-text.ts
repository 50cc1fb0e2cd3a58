/**
 * The options as the derived UUID hashes them: a JSON text whose keys and their order are frozen here. They are part of
 * every image's bytes, so they stay as they were first written, whatever the fields are called by now, and in whatever
 * order a caller's objects have them. A new option that changes images is appended where it is set, and absent otherwise.
 */
import type { SortRule } from "../../stage/tree/file-order.ts";
import type { AlgorithmChoice, Compression, ResolvedHint, ResolvedMetabox } from "../compress-options.ts";
import { MAX_EXTENT, USUAL_EXTENT } from "../disk/algorithms.ts";
import type { LongPrefix } from "../disk/xattr.ts";
import type { ErofsSettings } from "../options.ts";
import type { ImageTime } from "./time.ts";

/** The version of the text. */
const VERSION = 1;

/** What of the options, the times and the order of files makes an image's bytes. */
export function uuidText(settings: ErofsSettings, time: ImageTime, sort: readonly SortRule[]): string {
  const parts = [`${VERSION}`, settingsText(settings), timeText(time)];
  if (sort.length > 0) parts.push(listText(sort.map(ruleText)));
  return listText(parts);
}

function settingsText(settings: ErofsSettings): string {
  return objectText([
    ["label", listText([...settings.label].map(String))],
    ["uuid", "0"],
    ["blockSize", JSON.stringify(settings.blockSize)],
    ["xattrTolerance", JSON.stringify(settings.xattrTolerance)],
    ["xattrFilter", JSON.stringify(settings.xattrFilter)],
    ["inlineData", JSON.stringify(settings.inlineData)],
    ["inodes", JSON.stringify(settings.inodes)],
    ["chunkBits", JSON.stringify(settings.chunkBits)],
    ["chunkIndexes", JSON.stringify(settings.chunkIndexes)],
    ["checksum", JSON.stringify(settings.checksum)],
    ["dedupe", JSON.stringify(settings.dedupe)],
    ["dsunit", JSON.stringify(settings.dsunit)],
    ["fsAlignBlocks", JSON.stringify(settings.fsAlignBlocks)],
    ["ignoreMtime", JSON.stringify(settings.ignoreMtime)],
    ["compression", settings.compression && compressionText(settings.compression)],
    ["omitDot", settings.omitsDot ? "true" : undefined],
    ["tarIndex", settings.tarIndex && JSON.stringify(settings.tarIndex)],
    ["deviceTags", settings.deviceTags?.length ? JSON.stringify(settings.deviceTags) : undefined],
    ["blobDevice", settings.hasBlobDevice ? "true" : undefined],
    ["xattrPrefixes", settings.xattrPrefixes.length > 0 ? listText(settings.xattrPrefixes.map(prefixText)) : undefined],
    ["plainXattrPrefixes", settings.plainXattrPrefixes ? "true" : undefined],
    ["fingerprints", settings.fingerprint && prefixText(settings.fingerprint)],
    ["rootXattrBytes", settings.rootXattrBytes > 0 ? JSON.stringify(settings.rootXattrBytes) : undefined],
  ]);
}

function prefixText({ prefix }: LongPrefix): string {
  return listText([...prefix].map(String));
}

function compressionText(compression: Compression): string {
  const { algorithms, maxExtentBytes } = compression;
  // the longest extent was shorter when the text was frozen
  const isLong = maxExtentBytes > USUAL_EXTENT && maxExtentBytes < MAX_EXTENT;
  return objectText([
    ["algorithms", listText(algorithms.map(algorithmText))],
    ["pclusterSize", JSON.stringify(compression.pclusterSize)],
    ["packedPclusterSize", JSON.stringify(compression.packedPclusterSize)],
    ["maxPclusterSize", JSON.stringify(compression.maxPclusterSize)],
    ["tailPacking", JSON.stringify(compression.tailPacking)],
    ["fragments", JSON.stringify(compression.fragments)],
    ["directories", JSON.stringify(compression.directories)],
    ["maxExtentBytes", JSON.stringify(Math.min(maxExtentBytes, USUAL_EXTENT))],
    ["fullIndexes", JSON.stringify(compression.fullIndexes)],
    ["dedupeExtents", JSON.stringify(compression.dedupeExtents)],
    ["extentRecords", JSON.stringify(compression.extentRecords)],
    ["hints", listText(compression.hints.map(hintText))],
    ["dedupeFragments", JSON.stringify(compression.dedupeFragments)],
    ["dedupeChunks", JSON.stringify(compression.dedupeChunks)],
    ["longExtentBytes", isLong ? JSON.stringify(maxExtentBytes) : undefined],
    ["metabox", compression.metabox && metaboxText(compression.metabox)],
  ]);
}

function metaboxText({ pclusterSize, algorithm }: ResolvedMetabox): string {
  return objectText([
    ["pclusterSize", JSON.stringify(pclusterSize)],
    ["algorithm", JSON.stringify(algorithm)],
  ]);
}

function algorithmText({ algorithm, level, dictSize, contexts = {} }: AlgorithmChoice): string {
  const { lc, lp, pb } = contexts;
  return objectText([
    ["algorithm", JSON.stringify(algorithm)],
    ["level", JSON.stringify(level)],
    ["dictSize", JSON.stringify(dictSize)],
    ["lc", JSON.stringify(lc)],
    ["lp", JSON.stringify(lp)],
    ["pb", JSON.stringify(pb)],
  ]);
}

function hintText({ pattern, pclusterSize, algorithm }: ResolvedHint): string {
  return objectText([
    ["pattern", JSON.stringify(pattern)],
    ["pclusterSize", JSON.stringify(pclusterSize)],
    ["algorithm", JSON.stringify(algorithm)],
  ]);
}

function timeText({ epoch, fixedNsec, buildTime }: ImageTime): string {
  return objectText([
    ["epoch", JSON.stringify(epoch)],
    ["fixedNsec", JSON.stringify(fixedNsec)],
    ["buildTime", JSON.stringify(buildTime)],
  ]);
}

function ruleText({ order, flags, path, match }: SortRule): string {
  return objectText([
    ["order", JSON.stringify(order)],
    ["flags", JSON.stringify(flags)],
    ["path", JSON.stringify(path)],
    ["match", JSON.stringify(match)],
  ]);
}

function listText(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}

/** An object of these members, without those that are undefined. */
function objectText(members: readonly (readonly [key: string, text: string | undefined])[]): string {
  const given = members.filter(([, text]) => text !== undefined);
  return `{${given.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}
