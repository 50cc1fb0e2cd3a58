/**
 * The sets of attributes that threads find on disk. They stand in the tree's arena of names, and an entry's number of a set
 * is where it stands there, counted from 1, until all are found and get numbers in a row.
 *
 *     | bytes (4) | attribute | attribute | …         each thread writes a set once
 *     attribute:  | name length (4) | value length (4) | name | value |         in the order of their names
 */
import { hasHead, latin1FromBytes } from "../../../core/bytes.ts";
import { LINK_FIELDS, type Tree } from "../../tree/tree.ts";
import { type Xattr, XattrSets } from "../../tree/xattrs.ts";

const HEAD_BYTES = 8;

/** `flags` of the tree: the reader could not ask for the entry's attributes. */
const FLAG_SKIPPED = 0x40;
/** `flags` of the tree: the image holds some of the entry's attributes not. */
const FLAG_LEFT_OUT = 0x80;

const WORD_SKIPPED = 0;
const WORD_LEFT_OUT = 1;

/** Counters that threads share. */
export function shareCounts(): SharedArrayBuffer {
  return new SharedArrayBuffer(8);
}

/** What one thread finds. */
export class FoundSets {
  readonly #tree: Tree;
  readonly #counts: Uint32Array;
  /** Where the sets of this thread stand, by their bytes as a latin1 string. */
  readonly #known = new Map<string, number>();
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** The set that was stored last, if it was not empty, and where it stands: most files have that of the one before. */
  #last = new Uint8Array(0);
  #lastAt = 0;
  /** What the entry got that was stored last. */
  #number = 0;

  constructor(tree: Tree, counts: SharedArrayBuffer) {
    this.#tree = tree;
    this.#counts = new Uint32Array(counts);
  }

  /** Adds an attribute to the set of the entry that is next; names have to come in their order. */
  add(name: Uint8Array, value: Uint8Array): void {
    const end = this.#length + HEAD_BYTES + name.length + value.length;
    if (end > this.#bytes.length) this.#enlarge(2 * end);
    this.#view.setUint32(this.#length, name.length, true);
    this.#view.setUint32(this.#length + 4, value.length, true);
    this.#bytes.set(name, this.#length + HEAD_BYTES);
    this.#bytes.set(value, this.#length + HEAD_BYTES + name.length);
    this.#length = end;
  }

  /** Gives an entry what has been added. */
  store(entry: number): void {
    const length = this.#length;
    this.#length = 0;
    if (length > 0 && !(length === this.#last.length && hasHead(this.#bytes, this.#last))) {
      this.#lastAt = this.#place(length);
      this.#last = this.#bytes.slice(0, length);
    }
    this.#number = length === 0 ? 0 : this.#lastAt + 1;
    this.repeat(entry);
  }

  /** Gives an entry what the one has got that was stored last. */
  repeat(entry: number): void {
    this.#tree.xattrs.view[entry] = this.#number;
  }

  /** Where a set stands, which is written if none is equal. */
  #place(length: number): number {
    const key = latin1FromBytes(this.#bytes, 0, length);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const at = this.#tree.allocateName(4 + length);
    const arena = this.#tree.names.view;
    new DataView(arena.buffer).setUint32(at, length, true);
    arena.set(this.#bytes.subarray(0, length), at + 4);
    this.#known.set(key, at);
    return at;
  }

  /** Notes that the reader cannot ask for the attributes of an entry, whose path or theirs it cannot spell. */
  skip(entry: number): void {
    this.#length = 0;
    this.#tree.flags.view[entry]! |= FLAG_SKIPPED;
    Atomics.add(this.#counts, WORD_SKIPPED, 1);
  }

  /** Notes that an entry has attributes for which images have no place. */
  leaveOut(entry: number): void {
    this.#tree.flags.view[entry]! |= FLAG_LEFT_OUT;
    Atomics.add(this.#counts, WORD_LEFT_OUT, 1);
  }

  #enlarge(bytes: number): void {
    const larger = new Uint8Array(bytes);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Entries that {@link FoundSets.skip} was called for, which is forgotten. */
export function takeSkipped(tree: Tree, counts: SharedArrayBuffer): number[] {
  const words = new Uint32Array(counts);
  if (words[WORD_SKIPPED] === 0) return [];
  words[WORD_SKIPPED] = 0;
  return takeFlagged(tree, FLAG_SKIPPED);
}

/** Inodes that {@link FoundSets.leaveOut} was called for, each counted once whatever its names. */
export function countLeftOut(tree: Tree, counts: SharedArrayBuffer): number {
  if (new Uint32Array(counts)[WORD_LEFT_OUT] === 0) return 0;
  const entries = takeFlagged(tree, FLAG_LEFT_OUT);
  const inodes = new Map<number, string>();
  for (let link = 0; link < tree.linkCount; link++) {
    const [entry, ...inode] = tree.links.view.subarray(LINK_FIELDS * link, LINK_FIELDS * (link + 1));
    inodes.set(entry!, inode.join());
  }
  return new Set(entries.map((entry) => inodes.get(entry) ?? entry)).size;
}

function takeFlagged(tree: Tree, flag: number): number[] {
  const entries: number[] = [];
  const flags = tree.flags.view;
  for (let entry = 0; entry < tree.length; entry++) {
    if ((flags[entry]! & flag) === 0) continue;
    flags[entry]! &= ~flag;
    entries.push(entry);
  }
  return entries;
}

/** Gives sets numbers in a row once all are found, and the entries these numbers. Set 0 is the empty one. */
export function numberSets(tree: Tree): Xattr[][] {
  const sets = new XattrSets([[]]);
  const numbers = new Map<number, number>();
  const { length } = tree;
  const { view } = tree.xattrs;
  let [last, lastNumber] = [0, 0];
  for (let entry = 0; entry < length; entry++) {
    const place = view[entry]!;
    if (place === 0) continue;
    if (place !== last) {
      let number = numbers.get(place);
      if (number === undefined) {
        number = sets.index(readSet(tree.names.view, place - 1));
        numbers.set(place, number);
      }
      [last, lastNumber] = [place, number];
    }
    view[entry] = lastNumber;
  }
  return sets.sets;
}

function readSet(arena: Uint8Array, at: number): Xattr[] {
  const view = new DataView(arena.buffer);
  const set: Xattr[] = [];
  const end = at + 4 + view.getUint32(at, true);
  for (let from = at + 4; from < end; ) {
    const nameEnd = from + HEAD_BYTES + view.getUint32(from, true);
    const valueEnd = nameEnd + view.getUint32(from + 4, true);
    set.push({ name: arena.slice(from + HEAD_BYTES, nameEnd), value: arena.slice(nameEnd, valueEnd) });
    from = valueEnd;
  }
  return set;
}
