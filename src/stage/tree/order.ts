/**
 * The order in which inodes and their data are laid out, the same in every build: directories in preorder, and for
 * each all its children together, in byte order. Whoever lists a directory, or reads its files one after another,
 * finds them side by side; nothing depends on the entries' numbers.
 *
 *     /            1              order: / bin lib sh · bin/a bin/b · lib/x lib/y
 *     bin lib sh   2 3 4
 */
import { sharedUint32 } from "../../core/shared.ts";
import { LINK_FIELDS, NONE, S_IFDIR, type Tree } from "./tree.ts";

/** Inodes of a tree in order, with what only the whole tree can tell. Typed arrays are in shared memory. */
export interface InodeOrder {
  /** Entries that are inodes of their own: every entry but the second and later names of a hard link. */
  order: Uint32Array;
  /** Link count by entry: names of a file, 2 + subdirectories of a directory. */
  nlink: Uint32Array;
  /** By entry: the entry whose inode it shares (itself where it has its own); undefined where there are no links. */
  inodeOf: Uint32Array | undefined;
}

/** Walks the tree from its root; pure. */
export function orderInodes(tree: Tree): InodeOrder {
  const length = tree.length;
  const order = sharedUint32(length);
  const nlink = sharedUint32(length);
  const groupOf = groupLinks(tree);
  const firstOfGroup: number[] = [];
  const inodeOf = groupOf && sharedUint32(length);
  const pending: number[] = [0];
  let placed = 0;
  order[placed++] = 0;
  if (inodeOf) inodeOf[0] = 0;
  while (pending.length > 0) {
    const directory = pending.pop()!;
    const first = tree.ref.view[directory]!;
    const end = first + tree.count.view[directory]!;
    nlink[directory]! += 2;
    for (let child = first; child < end; child++) {
      const group = groupOf?.[child] ?? 0;
      firstOfGroup[group] ??= child;
      const original = group === 0 ? child : firstOfGroup[group]!;
      if (inodeOf) inodeOf[child] = original;
      if (tree.kind(child) === S_IFDIR) nlink[directory]!++;
      else nlink[original]!++;
      if (original === child) order[placed++] = child;
    }
    for (let child = end - 1; child >= first; child--) if (tree.kind(child) === S_IFDIR) pending.push(child);
  }
  return { order: order.subarray(0, placed), nlink, inodeOf };
}

/** Numbers from 1 for the inodes that have several names, by entry; undefined where there are none. */
export function groupLinks(tree: Tree): Uint32Array | undefined {
  const count = tree.linkCount;
  if (count === 0) return undefined;
  const links = tree.links.view;
  const compare = (a: number, b: number) => {
    for (let field = 1; field < LINK_FIELDS; field++) {
      const difference = links[a * LINK_FIELDS + field]! - links[b * LINK_FIELDS + field]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const records = new Uint32Array(count).map((_, index) => index).sort(compare);
  const groupOf = new Uint32Array(tree.length);
  let group = 0;
  let previous = NONE;
  for (const record of records) {
    if (previous === NONE || compare(previous, record) !== 0) group++;
    groupOf[links[record * LINK_FIELDS]!] = group;
    previous = record;
  }
  return groupOf;
}

/** The build time of a tree that has none: the clock is never asked. */
export function newestTime(tree: Tree, { order }: InodeOrder): number {
  let newest = 0;
  for (const entry of order) newest = Math.max(newest, tree.mtime.view[entry]!);
  return newest;
}
