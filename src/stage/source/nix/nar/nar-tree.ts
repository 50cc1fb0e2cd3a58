/** Puts the nodes of a NAR into a tree, below an entry that is there already. */
import { bytesFromLatin1, latin1FromBytes, showBytes, writeLatin1 } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import { compileExcludes, type Excluder } from "../../../tree/exclude.ts";
import { blankMetadata, type StagePolicy, stageMetadata } from "../../../tree/policy.ts";
import { S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../../tree/tree.ts";
import { stripCaseHack } from "../../disk/case-hack.ts";
import type { NarNode } from "./nar-reader.ts";

/** Stages archives. */
export class NarStager {
  readonly #tree: Tree;
  readonly #policy: StagePolicy;
  readonly #excluded: Excluder | undefined;
  readonly #given = { ...blankMetadata(), mtime: NIX_TIME };
  readonly #place: (entry: number, offset: number) => void;

  /** @param place is told where the contents of each file lie in the archive */
  constructor(tree: Tree, policy: StagePolicy, place: (entry: number, offset: number) => void) {
    this.#tree = tree;
    this.#policy = policy;
    this.#excluded = compileExcludes(policy.exclude);
    this.#place = place;
  }

  /** Stages nodes; the first is what becomes of `entry`. Throws `INPUT` for two names that are one in the image. */
  stage(nodes: readonly NarNode[], entry: number, name: string): void {
    const children = childrenOf(nodes);
    this.#store(nodes[0]!, entry);
    const pending = [{ node: 0, entry }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const inside = children.get(next.node);
      if (inside === undefined) continue;
      const named = this.#name(
        inside.map((node) => nodes[node]!),
        next.entry,
        name,
      );
      const first = this.#tree.allocate(named.length);
      this.#tree.ref.view[next.entry] = first;
      this.#tree.count.view[next.entry] = named.length;
      for (const [index, { node, shown }] of named.entries()) {
        const child = first + index;
        this.#tree.parent.view[child] = next.entry;
        const at = this.#tree.allocateName(shown.length);
        writeLatin1(shown, this.#tree.names.view, at);
        this.#tree.nameOff.view[child] = at;
        this.#tree.nameLen.view[child] = shown.length;
        this.#store(node, child);
      }
      for (const [index, { number }] of named.entries()) pending.push({ node: inside[number]!, entry: first + index });
    }
  }

  /** What is taken of a directory, under the names of the image, sorted. */
  #name(nodes: readonly NarNode[], directory: number, archive: string) {
    const { caseHack } = this.#policy;
    let named = nodes.map((node, number) => ({ node, number, shown: caseHack ? stripCaseHack(node.name) : node.name }));
    if (named.some(({ node, shown }) => node.name !== shown))
      named.sort((a, b) => (a.shown < b.shown ? -1 : a.shown > b.shown ? 1 : 0));
    named.forEach(({ node, shown }, index) => {
      const other = named[index - 1];
      if (other?.shown !== shown) return;
      const path = showBytes(bytesFromLatin1(node.name));
      const twin = showBytes(bytesFromLatin1(other.node.name));
      throw new ImageError("INPUT", `${archive}: ${path}: has the same name in the image as ${twin}`, {
        path: archive,
      });
    });
    const excluded = this.#excluded;
    if (!excluded) return named;
    const folder = directory === 0 ? "" : `${latin1FromBytes(this.#tree.path(directory))}/`;
    const all = named.length;
    named = named.filter(({ shown }) => !excluded(folder + shown));
    this.#tree.addExcluded(all - named.length);
    return named;
  }

  #store(node: NarNode, entry: number): void {
    const tree = this.#tree;
    tree.mode.view[entry] = node.mode;
    stageMetadata(tree, this.#policy, entry, this.#given);
    const kind = tree.kind(entry);
    if (kind === S_IFREG) {
      tree.size.view[entry] = node.size;
      this.#place(entry, node.offset);
    } else if (kind === S_IFLNK) {
      const at = tree.allocateName(node.target.length);
      writeLatin1(node.target, tree.names.view, at);
      tree.ref.view[entry] = at;
      tree.size.view[entry] = node.target.length;
    } else if (kind === S_IFDIR) tree.count.view[entry] = 0;
  }
}

/** The time of everything in a store, which an archive does not hold. */
const NIX_TIME = 1;

/** The nodes in each directory. */
function childrenOf(nodes: readonly NarNode[]): Map<number, number[]> {
  const children = new Map<number, number[]>();
  nodes.forEach(({ parent }, node) => {
    if (node === 0) return;
    const inside = children.get(parent);
    if (inside) inside.push(node);
    else children.set(parent, [node]);
  });
  return children;
}
