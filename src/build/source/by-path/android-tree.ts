/** Modes, owners and capabilities of everything in an Android image, whatever it was staged from. */
import { bytesFromLatin1, compareBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import {
  type AndroidConfig,
  CAPABILITY_NAME,
  encodeCapabilities,
} from "../../../stage/source/list/android/fs-config.ts";
import { readCanned, readProductRules } from "../../../stage/source/list/android/node-fs-config.ts";
import { LinkIndex } from "../../../stage/tree/link-index.ts";
import { type StageOptions, type StagePolicy, stageOwner } from "../../../stage/tree/policy.ts";
import { S_IFDIR, S_IFMT } from "../../../stage/tree/tree.ts";
import { XattrSets } from "../../../stage/tree/xattrs.ts";
import type { Staged } from "../part.ts";
import { mountPrefix, visitPaths } from "./tree-paths.ts";

/** Where what entries are to be is found; see RunOptions. */
export interface AndroidSources {
  fsConfigFile: string | undefined;
  productOut: string | undefined;
  mountPoint: string | undefined;
  owner: StageOptions["owner"];
}

/**
 * Gives all entries what is for their paths below the mount point; one of several names gets what is for the first of them.
 * In a list the root stands without the mount point.
 *
 * @throws ImageError `INPUT` naming a path that is not in the list
 */
export function configureTree(staged: Staged, from: AndroidSources, policy: StagePolicy): Staged {
  const { fsConfigFile, productOut, mountPoint } = from;
  const { tree } = staged;
  const config = fsConfigFile === undefined ? readProductRules(productOut!) : readCanned(fsConfigFile);
  const sets = new XattrSets(staged.xattrs);
  const links = new LinkIndex(tree);
  const done = new Set<number>();
  // ids that are the default of a source give way, those that were asked for do not
  const owners = from.owner === undefined ? { ...policy, uid: undefined, gid: undefined } : policy;
  visitPaths(tree, mountPrefix(mountPoint), (entry, path) => {
    if (done.has(entry)) return;
    const isListedRoot = entry === 0 && fsConfigFile !== undefined;
    const found = find(config, isListedRoot ? "" : path.slice(1), tree.kind(entry) === S_IFDIR, fsConfigFile);
    const number = addCapabilities(sets, tree.xattrs.view[entry]!, found.capabilities);
    for (const name of links.names(entry)) {
      if (name !== entry) done.add(name);
      tree.mode.view[name] = (tree.mode.view[name]! & S_IFMT) | found.mode;
      stageOwner(tree, owners, name, found);
      tree.xattrs.view[name] = number;
    }
  });
  return { ...staged, xattrs: sets.sets };
}

function find(config: AndroidConfig, path: string, isDirectory: boolean, list: string | undefined) {
  const found = config(path, isDirectory);
  if (found !== undefined) return found;
  const shown = path === "" ? "/" : showBytes(bytesFromLatin1(path));
  throw new ImageError("INPUT", `${list}: no line is for ${shown}`, { path: shown });
}

/** The number of a set to which capabilities were added, in place of those that it had. */
function addCapabilities(sets: XattrSets, set: number, capabilities: bigint): number {
  if (capabilities === 0n) return set;
  const others = sets.sets[set]!.filter(({ name }) => compareBytes(name, CAPABILITY_NAME) !== 0);
  return sets.index([...others, { name: CAPABILITY_NAME, value: encodeCapabilities(capabilities) }]);
}
