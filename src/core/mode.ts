/** Modes as of stat(2). */

/** File type bits of `mode`, as in stat(2). */
export const S_IFMT = 0o170000;
/** Socket. */
export const S_IFSOCK = 0o140000;
/** Symbolic link. */
export const S_IFLNK = 0o120000;
/** Regular file. */
export const S_IFREG = 0o100000;
/** Block device. */
export const S_IFBLK = 0o060000;
/** Directory. */
export const S_IFDIR = 0o040000;
/** Character device. */
export const S_IFCHR = 0o020000;
/** FIFO. */
export const S_IFIFO = 0o010000;

/** Whether a mode is that of a directory. */
export function isDirectoryMode(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

/** What an entry is. */
export type EntryKind = "file" | "directory" | "symlink" | "char" | "block" | "fifo" | "socket";

/** Kinds of entries by the type bits of their modes. */
const KINDS: Readonly<Record<number, EntryKind>> = {
  [S_IFREG]: "file",
  [S_IFDIR]: "directory",
  [S_IFLNK]: "symlink",
  [S_IFCHR]: "char",
  [S_IFBLK]: "block",
  [S_IFIFO]: "fifo",
  [S_IFSOCK]: "socket",
};

/** What a mode is of; undefined: of nothing that there is. */
export function kindOfMode(mode: number): EntryKind | undefined {
  return KINDS[mode & S_IFMT];
}
