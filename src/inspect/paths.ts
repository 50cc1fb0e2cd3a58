/** The paths of an image's inodes: of each its name, and the directory that it was found in. */
import { quote } from "./text.ts";

/** No directory: of the root, and of what no directory names. */
export const NO_PARENT = -1;

/** Names by inode, in the order in which inodes were found. */
export class Paths {
  readonly #parents: number[] = [];
  /** Where each name ends in {@link #names}. */
  readonly #ends: number[] = [];
  #names = new Uint8Array(1024);

  /** Inodes so far. */
  get length(): number {
    return this.#parents.length;
  }

  /** Adds an inode that the directory `parent` names; returns its number. */
  add(parent: number, name: Uint8Array): number {
    const at = this.#ends.at(-1) ?? 0;
    const end = at + name.length;
    if (end > this.#names.length) {
      const grown = new Uint8Array(Math.max(end, this.#names.length * 2));
      grown.set(this.#names);
      this.#names = grown;
    }
    this.#names.set(name, at);
    this.#ends.push(end);
    return this.#parents.push(parent) - 1;
  }

  /** The directory that names an inode; {@link NO_PARENT} where none does. */
  parent(inode: number): number {
    return this.#parents[inode]!;
  }

  /** What that calls it; to be copied by whoever keeps it. */
  name(inode: number): Uint8Array {
    return this.#names.subarray(this.#ends[inode - 1] ?? 0, this.#ends[inode]);
  }

  /** The path of an inode from the root, which is `/`; of what no directory names its name alone. */
  show(inode: number): string {
    const parts: string[] = [];
    for (let at = inode; at !== NO_PARENT; at = this.#parents[at]!) {
      parts.push(quote(this.name(at)));
    }
    return parts.length === 1 && parts[0] === "" ? "/" : parts.reverse().join("/");
  }
}
