/** How many there are of each kind. */
import type { InodeOrder } from "./order.ts";
import { NONE, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK, type Tree } from "./tree.ts";

/** Inodes of a tree by kind; `except`: one that is no file of anyone's. */
export function countInodes(inodes: Pick<InodeOrder, "order" | "nlink">, tree: Tree, except: number = NONE) {
  const counts = { files: 0, directories: 0, symlinks: 0, devices: 0, fifos: 0, sockets: 0, hardLinks: 0 };
  for (const entry of inodes.order) {
    if (entry === except) continue;
    const kind = tree.kind(entry);
    if (kind === S_IFREG) counts.files++;
    else if (kind === S_IFDIR) counts.directories++;
    else if (kind === S_IFLNK) counts.symlinks++;
    else if (kind === S_IFIFO) counts.fifos++;
    else if (kind === S_IFSOCK) counts.sockets++;
    else counts.devices++;
    if (kind !== S_IFDIR) counts.hardLinks += inodes.nlink[entry]! - 1;
  }
  return counts;
}
