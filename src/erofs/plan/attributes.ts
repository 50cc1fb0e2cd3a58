/** The extended attributes of a tree, encoded. */
import { showBytes } from "../../core/bytes.ts";
import type { XxHash } from "../../core/xxhash.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { planXattrs, type XattrPlan } from "../disk/xattr.ts";
import type { ErofsSettings } from "../options.ts";

/** Encodes the attribute sets that inodes have. Throws `LIMIT` naming a path for what EROFS cannot hold. */
export function planTreeXattrs(
  tree: Tree,
  order: Uint32Array,
  sets: Xattr[][],
  settings: ErofsSettings,
  xxhash: XxHash,
): XattrPlan {
  const uses = new Uint32Array(sets.length);
  const example = new Uint32Array(sets.length);
  for (const entry of order) {
    const set = tree.xattrs.view[entry]!;
    if (uses[set]!++ === 0) example[set] = entry;
  }
  const { xattrTolerance: tolerance, xattrFilter: filter, xattrPrefixes: prefixes } = settings;
  const options = { tolerance, filter, prefixes };
  const pathOf = (set: number) => showBytes(tree.path(example[set]!)) || "/";
  return planXattrs(sets, uses, options, xxhash, pathOf);
}
