/** What SquashFS cannot hold is refused before any contents are read: tables are written in the end, which may be hours later. */
import { showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import type { InodeOrder } from "../stage/tree/order.ts";
import { S_IFLNK, type Tree } from "../stage/tree/tree.ts";
import type { Xattr } from "../stage/tree/xattrs.ts";
import { MAX_LINK } from "./disk/format.ts";
import { IdTable } from "./disk/ids.ts";
import { XattrTable } from "./disk/xattr.ts";

/** Throws `LIMIT` naming the path of a link that is too long, of an owner too many, or of an attribute that has no place. */
export function checkLimits(
  tree: Tree,
  { order }: InodeOrder,
  xattrs: readonly (readonly Xattr[])[] | undefined,
): void {
  const ids = new IdTable();
  const sets = xattrs && new XattrTable(xattrs);
  for (const entry of order) {
    ids.index(tree.uid.view[entry]!, tree, entry);
    ids.index(tree.gid.view[entry]!, tree, entry);
    const pathOf = () => showBytes(tree.path(entry)) || "/";
    const set = tree.xattrs.view[entry]!;
    if (set !== 0) sets?.number(set, pathOf);
    if (tree.kind(entry) !== S_IFLNK || tree.size.view[entry]! <= MAX_LINK) continue;
    const path = pathOf();
    const why = `the target of the link has ${tree.size.view[entry]} bytes; Linux reads ${MAX_LINK}`;
    throw new ImageError("LIMIT", `${path}: ${why}`, { path });
  }
}
