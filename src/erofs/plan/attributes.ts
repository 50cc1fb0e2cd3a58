/** The extended attributes of a tree, encoded. */
import { showBytes } from "../../core/bytes.ts";
import type { XxHash } from "../../core/xxhash.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { COMPAT_PLAIN_XATTR_PFX, COMPAT_XATTR_FILTER } from "../disk/format.ts";
import { padBody, planXattrs, type XattrPlan } from "../disk/xattr.ts";
import type { ErofsSettings } from "../options.ts";

/** COMPAT_ bits that tell of attributes, of an image with its table of prefixes in itself, or with none. */
export function xattrCompat({ hasFilter, prefixes }: XattrPlan, settings: ErofsSettings): number {
  const isPlain = prefixes !== undefined && settings.plainXattrPrefixes;
  return (hasFilter ? COMPAT_XATTR_FILTER : 0) | (isPlain ? COMPAT_PLAIN_XATTR_PFX : 0);
}

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
  const plan = planXattrs(sets, uses, options, xxhash, pathOf);
  return settings.rootXattrBytes === 0 ? plan : padRoot(tree, sets.length, plan, settings);
}

/** Has the root's attributes take some bytes at least. @param free the number of a set that there is not yet */
function padRoot(tree: Tree, free: number, plan: XattrPlan, settings: ErofsSettings): XattrPlan {
  const { rootXattrBytes, xattrFilter } = settings;
  const { view } = tree.xattrs;
  const body = plan.ibodies[view[0]!];
  if (body && body.length >= rootXattrBytes) return plan;
  plan.ibodies[free] = padBody(body, rootXattrBytes, xattrFilter);
  view[0] = free;
  return { ...plan, hasFilter: xattrFilter };
}
