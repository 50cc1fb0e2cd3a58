/** The table of `ts-mksquashfs`: which entries there are, and what they are like. */
import { IS_DEFAULT, type Option, rowsFor } from "../shared/option.ts";
import { choice, file, text } from "../shared/value.ts";
import { XATTR_READERS, XATTRS_HELP } from "../xattr-readers.ts";
import type { Settings } from "./settings.ts";
import { decimal, GROUP, ID_OFFSET, MODE, regex, TIME_OR_INODE, USER, TIME as WHEN } from "./values.ts";

const { flag, valued } = rowsFor<Settings>();

/** `time`. */
export const TIME: readonly Option<Settings>[] = [
  valued({
    names: "-mkfs-time -fstime",
    value: TIME_OR_INODE,
    // "inode" is the newest of all times: so it is without the option
    sets: (time) => ({ mkfsTime: time === "inode" ? undefined : time }),
    default: "inode",
    help:
      'time of the image: seconds since 1970, or a date such as "2023-02-15 21:02:39 UTC", which is in UTC where it names ' +
      'no zone; "inode": the time of its newest entry. The clock is never read',
  }),
  valued({
    names: "-inode-time -all-time",
    value: TIME_OR_INODE,
    sets: "allTime",
    help: 'time of all entries; "inode": that of the newest',
  }),
  valued({
    names: "-root-time",
    value: TIME_OR_INODE,
    sets: (mtime, { root }) => ({ root: { ...root, mtime } }),
    help: 'time of the root; "inode": that of the newest entry',
  }),
  valued({
    names: "-repro-time",
    value: WHEN,
    sets: (time) => ({ allTime: time, mkfsTime: time }),
    help: "time of the image and of all entries",
  }),
  flag({ names: "-repro -reproducible", help: "accepted: images are always reproducible" }),
  flag({
    names: "-not-reproducible",
    help: "accepted, as mksquashfs has it, without effect: images are always reproducible",
  }),
];

/** `perms`. */
export const PERMS: readonly Option<Settings>[] = [
  flag({ names: "-all-root -root-owned", sets: { uid: 0, gid: 0 }, help: "all entries belong to root" }),
  valued({
    names: "-force-uid",
    value: USER,
    sets: "uid",
    help: "all entries belong to this user: an id, or a name of /etc/passwd",
  }),
  valued({
    names: "-force-gid",
    value: GROUP,
    sets: "gid",
    help: "all entries belong to this group: an id, or a name of /etc/group",
  }),
  valued({
    names: "-uid-gid-offset",
    value: ID_OFFSET,
    sets: (offset) => ({ uidOffset: offset, gidOffset: offset }),
    help: "add N to all ids",
  }),
  valued({
    names: "-force-file-mode",
    value: MODE,
    sets: "fileMode",
    help: "permissions of all but directories",
  }),
  valued({ names: "-force-dir-mode", value: MODE, sets: "directoryMode", help: "permissions of directories" }),
  valued({
    names: "-root-mode",
    value: MODE,
    sets: (mode, { root }) => ({ root: { ...root, mode } }),
    help: "permissions of the root",
  }),
  valued({
    names: "-root-uid",
    value: USER,
    sets: (uid, { root }) => ({ root: { ...root, uid } }),
    help: "user of the root",
  }),
  valued({
    names: "-root-gid",
    value: GROUP,
    sets: (gid, { root }) => ({ root: { ...root, gid } }),
    help: "group of the root",
  }),
];

/** `pseudo`. */
export const PSEUDO: readonly Option<Settings>[] = [
  valued({
    names: "-p",
    value: text("DEFINITION"),
    sets: (definition, { pseudo }) => ({ pseudo: [...pseudo, { definition }] }),
    help: "an entry that is not on disk, or not like this; for the shell it is one word, in quotes",
  }),
  valued({
    names: "-pf",
    value: file(),
    sets: (path, { pseudo }) => ({ pseudo: [...pseudo, { file: path }] }),
    help: 'definitions, one a line, as unsquashfs writes them too; "-" is standard input',
  }),
  valued({
    names: "-pd -pseudo-dir",
    value: text("DEFINITION"),
    sets: "pseudoDirectory",
    help:
      "what directories are like that pseudo files need and that are missing: d MODE USER GROUP, or D TIME MODE USER " +
      "GROUP; without it they are an error",
  }),
  flag({
    names: "-pseudo-override",
    sets: { pseudoOverride: true },
    help: "owners and modes that definitions give count more than those that options give to all entries",
  }),
];

/** `filter`. */
export const FILTER: readonly Option<Settings>[] = [
  valued({
    names: "-e",
    value: text("EXCLUDE..."),
    sets: (path, { excludes }) => ({ excludes: [...excludes, path] }),
    help: "exclude these; all that follows is for this option, so that it comes last",
  }),
  valued({
    names: "-ef",
    value: file(),
    sets: (path, { excludeFiles }) => ({ excludeFiles: [...excludeFiles, path] }),
    help: "exclude what FILE lists, one a line",
  }),
  flag({
    names: "-wildcards",
    sets: { matching: "wildcards" },
    help: 'what to exclude is given by patterns of a shell; "... PATTERN": in any directory',
  }),
  flag({
    names: "-regex",
    sets: { matching: "regexes" },
    help: "what to exclude is given by POSIX extended regular expressions, for each name of a path its own",
  }),
  flag({ names: "-one-file-system", sets: { oneFileSystem: true }, help: "leave out what is mounted below a source" }),
  valued({
    names: "-sort",
    value: file(),
    sets: "sortFile",
    help: "order of the data: a path and a priority a line",
  }),
  flag({
    names: "-one-file-system-x",
    sets: { oneFileSystem: "without" },
    help: "the same, and the directories that something is mounted on too",
  }),
  flag({
    names: "-dereference",
    sets: { follow: "delete" },
    help: "pack what symbolic links lead to; those that lead nowhere are left out",
  }),
  valued({
    names: "-deref",
    value: choice("RESPONSE", ["keep", "delete"]),
    sets: "follow",
    help: 'the same; "keep": links that lead nowhere stay links',
  }),
  valued({
    names: "-deref-path",
    value: text("PATH"),
    sets: (path, { actions }, option) => ({
      actions: [
        ...actions,
        { logs: "none", option, action: `dereference(delete)@pathname("${path.replace(/["\\]/g, "\\$&")}")` },
      ],
    }),
    help: "pack what the symbolic link at this path of the image leads to",
  }),
  valued({
    names: "-max-depth",
    value: decimal("N", { min: 0, max: 2 ** 32 - 1 }),
    sets: "maxDepth",
    help: "leave out what lies deeper than N directories; what lies in the root is at 1",
  }),
];

/** `xattrs`. */
export const XATTRS: readonly Option<Settings>[] = [
  valued({
    names: "-xattrs-add",
    value: text("NAME=VALUE"),
    sets: (xattr, { addedXattrs }) => ({ addedXattrs: [...addedXattrs, xattr] }),
    help:
      "an attribute for all entries, those of users for files and directories only; before VALUE stands 0x for hex " +
      "digits, 0s for base64, 0t for text with \\ooo",
  }),
  flag({
    names: "-no-xattrs",
    sets: { xattrs: false },
    help: "store no attributes",
  }),
  flag({
    names: "-xattrs",
    sets: { xattrs: true },
    default: IS_DEFAULT,
    help: "store the attributes of files; ACLs, which SquashFS does not hold, are left out",
  }),
  valued({
    names: "-xattrs-reader",
    value: choice("X", XATTR_READERS),
    sets: "xattrReader",
    default: "auto, none with a closure",
    help: XATTRS_HELP,
  }),
  valued({
    names: "-xattrs-exclude",
    value: regex("REGEX"),
    sets: (exclude, { xattrNames }) => ({ xattrNames: { ...xattrNames, exclude } }),
    help: "leave out attributes whose names match",
  }),
  valued({
    names: "-xattrs-include",
    value: regex("REGEX"),
    sets: (include, { xattrNames }) => ({ xattrNames: { ...xattrNames, include } }),
    help: "leave out attributes whose names do not match",
  }),
];
