/** How many inodes there are of each kind. */
import type { InodeOrder } from "./order.ts";
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK, type Tree } from "./tree.ts";

/** Inodes by kind. */
export interface InodeCounts {
  /** Regular files. */
  files: number;
  /** Directories, the root among them. */
  directories: number;
  /** Symbolic links. */
  symlinks: number;
  /** Character and block devices. */
  devices: number;
  /** FIFOs. */
  fifos: number;
  /** Sockets. */
  sockets: number;
  /** Further names of files already counted. */
  hardLinks: number;
}

/** None. */
export function noInodes(): InodeCounts {
  return { files: 0, directories: 0, symlinks: 0, devices: 0, fifos: 0, sockets: 0, hardLinks: 0 };
}

/** Counts an inode of a kind with so many links. */
export function countInode(counts: InodeCounts, kind: number, nlink: number): void {
  if (kind === S_IFREG) counts.files++;
  else if (kind === S_IFDIR) counts.directories++;
  else if (kind === S_IFLNK) counts.symlinks++;
  else if (kind === S_IFIFO) counts.fifos++;
  else if (kind === S_IFSOCK) counts.sockets++;
  else counts.devices++;
  if (kind !== S_IFDIR) counts.hardLinks += nlink - 1;
}

/** Inodes of a tree by kind. */
export function countInodes(inodes: Pick<InodeOrder, "order" | "nlink">, tree: Tree): InodeCounts {
  const counts = noInodes();
  for (const entry of inodes.order) countInode(counts, tree.kind(entry), inodes.nlink[entry]!);
  return counts;
}
