/** What the options of `ts-mksquashfs` set, before defaults are decided. */
import type { SquashfsOptions, UncompressedPart } from "../index.ts";

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
  root: { mode?: number; uid?: number; gid?: number; mtime?: number };
  allTime?: number;
  mkfsTime?: number;
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
  sortFile?: string;
}
