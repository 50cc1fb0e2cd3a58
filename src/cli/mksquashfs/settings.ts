/** What the options of `ts-mksquashfs` set, before defaults are decided. */
import type { SquashfsOptions, UncompressedPart } from "../../index.ts";
import type { LogMode } from "../../stage/source/action/actions.ts";
import type { ModeChange } from "../../stage/tree/symbolic-mode.ts";
import type { VerityWords } from "../verity.ts";

/** Actions as the command line gives them, and what is printed of them. */
export type ActionText = { logs: LogMode } & ({ option: string; action: string } | { file: string });

/** Pseudo files as the command line gives them. */
export type PseudoText = { definition: string } | { file: string };

/** What options set: those of a build, and what the program makes of itself. */
export interface Settings
  extends Omit<SquashfsOptions, "compressor" | "level" | "windowBits" | "owner" | "verity">,
    VerityWords {
  /** `-comp`. */
  compressor: string;
  /** `-X…` options with their values. */
  extra: readonly (readonly [name: string, value: string])[];
  uncompressed: readonly UncompressedPart[];
  /** Halves of the owner of all entries. */
  uid?: number;
  gid?: number;
  /** What the root is like. */
  root: Readonly<{ mode?: ModeChange; uid?: number; gid?: number; mtime?: number | "inode" }>;
  /** Modes of all but directories, and of directories. */
  fileMode?: ModeChange;
  directoryMode?: ModeChange;
  /** Of all entries; `inode`: the latest that one has. */
  allTime?: number | "inode";
  keepAsDirectory: boolean;
  noStrip: boolean;
  /** The list of `-closure`; `-` is standard input. */
  closure?: string;
  /** Sources are roots, whose closure is packed. */
  closureOf: boolean;
  /** Nix's database, which knows it. */
  nixDbFrom?: string;
  /** Sources are zip archives. */
  zip: boolean;
  /** A tar archive comes on standard input. */
  tar: boolean;
  /** Blocks of zeros do not end it. */
  ignoreZeros?: boolean;
  /** Of directories that it does not describe. */
  missing: { mode?: number; uid?: number; gid?: number };
  /** The file of `-manifest`. */
  manifest?: string;
  /** The folder of `-manifest-base`. */
  manifestBase?: string;
  append: boolean;
  info: boolean;
  infoFile?: string;
  /** Where data starts in the image. */
  log?: string;
  /** What could be left out ends the build. */
  exitOnError: boolean;
  quiet: boolean;
  json: boolean;
  progress: "auto" | "always" | "never" | "percent";
  matching: "paths" | "wildcards" | "regexes";
  excludes: readonly string[];
  excludeFiles: readonly string[];
  maxDepth?: number;
  /** Symbolic links are followed; what becomes of those that lead nowhere. */
  follow?: "keep" | "delete";
  actions: readonly ActionText[];
  pseudo: readonly PseudoText[];
  /** Owners and modes that definitions give count more than those for all entries. */
  pseudoOverride: boolean;
  /** What directories are like that pseudo files need and that are missing. */
  pseudoDirectory?: string;
  /** Attributes for all entries: `NAME=VALUE`. */
  addedXattrs: readonly string[];
  sortFile?: string;
}

/** Whether store paths are packed, with Nix's policy. */
export function isClosure({ closure, closureOf }: Settings): boolean {
  return closureOf || closure !== undefined;
}

/** What is so without options. */
export const DEFAULTS: Settings = {
  ...{ compressor: "gzip", extra: [], uncompressed: [], root: {}, excludes: [], excludeFiles: [] },
  ...{
    keepAsDirectory: false,
    noStrip: false,
    closureOf: false,
    zip: false,
    tar: false,
    missing: {},
    append: true,
    info: false,
    quiet: false,
    json: false,
    progress: "auto",
  },
  ...{ matching: "paths", pseudo: [], addedXattrs: [], exitOnError: false, pseudoOverride: false, actions: [] },
};
