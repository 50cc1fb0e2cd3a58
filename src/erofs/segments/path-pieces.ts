/**
 * Store paths of a staged tree that are hashed while a plain EROFS image is made of it: a path's hash is a stream, so all of
 * a path is best in one piece of work. Below the folder of a store, though, segments end anywhere in a path.
 *
 *     paths      |  a  | b |     c     |   d  |
 *     segments   |   |   |   |   |   |   |    |
 *     pieces     |   | in a or b if much is before; c is whole
 */
import { shareUint32 } from "../../core/shared.ts";
import { NONE, S_IFDIR, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import type { SegmentOrder } from "./order.ts";

/** A piece may end in a path that weighs at most so small a part of it: what was in it is read again for the hash. */
const CUT_PART = 1 / 8;
/** A file weighs as much as it has bytes, and so much more to be opened. */
const FILE_WEIGHT = 16 * 1024;

/** How segments are shared out. */
export interface PathPieces {
  /** Segments at which pieces of work start, and their number. */
  pieces: Uint32Array;
  /** Paths that are in several pieces. */
  cut: ReadonlySet<number>;
}

/** Shares out the segments of a tree; pure. @param paths their entries */
export function choosePieces(
  tree: Tree,
  paths: ReadonlySet<number>,
  { order, starts }: Pick<SegmentOrder, "order" | "starts">,
): PathPieces {
  const pieces: number[] = [];
  const cut = new Set<number>();
  const segments = starts.length - 1;
  const weigher = new PathWeigher(tree);
  let weight = 0;
  for (let segment = 0; segment < segments; segment++) {
    const path = segment === 0 ? NONE : pathAcross(tree, paths, order, starts[segment]!);
    if (path === NONE || weigher.weigh(path) <= CUT_PART * weight) {
      if (path !== NONE) cut.add(path);
      pieces.push(segment);
      weight = 0;
    }
    for (let at = starts[segment]!; at < starts[segment + 1]!; at++) weight += weightOf(tree, order[at]!);
  }
  return { pieces: shareUint32([...pieces, segments]), cut };
}

/** The path that has both what is at a place in the order and what is before it; NONE: there is none. */
function pathAcross(tree: Tree, paths: ReadonlySet<number>, order: Uint32Array, at: number): number {
  const path = pathOf(tree, paths, order[at]!);
  return path === pathOf(tree, paths, order[at - 1]!) ? path : NONE;
}

function pathOf(tree: Tree, paths: ReadonlySet<number>, entry: number): number {
  let above = entry;
  while (above !== 0 && !paths.has(above)) above = tree.parent.view[above]!;
  return above === 0 ? NONE : above;
}

function weightOf(tree: Tree, entry: number): number {
  return tree.kind(entry) === S_IFREG ? FILE_WEIGHT + tree.size.view[entry]! : 0;
}

/** Weighs paths, each once though many segments end in it. */
class PathWeigher {
  readonly #tree: Tree;
  #path = NONE;
  #weight = 0;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  weigh(path: number): number {
    if (path !== this.#path) this.#weight = this.#sum(path);
    this.#path = path;
    return this.#weight;
  }

  #sum(path: number): number {
    const tree = this.#tree;
    let weight = 0;
    const pending = [path];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      weight += weightOf(tree, next);
      if (tree.kind(next) !== S_IFDIR) continue;
      const first = tree.ref.view[next]!;
      for (let child = first; child < first + tree.count.view[next]!; child++) pending.push(child);
    }
    return weight;
  }
}
