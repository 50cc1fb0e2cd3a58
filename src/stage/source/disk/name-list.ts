/**
 * The names of one directory on their way into the tree. They go into its arena as they come, and besides only where
 * each of them lies is kept: a directory may have as many names as a whole store.
 */
import { compareRanges, writeLatin1 } from "../../../core/bytes.ts";
import { FLAG_DISK_NAME, type Tree } from "../../tree/tree.ts";
import { stripCaseHack } from "./case-hack.ts";

/** Names in byte order of what they are in the image; one list serves for many directories. */
export class NameList {
  readonly #tree: Tree;
  readonly #caseHack: boolean;
  /** Where each name starts in the arena. */
  #off = new Uint32Array(256);
  /** Its bytes on disk. */
  #onDisk = new Uint16Array(256);
  /** Its bytes in the image: the first of those on disk. */
  #inImage = new Uint16Array(256);
  /** Type bits of its entry's mode; 0 where they are not known. */
  #kind = new Uint16Array(256);
  #last = "";
  #isSorted = true;
  /** Number of names. */
  length = 0;

  constructor(tree: Tree, caseHack: boolean) {
    this.#tree = tree;
    this.#caseHack = caseHack;
  }

  /** Starts with another directory. */
  clear(): void {
    this.length = 0;
    this.#isSorted = true;
  }

  /** Adds names, latin1 strings, in any order, and the kinds of their entries, if they are known. */
  add(names: readonly string[], kinds?: readonly number[]): void {
    // what is longer on disk ends with a NUL
    const end = this.#caseHack ? 1 : 0;
    let bytes = names.length * end;
    for (const name of names) bytes += name.length;
    let at = this.#tree.allocateName(bytes);
    this.#ensure(this.length + names.length);
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!;
      const inImage = this.#caseHack ? stripCaseHack(name) : name;
      if (this.length > 0 && inImage <= this.#last) this.#isSorted = false;
      this.#last = inImage;
      this.#off[this.length] = at;
      this.#kind[this.length] = kinds?.[index] ?? 0;
      this.#onDisk[this.length] = name.length;
      this.#inImage[this.length++] = inImage.length;
      at = writeLatin1(name, this.#tree.names.view, at) + end;
    }
  }

  /** Puts the names in order; returns the index of one that is the same as the one before, or -1. */
  sort(): number {
    if (this.#isSorted) return -1;
    const names = this.#tree.names.view;
    const [off, onDisk, inImage, kind] = [this.#off, this.#onDisk, this.#inImage, this.#kind];
    const compare = (a: number, b: number, length: Uint16Array) =>
      compareRanges(names, off[a]!, off[a]! + length[a]!, off[b]!, off[b]! + length[b]!);
    const order = off.slice(0, this.length).map((_, index) => index);
    order.sort((a, b) => compare(a, b, inImage) || compare(a, b, onDisk));
    const twin = order.findIndex((at, index) => index > 0 && compare(order[index - 1]!, at, inImage) === 0);
    this.#off = order.map((at) => off[at]!);
    this.#onDisk = Uint16Array.from(order, (at) => onDisk[at]!);
    this.#inImage = Uint16Array.from(order, (at) => inImage[at]!);
    this.#kind = Uint16Array.from(order, (at) => kind[at]!);
    return twin;
  }

  /** Gives the name at `index` to `entry`. */
  store(index: number, entry: number): void {
    const tree = this.#tree;
    tree.nameOff.view[entry] = this.#off[index]!;
    tree.nameLen.view[entry] = this.#inImage[index]!;
    if (this.#inImage[index]! < this.#onDisk[index]!) tree.flags.view[entry]! |= FLAG_DISK_NAME;
  }

  /** The type bits of the entry at `index`; 0 where they are not known. */
  kind(index: number): number {
    return this.#kind[index]!;
  }

  /** Writes the name at `index` as it is on disk; returns the offset behind it. */
  copy(index: number, into: Uint8Array, at: number): number {
    const names = this.#tree.names.view;
    const from = this.#off[index]!;
    const length = this.#onDisk[index]!;
    for (let i = 0; i < length; i++) into[at + i] = names[from + i]!;
    return at + length;
  }

  #ensure(length: number): void {
    if (length <= this.#off.length) return;
    const room = Math.max(length, 2 * this.#off.length);
    const grown = <A extends Uint16Array | Uint32Array>(larger: A, numbers: A) => {
      larger.set(numbers);
      return larger;
    };
    this.#off = grown(new Uint32Array(room), this.#off);
    this.#onDisk = grown(new Uint16Array(room), this.#onDisk);
    this.#inImage = grown(new Uint16Array(room), this.#inImage);
    this.#kind = grown(new Uint16Array(room), this.#kind);
  }
}
