/**
 * Entries of a tree by directory and name, while the children of directories are in no row: a table of entries in which
 * one is looked for from where its hash says.
 */
import { NONE, type Tree } from "../../tree/tree.ts";

/** Slots, as long as there are few entries. */
const LEAST = 1 << 10;

/** Finds entries by their names. */
export class NameIndex {
  readonly #tree: Tree;
  #slots = new Uint32Array(LEAST).fill(NONE);
  /** The hashes of names, by slot. */
  #hashes = new Uint32Array(LEAST);
  #count = 0;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** The entry of a name, a latin1 string, in a directory; NONE if there is none. */
  find(folder: number, name: string): number {
    const slots = this.#slots;
    const hash = hashName(folder, name);
    for (let slot = hash & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
      const entry = slots[slot]!;
      if (entry === NONE || (this.#hashes[slot] === hash && this.#isNamed(entry, folder, name))) return entry;
    }
  }

  /** Adds an entry, whose name is in the tree; there is none of that name. */
  add(entry: number, folder: number, name: string): void {
    if (2 * ++this.#count > this.#slots.length) this.#grow();
    this.#put(entry, hashName(folder, name));
  }

  /** Has another entry, of the same name, take the place of one. */
  replace(entry: number, by: number): void {
    const slots = this.#slots;
    for (let slot = this.#hash(by) & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
      if (slots[slot] !== entry) continue;
      slots[slot] = by;
      return;
    }
  }

  #put(entry: number, hash: number): void {
    const slots = this.#slots;
    let slot = hash & (slots.length - 1);
    while (slots[slot] !== NONE) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = entry;
    this.#hashes[slot] = hash;
  }

  #grow(): void {
    const [entries, hashes] = [this.#slots, this.#hashes];
    this.#slots = new Uint32Array(2 * entries.length).fill(NONE);
    this.#hashes = new Uint32Array(2 * entries.length);
    for (let slot = 0; slot < entries.length; slot++)
      if (entries[slot] !== NONE) this.#put(entries[slot]!, hashes[slot]!);
  }

  #isNamed(entry: number, folder: number, name: string): boolean {
    const { parent, nameLen, nameOff, names } = this.#tree;
    if (parent.view[entry] !== folder || nameLen.view[entry] !== name.length) return false;
    const at = nameOff.view[entry]!;
    for (let i = 0; i < name.length; i++) if (names.view[at + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  #hash(entry: number): number {
    const { parent, nameLen, nameOff, names } = this.#tree;
    const at = nameOff.view[entry]!;
    let hash = start(parent.view[entry]!);
    for (let i = 0; i < nameLen.view[entry]!; i++) hash = Math.imul(hash ^ names.view[at + i]!, PRIME);
    return finish(hash);
  }
}

const PRIME = 0x01000193;

/** FNV-1a, with bits of the whole in the lowest ones. */
function hashName(folder: number, name: string): number {
  let hash = start(folder);
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), PRIME);
  return finish(hash);
}

function start(folder: number): number {
  return Math.imul(folder ^ 0x811c9dc5, 0x9e3779b1);
}

function finish(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}
