/** The options of `ts-mkerofs` about what entries are besides their contents. */
import type { ChmodRule } from "../../index.ts";
import { compileChmod } from "../../stage/tree/chmod.ts";
import { parseMode } from "../../stage/tree/symbolic-mode.ts";
import { asUsage, UsageError } from "../shared/getopt.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { choice, directory, file, number, text } from "../shared/value.ts";
import { XATTR_READERS, XATTRS_HELP } from "../xattr-readers.ts";
import type { Settings } from "./settings.ts";

const { flag, optional, valued } = rowsFor<Settings>();

const EROFS = ["erofs"] as const;
const SAFE = { min: 0, max: Number.MAX_SAFE_INTEGER };
const U32 = { min: 0, max: 2 ** 32 - 1 };
/** (uid_t)-1 is nobody's: system calls and mkfs.erofs take it for "leave as it is". */
const ID = { min: 0, max: 2 ** 32 - 2 };

/** A row an option. */
export const METADATA: readonly Option<Settings>[] = [
  valued({
    names: "-T",
    value: number("#", SAFE),
    sets: "timestamp",
    help: "time of the build and of all files, in seconds since 1970",
  }),
  flag({ names: "--all-time", sets: { times: "fixed" }, help: "the time given is that of all files; so with -T" }),
  flag({ names: "--mkfs-time", sets: { times: "keep" }, help: "the time given is that of the build only" }),
  flag({
    names: "--preserve-mtime",
    sets: { ignoreMtime: false },
    formats: EROFS,
    help: "files keep their times, also in a closure without -T",
  }),
  flag({
    names: "--ignore-mtime",
    sets: { ignoreMtime: true },
    formats: EROFS,
    help: "where a file's time alone would need a larger inode, use the time of the build",
  }),
  flag({ names: "--all-root", sets: { uid: 0, gid: 0 }, help: "all files belong to root" }),
  valued({ names: "--force-uid", value: number("#", ID), sets: "uid", help: "all files belong to user #" }),
  valued({ names: "--force-gid", value: number("#", ID), sets: "gid", help: "all files belong to group #" }),
  valued({ names: "--uid-offset", value: number("#", U32), sets: "uidOffset", help: "add # to all user ids" }),
  valued({ names: "--gid-offset", value: number("#", U32), sets: "gidOffset", help: "add # to all group ids" }),
  valued({
    names: "--chmod",
    value: text("PATTERN=MODE", parseChmod),
    sets: (rule, { chmod = [] }) => ({ chmod: [...chmod, rule] }),
    help:
      "what matches the shell pattern gets this mode, octal or symbolic; wildcards match slashes too, and of several such " +
      "options the last that matches a path counts",
    default: "modes are kept; where files hold none (Windows), 0755 for directories and programs, else 0644",
  }),
  flag({ names: "--hard-dereference", sets: { hardLinks: "copy" }, help: "store hard links as files of their own" }),
  valued({
    names: "-x",
    value: number("#", { min: -SAFE.max, max: SAFE.max }),
    sets: "xattrTolerance",
    default: "2",
    help:
      "store an extended attribute once if more than # files have it; with # < 0 store none, which is the only choice " +
      "for SquashFS",
  }),
  valued({
    names: "--xattr-prefix",
    value: text("X"),
    sets: (prefix, { xattrPrefixes = [] }) => ({ xattrPrefixes: [...xattrPrefixes, prefix] }),
    formats: EROFS,
    help:
      "store this beginning of attributes' names, such as trusted.overlay., once; may be given up to 128 times, and the first " +
      "that fits a name counts",
  }),
  optional({
    names: "--xattr-inode-digest",
    value: text("X"),
    sets: (name: string | undefined) => ({ fingerprints: name ?? true }),
    default: "none",
    formats: EROFS,
    help:
      "files that are not empty have their SHA-256 in the attribute X, erofs.fingerprint.v1 if nothing is said, by which Linux " +
      "7.0 and later can have equal files of several images share memory",
  }),
  valued({
    names: "--root-xattr-isize",
    value: number("#", { min: 0, max: 65532 }),
    sets: "rootXattrBytes",
    default: "0",
    formats: EROFS,
    help: "attributes of the root take # bytes at least",
  }),
  valued({
    names: "--file-contexts",
    value: file("X"),
    sets: "fileContexts",
    help:
      "label everything as this file_contexts file of SELinux says, and X.homedirs, .local, .subs and .subs_dist beside it, for " +
      "paths below --mount-point and in place of labels of files; what no rule is for has none",
  }),
  valued({
    names: "--fs-config-file",
    value: file("X"),
    sets: "fsConfigFile",
    help:
      'modes, owners and capabilities by this list of Android, lines of "PATH UID GID MODE [capabilities=MASK]" for all paths ' +
      "below --mount-point; the root is /, and of several lines for one path the last counts",
  }),
  valued({
    names: "--product-out",
    value: directory("X"),
    sets: "productOut",
    help:
      "modes, owners and capabilities by the rules of Android for paths below --mount-point: those in etc/fs_config_files and " +
      "etc/fs_config_dirs of the partitions in X, then Android's own; not with --fs-config-file",
  }),
  valued({
    names: "--xattrs",
    value: choice("X", XATTR_READERS),
    sets: "xattrReader",
    default: "none of a closure, else auto",
    help: XATTRS_HELP,
  }),
];

/** `PATTERN=MODE`, either of which may hold a `=`: the mode stands behind the first that one follows. */
function parseChmod(name: string, word: string): ChmodRule {
  for (let at = word.indexOf("="); at > 0; at = word.indexOf("=", at + 1)) {
    const rule = { pattern: word.slice(0, at), mode: word.slice(at + 1) };
    if (parseMode(rule.mode) === undefined) continue;
    asUsage(() => compileChmod([rule]));
    return rule;
  }
  throw new UsageError(`${name}: "${word}" is no PATTERN=MODE, such as "bin/*=0755" or "*.sh=a+x"`);
}
