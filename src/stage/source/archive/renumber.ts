/** Gives the entries of a tree other numbers. */
import { isZero } from "../../../core/bytes.ts";
import type { Column } from "../../../core/column.ts";
import { NONE, type Tree } from "../../tree/tree.ts";

/**
 * Moves what is known of entries to other numbers. Entries that get none are in no directory any more; numbers behind all
 * others are theirs.
 *
 * @param numberOf the number of each entry, or NONE; no two are alike, and those that are given have no gaps
 * @param carried further columns by entry
 */
export function renumber(
  tree: Tree,
  numberOf: Uint32Array,
  carried: readonly Column<Uint32Array | Float64Array>[],
): void {
  const { length } = numberOf;
  const parent = tree.parent.view;
  for (let entry = 0; entry < length; entry++) {
    if (numberOf[entry] !== NONE) parent[entry] = numberOf[parent[entry]!]!;
  }
  const columns = [
    ...[tree.parent, tree.nameOff, tree.nameLen, tree.mode, tree.uid, tree.gid, tree.size, tree.mtime, tree.mtimeNsec],
    ...[tree.ref, tree.count, tree.xattrs, tree.stamp, tree.flags],
    ...carried,
  ];
  for (const { view } of columns) {
    const before = view.slice(0, length);
    // as many columns are, of most archives
    if (isZero(new Uint8Array(before.buffer))) continue;
    view.fill(0, 0, length);
    for (let entry = 0; entry < length; entry++) {
      const to = numberOf[entry]!;
      // columns are zero, and take memory only where they have been written to
      if (to !== NONE && before[entry] !== 0) view[to] = before[entry]!;
    }
  }
}
