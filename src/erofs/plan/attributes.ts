/** The extended attributes of a tree, encoded. */
import { compareBytes, showBytes } from "../../core/bytes.ts";
import type { XxHash } from "../../core/hash/xxhash.ts";
import { S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { blankFingerprint, shareFingerprints } from "../disk/fingerprint.ts";
import { COMPAT_ISHARE_XATTRS, COMPAT_PLAIN_XATTR_PFX, COMPAT_XATTR_FILTER } from "../disk/format.ts";
import type { PrefixPlace } from "../disk/superblock.ts";
import { padBody, planXattrs, type XattrPlan } from "../disk/xattr.ts";
import type { ErofsSettings } from "../options.ts";

/**
 * COMPAT_ bits that tell of attributes.
 *
 * @param prefixes where their table is
 * @param inImage whether that is in the image itself
 */
export function xattrCompat(
  { hasFilter }: XattrPlan,
  prefixes: PrefixPlace | undefined,
  inImage: boolean,
  settings: ErofsSettings,
): number {
  const hasFingerprints = prefixes?.fingerprint !== undefined;
  const isPlain = prefixes !== undefined && inImage && (settings.plainXattrPrefixes || hasFingerprints);
  return (
    (hasFilter ? COMPAT_XATTR_FILTER : 0) |
    (isPlain ? COMPAT_PLAIN_XATTR_PFX : 0) |
    (hasFingerprints ? COMPAT_ISHARE_XATTRS : 0)
  );
}

/**
 * Encodes the attribute sets that inodes have. Files that are to have fingerprints, and a root that is to have room, get
 * other sets. Throws `LIMIT` naming a path for what EROFS cannot hold.
 */
export function planTreeXattrs(
  tree: Tree,
  order: Uint32Array,
  given: Xattr[][],
  settings: ErofsSettings,
  xxhash: XxHash,
): XattrPlan {
  const { fingerprint: name, xattrFilter: filter } = settings;
  const fingerprint = name && blankFingerprint(name.prefix);
  const sets = fingerprint ? addFingerprints(tree, given, fingerprint, settings.xattrTolerance < 0) : given;
  const uses = new Uint32Array(sets.length);
  const example = new Uint32Array(sets.length);
  for (const entry of order) {
    const set = tree.xattrs.view[entry]!;
    if (uses[set]!++ === 0) example[set] = entry;
  }
  const tolerance = fingerprint ? Math.abs(settings.xattrTolerance) : settings.xattrTolerance;
  const prefixes = name ? [...settings.xattrPrefixes, name] : settings.xattrPrefixes;
  const pathOf = (set: number) => showBytes(tree.path(example[set]!)) || "/";
  const plan = planXattrs(sets, uses, { tolerance, filter, prefixes, fingerprint }, xxhash, pathOf);
  if (fingerprint) plan.fingerprints = shareFingerprints(tree.length, plan.digestAt);
  return settings.rootXattrBytes === 0 ? plan : padRoot(tree, sets.length, plan, settings);
}

/**
 * Gives regular files that are not empty a fingerprint, in place of an attribute that is called so.
 *
 * @param isAlone no other attributes are stored
 */
function addFingerprints(tree: Tree, given: Xattr[][], fingerprint: Xattr, isAlone: boolean): Xattr[][] {
  const sets = [...given];
  const { xattrs, size } = tree;
  const isOther = ({ name }: Xattr) => compareBytes(name, fingerprint.name) !== 0;
  /** By set: the number of the one with a fingerprint besides. */
  const twins = new Map<number, number>();
  for (let entry = 0; entry < tree.length; entry++) {
    const set = isAlone ? 0 : xattrs.view[entry]!;
    if (isAlone) xattrs.view[entry] = 0;
    if (tree.kind(entry) !== S_IFREG || size.view[entry] === 0) continue;
    let twin = twins.get(set);
    if (twin === undefined) {
      twin = sets.push([fingerprint, ...given[set]!.filter(isOther)]) - 1;
      twins.set(set, twin);
    }
    xattrs.view[entry] = twin;
  }
  return sets;
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
