/** What the options of `ts-mkerofs` set, before it is known what they come to together. */
import type { BuildOptions } from "../../build/options.ts";
import type { Format } from "../shared/value.ts";
import type { VerityWords } from "../verity.ts";

/** What options set: those of a build, and what the program makes of itself. */
export interface Settings extends Omit<BuildOptions, "verity">, VerityWords {
  /** The file of `--closure`. */
  closure?: string;
  /** SOURCEs are roots, whose closure is packed. */
  closureOf?: boolean;
  /** Nix's database, which knows it. */
  nixDbFrom?: string;
  /** `--keep-as-directory`. */
  keepAsDirectory?: boolean;
  /** The file of `--nar`; `-` is standard input. */
  nar?: string;
  /** The file of `--manifest`; `-` is standard input. */
  manifest?: string;
  /** The folder of `--manifest-base`. */
  manifestBase?: string;
  /** SOURCEs are zip archives. */
  zip?: boolean;
  /** `--clean`: the contents of SOURCEs that are EROFS images are copied. */
  copiesImages?: boolean;
  /** SOURCEs are tar archives: all that is in them, or only what is known of it. */
  tar?: "f" | "i";
  /** `--aufs`. */
  aufs?: boolean;
  /** `--ovlfs-strip`. */
  overlay?: "keep" | "strip";
  /** The file of `--ungzip`. */
  tarCopy?: string;
  /** The folder of `--binary-cache`. */
  binaryCache?: string;
  /** The keys of `--trusted-public-keys`. */
  trustedKeys?: readonly string[];
  /** The file of `--compress-hints`. */
  compressHintsFile?: string;
  /** The file of `--sort-file`. */
  sortFile?: string;
  /** Halves of `owner`, as each may be overruled on its own. */
  uid?: number;
  gid?: number;
  /** Parts of `exclude`. */
  excludePaths: readonly string[];
  excludeRegexes: readonly string[];
  json: boolean;
  progress: "auto" | "always" | "never";
  /** `-d`. */
  verbosity: number;
  format: Format;
  /** `-b`, which means what the format allows. */
  block?: (format: Format) => number;
  /** `-z`: each format has its own. */
  compression?: string;
  /** `--quiet`, which overrules `-d` on either side of it, as in mkfs.erofs. */
  quiet: boolean;
}
