/** Whether a SquashFS image holds together. */

import { compareBytes } from "../../core/bytes.ts";
import { EXPORT, EXTENDED } from "../../squashfs/disk/format.ts";
import { quote } from "../text.ts";
import { type CheckedStructure, Findings } from "../verify/finding.ts";
import { RAW, type StoredPieces } from "../verify/stored-pieces.ts";
import { TWICE } from "../walk.ts";
import type { ListingItem } from "./directory.ts";
import type { SquashfsInode } from "./inode.ts";
import { mapSquashfs, type SquashfsMap, type SquashfsVisitor } from "./map.ts";
import type { SquashfsReader } from "./reader.ts";

/** The type of a directory's inode, and the first inode that is gone through. */
const [DIRECTORY, ROOT] = [1, 0] as const;
/** The method of blocks that are compressed: an image has one. */
const COMPRESSED = 0;

/** Goes through all structures of an image: see checkStructure. */
export async function checkSquashfs(reader: SquashfsReader, pieces: StoredPieces): Promise<CheckedStructure> {
  const { image, data } = reader;
  const findings = new Findings();
  const checker = new Checker(findings);
  const map = await mapSquashfs(image, checker);
  checker.finish(map);
  for (const { tiles } of [map, ...map.tables]) for (const _ of tiles.inOrder());
  const add = (
    block: { at: number; stored: number; isRaw: boolean },
    length: number,
    owner: number,
    isSpecial: boolean,
  ) =>
    pieces.add({
      ...block,
      space: 0,
      length,
      method: block.isRaw ? RAW : COMPRESSED,
      isSpecial,
      isPartial: false,
      owner,
    });
  for (const [owner, inode] of checker.files) {
    let left = inode.size;
    for await (const block of data.blocks(inode)) {
      if (block.stored > 0) add(block, Math.min(image.blockSize, left), owner, false);
      left -= image.blockSize;
    }
  }
  for (let number = 0; number < data.fragments; number++)
    add(await data.fragment(number), image.blockSize, -1 - number, true);
  await checkExports(map, checker, findings);
  const showOwner = (owner: number) => (owner < 0 ? `(fragment block ${-1 - owner})` : map.paths.show(owner));
  return { findings, showOwner };
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
  #directory = -1;
  #last: Uint8Array | undefined;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  inode(inode: SquashfsInode, owner: number): void {
    const { at: place, type, number, nlink } = inode;
    this.#inodes.push({ place, type: ((type - 1) % EXTENDED) + 1, number, nlink });
    if (inode.file !== undefined && inode.file.words > 0) this.files.push([owner, inode]);
    if (this.owners.has(number)) this.#findings.add({ message: `two inodes have the number ${number}` });
    this.owners.set(number, owner);
  }

  entry({ name, type, number }: ListingItem, place: number, owner: number): void {
    if (name === undefined) return;
    if (owner !== this.#directory) this.#last = undefined;
    this.#directory = owner;
    if (this.#last !== undefined && compareBytes(this.#last, name) >= 0) {
      this.#findings.add({ message: `the name ${quote(name)} of a directory stands behind ${quote(this.#last)}` });
    }
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
  finish({ paths }: SquashfsMap): void {
    for (const [owner, { place, type, number, nlink }] of this.#inodes.entries()) {
      const named = this.#names.get(place);
      if (named === undefined) continue;
      const path = paths.show(owner);
      if (named.type !== type || named.number !== number) {
        this.#findings.add({
          path,
          message: `its directory says type ${named.type} and number ${named.number}, not ${type} and ${number}`,
        });
      }
      if (type === DIRECTORY && (named.count > 1 || owner === ROOT)) this.#findings.add({ path, message: TWICE });
      if (type !== DIRECTORY && nlink !== named.count) {
        this.#findings.add({ path, message: `it has ${named.count} names, and says ${nlink}` });
      }
    }
  }
}
