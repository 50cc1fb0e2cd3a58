/** The table of `ts-mkerofs`: every option, by sections. Where mkfs.erofs has it, it is spelt as in that one's `--help`. */
import type { ChmodRule } from "../../index.ts";
import { compileChmod } from "../../stage/tree/chmod.ts";
import { parseMode } from "../../stage/tree/symbolic-mode.ts";
import { compressorsHelp } from "../shared/compressor-help.ts";
import { ALIASES } from "../shared/compressor-words.ts";
import { asUsage, UsageError } from "../shared/getopt.ts";
import type { Section } from "../shared/manual/manual.ts";
import { parseNumber } from "../shared/numbers.ts";
import { IS_DEFAULT, type Option, rowsFor } from "../shared/option.ts";
import { choice, directory, file, number, numberByFormat, text } from "../shared/value.ts";
import { XATTR_READERS, XATTRS_HELP } from "../xattr-readers.ts";
import { FEATURES } from "./features.ts";
import { METABOX } from "./metabox.ts";
import type { Settings } from "./settings.ts";
import { SOURCES } from "./table-sources.ts";
import { TAR } from "./table-tar.ts";

const { flag, valued, optional, words, refused } = rowsFor<Settings>();

const U32 = { min: 0, max: 2 ** 32 - 1 };
/** (uid_t)-1 is nobody's: system calls and mkfs.erofs take it for "leave as it is". */
const ID = { min: 0, max: 2 ** 32 - 2 };
const SAFE = { min: 0, max: Number.MAX_SAFE_INTEGER };
const EROFS = ["erofs"] as const;

const METADATA: readonly Option<Settings>[] = [
  valued({
    names: "-T",
    value: number("#", SAFE),
    sets: "timestamp",
    help: "time of the build and of all files, in seconds since 1970",
  }),
  flag({ names: "--all-time", sets: { times: "fixed" }, help: "the time given is that of all files; so with -T" }),
  flag({ names: "--mkfs-time", sets: { times: "keep" }, help: "the time given is that of the build only" }),
  flag({
    names: "--preserve-mtime",
    sets: { ignoreMtime: false },
    formats: EROFS,
    help: "files keep their times, also in a closure without -T",
  }),
  flag({
    names: "--ignore-mtime",
    sets: { ignoreMtime: true },
    formats: EROFS,
    help: "where a file's time alone would need a larger inode, use the time of the build",
  }),
  flag({ names: "--all-root", sets: { uid: 0, gid: 0 }, help: "all files belong to root" }),
  valued({ names: "--force-uid", value: number("#", ID), sets: "uid", help: "all files belong to user #" }),
  valued({ names: "--force-gid", value: number("#", ID), sets: "gid", help: "all files belong to group #" }),
  valued({ names: "--uid-offset", value: number("#", U32), sets: "uidOffset", help: "add # to all user ids" }),
  valued({ names: "--gid-offset", value: number("#", U32), sets: "gidOffset", help: "add # to all group ids" }),
  valued({
    names: "--chmod",
    value: text("PATTERN=MODE", parseChmod),
    sets: (rule, { chmod = [] }) => ({ chmod: [...chmod, rule] }),
    help:
      "what matches the shell pattern gets this mode, octal or symbolic; wildcards match slashes too, and of several such " +
      "options the last that matches a path counts",
    default: "modes are kept; where files hold none (Windows), 0755 for directories and programs, else 0644",
  }),
  flag({ names: "--hard-dereference", sets: { hardLinks: "copy" }, help: "store hard links as files of their own" }),
  valued({
    names: "-x",
    value: number("#", { min: -SAFE.max, max: SAFE.max }),
    sets: "xattrTolerance",
    default: "2",
    help:
      "store an extended attribute once if more than # files have it; with # < 0 store none, which is the only choice " +
      "for SquashFS",
  }),
  valued({
    names: "--xattr-prefix",
    value: text("X"),
    sets: (prefix, { xattrPrefixes = [] }) => ({ xattrPrefixes: [...xattrPrefixes, prefix] }),
    formats: EROFS,
    help:
      "store this beginning of attributes' names, such as trusted.overlay., once; may be given up to 128 times, and the first " +
      "that fits a name counts",
  }),
  valued({
    names: "--file-contexts",
    value: file("X"),
    sets: "fileContexts",
    help:
      "label everything as this file_contexts file of SELinux says, and X.homedirs, .local, .subs and .subs_dist beside it, for " +
      "paths below --mount-point and in place of labels of files; what no rule is for has none",
  }),
  valued({
    names: "--fs-config-file",
    value: file("X"),
    sets: "fsConfigFile",
    help:
      'modes, owners and capabilities by this list of Android, lines of "PATH UID GID MODE [capabilities=MASK]" for all paths ' +
      "below --mount-point; the root is /, and of several lines for one path the last counts",
  }),
  valued({
    names: "--product-out",
    value: directory("X"),
    sets: "productOut",
    help:
      "modes, owners and capabilities by the rules of Android for paths below --mount-point: those in etc/fs_config_files and " +
      "etc/fs_config_dirs of the partitions in X, then Android's own; not with --fs-config-file",
  }),
  valued({
    names: "--xattrs",
    value: choice("X", XATTR_READERS),
    sets: "xattrReader",
    default: "none of a closure, else auto",
    help: XATTRS_HELP,
  }),
];

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
      ...Object.entries(ALIASES).map(([names, name]) =>
        flag({ names, formats: EROFS, help: `the same as ${name}, with the levels of that` }),
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
    sets: () => ({}),
    default: IS_DEFAULT,
    help: "make the whole image anew; data: with all contents",
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

const why = "not supported yet";
const noNetwork = "nothing is read from the network: make a folder of it first";
const MISSING: readonly Option<Settings>[] = [
  refused({ names: "--xattr-inode-digest", placeholder: "X", isOptional: true, why }),
  ..."--blobdev --root-xattr-isize --vmdk-desc".split(" ").map((names) => refused({ names, placeholder: "X", why })),
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

/** `PATTERN=MODE`, either of which may hold a `=`: the mode stands behind the first that one follows. */
function parseChmod(name: string, word: string): ChmodRule {
  for (let at = word.indexOf("="); at > 0; at = word.indexOf("=", at + 1)) {
    const rule = { pattern: word.slice(0, at), mode: word.slice(at + 1) };
    if (parseMode(rule.mode) === undefined) continue;
    asUsage(() => compileChmod([rule]));
    return rule;
  }
  throw new UsageError(`${name}: "${word}" is no PATTERN=MODE, such as "bin/*=0755" or "*.sh=a+x"`);
}

function parseUuid(name: string, uuid: string): string {
  if (uuid === "clear") return "00000000-0000-0000-0000-000000000000";
  if (uuid === "random") return crypto.randomUUID();
  if (/^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/i.test(uuid)) return uuid;
  throw new UsageError(`${name}: "${uuid}" is no UUID, "clear" or "random"`);
}
