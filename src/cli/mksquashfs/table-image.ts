/** The table of `ts-mksquashfs`: how the image is made. */
import { COMPRESSOR_NAMES } from "../shared/compressor-help.ts";
import { UsageError } from "../shared/getopt.ts";
import { IS_DEFAULT, type Option, rowsFor } from "../shared/option.ts";
import { checkPath, directory, file, text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";
import { compressorRows } from "./table-compressors.ts";
import { decimal } from "./values.ts";

const { flag, valued, refused } = rowsFor<Settings>();

/** A file's path in the image. What is no path but the next option has been meant to be that. */
const IMAGE_PATH = text("X", (name, path) => {
  if (path.startsWith("-")) throw new UsageError(`${name}: needs a path in the image, and "${path}" is none`);
  return checkPath(name, path, "path");
});

/** `compression`. */
export const COMPRESSION: readonly Option<Settings>[] = [
  valued({
    names: "-comp",
    value: { ...text("NAME"), kind: "choice", choices: COMPRESSOR_NAMES },
    sets: "compressor",
    default: "gzip",
    help: `what compresses: ${COMPRESSOR_NAMES.join(", ")}`,
  }),
  ...compressorRows(),
  valued({
    names: "-b",
    value: decimal("SIZE", { min: 4096, max: 1 << 20, powerOfTwo: true, suffix: true }),
    sets: "blockSize",
    default: "128K",
    help: "bytes of a block",
  }),
  flag({
    names: "-noI -noInodeCompression",
    sets: ({ uncompressed }) => ({ uncompressed: [...uncompressed, "inodes", "ids"] }),
    help: "store inodes and ids uncompressed",
  }),
  flag({
    names: "-noId -noIdTableCompression",
    sets: ({ uncompressed }) => ({ uncompressed: [...uncompressed, "ids"] }),
    help: "store ids uncompressed",
  }),
  flag({
    names: "-noD -noDataCompression",
    sets: ({ uncompressed }) => ({ uncompressed: [...uncompressed, "data"] }),
    help: "store blocks of data uncompressed",
  }),
  flag({
    names: "-noF -noFragmentCompression",
    sets: ({ uncompressed }) => ({ uncompressed: [...uncompressed, "fragments"] }),
    help: "store fragments uncompressed",
  }),
  flag({
    names: "-noX -noXattrCompression",
    sets: ({ uncompressed }) => ({ uncompressed: [...uncompressed, "xattrs"] }),
    help: "store extended attributes uncompressed",
  }),
  flag({
    names: "-no-compression",
    sets: ({ uncompressed }) => ({ uncompressed: [...uncompressed, "inodes", "ids", "data", "fragments", "xattrs"] }),
    help: "store everything uncompressed",
  }),
];

/** `build`. */
export const BUILD: readonly Option<Settings>[] = [
  flag({
    names: "-keep-as-directory",
    sets: { keepAsDirectory: true },
    help: "a single directory becomes an entry of the root, as it is with several sources",
  }),
  flag({
    names: "-no-strip -tarstyle",
    sets: { noStrip: true },
    help: "sources keep the directories of their paths",
  }),
  valued({
    names: "-manifest",
    value: file(),
    sets: "manifest",
    help:
      'with "-" as SOURCE: take the tree that a manifest describes, a list of entries in JSON ' +
      "(docs/manifest.schema.json)",
  }),
  valued({
    names: "-manifest-base",
    value: directory(),
    sets: "manifestBase",
    default: "the folder that the manifest lies in",
    needs: "-manifest",
    help: "the folder in which the manifest's paths of contents begin",
  }),
  valued({
    names: "-closure -nix-closure",
    value: file(),
    sets: "closure",
    help:
      'with "-" as SOURCE: take the Nix store paths that FILE lists, in any form that Nix prints, or a closureInfo folder; ' +
      '"-" is standard input. Policy as of -closure-of; paths in other options are relative to the store, or begin with ' +
      "/nix/store",
  }),
  flag({
    names: "-closure-of",
    sets: { closureOf: true },
    help:
      "take SOURCEs, which are Nix store paths, or lead to some, with all that they refer to by Nix's database; owner " +
      "root, time 0 and no hard links, unless options say otherwise",
  }),
  valued({
    names: "-nix-db-from",
    value: file(),
    sets: "nixDbFrom",
    default: "/nix/var/nix/db/db.sqlite",
    needs: "-closure-of",
    help: "Nix's database; it is read as it stands, with its log, and neither locked nor written to",
  }),
  valued({
    names: "-store-dir",
    value: directory("X"),
    sets: "storeDir",
    default: "the root of the image",
    help: "the paths of a closure go into this folder of the image, such as /nix/store, with parents as Nix makes them",
  }),
  valued({
    names: "-registration",
    value: IMAGE_PATH,
    sets: "registration",
    help: "with a closure: put a file X into the image that nix-store --load-db takes",
  }),
  valued({
    names: "-nix-db",
    value: IMAGE_PATH,
    sets: "nixDatabase",
    help: "with a closure: put Nix's database X, such as nix/var/nix/db/db.sqlite, into the image",
  }),
  valued({
    names: "-gcroot",
    value: text("NAME"),
    sets: "gcroot",
    needs: "-nix-db",
    help: "link the roots as NAME below nix/var/nix/gcroots, so that garbage collection keeps the closure",
  }),
  flag({
    names: "-no-fragments",
    sets: { fragments: "none" },
    help: "no file's end shares a block with others",
  }),
  flag({
    names: "-tailends -always-use-fragments",
    sets: { fragments: "all" },
    help: "ends of files larger than a block share blocks too",
  }),
  flag({
    names: "-no-tailends",
    sets: { fragments: "small" },
    default: IS_DEFAULT,
    help: "only files smaller than a block share blocks",
  }),
  flag({ names: "-no-duplicates", sets: { dedupe: "none" }, help: "store equal files each" }),
  flag({ names: "-no-hardlinks", sets: { hardLinks: "copy" }, help: "store hard links as files of their own" }),
  flag({ names: "-no-sparse", sets: { sparse: false }, help: "store blocks of zeros" }),
  flag({ names: "-exports", sets: { exportable: true }, default: IS_DEFAULT, help: "write the table that NFS needs" }),
  flag({ names: "-no-exports", sets: { exportable: false }, help: "do not write the table that NFS needs" }),
  flag({
    names: "-tar",
    sets: { tar: true },
    help: 'read a tar archive, also a compressed one, from standard input; SOURCE has to be "-"',
  }),
  flag({
    names: "-zip",
    sets: { zip: true },
    help: "SOURCEs are zip archives, whose members are packed; of a path that several have the last one counts",
  }),
  refused({ names: "-cpiostyle -cpiostyle0", why: "a list of files on standard input is not supported" }),
];

/** `expert`. */
export const EXPERT: readonly Option<Settings>[] = [
  flag({ names: "-nopad", sets: { padding: 1 }, help: "do not make the image a multiple of 4 KiB" }),
  valued({
    names: "-offset -o",
    value: decimal("BYTES", { min: 0, max: Number.MAX_SAFE_INTEGER, suffix: true }),
    sets: "offset",
    default: "0",
    help: "leave this many bytes before the image; K, M or G may follow",
  }),
  refused({
    names: "-stream",
    why: 'not supported; IMAGE "-" is standard output, and that image is a normal one',
  }),
  refused({ names: "-fix", placeholder: "IMAGE", why: "images need no fixing" }),
];
