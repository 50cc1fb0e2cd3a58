/** Which entries are taken, and what becomes of their owners, times and links on the way into the tree. */
import { encodeUtf8, latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import {
  type Checks,
  either,
  FLAG,
  list,
  NUMBER,
  needed,
  oneOf,
  record,
  showValue,
  TEXT,
} from "../../core/options/checks.ts";
import { OptionError } from "../../core/options/option-error.ts";
import { checkInteger } from "../../core/options/ranges.ts";
import { EXCLUDE_RULES, type ExcludeRules, type Excludes, shareExcludes } from "./exclude.ts";
import type { Tree } from "./tree.ts";

/** What is done with a tree's metadata while it is staged; a closure has Nix's defaults, any other tree keeps what it has. */
export interface StageOptions {
  /** Seconds since 1970 (`-T`): the build time, and the time of every entry unless `times` says otherwise. */
  timestamp?: number | undefined;
  /**
   * `keep` each entry's own time, `fixed`: all get `timestamp`, `clamp`: those newer than `timestamp` get it.
   * Default: `fixed` where `timestamp` is given and for a closure (then 0), else `keep`.
   */
  times?: "keep" | "fixed" | "clamp" | undefined;
  /** `keep` each owner, `root` (0:0), or fixed ids, each optional. Default: `root` for a closure, else `keep`. */
  owner?: "keep" | "root" | { uid?: number | undefined; gid?: number | undefined } | undefined;
  /** Added to every uid after `owner` has been applied (`--uid-offset`). */
  uidOffset?: number | undefined;
  /** Added to every gid after `owner` has been applied (`--gid-offset`). */
  gidOffset?: number | undefined;
  /** Other modes for some entries (`--chmod`), wherever their own come from; the last rule that matches wins. Default: none. */
  chmod?: readonly ChmodRule[] | undefined;
  /** `keep` hard links as links, or store each as a file of its own (`--hard-dereference`). Default: `copy` for a closure, else `keep`. */
  hardLinks?: "keep" | "copy" | undefined;
  /**
   * Entries left out, each with all below it; paths are relative to the image's root. An array is the rules' `patterns`:
   * `[".env", "*.pem"]`. Rules that match nothing are named in the report.
   */
  exclude?: ExcludeRules | readonly string[] | undefined;
  /**
   * Do not descend into directories of another filesystem than their source's top (`--one-file-system`); `without`: they
   * are left out too (`-one-file-system-x`). Default: false.
   */
  oneFileSystem?: boolean | "without" | undefined;
  /**
   * What becomes of overlayfs's marks in directories of this machine (`--ovlfs-strip`): `keep` them as they are; `mark` a
   * directory in which there are whiteouts, character devices 0:0, with `trusted.overlay.origin` besides, by which overlayfs
   * does not list them, as mkfs.erofs does; `strip` whiteouts and `trusted.overlay.opaque`. Default: `keep`.
   */
  overlay?: "keep" | "mark" | "strip" | undefined;
  /**
   * What reads extended attributes of files (`--xattrs`), as Node itself cannot: `ffi` (Node 26.1 and later on Linux), `napi`
   * (the package `@napi-rs/xattr`), `getfattr` (that program, and xargs); `auto`: the first of these that is there, and if
   * none is, attributes are not read, which the report says; `none`: they are not read. One that is named must be there.
   * Default: `none` for a closure, as Nix has no attributes, else `auto`.
   */
  xattrReader?: XattrReaderName | "auto" | "none" | undefined;
  /** Which extended attributes that a source gives are taken, by their names. Default: all. */
  xattrNames?: XattrNameRules | undefined;
  /**
   * The folder of the image that store paths lie in (`--store-dir`): `/nix/store`. Its parents are 0755 and it is 1775, all of
   * root, and its group 30000, nixbld of NixOS, unless `owner` says otherwise. Default: the image's root.
   */
  storeDir?: string | undefined;
}

/** What can read attributes of files. */
export type XattrReaderName = "ffi" | "napi" | "getfattr";

/** Rules of {@link StageOptions.xattrNames}: POSIX extended regular expressions, matched anywhere in a full name. */
export interface XattrNameRules {
  /** All other attributes are left out (`-xattrs-include`). */
  include?: string | undefined;
  /** These are left out (`-xattrs-exclude`). */
  exclude?: string | undefined;
}

/** One rule of {@link StageOptions.chmod}. */
export interface ChmodRule {
  /**
   * A shell pattern that has to match a whole path, relative to the image's root; wildcards match slashes too. `/` is
   * the root itself. Symbolic links are left out, as they have no mode.
   */
  pattern: string;
  /** Permission bits, or what chmod(1) takes: octal digits, or `u+x,go=rX` and the like. */
  mode: string | number;
}

const CHMOD_RULE: Checks<ChmodRule> = { pattern: needed(TEXT), mode: needed(either("a mode", TEXT, NUMBER)) };
const OWNER_IDS: Checks<{ uid?: number | undefined; gid?: number | undefined }> = { uid: NUMBER, gid: NUMBER };

const XATTR_NAMES: Checks<XattrNameRules> = { include: TEXT, exclude: TEXT };

/** What may stand in {@link StageOptions}. */
export const STAGE_CHECKS: Checks<StageOptions> = {
  timestamp: NUMBER,
  times: oneOf("keep", "fixed", "clamp"),
  owner: either('"keep", "root" or {uid, gid}', oneOf("keep", "root"), record("id", OWNER_IDS)),
  uidOffset: NUMBER,
  gidOffset: NUMBER,
  chmod: list("an array of {pattern, mode}", record("key of a rule", CHMOD_RULE)),
  hardLinks: oneOf("keep", "copy"),
  exclude: either(
    "an array of paths, or an object {paths, patterns, regexes}",
    list("an array of paths", TEXT),
    record("kind of rule", EXCLUDE_RULES),
  ),
  oneFileSystem: either('a boolean or "without"', FLAG, oneOf("without")),
  overlay: oneOf("keep", "mark", "strip"),
  xattrReader: oneOf("auto", "none", "ffi", "napi", "getfattr"),
  xattrNames: record("rule", XATTR_NAMES),
  storeDir: TEXT,
};

/** Files of the build itself, which are no part of what it packs: the image that is there already, temporary files. */
export interface OwnFiles {
  /** Device and inode of each: `2049:131`. */
  ids: readonly string[];
  /** The names that they have on disk, as latin1 strings; undefined: they may have any. */
  names: readonly string[] | undefined;
}

/** {@link StageOptions} with every default decided; plain data, so that it can be sent to other threads. */
export interface StagePolicy {
  /** uid of every entry, or undefined to keep each one's own. */
  uid: number | undefined;
  gid: number | undefined;
  uidOffset: number;
  gidOffset: number;
  times: "keep" | "fixed" | "clamp";
  timestamp: number;
  /** The time of what nobody has described, where one is given. */
  buildTime: number | undefined;
  copyLinks: boolean;
  exclude: Excludes;
  /** Left out too. */
  own: OwnFiles;
  oneFileSystem: boolean | "without";
  overlay: "keep" | "mark" | "strip";
  xattrReader: XattrReaderName | "auto" | "none";
  xattrNames: XattrNameRules;
  /** Whether the image has a place for access control lists. */
  holdsAcls: boolean;
  /** Whether contents of files are read; else they stay where they are. */
  holdsContents: boolean;
  /** Whether it has one for parts of a second. */
  holdsNanoseconds: boolean;
  /** Remove Nix's `~nix~case~hack~N` from names. */
  caseHack: boolean;
  /** Names of the folders that store paths lie in, as latin1 strings; none: the root. */
  below: readonly string[];
  /** The group of the last of these. */
  storeGroup: number;
}

/** Decides the defaults: Nix's policy for a closure, as it is for anything else. Throws `INPUT` on bad values. */
export function resolvePolicy(options: StageOptions, isClosure: boolean): StagePolicy {
  const owner = options.owner ?? (isClosure ? "root" : "keep");
  const ids = owner === "keep" ? {} : owner === "root" ? { uid: 0, gid: 0 } : owner;
  const times = options.times ?? (isClosure || options.timestamp !== undefined ? "fixed" : "keep");
  if (times === "clamp" && options.timestamp === undefined) {
    throw new OptionError("times", (name) => `clamping needs ${name("timestamp")}`);
  }
  return {
    uid: checkInteger("owner.uid", ids.uid, 0, MAX_ID),
    gid: checkInteger("owner.gid", ids.gid, 0, MAX_ID),
    uidOffset: checkInteger("uidOffset", options.uidOffset, 0, MAX_ID) ?? 0,
    gidOffset: checkInteger("gidOffset", options.gidOffset, 0, MAX_ID) ?? 0,
    times,
    timestamp: checkInteger("timestamp", options.timestamp, 0, Number.MAX_SAFE_INTEGER) ?? 0,
    buildTime: options.timestamp,
    copyLinks: (options.hardLinks ?? (isClosure ? "copy" : "keep")) === "copy",
    exclude: shareExcludes(options.exclude ?? {}),
    own: { ids: [], names: [] },
    oneFileSystem: options.oneFileSystem ?? false,
    overlay: options.overlay ?? "keep",
    xattrReader: options.xattrReader ?? (isClosure ? "none" : "auto"),
    xattrNames: options.xattrNames ?? {},
    holdsAcls: true,
    holdsContents: true,
    holdsNanoseconds: true,
    caseHack: isClosure,
    below: splitStoreDir(options.storeDir),
    storeGroup: options.owner === undefined ? NIXBLD : (ids.gid ?? 0),
  };
}

/** The group of NixOS's /nix/store, which has the build users: Nix wants it to write there, and makes it so where it can. */
const NIXBLD = 30000;

/** The names of an absolute path. Throws `INPUT` for any other. */
export function splitStoreDir(path: string | undefined): string[] {
  if (path === undefined) return [];
  const names = latin1FromBytes(encodeUtf8(path))
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  const isFit =
    path.startsWith("/") && names.every((name) => name !== ".." && name.length <= 255 && !name.includes("\0"));
  if (isFit) return names;
  throw new OptionError("storeDir", `${showValue(path)} is no absolute path`);
}

/** The largest id: one more means "no id" to the kernel. */
export const MAX_ID = 0xfffffffe;

/** What a source says of an entry, before the policy is applied. One record is filled again for each entry. */
export interface GivenMetadata {
  uid: number;
  gid: number;
  /** Seconds since 1970, and nanoseconds. */
  mtime: number;
  mtimeNsec: number;
}

/** A record to be filled. */
export function blankMetadata(): GivenMetadata {
  return { uid: 0, gid: 0, mtime: 0, mtimeNsec: 0 };
}

/** Fills in the metadata columns of a new entry, after the policy has been applied. */
export function stageMetadata(tree: Tree, policy: StagePolicy, entry: number, given: GivenMetadata): void {
  const { mtime, mtimeNsec } = given;
  stageOwner(tree, policy, entry, given);
  const fixed = policy.times === "fixed" || (policy.times === "clamp" && mtime >= policy.timestamp);
  const storedTime = fixed ? policy.timestamp : mtime;
  const storedNsec = fixed ? 0 : mtimeNsec;
  // columns are zero, and take memory only where they have been written to
  if (storedTime !== 0) tree.mtime.view[entry] = storedTime;
  if (storedNsec !== 0) tree.mtimeNsec.view[entry] = storedNsec;
}

/** What of a policy is about owners. */
type OwnerPolicy = Pick<StagePolicy, "uid" | "gid" | "uidOffset" | "gidOffset">;

/** Fills in who an entry belongs to, after the policy has been applied. */
export function stageOwner(
  tree: Tree,
  policy: OwnerPolicy,
  entry: number,
  { uid, gid }: Pick<GivenMetadata, "uid" | "gid">,
): void {
  const storedUid = (policy.uid ?? uid) + policy.uidOffset;
  const storedGid = (policy.gid ?? gid) + policy.gidOffset;
  if (storedUid > MAX_ID || storedGid > MAX_ID) {
    const path = showBytes(tree.path(entry));
    throw new ImageError("LIMIT", `${path}: owner ${storedUid}:${storedGid} is beyond ${MAX_ID}`, { path });
  }
  setColumn(tree.uid.view, entry, storedUid);
  setColumn(tree.gid.view, entry, storedGid);
}

/** Columns are zero, and take memory only where they have been written to. */
function setColumn(column: Uint32Array, entry: number, value: number): void {
  if (column[entry] !== value) column[entry] = value;
}
