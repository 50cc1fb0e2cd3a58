/** What lies where in an EROFS image: all that can be reached from its superblock. */
import { encodeUtf8, roundUp } from "../../core/bytes.ts";
import { CFGS_HEAD } from "../../erofs/disk/algorithms.ts";
import { DEVICE_SLOT, LAYOUT_CHUNK, MAP_HEADER, SUPER_OFFSET } from "../../erofs/disk/format.ts";
import { addHashTree } from "../hash-tree.ts";
import { damaged } from "../image.ts";
import { NO_PARENT, Paths } from "../paths.ts";
import { isDots } from "../rules/entry-name.ts";
import { Tiles } from "../tiles.ts";
import { IndexRoom } from "./contents/array-window.ts";
import { chunkList } from "./contents/chunk-map.ts";
import type { Extent } from "./contents/extent.ts";
import { readIndex } from "./contents/file-index.ts";
import { eachExtent } from "./contents/file-map.ts";
import { ErofsData } from "./data.ts";
import { DirectoryAllowance, type Dirent, readDirents } from "./directory.ts";
import { type ErofsImage, prefixSpace, xattrSpace } from "./image.ts";
import { indexStart } from "./index-lines.ts";
import { type ErofsInode, isCompressedInode, isDirectory, isLink, readInode } from "./inode.ts";
import { type ErofsKind, KINDS } from "./kinds.ts";
import { readLongPrefix, readXattrEntry, readXattrIbody, type XattrEntry } from "./xattrs.ts";

/** Where everything is. */
export interface ErofsMap {
  readonly image: ErofsImage;
  readonly data: ErofsData;
  readonly tiles: Tiles<ErofsKind>;
  /** What lies where in the metabox, where there is one. */
  readonly boxTiles: Tiles<ErofsKind> | undefined;
  readonly paths: Paths;
  /** NIDs by number of {@link paths}. */
  readonly nids: readonly number[];
}

/** Is told what is found on the way. */
export interface ErofsVisitor {
  inode(inode: ErofsInode, owner: number): void;
  /** A symbolic link. */
  link?(inode: ErofsInode, owner: number): undefined | Promise<void>;
  /** The attributes of an inode that has some. */
  xattrs?(shared: readonly XattrEntry[], own: readonly XattrEntry[], inode: ErofsInode, owner: number): void;
  /** A range of a file's bytes. */
  extent(extent: Extent, inode: ErofsInode, owner: number): void;
  /** An entry of a directory, and whose it is, which of the entries for itself and its parent is not told: its own. */
  dirent?(dirent: Dirent, inode: ErofsInode, owner: number, child: number): void;
}

/**
 * Follows every pointer of an image, each inode once.
 *
 * @param paths are filled on the way
 * @throws ImageError `DAMAGED` where it does not hold together
 */
export async function mapErofs(
  image: ErofsImage,
  visitor?: ErofsVisitor,
  paths: Paths = new Paths(),
): Promise<ErofsMap> {
  const mapper = new Mapper(image, visitor, paths);
  await mapper.addHead();
  await mapper.addInodes();
  await addHashTree(mapper.tiles, image.bytes, image.blocks * image.blockSize);
  return mapper;
}

/** What inodes without names are called. */
const [PACKED_NAME, BOX_NAME] = [encodeUtf8("(packed inode)"), encodeUtf8("(metabox)")];

class Mapper implements ErofsMap {
  readonly image: ErofsImage;
  readonly data: ErofsData;
  readonly tiles: Tiles<ErofsKind>;
  /** What lies where in the metabox, where there is one. */
  readonly boxTiles: Tiles<ErofsKind> | undefined;
  readonly paths: Paths;
  readonly nids: number[] = [];
  /** Numbers of {@link paths} by NID. */
  readonly #known = new Map<number, number>();
  /** Shared attributes by their places: many inodes name each. */
  readonly #shared = new Map<number, XattrEntry>();
  readonly #visitor: ErofsVisitor | undefined;
  readonly #room = new IndexRoom();
  readonly #allowance: DirectoryAllowance;

  constructor(image: ErofsImage, visitor: ErofsVisitor | undefined, paths: Paths) {
    this.image = image;
    this.paths = paths;
    this.#allowance = new DirectoryAllowance(image);
    this.#visitor = visitor;
    this.data = new ErofsData(image);
    this.tiles = new Tiles(image.bytes);
    this.boxTiles = image.box && new Tiles(image.box);
  }

  /** The superblock and the configurations behind it. */
  async addHead(): Promise<void> {
    const { superEnd, bytes, algorithms } = this.image;
    this.tiles.add(KINDS.superblock, SUPER_OFFSET, superEnd);
    let at = superEnd;
    for (let id = 0; id < 16; id++) {
      if ((algorithms & (1 << id)) === 0) continue;
      at = roundUp(at, 4);
      const length = (await bytes.view(at, CFGS_HEAD.byteSize)).getU16(0, CFGS_HEAD.size);
      const end = at + CFGS_HEAD.byteSize + length;
      this.tiles.add(KINDS.configuration, at, end, 0, id);
      at = end;
    }
    const { box, devices, prefixes } = this.image;
    for (const [index, { at: from }] of devices.entries()) {
      this.tiles.add(KINDS.device, from, from + DEVICE_SLOT.byteSize, 0, index + 1);
    }
    // what lies in the packed inode is not told: it has no place of its own
    if (prefixes.within === "packed") return;
    const space = prefixSpace(this.image);
    for (let index = 0, from = prefixes.at; index < prefixes.count; index++) {
      const { end } = await readLongPrefix(space, from);
      (space === box ? this.boxTiles! : this.tiles).add(KINDS.prefix, from, end, 0, index);
      from = end;
    }
  }

  /** All inodes, from the root on. */
  async addInodes(): Promise<void> {
    const { rootNid, packedNid, metaboxNid } = this.image;
    this.#found(rootNid, NO_PARENT, new Uint8Array(0));
    if (packedNid !== 0) this.#found(packedNid, NO_PARENT, PACKED_NAME);
    if (metaboxNid !== 0) this.#found(metaboxNid, NO_PARENT, BOX_NAME);
    for (let owner = 0; owner < this.nids.length; owner++) {
      // what is known at once is not waited for
      const reading = readInode(this.image, this.nids[owner]!);
      const inode = reading instanceof Promise ? await reading : reading;
      this.#visitor?.inode(inode, owner);
      this.#tilesOf(inode).add(KINDS.inode, inode.at, inode.xattrAt, owner);
      if (inode.end !== inode.xattrAt) await this.#addXattrs(inode, owner);
      if (inode.layout === LAYOUT_CHUNK || isCompressedInode(inode)) await this.#addLists(inode, owner);
      if (isDirectory(inode)) await this.#addDirectory(inode, owner);
      else await this.#addData(inode, owner);
      const looking = isLink(inode) ? this.#visitor?.link?.(inode, owner) : undefined;
      if (looking !== undefined) await looking;
    }
  }

  /** Gives the number of an inode. */
  #found(nid: number, parent: number, name: Uint8Array): number {
    const known = this.#known.get(nid);
    if (known !== undefined) return known;
    const owner = this.paths.add(parent, name);
    this.#known.set(nid, owner);
    this.nids.push(nid);
    return owner;
  }

  async #addXattrs(inode: ErofsInode, owner: number): Promise<void> {
    const body = (await readXattrIbody(this.image, inode))!;
    this.#tilesOf(inode).add(KINDS.xattrs, inode.xattrAt, inode.end, owner);
    const space = xattrSpace(this.image);
    const shared: XattrEntry[] = [];
    for (const { entryAt } of body.shared) {
      const entry = this.#shared.get(entryAt) ?? (await readXattrEntry(space, entryAt, space.size));
      this.#shared.set(entryAt, entry);
      shared.push(entry);
      (space === this.image.box ? this.boxTiles! : this.tiles).add(KINDS.sharedXattr, entryAt, entry.end, owner);
    }
    this.#visitor?.xattrs?.(shared, body.own, inode, owner);
  }

  /** What stands behind the inode to say where its data is. */
  async #addLists(inode: ErofsInode, owner: number): Promise<void> {
    if (inode.layout === LAYOUT_CHUNK) {
      const { at, end } = chunkList(this.image, inode);
      this.#tilesOf(inode).add(KINDS.chunks, at, end, owner);
    } else if (isCompressedInode(inode) && inode.size > 0) {
      const index = await readIndex(this.image, inode);
      const { headerAt, end } = index;
      this.#tilesOf(inode).add(KINDS.mapHeader, headerAt, headerAt + MAP_HEADER.byteSize, owner);
      this.#tilesOf(inode).add(KINDS.index, indexStart(index), end, owner);
    }
  }

  /** The data of what is no directory; what lies one behind the other is one tile. */
  async #addData(inode: ErofsInode, owner: number): Promise<void> {
    let from = 0;
    let to = 0;
    let pclusters = 0;
    const visit = (extent: Extent) => {
      const { source, at, stored, algorithm } = extent;
      this.#visitor?.extent(extent, inode, owner);
      if (source === "inode")
        this.#tilesOf(inode).add(KINDS.tail, at, at + stored, owner, algorithm === undefined ? 0 : 1);
      if (source !== "blocks") return;
      if (at !== to) {
        this.tiles.add(KINDS.data, from, to, owner, pclusters);
        from = at;
        pclusters = 0;
      }
      to = at + stored;
      if (algorithm !== undefined) pclusters++;
    };
    await eachExtent(this.image, inode, visit, this.#room);
    this.tiles.add(KINDS.data, from, to, owner, pclusters);
  }

  /** The blocks of a directory, and the inodes that they name. */
  async #addDirectory(inode: ErofsInode, owner: number): Promise<void> {
    if (isCompressedInode(inode)) await this.#addData(inode, owner);
    else await eachExtent(this.image, inode, (extent) => this.#addBlocks(inode, extent, owner), this.#room);
    this.#allowance.take(inode);
    for await (const block of this.data.read(inode, this.image.blockSize)) {
      const { dirents } = readDirents(block, inode.at);
      for (const dirent of dirents) {
        const child = isDots(dirent.name) ? owner : this.#found(dirent.nid, owner, dirent.name);
        this.#visitor?.dirent?.(dirent, inode, owner, child);
      }
    }
  }

  /** The tiles of what an inode lies in. */
  #tilesOf({ space }: ErofsInode): Tiles<ErofsKind> {
    return space === this.image.bytes ? this.tiles : this.boxTiles!;
  }

  #addBlocks(inode: ErofsInode, { source, at, length }: Extent, owner: number): void {
    const { blockSize } = this.image;
    const tiles = source === "inode" ? this.#tilesOf(inode) : this.tiles;
    if (source === "hole") throw damaged(at, "a directory has a hole");
    for (let done = 0; done < length; done += blockSize) {
      tiles.add(KINDS.directory, at + done, at + Math.min(done + blockSize, length), owner);
    }
  }
}
