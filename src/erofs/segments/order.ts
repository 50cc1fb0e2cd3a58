/**
 * The order in which a tree's inodes are packed: of each directory first what is no directory, then its directories with
 * all that is in them, then the directory itself. So whatever a directory names has its place before it.
 *
 *     /            1              order: /bin/sh … /bin · /lib/x … /lib · /etc … · sh (of the root) comes first
 *     bin lib sh   2 3 4
 */
import { sharedUint32, shareUint32 } from "../../core/shared.ts";
import { groupLinks } from "../../stage/tree/order.ts";
import { S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import { groupTops, SegmentCuts, weighTop } from "./cuts.ts";

/** A tree's inodes in order, cut into segments; typed arrays in shared memory. */
export interface SegmentOrder {
  /** Entries that are inodes of their own, the root not among them. */
  order: Uint32Array;
  /** Where in `order` each segment starts, and the end. */
  starts: Uint32Array;
  /** By entry: see InodeOrder. */
  nlink: Uint32Array;
  /** By entry: the entry whose inode it shares (itself where it has its own); undefined where there are no links. */
  inodeOf: Uint32Array | undefined;
}

/** Orders and cuts a staged tree; pure. */
export function orderSegments(tree: Tree, blockSize: number): SegmentOrder {
  const walk = new OrderWalk(tree, blockSize);
  const first = tree.ref.view[0]!;
  const count = tree.count.view[0]!;
  const weightOf = (top: number) => weighTop(tree.mode.view[first + top]!, tree.size.view[first + top]!);
  const groups = new Set(groupTops(count, weightOf, (top) => tree.name(first + top)));
  for (let top = 0; top < count; top++) walk.addTop(first + top, groups.has(top));
  return walk.finish();
}

class OrderWalk {
  readonly #tree: Tree;
  readonly #cuts: SegmentCuts;
  readonly #order: Uint32Array;
  readonly #nlink: Uint32Array;
  readonly #inodeOf: Uint32Array | undefined;
  readonly #groupOf: Uint32Array | undefined;
  readonly #firstOfGroup: number[] = [];
  readonly #starts: number[] = [0];
  #length = 0;

  constructor(tree: Tree, blockSize: number) {
    this.#tree = tree;
    this.#cuts = new SegmentCuts(blockSize);
    this.#order = sharedUint32(tree.length);
    this.#nlink = sharedUint32(tree.length);
    this.#groupOf = groupLinks(tree);
    this.#inodeOf = this.#groupOf && sharedUint32(tree.length);
    this.#nlink[0] = 2;
  }

  /** Adds a child of the root with all that is below it. */
  addTop(top: number, startsGroup: boolean): void {
    const tree = this.#tree;
    if (startsGroup) {
      this.#cuts.startGroup();
      if (this.#length > this.#starts.at(-1)!) this.#starts.push(this.#length);
    } else this.#cuts.startTop();
    if (tree.kind(top) !== S_IFDIR) {
      this.#add(top);
      return;
    }
    this.#nlink[0]!++;
    /** Directories that are open, and how many of the children of each have been looked at. */
    const open = [top];
    const done = [0];
    this.#addFiles(top);
    while (open.length > 0) {
      const directory = open.at(-1)!;
      const end = tree.ref.view[directory]! + tree.count.view[directory]!;
      let child = tree.ref.view[directory]! + done.at(-1)!;
      while (child < end && tree.kind(child) !== S_IFDIR) child++;
      if (child === end) {
        this.#add(directory);
        open.pop();
        done.pop();
        continue;
      }
      done[done.length - 1] = child + 1 - tree.ref.view[directory]!;
      open.push(child);
      done.push(0);
      this.#addFiles(child);
    }
  }

  /** Adds what is no directory in one. */
  #addFiles(directory: number): void {
    const tree = this.#tree;
    const first = tree.ref.view[directory]!;
    this.#nlink[directory] = 2;
    for (let child = first; child < first + tree.count.view[directory]!; child++) {
      if (tree.kind(child) === S_IFDIR) this.#nlink[directory]!++;
      else this.#add(child);
    }
  }

  #add(entry: number): void {
    const tree = this.#tree;
    const kind = tree.kind(entry);
    if (this.#inodeOf) {
      const group = this.#groupOf![entry]!;
      if (group > 0) this.#firstOfGroup[group] ??= entry;
      const inode = group === 0 ? entry : this.#firstOfGroup[group]!;
      this.#inodeOf[entry] = inode;
      if (inode !== entry) {
        this.#nlink[inode]!++;
        return;
      }
    }
    if (kind !== S_IFDIR) this.#nlink[entry] = 1;
    const hasSize = kind === S_IFREG || kind === S_IFLNK;
    if (this.#cuts.add(hasSize ? tree.size.view[entry]! : 0)) this.#starts.push(this.#length);
    this.#order[this.#length++] = entry;
  }

  finish(): SegmentOrder {
    const length = this.#length;
    const starts = length === 0 ? [0] : [...this.#starts, length];
    return {
      order: this.#order.subarray(0, length),
      starts: shareUint32(starts),
      nlink: this.#nlink,
      inodeOf: this.#inodeOf,
    };
  }
}

/** Cuts files, in the order in which their data is to stand, into segments of data alone. */
export function cutFiles(tree: Tree, files: Uint32Array, blockSize: number): Pick<SegmentOrder, "order" | "starts"> {
  const cuts = new SegmentCuts(blockSize);
  const starts = [0];
  files.forEach((entry, index) => {
    if (cuts.add(tree.size.view[entry]!)) starts.push(index);
  });
  if (files.length > 0) starts.push(files.length);
  return { order: shareUint32(files), starts: shareUint32(starts) };
}
