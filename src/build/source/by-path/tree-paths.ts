/** The paths of a tree, one by one. */
import { encodeUtf8, latin1FromBytes } from "../../../core/bytes.ts";
import { S_IFDIR, type Tree } from "../../../stage/tree/tree.ts";

/** Where an image will be mounted, without a slash at its end, as a latin1 string: empty for the root. */
export function mountPrefix(mountPoint = ""): string {
  return latin1FromBytes(encodeUtf8(mountPoint))
    .split("/")
    .filter(Boolean)
    .map((name) => `/${name}`)
    .join("");
}

/** Visits the root, whose path is `prefix`, and all below it, in the order of their paths; an inode by each of its names. */
export function visitPaths(tree: Tree, prefix: string, visit: (entry: number, path: string) => void): void {
  const { ref, count } = tree;
  visit(0, prefix);
  const pending: [directory: number, path: string][] = [[0, prefix]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [directory, path] = next;
    const first = ref.view[directory]!;
    const below: [number, string][] = [];
    for (let entry = first; entry < first + count.view[directory]!; entry++) {
      const own = `${path}/${latin1FromBytes(tree.name(entry))}`;
      if (tree.kind(entry) === S_IFDIR) below.push([entry, own]);
      visit(entry, own);
    }
    pending.push(...below.reverse());
  }
}
