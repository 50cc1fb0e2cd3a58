/**
 * The inode and directory tables. A listing holds references to inodes, and a directory's inode one to its listing, so
 * directories are done from the leaves up: first the inodes of all its entries, which so stand side by side, then its
 * listing; its own inode is written among those of its parent's entries, the root's last.
 *
 *     /            a b/          inodes      b/c  |  a b  |  root
 *     b/           c             listings    b    |  root
 */
import { showBytes } from "../core/bytes.ts";
import type { InodeOrder } from "../stage/tree/order.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../stage/tree/tree.ts";
import { DirectoryWriter, type PlacedListing } from "./disk/directory.ts";
import { ABSENT, BLOCK_WORD } from "./disk/format.ts";
import type { IdTable } from "./disk/ids.ts";
import { blankFile, blankHead, emitDevice, emitDirectoryInode, emitFile, emitIpc, emitSymlink } from "./disk/inode.ts";
import type { MetadataStream } from "./disk/metadata.ts";
import type { XattrTable } from "./disk/xattr.ts";
import { basicType, TreeListing } from "./listing.ts";
import { type Numbering, numberInodes } from "./numbering.ts";
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

/** Writes the two tables into their streams. */
export class InodeWriter {
  readonly #tree: Tree;
  readonly #inodes: InodeOrder;
  readonly #data: DataPlan;
  readonly #ids: IdTable;
  readonly #xattrs: XattrTable | undefined;
  readonly #stream: MetadataStream;
  readonly #listings: DirectoryWriter;
  readonly #numbering: Numbering;
  /** What the inode that is being written says. */
  readonly #head = blankHead();
  readonly #file = blankFile();
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
    this.#numbering = numberInodes(tree, inodes);
    this.references = new Float64Array(inodes.order.length).fill(NOT_WRITTEN);
  }

  /** Writes all inodes and listings, calling `breathe` between directories; returns the reference of the root's. */
  async write(breathe: () => Promise<void> | undefined): Promise<number> {
    const { directories, numbers } = this.#numbering;
    const listing = new TreeListing(this.#tree, numbers, this.references, this.#inodes.inodeOf);
    for (let index = directories.length - 1; index >= 0; index--) {
      const directory = directories[index]!;
      const first = this.#tree.ref.view[directory]!;
      const end = first + this.#tree.count.view[directory]!;
      for (let child = first; child < end; child++) {
        const entry = this.#inodes.inodeOf?.[child] ?? child;
        // a file of several names is written with the first that comes up
        if (this.references[numbers[entry]! - 1] === NOT_WRITTEN) this.#writeInode(entry);
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
    return this.references[numbers[0]! - 1]!;
  }

  #writeInode(entry: number): void {
    const tree = this.#tree;
    const kind = tree.kind(entry);
    const number = this.#numbering.numbers[entry]!;
    this.#fillHead(entry, basicType(kind), number);
    this.references[number - 1] = this.#stream.reference;
    if (kind === S_IFREG) this.#writeFile(entry);
    else if (kind === S_IFDIR) this.#writeDirectory(entry);
    else this.#writeOther(entry, kind);
  }

  /** Notes what the inode that is to be written has in common with all others. */
  #fillHead(entry: number, type: number, number: number): void {
    const tree = this.#tree;
    const head = this.#head;
    const set = tree.xattrs.view[entry]!;
    const mtime = tree.mtime.view[entry]!;
    head.type = type;
    head.mode = tree.mode.view[entry]!;
    head.xattr = set === 0 || !this.#xattrs ? ABSENT : this.#xattrs.number(set, () => this.#pathOf(entry));
    head.uid = this.#ids.index(tree.uid.view[entry]!, tree, entry);
    head.gid = this.#ids.index(tree.gid.view[entry]!, tree, entry);
    head.mtime = Math.min(Math.max(mtime, 0), MAX_TIME);
    head.number = number;
    head.nlink = this.#inodes.nlink[entry]!;
    if (head.mtime !== mtime) this.clampedTimes++;
  }

  #writeOther(entry: number, kind: number): void {
    const tree = this.#tree;
    const head = this.#head;
    const { view, bytes, at } = this.#stream;
    if (kind === S_IFLNK) this.#stream.commit(emitSymlink(bytes, view, at, head, tree.target(entry)));
    else if (kind === S_IFCHR || kind === S_IFBLK) {
      this.#stream.commit(emitDevice(view, at, head, tree.ref.view[entry]!));
    } else this.#stream.commit(emitIpc(view, at, head));
  }

  #writeFile(entry: number): void {
    const { words, item, itemWord, itemOff, fragment, fragmentOff, blockSize, tailLen } = this.#data;
    const file = this.#file;
    const size = this.#tree.size.view[entry]!;
    const ownItem = item[entry]!;
    const body = size - tailLen[entry]!;
    const blocks = Math.ceil(body / blockSize);
    const firstWord = blocks === 0 ? 0 : itemWord[ownItem]!;
    let sparse = 0;
    for (let block = 0; block < blocks; block++) {
      if (words[firstWord + block] === 0) sparse += Math.min(blockSize, body - block * blockSize);
    }
    this.savedByHoles += sparse;
    file.size = size;
    file.startOff = blocks === 0 ? 0 : itemOff[ownItem]!;
    file.fragment = fragment[entry]!;
    file.fragmentOff = fragmentOff[entry]!;
    file.sparseBytes = sparse;
    const { view, at } = this.#stream;
    this.#stream.commit(emitFile(view, at, this.#head, file));
    for (let block = 0; block < blocks; ) {
      const end = Math.min(blocks, block + WORDS_AT_ONCE);
      let to = this.#stream.at;
      for (; block < end; block++, to += BLOCK_WORD.byteSize)
        view.setU32(to, BLOCK_WORD.size, words[firstWord + block]!);
      this.#stream.commit(to);
    }
  }

  #writeDirectory(entry: number): void {
    const placed = this.#placed.get(entry)!;
    this.#placed.delete(entry);
    // the root's parent is not in the image
    const { numbers } = this.#numbering;
    const parentNumber = entry === 0 ? this.#head.number + 1 : numbers[this.#tree.parent.view[entry]!]!;
    const { view, at } = this.#stream;
    this.#stream.commit(emitDirectoryInode(view, at, this.#head, placed, parentNumber));
    this.#stream.append(placed.index);
  }

  #pathOf(entry: number): string {
    return showBytes(this.#tree.path(entry)) || "/";
  }
}

const NOT_WRITTEN = -1;
const WORDS_AT_ONCE = 2048;
