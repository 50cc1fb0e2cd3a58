import type { ByteSource } from "../../core/byte-source.ts";
import { LONG_PREFIX, MAX_LINK } from "../../erofs/disk/format.ts";
import { damaged, ImageBytes, unsupported } from "../image.ts";
import type { ImageEntry, ImagePiece, ImageReader, ImageXattr } from "../reader.ts";
import type { Extent } from "./contents/extent.ts";
import { ErofsData, fillPiece } from "./data.ts";
import { NameOrder, readDirents } from "./directory.ts";
import { type ErofsImage, prefixSpace, readSuperblock, xattrSpace } from "./image.ts";
import { type ErofsInode, isCompressedInode, readInode } from "./inode.ts";
import { readLongPrefix, readXattrEntry, readXattrIbody, usualPrefix, type XattrEntry } from "./xattrs.ts";

/** No algorithm makes less of anything: directories that decode to more name the same bytes again and again. */
const MOST_DIRECTORY_RATIO = 256;

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
  #prefixes: (Uint8Array | undefined)[] | undefined;
  /** Directories that have been read, and their bytes as far as these can have a place of their own. */
  readonly #directories = new Set<number>();
  #directoryBytes = 0;

  constructor(image: ErofsImage) {
    this.image = image;
    this.rootId = image.rootNid;
    this.mostDirectoryBytes = MOST_DIRECTORY_RATIO * image.bytes.size;
    this.#data = new ErofsData(image);
  }

  /** The inode of a NID. */
  async inode(nid: number): Promise<ErofsInode> {
    return readInode(this.image, nid);
  }

  async *entries(directory: ErofsInode): AsyncGenerator<ImageEntry> {
    const { nid, size, space, at } = directory;
    if (!this.#directories.has(nid)) {
      this.#directories.add(nid);
      this.#directoryBytes += isCompressedInode(directory) ? size / MOST_DIRECTORY_RATIO : size;
      if (this.#directoryBytes > this.image.bytes.size)
        throw space.damaged(at, "directories come to more than an image of this size can hold");
    }
    const order = new NameOrder(directory);
    for await (const block of this.#data.read(directory, this.image.blockSize)) {
      for (const { name, nid } of readDirents(block, at).dirents) if (order.check(name, nid)) yield { name, id: nid };
    }
  }

  async target(link: ErofsInode): Promise<Uint8Array> {
    const { size, space, at } = link;
    if (size === 0 || size > MAX_LINK) throw space.damaged(at, `a link of ${size} bytes`);
    const target = new Uint8Array(size);
    let done = 0;
    for await (const piece of this.#data.pieces(link)) done = fillPiece(target, done, piece);
    if (target.includes(0)) throw space.damaged(at, "the target of a link holds a zero");
    return target;
  }

  /** In what pieces lie: see {@link StoredPiece.space}. */
  spaceOf(space: number): ImageBytes {
    const { bytes, box, devices } = this.image;
    const found = space === 0 ? bytes : space === 1 ? box : devices[space - 2]?.bytes;
    if (found === undefined) throw unsupported(`data in device ${space - 1}, which is not there`);
    return found;
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
    if (inode.end === inode.xattrAt) return [];
    const body = await readXattrIbody(this.image, inode);
    const space = xattrSpace(this.image);
    const entries: XattrEntry[] = [];
    for (const { entryAt } of body!.shared) entries.push(await readXattrEntry(space, entryAt, space.size));
    entries.push(...body!.own);
    const found: ImageXattr[] = [];
    for (const entry of entries) {
      const xattr = await this.#whole(entry);
      if (xattr !== undefined) found.push(xattr);
    }
    return found;
  }

  pieces(file: ErofsInode): AsyncGenerator<ImagePiece> {
    return this.#data.pieces(file);
  }

  open(file: ErofsInode): Promise<ByteSource> {
    return this.#data.open(file);
  }

  /** An attribute with its whole name; undefined where its prefix is one that Linux shows nothing of. */
  async #whole({ index, name, value }: XattrEntry): Promise<ImageXattr | undefined> {
    const start = (index & LONG_PREFIX) === 0 ? usualPrefix(index) : await this.#longPrefix(index - LONG_PREFIX);
    return start && { name: concat(start, name), value };
  }

  async #longPrefix(number: number): Promise<Uint8Array | undefined> {
    this.#prefixes ??= await this.#readPrefixes();
    if (number >= this.#prefixes.length) throw damaged(0, `there is no long prefix ${number}`);
    return this.#prefixes[number];
  }

  async #readPrefixes(): Promise<(Uint8Array | undefined)[]> {
    const { prefixes } = this.image;
    const space = prefixSpace(this.image);
    const found: (Uint8Array | undefined)[] = [];
    for (let at = prefixes.at; found.length < prefixes.count; ) {
      const { index, infix, end } = await readLongPrefix(space, at);
      const base = usualPrefix(index);
      found.push(base && concat(base, infix));
      at = end;
    }
    return found;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
