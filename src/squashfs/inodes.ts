/**
 * The inode and directory tables. A listing holds references to inodes, and a directory's inode one to its listing, so
 * directories are done from the leaves up: first the inodes of all its entries, which so stand side by side, then its
 * listing; its own inode is written among those of its parent's entries, the root's last.
 *
 *     /            a b/          inodes      b/c  |  a b  |  root
 *     b/           c             listings    b    |  root
 */
import { showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import type { InodeOrder } from "../stage/tree/order.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK, type Tree } from "../stage/tree/tree.ts";
import { DirectoryWriter, type Listing, type PlacedListing } from "./disk/directory.ts";
import { ABSENT, EXTENDED, TYPE } from "./disk/format.ts";
import type { IdTable } from "./disk/ids.ts";
import {
  directoryType,
  emitBase,
  emitDevice,
  emitDirectoryInode,
  emitFile,
  emitIpc,
  emitSymlink,
  fileType,
  otherType,
} from "./disk/inode.ts";
import type { MetadataStream } from "./disk/metadata.ts";
import type { XattrTable } from "./disk/xattr.ts";
import type { DataPlan } from "./plan.ts";

/** What inodes are written from. */
export interface InodeInput {
  tree: Tree;
  inodes: InodeOrder;
  data: DataPlan;
  ids: IdTable;
  /** Undefined where no attributes are to be stored. */
  xattrs: XattrTable | undefined;
}

const MAX_TIME = 0xffffffff;
const TYPES = new Map<number, number>([
  [S_IFREG, TYPE.file],
  [S_IFDIR, TYPE.dir],
  [S_IFLNK, TYPE.symlink],
  [S_IFBLK, TYPE.block],
  [S_IFCHR, TYPE.char],
  [S_IFIFO, TYPE.fifo],
  [S_IFSOCK, TYPE.socket],
]);

/** Writes the two tables into their streams. */
export class InodeWriter {
  readonly #tree: Tree;
  readonly #inodes: InodeOrder;
  readonly #data: DataPlan;
  readonly #ids: IdTable;
  readonly #xattrs: XattrTable | undefined;
  readonly #stream: MetadataStream;
  readonly #listings: DirectoryWriter;
  /** By entry; 0 for one without. */
  readonly #numbers: Uint32Array;
  /** Reference of inode n at n - 1: the export table. */
  readonly references: Float64Array;
  /** Where the listings of directories lie whose inodes are still to be written. */
  readonly #placed = new Map<number, PlacedListing>();
  /** Inodes whose time SquashFS cannot hold. */
  clampedTimes = 0;
  /** Bytes of holes. */
  savedByHoles = 0;

  constructor({ tree, inodes, data, ids, xattrs }: InodeInput, stream: MetadataStream, listings: MetadataStream) {
    this.#tree = tree;
    this.#inodes = inodes;
    this.#data = data;
    this.#ids = ids;
    this.#xattrs = xattrs;
    this.#stream = stream;
    this.#listings = new DirectoryWriter(listings);
    this.#numbers = new Uint32Array(tree.length);
    this.references = new Float64Array(inodes.order.length);
  }

  /** Writes all inodes and listings, calling `breathe` between directories; returns the reference of the root's. */
  async write(breathe: () => Promise<void> | undefined): Promise<number> {
    const directories = this.#number();
    const listing = new TreeListing(this.#tree, this.#numbers, this.references, this.#inodes.inodeOf);
    for (let index = directories.length - 1; index >= 0; index--) {
      const directory = directories[index]!;
      const first = this.#tree.ref.view[directory]!;
      const end = first + this.#tree.count.view[directory]!;
      for (let child = first; child < end; child++) {
        const entry = this.#inodes.inodeOf?.[child] ?? child;
        // a file of several names is written with the first that comes up
        if (this.references[this.#numbers[entry]! - 1] === NOT_WRITTEN) this.#writeInode(entry);
        if ((child & 255) === 255) await breathe();
      }
      listing.open(first, end - first);
      this.#placed.set(
        directory,
        this.#listings.write(listing, () => this.#pathOf(directory)),
      );
      await breathe();
    }
    this.#writeInode(0);
    return this.references[this.#numbers[0]! - 1]!;
  }

  /** Numbers inodes in the order in which they are going to be written; returns the directories in preorder. */
  #number(): Uint32Array {
    const { order, inodeOf } = this.#inodes;
    const directories = order.filter((entry) => this.#tree.kind(entry) === S_IFDIR);
    let next = 1;
    for (let index = directories.length - 1; index >= 0; index--) {
      const first = this.#tree.ref.view[directories[index]!]!;
      const end = first + this.#tree.count.view[directories[index]!]!;
      for (let child = first; child < end; child++) {
        const entry = inodeOf?.[child] ?? child;
        if (this.#numbers[entry] === 0) this.#numbers[entry] = next++;
      }
    }
    this.#numbers[0] = next;
    if (next !== order.length) {
      throw new ImageError("INTERNAL", `${next} inodes have been numbered, ${order.length} planned`);
    }
    this.references.fill(NOT_WRITTEN);
    return directories;
  }

  #writeInode(entry: number): void {
    const tree = this.#tree;
    const kind = tree.kind(entry);
    const number = this.#numbers[entry]!;
    const nlink = this.#inodes.nlink[entry]!;
    const set = tree.xattrs.view[entry]!;
    const xattr = set === 0 || !this.#xattrs ? ABSENT : this.#xattrs.number(set, () => this.#pathOf(entry));
    this.references[number - 1] = this.#stream.reference;
    if (kind === S_IFREG) this.#writeFile(entry, number, nlink, xattr);
    else if (kind === S_IFDIR) this.#writeDirectory(entry, number, nlink, xattr);
    else this.#writeOther(entry, kind, number, nlink, xattr);
  }

  #writeOther(entry: number, kind: number, number: number, nlink: number, xattr: number): void {
    const tree = this.#tree;
    const { view, bytes } = this.#stream;
    const basic = TYPES.get(kind)!;
    const at = this.#writeBase(entry, otherType(basic, xattr), number);
    if (kind === S_IFLNK) {
      this.#stream.commit(emitSymlink(bytes, view, at, tree.target(entry), nlink, xattr));
    } else if (kind === S_IFCHR || kind === S_IFBLK) {
      this.#stream.commit(emitDevice(view, at, tree.ref.view[entry]!, nlink, xattr));
    } else this.#stream.commit(emitIpc(view, at, nlink, xattr));
  }

  #writeFile(entry: number, number: number, nlink: number, xattr: number): void {
    const { words, item, itemWord, itemOff, fragment, fragmentOff, blockSize, tailLen } = this.#data;
    const size = this.#tree.size.view[entry]!;
    const ownItem = item[entry]!;
    const body = size - tailLen[entry]!;
    const blocks = Math.ceil(body / blockSize);
    const startOff = blocks === 0 ? 0 : itemOff[ownItem]!;
    const firstWord = blocks === 0 ? 0 : itemWord[ownItem]!;
    let sparse = 0;
    for (let block = 0; block < blocks; block++) {
      if (words[firstWord + block] === 0) sparse += Math.min(blockSize, body - block * blockSize);
    }
    this.savedByHoles += sparse;
    const type = fileType(size, startOff, nlink, sparse, xattr);
    const at = this.#writeBase(entry, type, number);
    const { view } = this.#stream;
    const fragmentAt = fragmentOff[entry]!;
    this.#stream.commit(emitFile(view, at, type, size, startOff, fragment[entry]!, fragmentAt, nlink, sparse, xattr));
    for (let block = 0; block < blocks; ) {
      const end = Math.min(blocks, block + WORDS_AT_ONCE);
      let to = this.#stream.at;
      for (; block < end; block++, to += 4) view.setUint32(to, words[firstWord + block]!, true);
      this.#stream.commit(to);
    }
  }

  #writeDirectory(entry: number, number: number, nlink: number, xattr: number): void {
    const placed = this.#placed.get(entry)!;
    this.#placed.delete(entry);
    const type = directoryType(placed.bytes, placed.indexEntries, xattr);
    const parent = this.#tree.parent.view[entry]!;
    // the root's parent is not in the image
    const parentNumber = entry === 0 ? number + 1 : this.#numbers[parent]!;
    const at = this.#writeBase(entry, type, number);
    const end = emitDirectoryInode(
      this.#stream.view,
      at,
      type,
      placed.bytes,
      placed.block,
      placed.offset,
      nlink,
      parentNumber,
      placed.indexEntries,
      xattr,
    );
    this.#stream.commit(end);
    if (type === TYPE.dir + EXTENDED) this.#stream.append(placed.index);
  }

  /** Writes what all inodes begin with; returns where the inode begins. */
  #writeBase(entry: number, type: number, number: number): number {
    const tree = this.#tree;
    const { view, at } = this.#stream;
    const uid = this.#ids.index(tree.uid.view[entry]!, tree, entry);
    const gid = this.#ids.index(tree.gid.view[entry]!, tree, entry);
    const mtime = tree.mtime.view[entry]!;
    const stored = Math.min(Math.max(mtime, 0), MAX_TIME);
    if (stored !== mtime) this.clampedTimes++;
    emitBase(view, at, type, tree.mode.view[entry]!, uid, gid, stored, number);
    return at;
  }

  #pathOf(entry: number): string {
    return showBytes(this.#tree.path(entry)) || "/";
  }
}

const NOT_WRITTEN = -1;
const WORDS_AT_ONCE = 2048;

/** The entries of one directory of the tree; opened for one after another. */
class TreeListing implements Listing {
  readonly #tree: Tree;
  readonly #numbers: Uint32Array;
  readonly #references: Float64Array;
  readonly #inodeOf: Uint32Array | undefined;
  #first = 0;
  count = 0;

  constructor(tree: Tree, numbers: Uint32Array, references: Float64Array, inodeOf: Uint32Array | undefined) {
    this.#tree = tree;
    this.#numbers = numbers;
    this.#references = references;
    this.#inodeOf = inodeOf;
  }

  open(first: number, count: number): void {
    this.#first = first;
    this.count = count;
  }

  number(index: number): number {
    const entry = this.#first + index;
    return this.#numbers[this.#inodeOf?.[entry] ?? entry]!;
  }

  reference(index: number): number {
    return this.#references[this.number(index) - 1]!;
  }

  type(index: number): number {
    return TYPES.get(this.#tree.kind(this.#first + index))!;
  }

  nameLength(index: number): number {
    return this.#tree.nameLen.view[this.#first + index]!;
  }

  copyName(index: number, into: Uint8Array, at: number): void {
    const names = this.#tree.names.view;
    const from = this.#tree.nameOff.view[this.#first + index]!;
    const length = this.#tree.nameLen.view[this.#first + index]!;
    for (let i = 0; i < length; i++) into[at + i] = names[from + i]!;
  }
}
