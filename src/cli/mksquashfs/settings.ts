/** What the options of `ts-mksquashfs` set, before defaults are decided. */
import type { SquashfsOptions, UncompressedPart } from "../../index.ts";
import type { ModeChange } from "../../stage/tree/symbolic-mode.ts";

/** Pseudo files as the command line gives them. */
export type PseudoText = { definition: string } | { file: string };

/** What options set: those of a build, and what the program makes of itself. */
export interface Settings extends Omit<SquashfsOptions, "compressor" | "level" | "windowBits" | "owner"> {
  /** `-comp`. */
  compressor: string;
  /** `-X…` options with their values. */
  extra: readonly (readonly [name: string, value: string])[];
  uncompressed: readonly UncompressedPart[];
  /** Halves of the owner of all entries. */
  uid?: number;
  gid?: number;
  /** What the root is like. */
  root: Readonly<{ mode?: ModeChange; uid?: number; gid?: number; mtime?: number }>;
  /** Modes of all but directories, and of directories. */
  fileMode?: ModeChange;
  directoryMode?: ModeChange;
  allTime?: number;
  keepAsDirectory: boolean;
  noStrip: boolean;
  append: boolean;
  info: boolean;
  quiet: boolean;
  progress: "auto" | "always" | "never";
  matching: "paths" | "wildcards" | "regexes";
  excludes: readonly string[];
  excludeFiles: readonly string[];
  pseudo: readonly PseudoText[];
  /** What directories are like that pseudo files need and that are missing. */
  pseudoDirectory?: string;
  /** Attributes for all entries: `NAME=VALUE`. */
  addedXattrs: readonly string[];
  sortFile?: string;
}

/** What is so without options. */
export const DEFAULTS: Settings = {
  ...{ compressor: "gzip", extra: [], uncompressed: [], root: {}, excludes: [], excludeFiles: [] },
  ...{ keepAsDirectory: false, noStrip: false, append: true, info: false, quiet: false, progress: "auto" },
  ...{ matching: "paths", pseudo: [], addedXattrs: [] },
};
