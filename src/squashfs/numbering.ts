/**
 * The numbers of inodes, in the order in which inodes are written: directories from the last one to the root, for each
 * the inodes of all its entries, and at last the root's own.
 */
import { ImageError } from "../core/error.ts";
import type { InodeOrder } from "../stage/tree/order.ts";
import { S_IFDIR, type Tree } from "../stage/tree/tree.ts";

/** The outcome of {@link numberInodes}. */
export interface Numbering {
  /** By entry, from 1 on; 0 for one that has no inode of its own. */
  numbers: Uint32Array;
  /** All directories in preorder: they are written from the last one on. */
  directories: Uint32Array;
}

/** Numbers all inodes. */
export function numberInodes(tree: Tree, { order, inodeOf }: InodeOrder): Numbering {
  const numbers = new Uint32Array(tree.length);
  const directories = order.filter((entry) => tree.kind(entry) === S_IFDIR);
  let next = 1;
  for (let index = directories.length - 1; index >= 0; index--) {
    const first = tree.ref.view[directories[index]!]!;
    const end = first + tree.count.view[directories[index]!]!;
    for (let child = first; child < end; child++) {
      // a file of several names gets its number with the first that comes up
      const entry = inodeOf?.[child] ?? child;
      if (numbers[entry] === 0) numbers[entry] = next++;
    }
  }
  numbers[0] = next;
  if (next !== order.length) {
    throw new ImageError("INTERNAL", `${next} inodes have been numbered, ${order.length} planned`);
  }
  return { numbers, directories };
}
