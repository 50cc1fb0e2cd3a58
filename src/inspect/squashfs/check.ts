/** Whether a SquashFS image holds together. */

import { compareBytes } from "../../core/bytes.ts";
import { EXPORT, EXTENDED, TYPE } from "../../squashfs/disk/format.ts";
import { Paths } from "../paths.ts";
import { IN_TWO } from "../rules/entry-name.ts";
import { quote } from "../text.ts";
import { type CheckedStructure, Findings } from "../verify/finding.ts";
import { RAW, type StoredPieces } from "../verify/stored-pieces.ts";
import { blockFault, noFragment, type StoredBlock } from "./data.ts";
import { type ListingItem, listedNameFault } from "./directory.ts";
import type { SquashfsInode } from "./inode.ts";
import { mapSquashfs, type SquashfsMap, type SquashfsVisitor } from "./map.ts";
import type { SquashfsReader } from "./reader.ts";

/** The method of blocks that are compressed: an image has one. */
const COMPRESSED = 0;
/** The owner that comes first. */
const ROOT = 0;

/** Goes through all structures of an image: see checkStructure. */
export async function checkSquashfs(reader: SquashfsReader, pieces: StoredPieces): Promise<CheckedStructure> {
  const { image } = reader;
  const findings = new Findings();
  const paths = new Paths();
  const checker = new Checker(reader, findings, paths);
  const map = await mapSquashfs(image, checker, paths);
  checker.finish();
  for (const { tiles } of [map, ...map.tables]) for (const _ of tiles.inOrder());
  await checkXattrs(reader, checker, findings);
  await addPieces(reader, checker, pieces);
  await checkExports(map, checker, findings);
  return { findings, showOwner: (owner) => checker.show(owner) };
}

/** The sets of attributes that inodes have, each as the first of these has it. */
async function checkXattrs(reader: SquashfsReader, checker: Checker, findings: Findings): Promise<void> {
  for (const [owner, inode] of checker.attributed.values()) {
    const reading = async () => {
      for await (const _ of reader.shownXattrs(inode));
    };
    await findings.attempt(reading, () => checker.show(owner));
  }
}

/** The blocks of files, and fragment blocks. */
async function addPieces({ image, data }: SquashfsReader, checker: Checker, pieces: StoredPieces): Promise<void> {
  const { blockSize } = image;
  const add = ({ at, stored, isRaw }: StoredBlock, length: number, owner: number, isFragment: boolean) => {
    const method = isRaw ? RAW : COMPRESSED;
    // what is not compressed is read, and not looked at any more
    const wrong = isRaw ? blockFault(stored, isFragment ? blockSize : length, length) : undefined;
    if (wrong !== undefined) checker.tell(owner, wrong, at);
    pieces.add({ space: 0, at, stored, length, method, isSpecial: isFragment, isPartial: isFragment, owner });
  };
  for (const [owner, inode] of checker.files) {
    let left = inode.size;
    for await (const block of data.blocks(inode)) {
      if (block.stored > 0) add(block, Math.min(blockSize, left), owner, false);
      left -= blockSize;
    }
  }
  for (const [number, needed] of checker.needed.entries()) add(await data.fragment(number), needed, -1 - number, true);
}

/** The table by which inodes are found by their numbers. */
async function checkExports(map: SquashfsMap, checker: Checker, findings: Findings): Promise<void> {
  const bytes = map.tables.find(({ place }) => place.name === "exports")?.table.bytes;
  const inodes = map.tables.find(({ place }) => place.name === "inodes")!.table;
  for (let number = 1; bytes && number * EXPORT.byteSize <= bytes.size; number++) {
    const at = (number - 1) * EXPORT.byteSize;
    const place = inodes.placeOf(Number((await bytes.view(at, EXPORT.byteSize)).getU64(0, EXPORT.inode)));
    const owner = checker.owners.get(number);
    if (owner !== undefined && map.places[owner] === place) continue;
    findings.add({ message: `the table of exports has another inode of number ${number} than directories have` });
  }
}

class Checker implements SquashfsVisitor {
  readonly files: [owner: number, inode: SquashfsInode][] = [];
  /** Owners by inode number. */
  readonly owners = new Map<number, number>();
  readonly #findings: Findings;
  /** Names of an inode, and what the first of them says, by its place in the table. */
  readonly #names = new Map<number, { count: number; type: number; number: number }>();
  readonly #inodes: { place: number; type: number; number: number; nlink: number }[] = [];
  /** Of each fragment block the bytes that files have of it, up to the last. */
  readonly needed: Float64Array;
  /** By number of a set of attributes the first inode that has it. */
  readonly attributed = new Map<number, [owner: number, inode: SquashfsInode]>();
  readonly #reader: SquashfsReader;
  readonly #paths: Paths;
  #directory = -1;
  #last: Uint8Array | undefined;

  constructor(reader: SquashfsReader, findings: Findings, paths: Paths) {
    this.#reader = reader;
    this.#findings = findings;
    this.#paths = paths;
    this.needed = new Float64Array(reader.data.fragments);
  }

  inode(inode: SquashfsInode, owner: number): void {
    const { at: place, type, number, nlink, xattrSet } = inode;
    this.#inodes.push({ place, type: ((type - 1) % EXTENDED) + 1, number, nlink });
    if (inode.file !== undefined && inode.file.words > 0) this.files.push([owner, inode]);
    if (this.owners.has(number)) this.#findings.add({ message: `two inodes have the number ${number}` });
    this.owners.set(number, owner);
    if (xattrSet !== undefined && !this.attributed.has(xattrSet)) this.attributed.set(xattrSet, [owner, inode]);
    this.#addEnd(inode, owner);
    const wrong = this.#reader.ownersFault(inode);
    if (wrong !== undefined) this.tell(owner, wrong);
  }

  link(inode: SquashfsInode, owner: number): undefined | Promise<void> {
    return this.#findings.attempt(
      () => this.#reader.target(inode),
      () => this.#paths.show(owner),
    );
  }

  entry({ name, type, number }: ListingItem, place: number, owner: number): void {
    if (name === undefined) return;
    if (owner !== this.#directory) this.#last = undefined;
    this.#directory = owner;
    const wrong = listedNameFault(name);
    if (wrong !== undefined) this.tell(owner, wrong);
    if (this.#last !== undefined && compareBytes(this.#last, name) >= 0)
      this.tell(owner, `in a listing the name ${quote(name)} stands behind ${quote(this.#last)}`);
    this.#last = name;
    const known = this.#names.get(place);
    if (known) known.count++;
    else this.#names.set(place, { count: 1, type, number });
    if (known && (known.type !== type || known.number !== number)) {
      this.#findings.add({
        message: `${quote(name)} is of type ${type} and number ${number}, and elsewhere of others`,
      });
    }
  }

  /** What can be told once all inodes are known. */
  finish(): void {
    for (const [owner, { place, type, number, nlink }] of this.#inodes.entries()) {
      const named = this.#names.get(place);
      if (named === undefined) continue;
      const path = this.#paths.show(owner);
      if (named.type !== type || named.number !== number) {
        this.#findings.add({
          path,
          message: `its directory says type ${named.type} and number ${named.number}, not ${type} and ${number}`,
        });
      }
      if (type !== TYPE.dir && nlink !== named.count) {
        this.#findings.add({ path, message: `it has ${named.count} names, and says ${nlink}` });
      }
      if (type === TYPE.dir && named.count > (owner === ROOT ? 0 : 1)) this.tell(owner, IN_TWO);
    }
  }

  /** The path of an inode, or what a fragment block is called, whose numbers are less than 0. */
  show(owner: number): string {
    return owner < 0 ? `(fragment block ${-1 - owner})` : this.#paths.show(owner);
  }

  /** Tells what is wrong with an inode, or with a fragment block. */
  tell(owner: number, message: string, offset?: number): void {
    this.#findings.add({ path: this.show(owner), ...(offset !== undefined && { offset }), message });
  }

  /** The end of a file, in a fragment block. */
  #addEnd({ size, file }: SquashfsInode, owner: number): void {
    const length = size % this.#reader.image.blockSize;
    if (file?.fragment === undefined || length === 0) return;
    const { fragment, fragmentOff } = file;
    if (fragment >= this.needed.length) this.tell(owner, noFragment(fragment));
    else this.needed[fragment] = Math.max(this.needed[fragment]!, fragmentOff + length);
  }
}
