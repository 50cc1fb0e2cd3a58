/** What a build can be told, and what it tells while it runs. */
import {
  able,
  type Checks,
  callback,
  checkOptions,
  either,
  FLAG,
  list,
  NUMBER,
  record,
  TEXT,
} from "../core/options/checks.ts";
import { EROFS_CHECKS, type ErofsLayoutOptions } from "../erofs/options.ts";
import { SQUASHFS_CHECKS, type SquashfsLayoutOptions } from "../squashfs/options.ts";
import { SORT_RULE, type SortRule } from "../stage/tree/file-order.ts";
import { STAGE_CHECKS, type StageOptions } from "../stage/tree/policy.ts";
import { VERITY_CHECKS, type VerityOptions } from "../verity/options.ts";

/** What Nix is to know of the store paths in an image; `storeDir` says where they lie. */
export interface NixOptions extends StageOptions {
  /**
   * Puts a file into the image that `nix-store --load-db` takes (`--registration`): `true`, `nix-path-registration`, or its
   * path from the image's root. What the source does not say, hashes and sizes, is found out by reading. Default: false.
   */
  registration?: boolean | string | undefined;
  /** Writes the same to a file beside the image (`--registration-out`). */
  registrationOut?: string | undefined;
  /**
   * Makes Nix's database a part of the image (`--nix-db`), as `nix-store --load-db` would make it of the registration:
   * `true`, `/nix/var/nix/db/db.sqlite`, for which `storeDir` has to be there, or its path from the image's root. All paths
   * are valid since the time of the build. Default: false.
   */
  nixDatabase?: boolean | string | undefined;
  /**
   * Keeps the closure when garbage is collected first (`--gcroot`): what `nix/var/nix/gcroots` has it by, a link to the path
   * that was asked for, or that no other refers to, or a folder of such links. Default: none.
   */
  gcroot?: string | undefined;
  /**
   * Looks in contents for references that the source does not tell (`--scan-references`), as Nix does when it has built
   * something. One to a path that is not there is an error. Default: false.
   */
  scanReferences?: boolean | undefined;
}

/** What every build can be told, whatever the format. */
export interface RunOptions extends NixOptions {
  /** Threads that walk, compare and write; never shows in the bytes (`--workers`). Default: the processors available. */
  workers?: number | undefined;
  /** The share of the time, in percent, in which threads do nothing: 0 to 99 (`-throttle`); changes no byte. Default: 0. */
  throttle?: number | undefined;
  /** The order in which the contents of files are stored: see `parseSortFile()`. Default: that of their paths. */
  sort?: readonly SortRule[] | undefined;
  /** Bytes before the image (`--offset`): zeros in a file, what was there on a device. Default: 0. */
  offset?: number | undefined;
  /** Prefix under which the image will be mounted (`--mount-point`): recorded in the report, changes no byte. */
  mountPoint?: string | undefined;
  /**
   * Labels everything as this file_contexts file of SELinux says, and those beside it with `.homedirs`, `.local`, `.subs` and
   * `.subs_dist` behind its name (`--file-contexts`): for the path below `mountPoint`, in place of labels of files. What no
   * rule is for has none. Default: none.
   */
  fileContexts?: string | undefined;
  /**
   * Modes, owners and capabilities by a list of Android (canned fs_config; `--fs-config-file`): lines of
   * `PATH UID GID MODE [capabilities=MASK]`, for the path below `mountPoint`, but for the root, which is `/`. A path that is
   * not there is an error; of several lines for one the last counts. `owner`, `uidOffset`, `gidOffset` and `chmod` have the
   * last word. Default: none.
   */
  fsConfigFile?: string | undefined;
  /**
   * Modes, owners and capabilities by the rules of Android (`--product-out`): those in `etc/fs_config_files` and
   * `etc/fs_config_dirs` of the partitions in this folder, then Android's own, for the path below `mountPoint`. Not where
   * `fsConfigFile` is given. Default: none.
   */
  productOut?: string | undefined;
  /**
   * The image's SHA-256 goes into the report (`--digest`), with a hash tree that is appended: an image that is a file is read
   * once more for it. Default: false.
   */
  digest?: boolean | undefined;
  /**
   * Makes the hash tree by which dm-verity proves each block as it is read (`--verity`): `true`, appended to the image,
   * which is padded to 4096 bytes before. It is equal to that of `veritysetup format`: SHA-256, hash type 1, blocks of 4096
   * bytes. What lies in other files, as on a device for data, it is not about. Default: false.
   */
  verity?: boolean | VerityOptions | undefined;
  /**
   * Reads the finished image back and compares it with its source, every entry and every byte, before it takes its place
   * (`--verify`); where that is a stream, or a device, before it is sent there, and a device is read back before its head is
   * written. Of data that stays elsewhere and is in no file, only entries are compared. Default: false.
   */
  verify?: boolean | undefined;
  /** Stops the build; the promise rejects with `ABORTED`, called AbortError or TimeoutError, with the reason as `cause`. */
  signal?: AbortSignal | undefined;
  /** Called at most about ten times a second. */
  onProgress?: ((progress: BuildProgress) => void) | undefined;
}

/** Everything that `buildErofs` can be told. */
export interface BuildOptions extends RunOptions, ErofsLayoutOptions {
  /**
   * Writes a file beside the image that describes it and its devices as one disk in the words of VMDK, for virtual machines
   * (`--vmdk-desc`). The image must be a file. Default: none.
   */
  vmdkDescriptor?: string | undefined;
}

/** Everything that `buildSquashfs` can be told. */
export interface SquashfsOptions extends RunOptions, SquashfsLayoutOptions {
  /** The build time that the image says, 0 to 2^32-1. Default: `timestamp`, else the time of its newest entry. */
  mkfsTime?: number | undefined;
}

/** Where a build stands. */
export interface BuildProgress {
  /** Listing the tree, comparing files of equal size or hashing store paths, compressing them, writing the image, verifying it. */
  stage: "walk" | "compare" | "compress" | "write" | "verify";
  /** Entries found so far (`walk`), else bytes of content done. */
  done: number;
  /** Bytes of content in all; undefined during `walk`, and wherever nobody knows: a closure is not listed before. */
  total: number | undefined;
}

const RUN_CHECKS: Checks<RunOptions> = {
  ...STAGE_CHECKS,
  registration: either("a boolean or a path", FLAG, TEXT),
  registrationOut: TEXT,
  nixDatabase: either("a boolean or a path", FLAG, TEXT),
  gcroot: TEXT,
  scanReferences: FLAG,
  workers: NUMBER,
  throttle: NUMBER,
  sort: list("an array of rules", record("key of a rule", SORT_RULE)),
  offset: NUMBER,
  mountPoint: TEXT,
  fileContexts: TEXT,
  fsConfigFile: TEXT,
  productOut: TEXT,
  digest: FLAG,
  verity: either("a boolean or an object", FLAG, record("key of it", VERITY_CHECKS)),
  verify: FLAG,
  signal: able("an AbortSignal", "addEventListener", "removeEventListener"),
  onProgress: callback(),
};
const BUILD_CHECKS: Checks<BuildOptions> = { ...RUN_CHECKS, ...EROFS_CHECKS, vmdkDescriptor: TEXT };
const SQUASHFS_BUILD_CHECKS: Checks<SquashfsOptions> = { ...RUN_CHECKS, ...SQUASHFS_CHECKS, mkfsTime: NUMBER };

/** Where else an option stands that people look for at the top. */
const PLACES: Readonly<Record<string, string>> = { level: "; for EROFS it stands beside its algorithm, in compress" };

/** Throws `INPUT` for what `buildErofs` cannot be told, whatever its type says. */
export function checkErofsOptions(options: BuildOptions): void {
  checkOptions(options, BUILD_CHECKS, (key) => foreign(key, SQUASHFS_BUILD_CHECKS, "SquashFS", PLACES[key]));
}

/** Throws `INPUT` for what `buildSquashfs` cannot be told, whatever its type says. */
export function checkSquashfsOptions(options: SquashfsOptions): void {
  checkOptions(options, SQUASHFS_BUILD_CHECKS, (key) => foreign(key, BUILD_CHECKS, "EROFS"));
}

function foreign(key: string, checks: object, format: string, more = ""): string | undefined {
  return Object.hasOwn(checks, key) ? `is an option of ${format} images${more}` : undefined;
}
