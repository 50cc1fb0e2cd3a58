/**
 * An image as a filesystem: directories by their listings, owners by their numbers, attributes, targets, devices. Source:
 * Linux fs/squashfs/{dir,inode,symlink,xattr,id}.c.
 */

import type { ByteSource } from "../../core/byte-source.ts";
import { encodeUtf8 } from "../../core/bytes.ts";
import { ID, MAX_LINK, XATTR_VALUE } from "../../squashfs/disk/format.ts";
import { isDots, isEntryName } from "../entry-name.ts";
import { viewOf } from "../image.ts";
import type { ImageEntry, ImageInode, ImagePiece, ImageReader, ImageXattr } from "../reader.ts";
import { quote } from "../text.ts";
import { SquashfsData } from "./data.ts";
import { readListing } from "./directory.ts";
import type { SquashfsImage, TableName } from "./image.ts";
import { readInode, type SquashfsInode } from "./inode.ts";
import { type MetaTable, openTables } from "./metadata.ts";
import { readPairs, readXattrSet } from "./xattrs.ts";

/** An inode with its owners. */
export interface OwnedInode extends SquashfsInode, ImageInode {}

type Draft = { -readonly [K in keyof OwnedInode]: OwnedInode[K] };

/** Linux reads no value that is longer. */
const MAX_VALUE = 0x10000;

/** Reads an image that is open; whatever does not hold together is `DAMAGED`. */
export class SquashfsReader implements ImageReader<OwnedInode> {
  readonly image: SquashfsImage;
  readonly data: SquashfsData;
  readonly rootId: number;
  readonly mostDirectoryBytes: number;
  readonly #inodes: MetaTable;
  readonly #tables: ReadonlyMap<TableName, MetaTable>;
  readonly #owners: Uint32Array;

  private constructor(image: SquashfsImage, tables: ReadonlyMap<TableName, MetaTable>, owners: Uint32Array) {
    this.image = image;
    this.#tables = tables;
    this.#inodes = tables.get("inodes")!;
    this.#owners = owners;
    this.rootId = this.#inodes.placeOf(image.rootRef);
    this.mostDirectoryBytes = tables.get("directories")!.bytes.size;
    this.data = new SquashfsData(image, this.#inodes.bytes, tables.get("fragments")?.bytes);
  }

  /** @throws ImageError `DAMAGED` where tables do not hold together, `INPUT` where there is no codec for them */
  static async open(image: SquashfsImage): Promise<SquashfsReader> {
    const tables = await openTables(image);
    return new SquashfsReader(image, tables, await readOwners(tables.get("ids")));
  }

  async inode(id: number): Promise<OwnedInode> {
    // to copy all of its fields takes as long as to read it
    const inode = (await readInode(this.#inodes.bytes, id, this.image.blockSize)) as Draft;
    inode.uid = this.#owner(inode.uidNumber, id);
    inode.gid = this.#owner(inode.gidNumber, id);
    inode.mtimeNsec = 0;
    return inode;
  }

  async *entries(directory: OwnedInode): AsyncGenerator<ImageEntry> {
    const { listing } = directory;
    if (listing === undefined) throw this.#inodes.bytes.damaged(directory.at, "this is no directory");
    if (listing.bytes === 0) return;
    const table = this.#tables.get("directories")!;
    const at = table.place(listing.block, listing.offset);
    for await (const item of readListing(table.bytes, at, listing.bytes)) {
      const { name, block, offset } = item;
      if (name === undefined) continue;
      if (!isEntryName(name) || isDots(name))
        throw table.bytes.damaged(item.at, `in a listing there can be no name ${quote(name)}`);
      yield { name, id: this.#inodes.place(block, offset) };
    }
  }

  async target(link: OwnedInode): Promise<Uint8Array> {
    const { bytes } = this.#inodes;
    if (link.size === 0 || link.size > MAX_LINK) throw bytes.damaged(link.at, `a link of ${link.size} bytes`);
    return (await bytes.read(link.bodyAt, link.size)).slice();
  }

  device({ rdev }: OwnedInode): { major: number; minor: number } {
    return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
  }

  async xattrs({ xattrSet, at }: OwnedInode): Promise<ImageXattr[]> {
    if (xattrSet === undefined) return [];
    const [sets, attributes] = [this.#tables.get("xattr ids"), this.#tables.get("attributes")];
    if (!sets || !attributes) {
      // an image without attributes may have sets of them: Linux looks at none
      if (this.image.xattrHeadAt === undefined) return [];
      throw this.#inodes.bytes.damaged(at, `there is no set ${xattrSet} of attributes`);
    }
    const { reference, count } = await readXattrSet(sets.bytes, xattrSet);
    const found: ImageXattr[] = [];
    for await (const { prefix, name, valueAt, end, valueRef } of readPairs(
      attributes.bytes,
      attributes.placeOf(reference),
      count,
    )) {
      const whole = new Uint8Array(prefix.length + name.length);
      whole.set(encodeUtf8(prefix));
      whole.set(name, prefix.length);
      const value =
        valueRef === undefined
          ? await attributes.bytes.read(valueAt + XATTR_VALUE.byteSize, end - valueAt - XATTR_VALUE.byteSize)
          : await this.#valueAt(attributes, attributes.placeOf(valueRef));
      found.push({ name: whole, value: value.slice() });
    }
    return found;
  }

  pieces(file: OwnedInode): AsyncGenerator<ImagePiece> {
    return this.data.pieces(file);
  }

  open(file: OwnedInode): Promise<ByteSource> {
    return this.data.open(file);
  }

  async #valueAt({ bytes }: MetaTable, at: number): Promise<Uint8Array> {
    const length = (await bytes.view(at, XATTR_VALUE.byteSize)).getU32(0, XATTR_VALUE.vsize);
    if (length > MAX_VALUE) throw bytes.damaged(at, `a value of ${length} bytes`);
    return bytes.read(at + XATTR_VALUE.byteSize, length);
  }

  #owner(number: number, at: number): number {
    const owner = this.#owners[number];
    if (owner === undefined) throw this.#inodes.bytes.damaged(at, `there is no owner ${number}`);
    return owner;
  }
}

async function readOwners(table: MetaTable | undefined): Promise<Uint32Array> {
  const size = table?.bytes.size ?? 0;
  const owners = new Uint32Array(size / ID.byteSize);
  const view = size === 0 ? undefined : viewOf(await table!.bytes.read(0, size));
  for (let number = 0; number < owners.length; number++) owners[number] = view!.getU32(number * ID.byteSize, ID.id);
  return owners;
}
