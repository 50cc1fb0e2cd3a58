/** What lies where in a SquashFS image and in its tables: all that can be reached from its superblock. */
import { decodeStruct } from "../../core/struct.ts";
import {
  BLOCK_WORD,
  FLAG_COMP_OPT,
  FRAGMENT_ENTRY,
  META_HEADER,
  META_RAW,
  SUPER,
  WORD_RAW,
  XATTR_ID,
  XATTR_ID_TABLE,
} from "../../squashfs/disk/format.ts";
import { addHashTree } from "../hash-tree.ts";
import { type ImageBytes, viewOf } from "../image.ts";
import { NO_PARENT, Paths } from "../paths.ts";
import { Tiles } from "../tiles.ts";
import { type ListingItem, readListing } from "./directory.ts";
import type { SquashfsImage, TableName, TablePlace } from "./image.ts";
import { isLink, readInode, type SquashfsInode } from "./inode.ts";
import { KINDS, type SquashfsKind, TABLE_KINDS, type TableKind } from "./kinds.ts";
import { type MetaTable, openTables } from "./metadata.ts";
import { readPairs, readXattrSet, valueEnd } from "./xattrs.ts";

/** A table, where it lies, and what lies where in it; of one whose records are all alike nothing. */
export interface MappedTable {
  readonly place: TablePlace;
  readonly table: MetaTable;
  readonly tiles: Tiles<TableKind>;
}

/** Where everything is. */
export interface SquashfsMap {
  readonly image: SquashfsImage;
  readonly tiles: Tiles<SquashfsKind>;
  readonly tables: readonly MappedTable[];
  readonly paths: Paths;
  /** Places in the table of inodes by number of {@link paths}. */
  readonly places: readonly number[];
}

/** Is told what is found on the way. */
export interface SquashfsVisitor {
  inode(inode: SquashfsInode, owner: number): void;
  /** A symbolic link. */
  link?(inode: SquashfsInode, owner: number): undefined | Promise<void>;
  /** An item of a directory's listing, and of an entry the place of its inode; all of one come in their order. */
  entry(item: ListingItem, place: number, owner: number): void;
}

/**
 * Follows every pointer of an image, each inode once.
 *
 * @param paths are filled on the way
 * @throws ImageError `DAMAGED` where it does not hold together
 */
export async function mapSquashfs(
  image: SquashfsImage,
  visitor?: SquashfsVisitor,
  paths: Paths = new Paths(),
): Promise<SquashfsMap> {
  const opened = await openTables(image);
  const tables = image.tables.map((place): MappedTable => {
    const table = opened.get(place.name)!;
    return { place, table, tiles: new Tiles(table.bytes) };
  });
  const mapper = new Mapper(image, tables, paths, visitor);
  await mapper.addHead();
  mapper.addTables();
  await mapper.addFragments();
  await mapper.addInodes();
  await mapper.addXattrs();
  await addHashTree(mapper.tiles, image.bytes, image.end);
  return mapper;
}

class Mapper implements SquashfsMap {
  readonly image: SquashfsImage;
  readonly tables: readonly MappedTable[];
  readonly tiles: Tiles<SquashfsKind>;
  readonly paths: Paths;
  readonly places: number[] = [];
  readonly #known = new Set<number>();
  readonly #visitor: SquashfsVisitor | undefined;

  constructor(
    image: SquashfsImage,
    tables: readonly MappedTable[],
    paths: Paths,
    visitor: SquashfsVisitor | undefined,
  ) {
    this.image = image;
    this.paths = paths;
    this.#visitor = visitor;
    this.tables = tables;
    this.tiles = new Tiles(image.bytes);
  }

  /** The superblock, the compressor's options, the head of the attributes. */
  async addHead(): Promise<void> {
    const { bytes, flags, xattrHeadAt } = this.image;
    this.tiles.add(KINDS.superblock, 0, SUPER.byteSize);
    if ((flags & FLAG_COMP_OPT) !== 0) {
      const header = (await bytes.view(SUPER.byteSize, META_HEADER.byteSize)).getU16(0, META_HEADER.size);
      const end = SUPER.byteSize + META_HEADER.byteSize + (header & (META_RAW - 1));
      this.tiles.add(KINDS.options, SUPER.byteSize, end);
    }
    if (xattrHeadAt === undefined) return;
    this.tiles.add(KINDS.xattrHead, xattrHeadAt, xattrHeadAt + XATTR_ID_TABLE.byteSize);
  }

  /** The tables, and the lists of their blocks. */
  addTables(): void {
    for (const [index, { place }] of this.tables.entries()) {
      this.tiles.add(KINDS.table, place.at, place.end, 0, index);
      this.tiles.add(KINDS.list, place.listAt, place.listEnd, 0, index);
    }
  }

  /** The blocks that the table of fragments names. */
  async addFragments(): Promise<void> {
    const bytes = this.#table("fragments")?.table.bytes;
    for (let at = 0; bytes && at < bytes.size; at += FRAGMENT_ENTRY.byteSize) {
      const view = await bytes.view(at, FRAGMENT_ENTRY.byteSize);
      const { start_block: start, size } = decodeStruct(view, 0, FRAGMENT_ENTRY);
      const from = bytes.toNumber(start, at);
      this.tiles.add(KINDS.fragment, from, from + storedBytes(bytes, at, size), 0, at / FRAGMENT_ENTRY.byteSize);
    }
  }

  /** All inodes, from the root on, with their listings and data. */
  async addInodes(): Promise<void> {
    const inodes = this.#table("inodes")!;
    this.#found(inodes.table.placeOf(this.image.rootRef), NO_PARENT, new Uint8Array(0));
    for (let owner = 0; owner < this.places.length; owner++) {
      const inode = await readInode(inodes.table.bytes, this.places[owner]!, this.image.blockSize);
      this.#visitor?.inode(inode, owner);
      inodes.tiles.add(TABLE_KINDS.inode, inode.at, inode.end, owner);
      await this.#addListing(inode, owner);
      await this.#addData(inode, owner);
      const looking = isLink(inode) ? this.#visitor?.link?.(inode, owner) : undefined;
      if (looking !== undefined) await looking;
    }
  }

  /** The attributes of all sets, and the values that stand elsewhere. */
  async addXattrs(): Promise<void> {
    const sets = this.#table("xattr ids");
    const attributes = this.#table("attributes");
    if (!sets || !attributes) return;
    const { bytes } = attributes.table;
    const starts: number[] = [];
    const ends = new Map<number, number>();
    const values = new Set<number>();
    for (let set = 0; set * XATTR_ID.byteSize < sets.table.bytes.size; set++) {
      const { reference, count } = await readXattrSet(sets.table.bytes, set);
      const at = attributes.table.placeOf(reference);
      let end = at;
      for await (const { end: pairEnd, valueRef } of readPairs(bytes, at, count)) {
        end = pairEnd;
        if (valueRef !== undefined) values.add(attributes.table.placeOf(valueRef));
      }
      attributes.tiles.add(TABLE_KINDS.pairs, at, end, set, count);
      starts.push(at);
      ends.set(at, end);
    }
    starts.sort((a, b) => a - b);
    let before = 0;
    for (const at of [...values].sort((a, b) => a - b)) {
      while (before + 1 < starts.length && starts[before + 1]! <= at) before++;
      // one that stands in a set is told there
      const start = starts[before]!;
      if (start <= at && at < ends.get(start)!) continue;
      attributes.tiles.add(TABLE_KINDS.value, at, await valueEnd(bytes, at));
    }
  }

  #table(name: TableName): MappedTable | undefined {
    return this.tables.find(({ place }) => place.name === name);
  }

  #found(place: number, parent: number, name: Uint8Array): void {
    if (this.#known.has(place)) return;
    this.#known.add(place);
    this.paths.add(parent, name);
    this.places.push(place);
  }

  async #addListing({ listing }: SquashfsInode, owner: number): Promise<void> {
    if (listing === undefined || listing.bytes === 0) return;
    const { table, tiles } = this.#table("directories")!;
    const inodes = this.#table("inodes")!.table;
    const at = table.place(listing.block, listing.offset);
    tiles.add(TABLE_KINDS.listing, at, at + listing.bytes, owner);
    for await (const item of readListing(table.bytes, at, listing.bytes)) {
      if (item.name === undefined) continue;
      const place = inodes.place(item.block, item.offset);
      this.#visitor?.entry(item, place, owner);
      this.#found(place, owner, item.name);
    }
  }

  async #addData({ file, bodyAt }: SquashfsInode, owner: number): Promise<void> {
    if (file === undefined) return;
    const { bytes } = this.#table("inodes")!.table;
    let end = file.startOff;
    let blocks = 0;
    for (let word = 0; word < file.words; word++) {
      const at = bodyAt + word * BLOCK_WORD.byteSize;
      // what is known at once is not waited for
      const borrowed = bytes.borrow(at, BLOCK_WORD.byteSize);
      const view = viewOf(borrowed instanceof Promise ? await borrowed : borrowed);
      const stored = storedBytes(bytes, at, view.getU32(0, BLOCK_WORD.size));
      if (stored > 0) blocks++;
      end += stored;
    }
    if (blocks > 0) this.tiles.add(KINDS.data, file.startOff, end, owner, blocks);
  }
}

/** Bytes of a block as it is stored, by its word, which stands in a table. */
function storedBytes(table: ImageBytes, at: number, word: number): number {
  if (word >= 2 * WORD_RAW) throw table.damaged(at, `no block has the word ${word}`);
  return word & (WORD_RAW - 1);
}
