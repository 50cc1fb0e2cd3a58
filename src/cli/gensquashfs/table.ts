/** The table of `ts-gensquashfs`: every option, by sections. Names are those of gensquashfs 1.3. */
import { COMPRESSOR_NAMES, wordsFor } from "../shared/compressor-help.ts";
import { UsageError } from "../shared/getopt.ts";
import type { Section } from "../shared/manual/manual.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { checkPath, choice, directory, file, number, text, type Value } from "../shared/value.ts";
import { VERITY_LONG } from "../verity.ts";
import { XATTR_READERS, XATTRS_HELP } from "../xattr-readers.ts";
import type { Settings } from "./settings.ts";
import { TAR } from "./table-tar.ts";

const { flag, valued, optional, words } = rowsFor<Settings>();

const ID = { min: 0, max: 2 ** 32 - 2, emptyIsZero: true };

/** A mode in octal digits. */
const MODE: Value<number> = text(
  "OCTAL",
  (name, digits) => {
    const mode = /^[0-7]{1,5}$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
    if (mode <= 0o7777) return mode;
    throw new UsageError(`${name}: "${digits}" is no octal mode`);
  },
  "mode",
);

const SOURCES: readonly Option<Settings>[] = [
  valued({
    names: "-F --pack-file",
    value: file(),
    sets: "packFile",
    help: "pack what FILE describes; its files are found relative to the pack directory, or else to the folder FILE lies in",
  }),
  valued({
    names: "--manifest",
    value: file(),
    sets: "manifest",
    help:
      "pack the tree that FILE describes, a list of entries in JSON (docs/manifest.schema.json), whose own times are kept; " +
      "its files are found as those of a pack file",
  }),
  valued({
    names: "--zip",
    value: file(),
    sets: "zip",
    help: "pack what this zip archive holds, whose own times are kept",
  }),
  valued({
    names: "--tar",
    value: file(),
    sets: "tar",
    help:
      'pack what this tar archive holds, whose own times are kept; it may be compressed, "-" is standard input. --defaults ' +
      "are for directories that it does not describe",
  }),
  valued({
    names: "-D --pack-dir",
    value: directory(),
    sets: "packDir",
    help: "pack this directory, which becomes the root",
  }),
  valued({
    names: "--closure --nix-closure",
    value: file(),
    sets: "closure",
    help:
      "pack the Nix store paths that FILE lists, in any form that Nix prints, or a closureInfo folder; " +
      '"-" is standard input. Owner root and no hard links',
  }),
  flag({
    names: "--closure-of",
    sets: { closureOf: true },
    help:
      "pack PATHs, which are Nix store paths, or lead to some, with all that they refer to by Nix's database; " +
      "owner root and no hard links",
  }),
  valued({
    names: "--nix-db-from",
    value: file(),
    sets: "nixDbFrom",
    default: "/nix/var/nix/db/db.sqlite",
    needs: "--closure-of",
    help: "Nix's database; it is read as it stands, with its log, and neither locked nor written to",
  }),
  valued({
    names: "--store-dir",
    value: directory("X"),
    sets: "storeDir",
    default: "the root of the image",
    help: "the paths of a closure go into this folder of the image, such as /nix/store, with parents as Nix makes them",
  }),
  optional({
    names: "--registration",
    value: text("X", (name, path) => checkPath(name, path, "path")),
    sets: (path) => ({ registration: path ?? true }),
    default: "none; with the option alone nix-path-registration",
    help: "with a closure: put a file X into the image that nix-store --load-db takes",
  }),
  optional({
    names: "--nix-db",
    value: text("X", (name, path) => checkPath(name, path, "path")),
    sets: (path) => ({ nixDatabase: path ?? true }),
    default: "none; with the option alone, for which --store-dir has to be there, nix/var/nix/db/db.sqlite",
    help: "with a closure: put Nix's database X into the image",
  }),
  valued({
    names: "--gcroot",
    value: text("NAME"),
    sets: "gcroot",
    needs: "--nix-db",
    help: "link the roots as NAME below nix/var/nix/gcroots, so that garbage collection keeps the closure",
  }),
  flag({
    names: "--keep-as-directory",
    sets: { keepAsDirectory: true },
    help: "with --pack-dir alone: the directory becomes an entry of the root, and its contents do not become the root",
  }),
  flag({
    names: "-o --one-file-system",
    sets: { oneFileSystem: true },
    help: "leave out what is mounted below the pack directory",
  }),
];

const METADATA: readonly Option<Settings>[] = [
  words({
    names: "-d --defaults",
    placeholder: "WORD,...",
    otherwise: "is none of uid=N, gid=N, mode=OCTAL, mtime=SECONDS",
    help: "what the root is like, and directories that nobody describes",
    words: [
      valued({
        names: "uid",
        value: number("N", ID),
        sets: (uid, { defaults }) => ({ defaults: { ...defaults, uid } }),
        default: "0",
        help: "their user",
      }),
      valued({
        names: "gid",
        value: number("N", ID),
        sets: (gid, { defaults }) => ({ defaults: { ...defaults, gid } }),
        default: "0",
        help: "their group",
      }),
      valued({
        names: "mode",
        value: MODE,
        sets: (mode, { defaults }) => ({ defaults: { ...defaults, mode } }),
        default: "0755",
        help: "their permissions",
      }),
      valued({
        names: "mtime",
        value: number("SECONDS", { min: 0, max: 2 ** 32 - 1 }),
        sets: (mtime, { defaults }) => ({ defaults: { ...defaults, mtime } }),
        default: "$SOURCE_DATE_EPOCH, else 0",
        help: "time of the image and of all entries, in seconds since 1970",
      }),
    ],
  }),
  flag({
    names: "-k --keep-time",
    sets: { keepTime: true },
    help: "with --pack-dir alone: files keep their times",
  }),
  valued({ names: "-u --set-uid", value: number("N", ID), sets: "uid", help: "all entries belong to this user" }),
  valued({ names: "-g --set-gid", value: number("N", ID), sets: "gid", help: "all entries belong to this group" }),
  flag({ names: "--all-root", sets: { uid: 0, gid: 0 }, help: "all entries belong to root" }),
  flag({ names: "-H --no-hard-links", sets: { noHardLinks: true }, help: "store hard links as files of their own" }),
  flag({
    names: "-x --keep-xattr",
    sets: { keepXattrs: true },
    help: "with --pack-dir alone: files keep their extended attributes; ACLs, which SquashFS does not hold, are left out",
  }),
  valued({
    names: "--xattrs",
    value: choice("X", XATTR_READERS),
    sets: "xattrReader",
    default: "auto",
    needs: "-x",
    help: XATTRS_HELP,
  }),
  valued({
    names: "-A --xattr-file",
    value: file(),
    sets: "xattrFile",
    help: "extended attributes, as getfattr --dump writes them",
  }),
  valued({
    names: "-s --selinux",
    value: file(),
    sets: "contextsFile",
    help:
      "label everything as this file_contexts file says, and FILE.homedirs, .local, .subs and .subs_dist beside it; " +
      "what no rule is for becomes unlabeled_t",
  }),
];

const IMAGE: readonly Option<Settings>[] = [
  valued({
    names: "-c --compressor",
    value: { ...text("NAME"), kind: "choice", choices: COMPRESSOR_NAMES },
    sets: "compressor",
    default: "zstd",
    help: `what compresses: ${COMPRESSOR_NAMES.join(", ")}`,
  }),
  valued({
    names: "-X --comp-extra",
    value: text("WORD,...", (_, words) => words, "words"),
    sets: "extra",
    help: "how it does that, by these words",
    words: wordsFor("gensquashfs").map(({ name, value, help }) =>
      value === undefined ? flag({ names: name, help }) : valued({ names: name, value: text(value), help }),
    ),
  }),
  valued({
    names: "-b --block-size",
    value: number("SIZE", { min: 4096, max: 1 << 20, suffix: true, decimal: true, powerOfTwo: true }),
    sets: "blockSize",
    default: "128K",
    help: "bytes of a block",
  }),
  valued({
    names: "-B --dev-block-size",
    value: number("SIZE", { min: 1024, max: 2 ** 30, suffix: true, decimal: true }),
    sets: "padding",
    default: "4K",
    help: "the image is a multiple of this",
  }),
  flag({
    names: "-e --exportable",
    sets: { exportable: true },
    help: "write the table that NFS needs",
  }),
  flag({
    names: "-T --no-tail-packing",
    sets: { noTailPacking: true },
    help: "ends of files larger than a block stay with them",
  }),
  valued({
    names: "-S --sort-file",
    value: file(),
    sets: "sortFile",
    help:
      'order of the data, and how single files are stored: lines of "PRIORITY [FLAG,...] PATH" with flags glob, ' +
      "glob_no_path, dont_compress, dont_fragment, dont_deduplicate, nosparse",
  }),
];

const RUNNING: readonly Option<Settings>[] = [
  valued({
    names: "-j --num-jobs",
    // with 0, as a job server may say it, threads are as many as without this option
    value: number("N", { min: 0, max: 2 ** 32 - 1 }),
    // more threads than this are of no use
    sets: (workers) => ({ workers: Math.min(workers, 1024) }),
    default: "the processors available",
    help: "number of threads; changes no byte",
  }),
  valued({
    names: "-Q --queue-backlog",
    value: number("N", { min: 0, max: 2 ** 32 }),
    help: "accepted for gensquashfs's sake: what waits in memory is bounded anyway",
  }),
  flag({ names: "-f --force", sets: { force: true }, help: "overwrite IMAGE" }),
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
  flag({
    names: "-q --quiet",
    sets: { quiet: true },
    help: "print nothing but errors and warnings, and the report with --json",
  }),
  flag({ names: "-V --version", asks: "version", help: "print the version" }),
  flag({ names: "-h --help", asks: "help", help: "print this" }),
];

/** The options, in the order of `--help`. */
export const SECTIONS: readonly Section<Settings>[] = [
  { id: "sources", title: "What goes in", options: SOURCES },
  {
    id: "tar",
    title: "Tar archives",
    intro: ["Options of tar2sqfs. With --tar letters are those of tar2sqfs too: -r, -S, -E, -x, -k and -s mean these."],
    options: TAR,
  },
  { id: "metadata", title: "Metadata", options: METADATA },
  { id: "image", title: "The image", options: IMAGE },
  { id: "verity", title: "dm-verity", options: VERITY_LONG },
  { id: "running", title: "Running", options: RUNNING },
];
