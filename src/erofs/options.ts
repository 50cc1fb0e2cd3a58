/** Options that shape an EROFS image, with their defaults; the command line's names stand in brackets. */
import { encodeUtf8 } from "../core/bytes.ts";
import { type Checks, either, FLAG, list, NUMBER, oneOf, TEXT } from "../core/options/checks.ts";
import { type NameOf, OptionError } from "../core/options/option-error.ts";
import { checkInteger, checkPowerOfTwo } from "../core/options/ranges.ts";
import { parseUuid } from "../core/options/uuid.ts";
import {
  COMPRESSION_CHECKS,
  type Compression,
  type CompressionOptions,
  compresses,
  hasPackedInode,
  resolveCompression,
} from "./compress-options.ts";
import { USUAL_EXTENT } from "./disk/algorithms.ts";
import { readsFeature } from "./disk/features.ts";
import { USUAL_FINGERPRINT } from "./disk/fingerprint.ts";
import { MAX_CHUNK_BITS, MAX_NAME, MAX_PREFIXES } from "./disk/format.ts";
import { type LongPrefix, parsePrefix, wholePrefix } from "./disk/xattr.ts";
import { checkTargetKernel } from "./target-kernel.ts";

/** How an EROFS image is laid out. Every field is optional; the defaults are those of mkfs.erofs where it has one. */
export interface ErofsLayoutOptions extends CompressionOptions {
  /** Volume label, at most 15 bytes of UTF-8 (`-L`). Default: empty. */
  label?: string | undefined;
  /** `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, or 32 hex digits (`-U`). Default: derived from the tree and the options. */
  uuid?: string | undefined;
  /** Bytes of a block, a power of two from 512 to 65536 (`-b`); Linux needs it to be at most its page size. Default: 4096. */
  blockSize?: number | undefined;
  /** An attribute seen on more than this many inodes is stored once (`-x`); negative: store no attributes. Default: 2. */
  xattrTolerance?: number | undefined;
  /** Write the attribute name filter that Linux 6.6 uses (`-E^xattr-name-filter` for false). Default: true. */
  xattrFilter?: boolean | undefined;
  /**
   * Beginnings of attributes' names that are stored once (`--xattr-prefix`), such as `trusted.overlay.`: up to 128, in the
   * namespaces `user.`, `trusted.` and `security.`; of several that fit the first counts. Needs Linux 6.4. Default: none.
   */
  xattrPrefixes?: readonly string[] | undefined;
  /**
   * The table of prefixes lies in the image itself (`-Eplain-xattr-prefixes`), also where there is a metabox or a packed
   * inode, in which it is else: for Linux 6.17. Default: false.
   */
  plainXattrPrefixes?: boolean | undefined;
  /**
   * Regular files that are not empty have a fingerprint (`--xattr-inode-digest`): the SHA-256 of their contents in an attribute
   * of this name, `true`: `erofs.fingerprint.v1`, by which Linux 7.0 can have equal files of several images share memory. One
   * in no namespace is not listed. Readers before Linux 6.4 take no such image. Default: false.
   */
  fingerprints?: boolean | string | undefined;
  /** The root's attributes take so many bytes at least (`--root-xattr-isize`), up to 65532. Default: 0. */
  rootXattrBytes?: number | undefined;
  /** Keep the last partial block of a regular file beside its inode (`-Enoinline_data` for false). Default: true. */
  inlineData?: boolean | undefined;
  /** `compact` or `extended` forces one form (`-Eforce-inode-compact`, `-Eforce-inode-extended`). Default: `auto`. */
  inodes?: "auto" | "compact" | "extended" | undefined;
  /**
   * Bytes of a chunk, a power of two of at least a block: every regular file becomes chunk-based that is not compressed
   * (`--chunksize`).
   */
  chunkSize?: number | undefined;
  /**
   * Use 8-byte chunk indexes instead of the 4-byte block map (`-Eforce-chunk-indexes`). Default: where data lies in another
   * device.
   */
  chunkIndexes?: boolean | undefined;
  /**
   * A file, or a block device, that gets the data of all files, where the image gets the metadata only (`--blobdev`): to
   * be mounted by `-o device=`. Needs `chunkSize` and Linux 5.16. Equal chunks are stored once where they have at most 1 MiB,
   * larger ones as parts of equal files only. Not together with `compress` or `dsunit`. Default: the image has them.
   */
  blobDevice?: string | undefined;
  /**
   * Leaves the data of files in the tar archives that they come from (`--tar=i`): the image has the metadata only, in blocks of
   * 512 bytes, and is mounted with the archives, which are its devices. Or, given a path, blocks of the image stay free for the
   * data, and the file gets a list of them (`--tar=i,MAPFILE`). What is compressed, or sparse, cannot stay there. Needs Linux
   * 5.16, of blocks of 512 bytes 6.4. Default: false.
   */
  tarIndex?: boolean | string | undefined;
  /** Checksum of the superblock (`-Enosbcrc` for false). Default: true. */
  checksum?: boolean | undefined;
  /** Files with equal contents share their blocks (`--dedupe`). Default: `file`. */
  dedupe?: "none" | "file" | undefined;
  /** The data of each file starts at a multiple of this many blocks (`--dsunit`). Default: 1. */
  dsunit?: number | undefined;
  /** The image is a multiple of this many blocks (`--fsalignblks`). Default: 1. */
  fsAlignBlocks?: number | undefined;
  /** Give an inode whose time alone would need the extended form the epoch instead (`--ignore-mtime`). Default: false. */
  ignoreMtime?: boolean | undefined;
  /** Directories have no entry `.`, which takes 13 bytes (`-Edot-omitted`); needs Linux 6.15. Default: false. */
  omitDot?: boolean | undefined;
}

/** What may stand in {@link ErofsLayoutOptions}. */
export const EROFS_CHECKS: Checks<ErofsLayoutOptions> = {
  ...COMPRESSION_CHECKS,
  label: TEXT,
  uuid: TEXT,
  blockSize: NUMBER,
  xattrTolerance: NUMBER,
  xattrFilter: FLAG,
  xattrPrefixes: list("an array of prefixes", TEXT),
  plainXattrPrefixes: FLAG,
  fingerprints: either("a boolean or a name", FLAG, TEXT),
  rootXattrBytes: NUMBER,
  inlineData: FLAG,
  inodes: oneOf("auto", "compact", "extended"),
  chunkSize: NUMBER,
  chunkIndexes: FLAG,
  blobDevice: TEXT,
  tarIndex: either("a boolean or a path", FLAG, TEXT),
  checksum: FLAG,
  dedupe: oneOf("none", "file"),
  dsunit: NUMBER,
  fsAlignBlocks: NUMBER,
  ignoreMtime: FLAG,
  omitDot: FLAG,
};

/** {@link ErofsLayoutOptions} with every default decided and every value checked. */
export interface ErofsSettings {
  label: Uint8Array;
  /** 16 bytes, or undefined: to be derived. */
  uuid: Uint8Array | undefined;
  blockSize: number;
  xattrTolerance: number;
  xattrFilter: boolean;
  xattrPrefixes: readonly LongPrefix[];
  plainXattrPrefixes: boolean;
  /** The name of the attribute; undefined: there are none. */
  fingerprint: LongPrefix | undefined;
  /** 0: as many as they need. */
  rootXattrBytes: number;
  inlineData: boolean;
  inodes: "auto" | "compact" | "extended";
  /** log2 of blocks in a chunk, where every file is to be chunk-based. */
  chunkBits: number | undefined;
  chunkIndexes: boolean;
  /** Data of files is written to another file or device. */
  hasBlobDevice: boolean;
  /** Data of files stays in their archives, or is copied from there by someone else; undefined: it is written. */
  tarIndex: "device" | "map" | undefined;
  /** What tells the devices apart in which data lies; absent where nothing does. */
  deviceTags?: readonly string[];
  checksum: boolean;
  dedupe: boolean;
  dsunit: number;
  fsAlignBlocks: number;
  ignoreMtime: boolean;
  omitsDot: boolean;
  /** Files with holes may become chunk-based: the kernel to come reads them. */
  findHoles: boolean;
  compression: Compression | undefined;
}

/** As mkfs.erofs has it: more would leave other attributes no room. */
const MAX_ROOT_XATTRS = 65532;

/** Decides the defaults. Throws `INPUT` naming the option that cannot be. */
export function resolveErofsOptions(options: ErofsLayoutOptions): ErofsSettings {
  const tarIndex = resolveTarIndex(options);
  const usual = tarIndex === "device" ? TAR_BLOCK : 4096;
  const blockSize = checkPowerOfTwo("blockSize", options.blockSize ?? usual, 512, 65536);
  const inodes = options.inodes ?? "auto";
  const chunkSize = options.chunkSize ?? (options.dedupeChunks ? blockSize : undefined);
  if (chunkSize !== undefined) checkPowerOfTwo("chunkSize", chunkSize, blockSize, blockSize * 2 ** MAX_CHUNK_BITS);
  const hasBlobDevice = options.blobDevice !== undefined;
  if (hasBlobDevice) checkBlobDevice(options);
  const compression = resolveCompression(options, blockSize, hasBlobDevice && chunkSize! <= USUAL_EXTENT);
  if (compression && (options.dsunit ?? 1) > 1) throw notAligned(compression, hasBlobDevice);
  const sharesChunks = compression?.dedupeChunks === true;
  if (sharesChunks && chunkSize! > USUAL_EXTENT) throw new OptionError("dedupeChunks", "chunks are 1 MiB at most");
  const omitsDot = options.omitDot ?? false;
  const compressed = compression && compresses(compression) ? compression : undefined;
  const hasChunks = chunkSize !== undefined || tarIndex !== undefined;
  const hasMetabox = compression?.metabox !== undefined;
  const xattrPrefixes = resolvePrefixes(options.xattrPrefixes ?? []);
  const fingerprint = resolveFingerprint(options.fingerprints ?? false, xattrPrefixes);
  const hasXattrPrefixes = xattrPrefixes.length > 0 || fingerprint !== undefined;
  const plainXattrPrefixes = options.plainXattrPrefixes ?? false;
  const isElsewhere = compression !== undefined && (hasMetabox || hasPackedInode(compression));
  checkTargetKernel(options.targetKernel, compressed, {
    ...{ blockSize, hasChunks, omitsDot, hasMetabox, hasXattrPrefixes },
    hasDevices: hasBlobDevice || tarIndex === "device",
    hasPlainPrefixes: hasXattrPrefixes && plainXattrPrefixes && isElsewhere,
  });
  return {
    label: resolveLabel(options.label ?? ""),
    uuid: options.uuid === undefined ? undefined : parseUuid("uuid", options.uuid),
    blockSize,
    xattrTolerance:
      checkInteger("xattrTolerance", options.xattrTolerance, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) ?? 2,
    xattrFilter: options.xattrFilter ?? true,
    xattrPrefixes,
    plainXattrPrefixes,
    fingerprint,
    rootXattrBytes: checkInteger("rootXattrBytes", options.rootXattrBytes, 0, MAX_ROOT_XATTRS) ?? 0,
    inlineData: options.inlineData ?? true,
    inodes,
    chunkBits: chunkSize === undefined ? undefined : Math.log2(chunkSize / blockSize),
    chunkIndexes: options.chunkIndexes ?? hasBlobDevice,
    hasBlobDevice,
    tarIndex,
    checksum: options.checksum ?? true,
    dedupe: (options.dedupe ?? "file") === "file",
    dsunit: checkInteger("dsunit", options.dsunit, 0, 0xffffffff) || 1,
    fsAlignBlocks: checkInteger("fsAlignBlocks", options.fsAlignBlocks, 0, 0xffffffff) || 1,
    ignoreMtime: options.ignoreMtime ?? inodes === "compact",
    omitsDot,
    findHoles: options.targetKernel === undefined || readsFeature(options.targetKernel, "chunked_file"),
    compression,
  };
}

function resolveLabel(text: string): Uint8Array {
  const label = encodeUtf8(text);
  if (label.length <= 15 && label.indexOf(0) < 0) return label;
  throw new OptionError("label", `"${text}" is longer than 15 bytes, or holds a NUL`);
}

function notAligned(compression: Compression, hasBlobDevice: boolean): OptionError {
  const plain = hasBlobDevice ? "data in another device" : "data beside a metabox";
  const isPlain = (hasBlobDevice || compression.metabox) && !compresses(compression);
  return new OptionError("dsunit", `${isPlain ? plain : "compressed data"} is not aligned`);
}

/** What tar archives consist of, so that data in them can start nowhere else. */
const TAR_BLOCK = 512;

/** An option that is about data as it is written, if one is given. */
export function findWriting(options: ErofsLayoutOptions): keyof ErofsLayoutOptions | undefined {
  const writing = ["compress", "metabox", "dedupeChunks", "chunkSize", "blobDevice", "fingerprints"] as const;
  const given = writing.find((key) => options[key] !== undefined && options[key] !== false);
  return given ?? ((options.dsunit ?? 1) > 1 ? "dsunit" : undefined);
}

function resolveTarIndex(options: ErofsLayoutOptions): ErofsSettings["tarIndex"] {
  const { tarIndex, blockSize = TAR_BLOCK } = options;
  if (tarIndex === undefined || tarIndex === false) return undefined;
  const fail = (why: (name: NameOf) => string) => new OptionError("tarIndex", why);
  const given = findWriting(options);
  if (given !== undefined) throw fail((name) => `data stays as it is, so not together with ${name(given)}`);
  if (tarIndex === "") throw fail(() => 'the path of the list is ""');
  if (tarIndex === true && blockSize !== TAR_BLOCK)
    throw fail((name) => `${name("blockSize")} is 512 then, as that of archives is`);
  return tarIndex === true ? "device" : "map";
}

function checkBlobDevice({ chunkSize, chunkIndexes, compress }: ErofsLayoutOptions): void {
  const fail = (why: (name: NameOf) => string) => new OptionError("blobDevice", why);
  if (chunkSize === undefined) throw fail((name) => `needs ${name("chunkSize")}`);
  if (chunkIndexes === false) throw fail(() => "the 4-byte block map cannot name another device");
  if (compress !== undefined) throw fail((name) => `not supported yet together with ${name("compress")}`);
}

function resolvePrefixes(prefixes: readonly string[]): LongPrefix[] {
  const fail = (why: string) => new OptionError("xattrPrefixes", why);
  if (prefixes.length > MAX_PREFIXES) throw fail(`there are ${prefixes.length}; EROFS holds ${MAX_PREFIXES}`);
  return prefixes.map((text) => {
    const bytes = encodeUtf8(text);
    if (bytes.length > MAX_NAME) throw fail(`"${text}" is longer than ${MAX_NAME} bytes`);
    const prefix = parsePrefix(bytes);
    if (prefix === undefined) throw fail(`"${text}" begins with none of user., trusted. and security.`);
    return prefix;
  });
}

function resolveFingerprint(given: boolean | string, prefixes: readonly LongPrefix[]): LongPrefix | undefined {
  if (given === false) return undefined;
  const name = given === true ? USUAL_FINGERPRINT : given;
  const fail = (why: string) => new OptionError("fingerprints", why);
  const bytes = encodeUtf8(name);
  if (bytes.length === 0 || bytes.length > MAX_NAME || bytes.indexOf(0) >= 0) {
    throw fail(`"${name}" is no name of an attribute: it has 1 to ${MAX_NAME} bytes, none of them NUL`);
  }
  if (prefixes.length === MAX_PREFIXES) throw fail(`their name is one more prefix; EROFS holds ${MAX_PREFIXES}`);
  return wholePrefix(bytes);
}
