/** The table of `ts-mkerofs`: every option, by sections. Where mkfs.erofs has it, it is spelt as in that one's `--help`. */
import { compressorsHelp } from "../shared/compressor-help.ts";
import { ALIASES } from "../shared/compressor-words.ts";
import { UsageError } from "../shared/getopt.ts";
import type { Section } from "../shared/manual/manual.ts";
import { parseNumber } from "../shared/numbers.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { choice, file, number, numberByFormat, text } from "../shared/value.ts";
import { VERITY_LONG } from "../verity.ts";
import { FEATURES } from "./features.ts";
import { METABOX } from "./metabox.ts";
import type { Settings } from "./settings.ts";
import { METADATA } from "./table-metadata.ts";
import { SOURCES } from "./table-sources.ts";
import { TAR } from "./table-tar.ts";

const { flag, valued, optional, words, refused } = rowsFor<Settings>();

const U32 = { min: 0, max: 2 ** 32 - 1 };
const SAFE = { min: 0, max: Number.MAX_SAFE_INTEGER };
const EROFS = ["erofs"] as const;

const IMAGE: readonly Option<Settings>[] = [
  valued({
    names: "--format",
    value: choice("X", ["erofs", "squashfs"]),
    sets: "format",
    default: "erofs",
    help: "erofs or squashfs",
  }),
  valued({
    names: "-b",
    value: numberByFormat("#", {
      erofs: { min: 512, max: 65536, powerOfTwo: true, suffix: true },
      squashfs: { min: 4096, max: 1 << 20, powerOfTwo: true, suffix: true },
    }),
    sets: "block",
    default: "4K, of SquashFS 128K",
    help: "bytes of a block; of EROFS images Linux mounts none with blocks larger than its pages",
  }),
  valued({
    names: "-z",
    value: text("X[,level=Y][,dictsize=Z][:...]", (_, given) => given, "words"),
    sets: (given, { compression }) => ({ compression: compression === undefined ? given : `${compression}:${given}` }),
    default: "none, of SquashFS zstd",
    words: [
      ...compressorsHelp().map(({ name, formats, help, normal }) =>
        flag({ names: name, ...(formats && { formats }), ...(normal && { default: normal }), help }),
      ),
      ...Object.entries(ALIASES).map(([names, { algorithm, lowest }]) =>
        flag({ names, formats: EROFS, default: `${lowest}`, help: `${algorithm}, from its level ${lowest} on` }),
      ),
    ],
    help:
      "compress files with X, one of those below; X,Y is X,level=Y. EROFS only: matches reach back Z bytes; and further " +
      "ones, behind colons or by another -z, are for --compress-hints to choose",
  }),
  valued({
    names: "--dedupe",
    value: choice("X", ["none", "file"]),
    sets: "dedupe",
    default: "file",
    help: "file: store equal files once; none: store each",
  }),
  valued({
    names: "--sort-file",
    value: file(),
    sets: "sortFile",
    help:
      'order of the data: lines of "PRIORITY [FLAG,...] PATH", as gensquashfs has them; lower numbers come first, ' +
      "what is not listed has 0. Flags: glob and glob_no_path (PATH is a pattern), dont_compress; SquashFS: also " +
      "dont_fragment, dont_deduplicate, nosparse",
  }),
  valued({
    names: "--sort",
    value: choice("<path,none>", ["path", "none"]),
    help: "accepted for mkfs.erofs's sake: without a sort file data stands in the order of the paths",
  }),
  valued({
    names: "--offset",
    value: number("#", SAFE),
    sets: "offset",
    default: "0",
    help: "leave # bytes before the image",
  }),
  valued({
    names: "--mount-point",
    value: text("X", (_, path) => path, "directory"),
    sets: (path) => ({ mountPoint: path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path }),
    help: "the image will be mounted at X; recorded in the report, changes no byte",
  }),
];

const EROFS_IMAGE: readonly Option<Settings>[] = [
  valued({
    names: "-L",
    value: text("volume-label", checkLabel),
    sets: "label",
    formats: EROFS,
    help: "volume label, at most 15 bytes",
  }),
  valued({
    names: "-U",
    value: text("X", parseUuid),
    sets: "uuid",
    default: "derived from the tree and the options",
    formats: EROFS,
    help: 'UUID of the image, "clear" or "random"',
  }),
  valued({
    names: "-C",
    value: number("#", { min: 0, max: 2 ** 20, suffix: true }),
    sets: "pclusterSize",
    default: "one block",
    needs: "-z",
    formats: EROFS,
    help: "most bytes of a compressed cluster, whole blocks",
  }),
  METABOX,
  valued({
    names: "--compress-hints",
    value: file("X"),
    sets: "compressHintsFile",
    needs: "-z",
    formats: EROFS,
    help:
      'file with lines of "BYTES [NR] REGEX": what matches is compressed in clusters of BYTES (0: not at all) with ' +
      "algorithm NR of -z, counted from 0; clusters that are too large are the largest possible",
  }),
  valued({
    names: "--max-extent-bytes",
    value: number("#", { ...U32, suffix: true }),
    sets: "maxExtentBytes",
    default: "1 MiB, which is also the most",
    needs: "-z",
    formats: EROFS,
    help: "most bytes of a file that go into one cluster",
  }),
  optional({
    names: "--zD",
    // with nothing behind the = it is on, as for mkfs.erofs
    value: text("<0|1>", (name, given) => parseNumber(name, given || "1", { min: 0, max: 1 }), "number"),
    sets: (isOn) => ({ compressDirectories: isOn !== 0 }),
    default: "0",
    needs: "-z",
    formats: EROFS,
    help: "compress directories too",
  }),
  valued({
    names: "--target-kernel",
    value: text("VERSION"),
    sets: "targetKernel",
    default: "any",
    formats: EROFS,
    help: "use only what this version of Linux reads, refuse what it does not",
  }),
  valued({
    names: "--chunksize",
    value: number("#", { min: 512, max: 2 ** 30, powerOfTwo: true }),
    sets: "chunkSize",
    formats: EROFS,
    help: "store files in chunks of # bytes, at least a block; with -z those that are not compressed",
  }),
  valued({
    names: "--blobdev",
    value: file("X"),
    sets: "blobDevice",
    formats: EROFS,
    help:
      "X, a file or a block device, gets the data of all files, in chunks, and IMAGE the metadata only: mount it with -o " +
      "device=X. Needs --chunksize, and no -z",
  }),
  valued({
    names: "--vmdk-desc",
    value: file("X"),
    sets: "vmdkDescriptor",
    formats: EROFS,
    help: "write to X a description of IMAGE and its devices as one disk (VMDK), for virtual machines",
  }),
  valued({
    names: "--dsunit",
    value: number("#", U32),
    sets: (dsunit) => ({ dsunit: Math.max(dsunit, 1) }),
    formats: EROFS,
    help: "start files at multiples of # blocks",
  }),
  valued({
    names: "--fsalignblks",
    value: number("#", U32),
    sets: (blocks) => ({ fsAlignBlocks: Math.max(blocks, 1) }),
    formats: EROFS,
    help: "make the image a multiple of # blocks",
  }),
  optional({
    names: "--MZ",
    value: text("<0|[id]>", checkZone),
    sets: () => ({}),
    help: "accepted: metadata of compressed images is in one place in any case, that of others beside the contents",
  }),
  words({
    names: "-E",
    placeholder: "X[,...]",
    words: FEATURES,
    otherwise: "is no feature that can be set",
    formats: EROFS,
    help: "features, by these words; ^ before a word switches it off",
  }),
];

const RUNNING: readonly Option<Settings>[] = [
  valued({
    names: "--workers",
    value: number("#", U32),
    sets: (workers) => ({ workers: Math.min(Math.max(workers, 1), MOST_WORKERS) }),
    default: "the processors available",
    help: "number of threads; changes no byte",
  }),
  valued({
    names: "--async-queue-limit",
    value: number("#", U32),
    help: "accepted: what waits is bounded in any case",
  }),
  optional({
    names: "--clean",
    value: choice("X", ["data"]),
    sets: () => ({ copiesImages: true }),
    help: "make the whole image anew, with all contents, also where SOURCEs are EROFS images; this is so with all others",
  }),
  valued({
    names: "--progress",
    value: choice("WHEN", ["auto", "always", "never"]),
    sets: "progress",
    default: "auto, on a terminal",
    help: "show a progress bar on standard error: auto, always or never",
  }),
  flag({ names: "--json", sets: { json: true }, help: "print the report, or the error, as JSON (docs/report.md)" }),
  flag({
    names: "--digest",
    sets: { digest: true },
    help: "put the image's SHA-256 into the report; an image that is a file is read once more for it",
  }),
  flag({
    names: "--verify",
    sets: { verify: true },
    help: "read the finished image back and compare every entry and every byte with the source, before it takes its place",
  }),
  valued({
    names: "-d",
    value: number("<0-9>", { min: 0, max: 9 }),
    sets: "verbosity",
    default: "2",
    help: "verbosity, from 0, quiet, to 9; from 3 on with the time that each stage took",
  }),
  flag({ names: "--quiet", sets: { quiet: true }, help: "print nothing but errors, and the report with --json" }),
  flag({ names: "-V --version", asks: "version", help: "print the version" }),
  flag({ names: "-h --help", asks: "help", help: "print this" }),
];

/** Any number is taken; more threads than this take memory and do no more. */
const MOST_WORKERS = 64;

const noNetwork = "nothing is read from the network: make a folder of it first";
const MISSING: readonly Option<Settings>[] = [
  refused({
    names: "--incremental",
    placeholder: "X",
    isOptional: true,
    why: "nothing is added to an image that is there: images are made anew, whole",
  }),
  refused({ names: "--oci", placeholder: "X", isOptional: true, why: noNetwork }),
  refused({ names: "--s3", placeholder: "X", why: noNetwork }),
  refused({
    names: "--zfeature-bits",
    placeholder: "#",
    why: "its bits have a meaning in one version of mkfs.erofs only: name the features by -E",
  }),
];

/** The options, in the order of `--help`. */
export const SECTIONS: readonly Section<Settings>[] = [
  { id: "sources", title: "What goes in", options: SOURCES },
  { id: "tar", title: "Tar archives", options: TAR },
  {
    id: "metadata",
    title: "Metadata",
    intro: ["A directory keeps its own; a closure has time 0, owner root and no hard links."],
    options: METADATA,
  },
  { id: "image", title: "The image", options: IMAGE },
  { id: "erofs", title: "EROFS images only", options: EROFS_IMAGE },
  { id: "verity", title: "dm-verity", options: VERITY_LONG },
  { id: "running", title: "Running", options: RUNNING },
  { id: "missing", title: "Not there yet", options: MISSING },
];

/** What of the metadata goes elsewhere: "d", directories, only together with "i", inodes. */
function checkZone(name: string, zone: string): string {
  if (zone !== "0" && !/^[id]*$/.test(zone)) throw new UsageError(`${name}: "${zone}" is none of 0, i, id`);
  if (zone.includes("d") && !zone.includes("i"))
    throw new UsageError(`${name}: "${zone}": directories only with inodes, id`);
  return zone;
}

function checkLabel(name: string, label: string): string {
  if (Buffer.byteLength(label) > 15) throw new UsageError(`${name}: "${label}" is longer than 15 bytes`);
  return label;
}

function parseUuid(name: string, uuid: string): string {
  if (uuid === "clear") return "00000000-0000-0000-0000-000000000000";
  if (uuid === "random") return crypto.randomUUID();
  if (/^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/i.test(uuid)) return uuid;
  throw new UsageError(`${name}: "${uuid}" is no UUID, "clear" or "random"`);
}
