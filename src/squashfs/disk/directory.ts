/**
 * Directories. A listing is groups of entries whose inodes lie in one metadata block and have near numbers:
 *
 *     | count, inode block, base number | offset, number - base, type, name | … |     at most 256 entries a group
 *
 * The index of a large directory names the first entry of a group in each metadata block of the listing, so that the
 * kernel need not read the blocks before it to find a name. For that a group begins in every block.
 */
import { ImageError } from "../../core/error.ts";
import { StructView } from "../../core/struct.ts";
import { DIR_ENTRY, DIR_HEADER, DIR_INDEX, DOTS_SIZE, MAX_GROUP, MAX_INDEX, META_BLOCK } from "./format.ts";
import type { MetadataStream } from "./metadata.ts";

/** The entries of a directory, in byte order of their names, as {@link DirectoryWriter.write} asks for them. */
export interface Listing {
  readonly count: number;
  /** Number of the inode. */
  number(index: number): number;
  /** Reference of the inode. */
  reference(index: number): number;
  /** Basic type, also of extended inodes. */
  type(index: number): number;
  nameLength(index: number): number;
  /** Copies the name to `into` at `at`. */
  copyName(index: number, into: Uint8Array, at: number): void;
}

/** Where a listing lies. */
export interface PlacedListing {
  /** Metadata block that it begins in, and offset there. */
  block: number;
  offset: number;
  bytes: number;
  /** Encoded index; empty where there is none. */
  index: Uint8Array;
  indexEntries: number;
}

/** Writes listings into the directory table. */
export class DirectoryWriter {
  readonly #stream: MetadataStream;

  constructor(stream: MetadataStream) {
    this.#stream = stream;
  }

  /** Writes one listing. Throws `LIMIT` for one of 4 GiB. */
  write(listing: Listing, path: () => string): PlacedListing {
    const stream = this.#stream;
    const start = stream.length;
    const block = stream.blockStart;
    const offset = stream.at;
    const index = measure(listing) > META_BLOCK ? new IndexBuilder() : undefined;
    let indexedBlock = block;
    for (let at = 0; at < listing.count; ) {
      if (index && stream.blockStart !== indexedBlock) {
        index.add(stream.length - start, stream.blockStart, listing, at);
        indexedBlock = stream.blockStart;
      }
      at = this.#writeGroup(listing, at, index !== undefined);
    }
    const bytes = stream.length - start;
    if (bytes + DOTS_SIZE > 0xffffffff) {
      throw new ImageError("LIMIT", `${path()}: the directory would take more than 4 GiB`, { path: path() });
    }
    return { block, offset, bytes, index: index?.bytes ?? NO_INDEX, indexEntries: index?.entries ?? 0 };
  }

  /** Writes the group that begins with an entry; returns the entry behind it. */
  #writeGroup(listing: Listing, first: number, staysInBlock: boolean): number {
    const stream = this.#stream;
    const { view, bytes } = stream;
    const base = listing.number(first);
    const inodeBlock = blockOf(listing.reference(first));
    const end = endOfGroup(
      listing,
      first,
      inodeBlock,
      base,
      staysInBlock ? META_BLOCK - stream.at : Number.POSITIVE_INFINITY,
    );
    let at = stream.at;
    view.setU32(at, DIR_HEADER.count, end - first - 1);
    view.setU32(at, DIR_HEADER.start_block, inodeBlock);
    view.setU32(at, DIR_HEADER.inode_number, base);
    stream.commit(at + DIR_HEADER.byteSize);
    for (let index = first; index < end; index++) {
      at = stream.at;
      const nameLength = listing.nameLength(index);
      view.setU16(at, DIR_ENTRY.offset, listing.reference(index) % 0x10000);
      view.setS16(at, DIR_ENTRY.inode_number, listing.number(index) - base);
      view.setU16(at, DIR_ENTRY.type, listing.type(index));
      view.setU16(at, DIR_ENTRY.size, nameLength - 1);
      listing.copyName(index, bytes, at + DIR_ENTRY.byteSize);
      stream.commit(at + DIR_ENTRY.byteSize + nameLength);
    }
    return end;
  }
}

/** The entry behind the group that begins with `first`; entries begin before `room` bytes are full. */
function endOfGroup(listing: Listing, first: number, inodeBlock: number, base: number, room: number): number {
  const most = Math.min(listing.count, first + MAX_GROUP);
  let used = DIR_HEADER.byteSize;
  for (let index = first; index < most; index++) {
    const delta = listing.number(index) - base;
    if (blockOf(listing.reference(index)) !== inodeBlock || delta < -0x8000 || delta > 0x7fff) return index;
    if (index > first && used >= room) return index;
    used += DIR_ENTRY.byteSize + listing.nameLength(index);
  }
  return most;
}

function blockOf(reference: number): number {
  return Math.floor(reference / 0x10000);
}

/** Bytes of a listing without the headers of its groups. */
function measure(listing: Listing): number {
  let bytes = 0;
  for (let index = 0; index < listing.count; index++) bytes += DIR_ENTRY.byteSize + listing.nameLength(index);
  return bytes;
}

const NO_INDEX = new Uint8Array(0);
const GROWTH = 4096;

/** Collects the index of one directory. */
class IndexBuilder {
  entries = 0;
  #buffer = new Uint8Array(GROWTH);
  #used = 0;

  get bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#used);
  }

  /** Adds the group that begins with entry `first` at byte `listingOff` of the listing, in metadata block `block`. */
  add(listingOff: number, block: number, listing: Listing, first: number): void {
    // the kernel reads on from the last entry of the index, however far that is
    if (this.entries === MAX_INDEX) return;
    const nameLength = listing.nameLength(first);
    const end = this.#used + DIR_INDEX.byteSize + nameLength;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#buffer.length + GROWTH);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    const view = new StructView(this.#buffer.buffer);
    view.setU32(this.#used, DIR_INDEX.index, listingOff);
    view.setU32(this.#used, DIR_INDEX.start_block, block);
    view.setU32(this.#used, DIR_INDEX.size, nameLength - 1);
    listing.copyName(first, this.#buffer, this.#used + DIR_INDEX.byteSize);
    this.#used = end;
    this.entries++;
  }
}
