/** What the options of `ts-gensquashfs` set, before defaults are decided. */

import type { XattrReaderName } from "../../index.ts";
import type { VerityWords } from "../verity.ts";

/** What options set. */
export interface Settings extends VerityWords {
  packFile?: string;
  packDir?: string;
  /** The file of `--zip`. */
  zip?: string;
  /** The file of `--tar`; `-` is standard input. */
  tar?: string;
  /** The directory of `--root-becomes`. */
  rootBecomes?: string;
  /** `--no-symlink-retarget`. */
  keepTargets?: boolean;
  /** Patterns of `--exclude-dir`. */
  excludeMembers?: readonly string[];
  /** `--no-xattr`. */
  noXattrs?: boolean;
  /** `--no-keep-time`. */
  noKeepTime?: boolean;
  /** The file of `--manifest`. */
  manifest?: string;
  /** The list of `--closure`; `-` is standard input. */
  closure?: string;
  /** What stands behind IMAGE are roots, whose closure is packed. */
  closureOf?: boolean;
  /** Nix's database, which knows it. */
  nixDbFrom?: string;
  storeDir?: string;
  registration?: boolean | string;
  nixDatabase?: boolean | string;
  gcroot?: string;
  compressor: string;
  /** `-X`. */
  extra?: string;
  blockSize?: number;
  padding?: number;
  workers?: number;
  defaults: { uid?: number; gid?: number; mode?: number; mtime?: number };
  uid?: number;
  gid?: number;
  sortFile?: string;
  xattrFile?: string;
  contextsFile?: string;
  /** Attributes of files are read. */
  keepXattrs: boolean;
  xattrReader?: XattrReaderName | "auto" | "none";
  keepAsDirectory: boolean;
  keepTime: boolean;
  oneFileSystem: boolean;
  exportable: boolean;
  noTailPacking: boolean;
  noHardLinks: boolean;
  force: boolean;
  quiet: boolean;
  json: boolean;
  digest: boolean;
  verify?: boolean;
}

/** What is so without options. */
export const DEFAULTS: Settings = {
  ...{
    compressor: "zstd",
    defaults: {},
    keepXattrs: false,
    keepAsDirectory: false,
    keepTime: false,
    oneFileSystem: false,
    exportable: false,
  },
  ...{ noTailPacking: false, noHardLinks: false, force: false, quiet: false, json: false, digest: false },
};
