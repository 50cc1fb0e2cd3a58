/** SELinux labels of everything in a tree, whatever it was staged from. */
import { bytesFromLatin1, compareBytes } from "../../../core/bytes.ts";
import type { FileContexts } from "../../../stage/source/list/file-contexts.ts";
import { readFileContexts } from "../../../stage/source/list/node-file-contexts.ts";
import { LinkIndex } from "../../../stage/tree/link-index.ts";
import type { Tree } from "../../../stage/tree/tree.ts";
import { type Xattr, XattrSets } from "../../../stage/tree/xattrs.ts";
import type { Staged } from "../part.ts";
import { mountPrefix, visitPaths } from "./tree-paths.ts";

const NAME = bytesFromLatin1("security.selinux");

/**
 * Gives all entries the labels of a file_contexts file, in place of those that they have: one that no rule is for has none
 * then, and one of several names is labelled by the first of them.
 *
 * @param mountPoint where the image will be mounted: rules are for paths there
 */
export function labelTree(staged: Staged, contextsFile: string, mountPoint = ""): Staged {
  const { tree } = staged;
  const sets = new XattrSets(staged.xattrs);
  const labeller = new Labeller(tree, sets, readFileContexts(contextsFile));
  visitPaths(tree, mountPrefix(mountPoint), (entry, path) => labeller.label(entry, path || "/"));
  return { ...staged, xattrs: sets.sets };
}

class Labeller {
  readonly #tree: Tree;
  readonly #sets: XattrSets;
  readonly #contexts: FileContexts;
  readonly #links: LinkIndex;
  readonly #done = new Set<number>();

  constructor(tree: Tree, sets: XattrSets, contexts: FileContexts) {
    this.#tree = tree;
    this.#sets = sets;
    this.#contexts = contexts;
    this.#links = new LinkIndex(tree);
  }

  label(entry: number, path: string): void {
    if (this.#done.has(entry)) return;
    const { mode, xattrs } = this.#tree;
    const label = this.#contexts.label(path, mode.view[entry]!);
    const others = this.#sets.sets[xattrs.view[entry]!]!.filter(({ name }) => compareBytes(name, NAME) !== 0);
    const set: Xattr[] = label === undefined ? others : [...others, { name: NAME, value: bytesFromLatin1(label) }];
    const number = this.#sets.index(set);
    for (const name of this.#links.names(entry)) {
      xattrs.view[name] = number;
      if (name !== entry) this.#done.add(name);
    }
  }
}
