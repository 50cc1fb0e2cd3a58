/** The root of a tree of several paths, and their names in it. */
import { latin1FromBytes, writeLatin1 } from "../../../core/bytes.ts";
import { blankMetadata, type StagePolicy, stageMetadata } from "../../tree/policy.ts";
import { S_IFDIR, type Tree } from "../../tree/tree.ts";
import { stripCaseHack } from "./case-hack.ts";

const SLASH = 0x2f;

/** Paths in the arena: path k is its bytes from `from[k]` up to `to[k]`. */
export interface TopPaths {
  from: ArrayLike<number>;
  to: ArrayLike<number>;
  /** Where in the arena names are that are not the last parts of paths. */
  names?: { at: ArrayLike<number>; lengths: ArrayLike<number> };
}

/**
 * Makes the root of an empty tree, and an entry for each top, of which only the name is known: top k is entry k + 1. The
 * folders that they lie in, if that is not the root, are entries behind them.
 */
export function stageTops(tree: Tree, paths: TopPaths, policy: StagePolicy): void {
  const count = paths.from.length;
  tree.allocate(1);
  tree.mode.view[0] = S_IFDIR | 0o755;
  stageMetadata(tree, policy, 0, blankMetadata());
  const first = tree.allocate(count);
  const folder = stageFolders(tree, policy);
  tree.ref.view[folder] = first;
  tree.count.view[folder] = count;
  if (folder !== 0) tree.parent.view.fill(folder, first, first + count);
  const names = tree.names.view;
  for (let top = 0; paths.names && top < count; top++) {
    tree.nameOff.view[first + top] = paths.names.at[top]!;
    tree.nameLen.view[first + top] = paths.names.lengths[top]!;
  }
  if (paths.names) return;
  for (let top = 0; top < count; top++) {
    // a top's name is the end of its path, which lies in the arena already
    const to = paths.to[top]!;
    const from = names.lastIndexOf(SLASH, to - 1) + 1;
    const start = Math.max(from, paths.from[top]!);
    const name = latin1FromBytes(names, start, to);
    tree.nameOff.view[first + top] = start;
    tree.nameLen.view[first + top] = (policy.caseHack ? stripCaseHack(name) : name).length;
  }
}

/** Makes the folders that tops lie in, as Nix has them: the last is the store. Returns its entry, which may be the root. */
function stageFolders(tree: Tree, policy: StagePolicy): number {
  const { below } = policy;
  let folder = 0;
  for (const [depth, name] of below.entries()) {
    const entry = tree.allocate(1);
    const isStore = depth === below.length - 1;
    const at = tree.allocateName(name.length);
    writeLatin1(name, tree.names.view, at);
    tree.nameOff.view[entry] = at;
    tree.nameLen.view[entry] = name.length;
    tree.parent.view[entry] = folder;
    tree.mode.view[entry] = S_IFDIR | (isStore ? 0o1775 : 0o755);
    const gid = isStore ? policy.storeGroup : (policy.gid ?? 0);
    stageMetadata(tree, { ...policy, gid }, entry, blankMetadata());
    tree.ref.view[folder] = entry;
    tree.count.view[folder] = 1;
    folder = entry;
  }
  return folder;
}
