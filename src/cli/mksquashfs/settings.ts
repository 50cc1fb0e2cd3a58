/** What the options of `ts-mksquashfs` set, before defaults are decided. */
import type { SquashfsOptions, UncompressedPart } from "../../index.ts";
import type { ModeChange } from "../../stage/source/list/symbolic-mode.ts";

/** Pseudo files as the command line gives them. */
export type PseudoText = { definition: string } | { file: string };

/** What options set. */
export interface MksquashfsSettings {
  compressor: string;
  /** `-X…` options with their values. */
  extra: [name: string, value: string][];
  options: SquashfsOptions;
  uncompressed: UncompressedPart[];
  uid?: number;
  gid?: number;
  root: { mode?: ModeChange; uid?: number; gid?: number; mtime?: number };
  /** Modes of all but directories, and of directories. */
  fileMode?: ModeChange;
  directoryMode?: ModeChange;
  allTime?: number;
  mkfsTime?: number | undefined;
  keepAsDirectory: boolean;
  noStrip: boolean;
  append: boolean;
  info: boolean;
  quiet: boolean;
  progress: "auto" | "always" | "never";
  matching: "paths" | "wildcards" | "regexes";
  excludes: string[];
  excludeFiles: string[];
  pseudo: PseudoText[];
  /** What directories are like that pseudo files need and that are missing. */
  pseudoDirectory?: string;
  /** Attributes for all entries: `NAME=VALUE`. */
  xattrs: string[];
  sortFile?: string;
}
