/** What mkfs.erofs adds to a tree that is to be a layer of overlayfs. */
import { compareBytes } from "../../core/bytes.ts";
import { isWhiteout, ORIGIN_XATTR } from "../../stage/source/overlay.ts";
import { S_IFDIR } from "../../stage/tree/tree.ts";
import { XattrSets } from "../../stage/tree/xattrs.ts";
import type { Staged } from "./part.ts";

/** Has directories in which there are whiteouts say that there may be some: else they are listed when it is a layer. */
export function markOverlay(staged: Staged): Staged {
  const { tree } = staged;
  const marked = new Set<number>();
  for (let entry = 1; entry < tree.length; entry++) {
    if (isWhiteout(tree, entry)) marked.add(tree.parent.view[entry]!);
  }
  if (marked.size === 0) return staged;
  const sets = new XattrSets(staged.xattrs);
  for (const directory of marked) {
    if (tree.kind(directory) !== S_IFDIR) continue;
    const { view } = tree.xattrs;
    const own = sets.sets[view[directory]!]!;
    const hasMark = own.some(({ name }) => compareBytes(name, ORIGIN_XATTR.name) === 0);
    if (!hasMark) view[directory] = sets.index([...own, ORIGIN_XATTR]);
  }
  return { ...staged, xattrs: sets.sets };
}
