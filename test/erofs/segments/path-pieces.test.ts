/** How the segments of store paths that are hashed are shared out. */
import { expect, test } from "vitest";
import { choosePieces } from "../../../src/erofs/segments/path-pieces.ts";
import { S_IFDIR, S_IFREG, Tree } from "../../../src/stage/tree/tree.ts";

const FILES = 10;

/** A root with paths of ten files each, of so many bytes; entry 1 + 11 * path is the path, its files follow. */
function makeTree(sizes: readonly number[]): { tree: Tree; paths: number[]; order: Uint32Array } {
  const tree = Tree.create();
  tree.allocate(1 + sizes.length * (FILES + 1));
  tree.mode.view[0] = S_IFDIR;
  const paths = sizes.map((_, path) => 1 + path * (FILES + 1));
  const order: number[] = [];
  for (const [index, path] of paths.entries()) {
    tree.mode.view[path] = S_IFDIR;
    tree.ref.view[path] = path + 1;
    tree.count.view[path] = FILES;
    for (let file = path + 1; file <= path + FILES; file++) {
      tree.mode.view[file] = S_IFREG;
      tree.size.view[file] = sizes[index]! / FILES;
      tree.parent.view[file] = path;
      order.push(file);
    }
    order.push(path);
  }
  return { tree, paths, order: Uint32Array.from(order) };
}

/** Where the order is cut into segments, and what is made of that. */
function choose(sizes: readonly number[], starts: readonly number[]) {
  const { tree, paths, order } = makeTree(sizes);
  const { pieces, cut } = choosePieces(tree, new Set(paths), { order, starts: Uint32Array.from(starts) });
  return { pieces: [...pieces], cut: [...cut].map((entry) => paths.indexOf(entry)) };
}

test("all of a path is in one piece, if it is no small part of that", () => {
  // 0: whole; 1 is in the segments 1 and 2; 2 begins with segment 3
  expect(choose([1e6, 1e6, 1e6], [0, 11, 15, 22, 33])).toEqual({ pieces: [0, 1, 3, 4], cut: [] });
});

test("a piece ends in a path that is a small part of it", () => {
  expect(choose([1e7, 1e5, 1e6], [0, 5, 15, 33])).toEqual({ pieces: [0, 2, 3], cut: [1] });
  expect(choose([1e6, 1e5, 1e7], [0, 5, 15, 33])).toEqual({ pieces: [0, 3], cut: [] });
});

test("to open many files counts as bytes do", () => {
  const paths = Array.from({ length: 9 }, () => 0);
  expect(choose(paths, [0, 90, 99])).toEqual({ pieces: [0, 1, 2], cut: [8] });
  expect(choose(paths, [0, 50, 99])).toEqual({ pieces: [0, 2], cut: [] });
});

test("what is in no path belongs to none", () => {
  const { tree, order } = makeTree([1, 1]);
  const starts = Uint32Array.from([0, 5, 15, 22]);
  expect([...choosePieces(tree, new Set(), { order, starts }).pieces]).toEqual([0, 1, 2, 3]);
});
