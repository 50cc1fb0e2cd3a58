/** The options of `ts-mkerofs` that say what goes in, and what Nix is to know of it. */
import { withSlashes } from "../../stage/source/disk/node-windows.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { checkPath, directory, file, text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";

const { flag, valued, optional } = rowsFor<Settings>();

/** A row an option. */
export const SOURCES: readonly Option<Settings>[] = [
  valued({
    names: "--closure --nix-closure",
    value: file(),
    sets: "closure",
    help:
      'take the paths that FILE lists, in any form that Nix prints: one a line, "nix path-info" with or without --json, ' +
      '.attrs.json, a registration, a graph, or a closureInfo folder; "-" is standard input. SOURCEs go beside them',
  }),
  flag({
    names: "--closure-of",
    sets: { closureOf: true },
    help: "take SOURCEs, which are store paths, or lead to some, with all that they refer to by Nix's database",
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
    names: "--nar",
    value: file(),
    sets: "nar",
    help: 'take what a NAR holds (nix-store --dump), which becomes the root; "-" is standard input. SOURCEs go beside it',
  }),
  valued({
    names: "--manifest",
    value: file(),
    sets: "manifest",
    help:
      "take the tree that a manifest describes, a list of entries in JSON (docs/manifest.schema.json): modes, owners, links " +
      'and devices are what it says; "-" is standard input',
  }),
  valued({
    names: "--manifest-base",
    value: directory(),
    sets: "manifestBase",
    default: "the folder that the manifest lies in",
    needs: "--manifest",
    help: "the folder in which the manifest's paths of contents begin",
  }),
  flag({
    names: "--zip",
    sets: { zip: true },
    help:
      'SOURCEs are zip archives, extracted in order; "-" is standard input. Without a mode directories are 0755 and files 0644, ' +
      "without an owner they are root's",
  }),
  valued({
    names: "--binary-cache",
    value: directory("DIRECTORY"),
    sets: "binaryCache",
    help: "SOURCEs are store paths of this binary cache, a folder or file:// URL; they are packed with all that they refer to",
  }),
  valued({
    names: "--trusted-public-keys",
    value: text("KEY[ KEY]..."),
    sets: (keys) => ({ trustedKeys: keys.split(/\s+/).filter((key) => key !== "") }),
    needs: "--binary-cache",
    help: "every path of the binary cache must be signed by one of these keys, NAME:BASE64",
    default: "signatures are not looked at; hashes are checked in any case",
  }),
  flag({
    names: "--keep-as-directory",
    sets: { keepAsDirectory: true },
    help: "a single SOURCE becomes an entry of the root, as several do, and its contents do not become the root",
  }),
  valued({
    names: "--store-dir",
    value: directory("X"),
    sets: "storeDir",
    default: "the root of the image",
    help: "store paths go into this folder of the image, such as /nix/store; its parents are as Nix makes them",
  }),
  optional({
    names: "--registration",
    value: text("X", (name, path) => checkPath(name, path, "path")),
    sets: (path) => ({ registration: path ?? true }),
    default: "none; with the option alone nix-path-registration",
    help: "put a file X into the image that nix-store --load-db takes; hashes that are not known are found out",
  }),
  valued({
    names: "--registration-out",
    value: file(),
    sets: "registrationOut",
    help: "write that file beside the image",
  }),
  optional({
    names: "--nix-db",
    value: text("X", (name, path) => checkPath(name, path, "path")),
    sets: (path) => ({ nixDatabase: path ?? true }),
    default: "none; with the option alone, for which --store-dir has to be there, nix/var/nix/db/db.sqlite",
    help: "put Nix's database X into the image, in which the store paths are valid: nothing has to be loaded in the guest",
  }),
  valued({
    names: "--gcroot",
    value: text("NAME"),
    sets: "gcroot",
    needs: "--nix-db",
    help: "link the roots, and what no other path refers to, as NAME below nix/var/nix/gcroots, so that garbage collection keeps it",
  }),
  flag({
    names: "--scan-references",
    sets: { scanReferences: true },
    help: "look in files for references that the list does not tell; one to a path that is not there is an error",
  }),
  valued({
    names: "--exclude-path",
    value: text("X"),
    sets: (path, { excludePaths }) => ({ excludePaths: [...excludePaths, withSlashes(path)] }),
    help: "leave out X, a path relative to the root of the image",
  }),
  valued({
    names: "--exclude-regex",
    value: text("X"),
    sets: (regex, { excludeRegexes }) => ({ excludeRegexes: [...excludeRegexes, regex] }),
    help: "leave out what matches X, a POSIX extended regular expression",
  }),
  flag({ names: "--one-file-system", sets: { oneFileSystem: true }, help: "leave out what is mounted below a source" }),
];
