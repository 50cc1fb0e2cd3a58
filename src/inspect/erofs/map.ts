/** What lies where in an EROFS image: all that can be reached from its superblock. */
import { encodeUtf8, roundUp } from "../../core/bytes.ts";
import { CFGS_HEAD } from "../../erofs/disk/algorithms.ts";
import { DEVICE_SLOT, LAYOUT_CHUNK, MAP_HEADER, SUPER_OFFSET } from "../../erofs/disk/format.ts";
import { isDots } from "../entry-name.ts";
import { addHashTree } from "../hash-tree.ts";
import { damaged } from "../image.ts";
import { NO_PARENT, Paths } from "../paths.ts";
import { Tiles } from "../tiles.ts";
import { IndexRoom } from "./contents/array-window.ts";
import { chunkList } from "./contents/chunk-map.ts";
import type { Extent } from "./contents/extent.ts";
import { readIndex } from "./contents/file-index.ts";
import { readExtents } from "./contents/file-map.ts";
import { ErofsData } from "./data.ts";
import { type Dirent, readDirents } from "./directory.ts";
import { type ErofsImage, prefixSpace, xattrSpace } from "./image.ts";
import { indexStart } from "./index-lines.ts";
import { type ErofsInode, isCompressedInode, isDirectory, readInode } from "./inode.ts";
import { type ErofsKind, KINDS } from "./kinds.ts";
import { readLongPrefix, readXattrEntry, readXattrIbody } from "./xattrs.ts";

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
  /** A range of a file's bytes. */
  extent(extent: Extent, inode: ErofsInode, owner: number): void;
  /** An entry of a directory, and whose it is, which of the entries for itself and its parent is not told: its own. */
  dirent?(dirent: Dirent, inode: ErofsInode, owner: number, child: number): void;
}

/**
 * Follows every pointer of an image, each inode once.
 *
 * @throws ImageError `DAMAGED` where it does not hold together
 */
export async function mapErofs(image: ErofsImage, visitor?: ErofsVisitor): Promise<ErofsMap> {
  const mapper = new Mapper(image, visitor);
  await mapper.addHead();
  await mapper.addInodes();
  await addHashTree(mapper.tiles, image.bytes, image.blocks * image.blockSize);
  return mapper;
}

/** No algorithm makes less of anything: what decodes to more is named again and again. */
const MOST_DIRECTORY_RATIO = 256;
/** What inodes without names are called. */
const [PACKED_NAME, BOX_NAME] = [encodeUtf8("(packed inode)"), encodeUtf8("(metabox)")];

class Mapper implements ErofsMap {
  readonly image: ErofsImage;
  readonly data: ErofsData;
  readonly tiles: Tiles<ErofsKind>;
  /** What lies where in the metabox, where there is one. */
  readonly boxTiles: Tiles<ErofsKind> | undefined;
  readonly paths = new Paths();
  readonly nids: number[] = [];
  /** Numbers of {@link paths} by NID. */
  readonly #known = new Map<number, number>();
  /** Ends of shared attributes by their starts: many inodes name each. */
  readonly #shared = new Map<number, number>();
  readonly #visitor: ErofsVisitor | undefined;
  readonly #room = new IndexRoom();
  #directoryBytes = 0;

  constructor(image: ErofsImage, visitor: ErofsVisitor | undefined) {
    this.image = image;
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
      const inode = await readInode(this.image, this.nids[owner]!);
      this.#visitor?.inode(inode, owner);
      this.#tilesOf(inode).add(KINDS.inode, inode.at, inode.xattrAt, owner);
      await this.#addXattrs(inode, owner);
      await this.#addLists(inode, owner);
      if (isDirectory(inode)) await this.#addDirectory(inode, owner);
      else await this.#addData(inode, owner);
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
    if (inode.end === inode.xattrAt) return;
    const body = (await readXattrIbody(this.image, inode))!;
    this.#tilesOf(inode).add(KINDS.xattrs, inode.xattrAt, inode.end, owner);
    for (const { entryAt } of body.shared) {
      let end = this.#shared.get(entryAt);
      const space = xattrSpace(this.image);
      end ??= (await readXattrEntry(space, entryAt, space.size)).end;
      this.#shared.set(entryAt, end);
      (space === this.image.box ? this.boxTiles! : this.tiles).add(KINDS.sharedXattr, entryAt, end, owner);
    }
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
    for await (const extent of readExtents(this.image, inode, this.#room)) {
      const { source, at, stored, algorithm } = extent;
      this.#visitor?.extent(extent, inode, owner);
      if (source === "inode")
        this.#tilesOf(inode).add(KINDS.tail, at, at + stored, owner, algorithm === undefined ? 0 : 1);
      if (source !== "blocks") continue;
      if (at !== to) {
        this.tiles.add(KINDS.data, from, to, owner, pclusters);
        [from, pclusters] = [at, 0];
      }
      to = at + stored;
      if (algorithm !== undefined) pclusters++;
    }
    this.tiles.add(KINDS.data, from, to, owner, pclusters);
  }

  /** The blocks of a directory, and the inodes that they name. */
  async #addDirectory(inode: ErofsInode, owner: number): Promise<void> {
    if (isCompressedInode(inode)) await this.#addData(inode, owner);
    else for await (const extent of readExtents(this.image, inode, this.#room)) this.#addBlocks(inode, extent, owner);
    for await (const block of this.data.read(inode, this.image.blockSize)) {
      this.#directoryBytes += block.length;
      if (this.#directoryBytes > MOST_DIRECTORY_RATIO * this.image.bytes.size) {
        throw inode.space.damaged(inode.at, "directories decode to more than an image of this size can hold");
      }
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
