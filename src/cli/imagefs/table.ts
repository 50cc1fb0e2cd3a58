/** The table of `ts-imagefs`: every option, by the command that has it. */

import type { Ignored } from "../../build/compare/metadata.ts";
import { splitStoreDir } from "../../stage/tree/policy.ts";
import { imagePath } from "../image-path.ts";
import { asUsage } from "../shared/getopt.ts";
import type { Section } from "../shared/manual/manual.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { file, number, text } from "../shared/value.ts";
import type { LookName, Settings } from "./settings.ts";

const { flag, optional, valued, words } = rowsFor<Settings>();

/** No path is longer. */
const MOST_DEPTH = 4096;

const COMMON: readonly Option<Settings>[] = [
  flag({ names: "--json", sets: { json: true }, help: "answer in JSON" }),
  valued({
    names: "-o --offset",
    value: number("#", { min: 0, max: Number.MAX_SAFE_INTEGER, suffix: true }),
    sets: "offset",
    default: "0",
    help: "the image starts at this byte of the file, as behind the program of an AppImage",
  }),
  valued({
    names: "--device",
    value: file(),
    sets: (device, { devices }) => ({ devices: [...devices, device] }),
    help: "data of the image lies in FILE besides, as of mount -o device=; once for each, in their order",
  }),
  flag({ names: "-V --version", asks: "version", help: "print the version" }),
  flag({ names: "-h --help", asks: "help", help: "print this" }),
];

const LS: readonly Option<Settings>[] = [
  flag({
    names: "-l --long",
    sets: { isLong: true },
    help: "with modes, owners, sizes, times, and what links point to",
  }),
  flag({ names: "-R --recursive", sets: { isRecursive: true }, help: "with all that lies below" }),
];

const DECODE: readonly Option<Settings>[] = [
  valued({
    names: "--workers",
    value: number("#", { min: 1, max: 64 }),
    sets: "workers",
    default: "the processors available",
    help: "decode with so many threads",
  }),
];

const EXTRACT: readonly Option<Settings>[] = [
  flag({
    names: "-f --force",
    sets: { force: true },
    help: "replace what is in DIR already but no directory, and join directories",
  }),
  optional({
    names: "--tar",
    value: file(),
    sets: (tar = "-") => ({ tar: imagePath(tar) }),
    help: "write a tar archive to FILE, or to standard output, in place of a DIR",
  }),
];

/** A folder of the image. */
const STORE_DIR = text(
  "DIR",
  (name, path) => {
    asUsage(
      () => splitStoreDir(path),
      () => name,
    );
    return path;
  },
  "directory",
);

/** A word of `--ignore`. */
function ignore(word: Ignored, help: string): Option<Settings> {
  return flag({ names: word, sets: ({ ignored }) => ({ ignored: [...ignored, word] }), needs: "--against", help });
}

const VERIFY: readonly Option<Settings>[] = [
  valued({
    names: "--against",
    value: file("SOURCE"),
    sets: "against",
    help:
      "compare it with a directory, a closure (a list of store paths), or an archive (tar, zip, NAR): all entries, and every byte. " +
      "What the format cannot hold is no difference",
  }),
  valued({
    names: "--store-dir",
    value: STORE_DIR,
    sets: "storeDir",
    needs: "--against",
    help: "the image has the paths of a closure below DIR, as with --store-dir of ts-mkerofs",
  }),
  words({
    names: "--ignore",
    placeholder: "WORD,...",
    otherwise: "is none of mtime, ns, owner, mode, nlink, xattr",
    needsWord: true,
    help: "leave out of the comparison",
    words: [
      ignore("mtime", "times"),
      ignore("ns", "fractions of a second"),
      ignore("owner", "users and groups"),
      ignore("mode", "permissions"),
      ignore("nlink", "numbers of links, and which names are one file"),
      ignore("xattr", "extended attributes"),
    ],
  }),
];

const DIFF: readonly Option<Settings>[] = [
  flag({ names: "--entries", sets: { entriesOnly: true }, help: "compare entries alone, not what stands where" }),
  valued({
    names: "--limit",
    value: number("#", { min: 0, max: Number.MAX_SAFE_INTEGER }),
    sets: "limit",
    default: "1000",
    help: "tell so many differences of entries, and of structures; of others their number",
  }),
];

const USAGE: readonly Option<Settings>[] = [
  valued({
    names: "--depth",
    value: number("#", { min: 0, max: MOST_DEPTH }),
    sets: "depth",
    default: "1, and in a Nix store what stands in that",
    help: "tell paths of up to so many names",
  }),
  optional({
    names: "--html",
    value: file(),
    sets: (html = "-") => ({ html: imagePath(html) }),
    help: "write a page for a browser, in which one walks through all paths, to FILE or standard output",
  }),
];

/** The options of each command. */
export const OPTIONS: Readonly<Record<LookName, readonly Option<Settings>[]>> = {
  info: [],
  ls: LS,
  tree: [],
  cat: [],
  extract: [...EXTRACT, ...DECODE],
  verify: [...VERIFY, ...DECODE],
  diff: DIFF,
  dump: [],
  usage: USAGE,
};

/** Those of all commands. */
export const COMMON_OPTIONS = COMMON;

/** What each command does. */
const COMMANDS: readonly (readonly [line: string, meaning: string])[] = [
  ["info IMAGE", "what the superblock says, and which Linux reads the image"],
  ["ls [-lR] IMAGE [PATH]...", "the names in a directory, the root without a PATH"],
  ["tree IMAGE [PATH]", "all names, drawn as a tree"],
  ["cat IMAGE PATH...", "the contents of files, one behind the other"],
  ["extract IMAGE DIR [PATH]...", "make files of what it holds, or of PATHs alone, in DIR, which is new or empty"],
  ["extract --tar[=FILE] IMAGE [PATH]...", "the same as a tar archive"],
  [
    "verify [--against SOURCE] IMAGE",
    "whether the image holds together: every structure, the order of names, the checksum, all data decoded",
  ],
  [
    "diff [--entries] [--limit=#] A B",
    "what differs from image A to image B: entries, then structures with their fields",
  ],
  ["dump IMAGE", "every byte of the image, in order, with the names of its fields"],
  ["usage [--depth=#] [--html[=FILE]] IMAGE", "what each path costs, and what bytes are for"],
];

/** By sections. */
export const SECTIONS: readonly Section<Settings>[] = [
  { id: "commands", title: "Commands", entries: COMMANDS },
  { id: "common", title: "For all commands", options: COMMON },
  { id: "ls", title: "For ls", options: LS },
  { id: "extract", title: "For extract", options: EXTRACT },
  { id: "verify", title: "For verify", options: VERIFY },
  { id: "decode", title: "For extract and verify", options: DECODE },
  { id: "diff", title: "For diff", options: DIFF },
  { id: "usage", title: "For usage", options: USAGE },
];
