/** Which entries of a tree are names of one inode, while it is changed. */
import { LINK_FIELDS, type Tree } from "./tree.ts";

/** The device of links that are on no disk. */
const NO_DEVICE = -1;

/** Names by inode, of those that have several. */
export class LinkIndex {
  readonly #tree: Tree;
  readonly #byKey = new Map<string, number[]>();
  readonly #keyOf = new Map<number, string>();
  #next = 0;

  constructor(tree: Tree) {
    this.#tree = tree;
    const links = tree.links.view;
    for (let at = 0; at < tree.linkCount * LINK_FIELDS; at += LINK_FIELDS) {
      this.#note(links[at]!, [...links.subarray(at + 1, at + LINK_FIELDS)].join());
    }
  }

  /** All names of an entry's inode, itself among them. */
  names(entry: number): readonly number[] {
    const key = this.#keyOf.get(entry);
    return key === undefined ? [entry] : this.#byKey.get(key)!;
  }

  /** Makes `entry` a further name of `original`. */
  add(entry: number, original: number): void {
    let key = this.#keyOf.get(original);
    if (key === undefined) {
      key = [NO_DEVICE, 0, this.#next++].join();
      this.#append(original, key);
    }
    this.#append(entry, key);
  }

  /** A name of the inode that the disk knows by these numbers, if it has several in the tree. */
  find(device: number, inode: bigint): number | undefined {
    return this.#byKey.get([device, Number(inode >> 32n), Number(inode & 0xffffffffn)].join())?.[0];
  }

  #append(entry: number, key: string): void {
    const [device, high, low] = key.split(",").map(Number) as [number, number, number];
    this.#tree.addLink(entry, device, high, low);
    this.#note(entry, key);
  }

  #note(entry: number, key: string): void {
    this.#keyOf.set(entry, key);
    const names = this.#byKey.get(key);
    if (names) names.push(entry);
    else this.#byKey.set(key, [entry]);
  }
}
