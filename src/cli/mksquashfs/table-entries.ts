/** The table of `ts-mksquashfs`: which entries there are, and what they are like. */
import { type Option, rowsFor } from "../shared/option.ts";
import { file, number, text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";
import { GROUP, MODE, SECONDS, USER } from "./values.ts";

const { flag, valued, refused } = rowsFor<Settings>();

/** `time`. */
export const TIME: readonly Option<Settings>[] = [
  valued({
    names: "-mkfs-time -fstime",
    // "inode" is the newest of all times: so it is without the option
    value: text("SECONDS", (name, given) => (given === "inode" ? undefined : SECONDS.parse(name, given)), "number"),
    sets: "mkfsTime",
    default: "inode",
    help: 'time of the image, since 1970; "inode": that of its newest entry. The clock is never read',
  }),
  valued({
    names: "-inode-time -all-time",
    value: SECONDS,
    sets: "allTime",
    help: "time of all entries",
  }),
  valued({
    names: "-root-time",
    value: SECONDS,
    sets: (mtime, { root }) => ({ root: { ...root, mtime } }),
    help: "time of the root",
  }),
  valued({
    names: "-repro-time",
    value: SECONDS,
    sets: (time) => ({ allTime: time, mkfsTime: time }),
    help: "time of the image and of all entries",
  }),
  flag({ names: "-repro -reproducible", help: "accepted: images are always reproducible" }),
  refused({ names: "-not-reproducible", why: "images are always reproducible" }),
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
    value: number("N", { min: 0, max: 2 ** 32 - 1 }),
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
  refused({ names: "-pseudo-override", why: "not supported" }),
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
  refused({ names: "-dereference", why: "not supported" }),
  refused({ names: "-deref -deref-path", placeholder: "X", why: "not supported" }),
  refused({ names: "-max-depth", placeholder: "N", why: "not supported" }),
  refused({
    names: "-one-file-system-x",
    why: "not supported; -one-file-system keeps the directories that something is mounted on",
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
    help: "store no attributes; those of files cannot be read in any case",
  }),
  refused({ names: "-xattrs", why: "attributes of files cannot be read; pseudo files can give them" }),
  refused({
    names: "-xattrs-exclude",
    placeholder: "REGEX",
    why: "attributes of files cannot be read, so there are none to leave out",
  }),
  refused({
    names: "-xattrs-include",
    placeholder: "REGEX",
    why: "attributes of files cannot be read, so there are none to choose from",
  }),
];
