import type { ByteSource } from "../../core/byte-source.ts";
import { concatBytes } from "../../core/bytes.ts";
import { MAX_LINK } from "../../erofs/disk/format.ts";
import { ImageBytes } from "../image.ts";
import type { ImageEntry, ImagePiece, ImageReader, ImageXattr } from "../reader.ts";
import { isDots, targetFault, targetLengthFault } from "../rules/entry-name.ts";
import type { Extent } from "./contents/extent.ts";
import { ErofsData } from "./data.ts";
import { DirectoryAllowance, mostDirectoryBytes, NameOrder, readDirents } from "./directory.ts";
import { deviceBytes, type ErofsImage, readSuperblock, xattrSpace } from "./image.ts";
import { type ErofsInode, readInode } from "./inode.ts";
import {
  type LongPrefixes,
  prefixOf,
  readLongPrefixes,
  readName,
  readValue,
  readXattrEntry,
  readXattrIbody,
  shownEntries,
  type XattrEntry,
} from "./xattrs.ts";

/**
 * Reads the superblock, and finds what lies in other inodes: the metabox, and long prefixes in the packed inode.
 *
 * @param devices in what its data lies besides, as far as that is there
 * @throws ImageError `DAMAGED` where there is none, `INPUT` where it has features that are not read here
 */
export async function openErofs(bytes: ImageBytes, devices: readonly ImageBytes[] = []): Promise<ErofsImage> {
  const head = await readSuperblock(bytes, devices);
  // of what the metabox needs nothing can lie in itself: this image has none yet
  const image = head.metaboxNid === 0 ? head : { ...head, box: await openInode(head, head.metaboxNid, "the metabox") };
  if (image.prefixes.count === 0 || image.prefixes.within !== "packed") return image;
  return { ...image, packed: await openInode(image, image.packedNid, "the packed inode") };
}

async function openInode(image: ErofsImage, nid: number, name: string): Promise<ImageBytes> {
  return new ImageBytes(await new ErofsData(image).open(await readInode(image, nid)), name);
}

/**
 * Reads an image that is open; whatever does not hold together is `DAMAGED`. What a file costs is bounded by the image and
 * by its own size, in which holes do not count; but as files may share their data, all of them may have more bytes than the
 * image by any factor. Directories may not: they are read up to what an image of this size can hold.
 */
export class ErofsReader implements ImageReader<ErofsInode> {
  readonly image: ErofsImage;
  readonly rootId: number;
  readonly mostDirectoryBytes: number;
  readonly #data: ErofsData;
  readonly #allowance: DirectoryAllowance;
  #prefixes: Promise<LongPrefixes> | undefined;

  constructor(image: ErofsImage) {
    this.image = image;
    this.rootId = image.rootNid;
    this.mostDirectoryBytes = mostDirectoryBytes(image);
    this.#allowance = new DirectoryAllowance(image);
    this.#data = new ErofsData(image);
  }

  /** The inode of a NID. */
  async inode(nid: number): Promise<ErofsInode> {
    return readInode(this.image, nid);
  }

  async *entries(directory: ErofsInode): AsyncGenerator<ImageEntry> {
    const { space, at } = directory;
    this.#allowance.take(directory);
    const order = new NameOrder(directory);
    for await (const block of this.#data.read(directory, this.image.blockSize)) {
      for (const { name, nid } of readDirents(block, at).dirents) {
        const wrong = order.fault(name, nid);
        if (wrong !== undefined) throw space.damaged(at, wrong);
        if (!isDots(name)) yield { name, id: nid };
      }
    }
  }

  target(link: ErofsInode): Uint8Array | Promise<Uint8Array> {
    const { size, space, at } = link;
    const tooLong = targetLengthFault(size, MAX_LINK);
    if (tooLong !== undefined) throw space.damaged(at, tooLong);
    const checked = (target: Uint8Array) => {
      const wrong = targetFault(target);
      if (wrong !== undefined) throw space.damaged(at, wrong);
      return target;
    };
    const target = this.#data.readWhole(link);
    return target instanceof Promise ? target.then(checked) : checked(target);
  }

  /** In what pieces lie: see {@link StoredPiece.space}. */
  spaceOf(space: number): ImageBytes {
    const { bytes, box } = this.image;
    if (space === 0) return bytes;
    return space === 1 ? box! : deviceBytes(this.image, space - 1);
  }

  /** Decodes a compressed extent, to know that it can be: at once where that can be done. */
  checkExtent(extent: Extent): undefined | Promise<unknown> {
    return this.#data.check(extent);
  }

  /** Numbers of a device: those of Linux's new_encode_dev. */
  device({ union }: ErofsInode): { major: number; minor: number } {
    return { major: (union >>> 8) & 0xfff, minor: (union & 0xff) | ((union >>> 12) & 0xfff00) };
  }

  /** All attributes of an inode that Linux shows, the shared ones first. */
  async xattrs(inode: ErofsInode): Promise<ImageXattr[]> {
    const body = await readXattrIbody(this.image, inode);
    if (body === undefined) return [];
    // one that is named many times is one
    const known = new Map<number, XattrEntry>();
    const shared: XattrEntry[] = [];
    for (const { entryAt } of body.shared) {
      const entry = known.get(entryAt) ?? (await this.#sharedEntry(entryAt));
      known.set(entryAt, entry);
      shared.push(entry);
    }
    const long = await this.longPrefixes();
    const found = new Map<XattrEntry, ImageXattr>();
    const shown = shownEntries(inode, shared, body.own, long);
    for (const entry of shown) {
      if (found.has(entry)) continue;
      found.set(entry, {
        name: concatBytes(prefixOf(entry, long)!, await readName(entry)),
        value: await readValue(entry),
      });
    }
    return shown.map((entry) => found.get(entry)!);
  }

  async hasXattrs(inode: ErofsInode): Promise<boolean> {
    const body = await readXattrIbody(this.image, inode);
    if (body === undefined) return false;
    const long = await this.longPrefixes();
    const isShown = (entry: XattrEntry) => prefixOf(entry, long) !== undefined;
    for (const { entryAt } of body.shared) if (isShown(await this.#sharedEntry(entryAt))) return true;
    return body.own.some(isShown);
  }

  /** The table of long prefixes. */
  longPrefixes(): Promise<LongPrefixes> {
    this.#prefixes ??= readLongPrefixes(this.image);
    return this.#prefixes;
  }

  pieces(file: ErofsInode): AsyncGenerator<ImagePiece> {
    return this.#data.pieces(file);
  }

  open(file: ErofsInode): Promise<ByteSource> {
    return this.#data.open(file);
  }

  #sharedEntry(at: number): Promise<XattrEntry> {
    const space = xattrSpace(this.image);
    return readXattrEntry(space, at, space.size);
  }
}
