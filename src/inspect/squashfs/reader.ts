/**
 * An image as a filesystem: directories by their listings, owners by their numbers, attributes, targets, devices. Source:
 * Linux fs/squashfs/{dir,inode,symlink,xattr,id}.c.
 */

import type { ByteSource } from "../../core/byte-source.ts";
import { ID, MAX_LINK } from "../../squashfs/disk/format.ts";
import { viewOf } from "../image.ts";
import type { ImageEntry, ImageInode, ImagePiece, ImageReader, ImageXattr } from "../reader.ts";
import { targetFault, targetLengthFault } from "../rules/entry-name.ts";
import { SquashfsData } from "./data.ts";
import { listedNameFault, readListing } from "./directory.ts";
import type { SquashfsImage, TableName } from "./image.ts";
import { readInode, type SquashfsInode } from "./inode.ts";
import { type MetaTable, openTables } from "./metadata.ts";
import { type ShownXattr, shownXattrs } from "./xattrs.ts";

/** An inode with its owners. */
export interface OwnedInode extends SquashfsInode, ImageInode {}

type Draft = { -readonly [K in keyof OwnedInode]: OwnedInode[K] };

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
    const wrong = this.ownersFault(inode);
    if (wrong !== undefined) throw this.#inodes.bytes.damaged(id, wrong);
    inode.uid = this.#owners[inode.uidNumber]!;
    inode.gid = this.#owners[inode.gidNumber]!;
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
      const wrong = listedNameFault(name);
      if (wrong !== undefined) throw table.bytes.damaged(item.at, wrong);
      yield { name, id: this.#inodes.place(block, offset) };
    }
  }

  target({ at, bodyAt, size }: SquashfsInode): Uint8Array | Promise<Uint8Array> {
    const { bytes } = this.#inodes;
    const tooLong = targetLengthFault(size, MAX_LINK);
    if (tooLong !== undefined) throw bytes.damaged(at, tooLong);
    const checked = (target: Uint8Array) => {
      const wrong = targetFault(target);
      if (wrong !== undefined) throw bytes.damaged(at, wrong);
      return target.slice();
    };
    const target = bytes.borrow(bodyAt, size);
    return target instanceof Promise ? target.then(checked) : checked(target);
  }

  device({ rdev }: OwnedInode): { major: number; minor: number } {
    return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
  }

  async xattrs(inode: SquashfsInode): Promise<ImageXattr[]> {
    const found: ImageXattr[] = [];
    // one that is named many times is one
    const values = new Map<number, Uint8Array>();
    for await (const { name, valueAt, valueLen } of this.shownXattrs(inode)) {
      const value = values.get(valueAt) ?? (await this.#tables.get("attributes")!.bytes.read(valueAt, valueLen));
      values.set(valueAt, value);
      found.push({ name, value });
    }
    return found;
  }

  async hasXattrs(inode: SquashfsInode): Promise<boolean> {
    for await (const _ of this.shownXattrs(inode)) return true;
    return false;
  }

  /** The attributes of an inode without their values. */
  async *shownXattrs({ xattrSet, at }: SquashfsInode): AsyncGenerator<ShownXattr> {
    // an image without attributes may have sets of them: Linux looks at none
    if (xattrSet === undefined || this.image.xattrHeadAt === undefined) return;
    const [sets, attributes] = [this.#tables.get("xattr ids"), this.#tables.get("attributes")];
    if (!sets || !attributes) throw this.#inodes.bytes.damaged(at, `there is no set ${xattrSet} of attributes`);
    yield* shownXattrs(sets.bytes, attributes, xattrSet);
  }

  pieces(file: OwnedInode): AsyncGenerator<ImagePiece> {
    return this.data.pieces(file);
  }

  open(file: OwnedInode): Promise<ByteSource> {
    return this.data.open(file);
  }

  /** What is wrong with the owners of an inode, if anything. */
  ownersFault({ uidNumber, gidNumber }: SquashfsInode): string | undefined {
    const number = Math.max(uidNumber, gidNumber);
    return number < this.#owners.length ? undefined : `there is no owner ${number}`;
  }
}

async function readOwners(table: MetaTable | undefined): Promise<Uint32Array> {
  const size = table?.bytes.size ?? 0;
  const owners = new Uint32Array(size / ID.byteSize);
  const view = size === 0 ? undefined : viewOf(await table!.bytes.read(0, size));
  for (let number = 0; number < owners.length; number++) owners[number] = view!.getU32(number * ID.byteSize, ID.id);
  return owners;
}
