/** A directory of the tree, as its listing is to tell it. */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK, type Tree } from "../stage/tree/tree.ts";
import type { Listing } from "./disk/directory.ts";
import { TYPE } from "./disk/format.ts";

const BASIC_TYPES = new Map<number, number>([
  [S_IFREG, TYPE.file],
  [S_IFDIR, TYPE.dir],
  [S_IFLNK, TYPE.symlink],
  [S_IFBLK, TYPE.block],
  [S_IFCHR, TYPE.char],
  [S_IFIFO, TYPE.fifo],
  [S_IFSOCK, TYPE.socket],
]);

/** The basic inode type of a kind of file, one of S_IF. */
export function basicType(kind: number): number {
  return BASIC_TYPES.get(kind)!;
}

/** The entries of one directory of the tree; opened for one after another. */
export class TreeListing implements Listing {
  readonly #tree: Tree;
  readonly #numbers: Uint32Array;
  readonly #references: Float64Array;
  readonly #inodeOf: Uint32Array | undefined;
  #first = 0;
  count = 0;

  constructor(tree: Tree, numbers: Uint32Array, references: Float64Array, inodeOf: Uint32Array | undefined) {
    this.#tree = tree;
    this.#numbers = numbers;
    this.#references = references;
    this.#inodeOf = inodeOf;
  }

  /** Goes to the directory whose entries are `count`, from `first` on. */
  open(first: number, count: number): void {
    this.#first = first;
    this.count = count;
  }

  number(index: number): number {
    const entry = this.#first + index;
    return this.#numbers[this.#inodeOf?.[entry] ?? entry]!;
  }

  reference(index: number): number {
    return this.#references[this.number(index) - 1]!;
  }

  type(index: number): number {
    return basicType(this.#tree.kind(this.#first + index));
  }

  nameLength(index: number): number {
    return this.#tree.nameLen.view[this.#first + index]!;
  }

  copyName(index: number, into: Uint8Array, at: number): void {
    const names = this.#tree.names.view;
    const from = this.#tree.nameOff.view[this.#first + index]!;
    const length = this.#tree.nameLen.view[this.#first + index]!;
    for (let i = 0; i < length; i++) into[at + i] = names[from + i]!;
  }
}
