/**
 * An image as a filesystem: directories by their entries, attributes by their whole names, targets, device numbers. Source:
 * Linux fs/erofs/{dir,inode,xattr}.c.
 */
import { encodeUtf8 } from "../../core/bytes.ts";
import type { ByteSource } from "../../core/sink.ts";
import { LONG_PREFIX, MAX_LINK } from "../../erofs/disk/format.ts";
import { damaged, ImageBytes, unsupported } from "../image.ts";
import type { ImageEntry, ImagePiece, ImageReader, ImageXattr } from "../reader.ts";
import { ErofsData } from "./data.ts";
import { isDots, readDirents } from "./directory.ts";
import { type ErofsImage, readSuperblock } from "./image.ts";
import { type ErofsInode, readInode } from "./inode.ts";
import { readLongPrefix, readXattrEntry, readXattrIbody, type XattrEntry } from "./xattrs.ts";

/** No algorithm makes less of anything: directories that decode to more name the same bytes again and again. */
const MOST_DIRECTORY_RATIO = 256;

/** The last of the usual prefixes. */
const LAST_PREFIX = 6;

/**
 * Reads the superblock, and finds the metabox if there is one.
 *
 * @param devices in what its data lies besides, as far as that is there
 * @throws ImageError `DAMAGED` where there is none, `INPUT` where it has features that are not read here
 */
export async function openErofs(bytes: ImageBytes, devices: readonly ImageBytes[] = []): Promise<ErofsImage> {
  const image = await readSuperblock(bytes, devices);
  if (image.metaboxNid === 0) return image;
  // of what it needs nothing can lie in itself: this image has none yet
  const contents = await new ErofsData(image).open(await readInode(image, image.metaboxNid));
  return { ...image, box: new ImageBytes(contents, "the metabox") };
}

/** Reads an image that is open; whatever does not hold together is `DAMAGED`. */
export class ErofsReader implements ImageReader<ErofsInode> {
  readonly image: ErofsImage;
  readonly rootId: number;
  readonly mostDirectoryBytes: number;
  readonly #data: ErofsData;
  #prefixes: Uint8Array[] | undefined;

  constructor(image: ErofsImage) {
    this.image = image;
    this.rootId = image.rootNid;
    this.mostDirectoryBytes = MOST_DIRECTORY_RATIO * image.bytes.size;
    this.#data = new ErofsData(image);
  }

  /** The inode of a NID. */
  inode(nid: number): Promise<ErofsInode> {
    return readInode(this.image, nid);
  }

  async *entries(directory: ErofsInode): AsyncGenerator<ImageEntry> {
    for await (const block of this.#data.read(directory, this.image.blockSize)) {
      for (const { name, nid } of readDirents(block, directory.at).dirents) if (!isDots(name)) yield { name, id: nid };
    }
  }

  async target(link: ErofsInode): Promise<Uint8Array> {
    if (link.size === 0 || link.size > MAX_LINK) throw link.space.damaged(link.at, `a link of ${link.size} bytes`);
    let target = new Uint8Array(0);
    for await (const bytes of this.#data.read(link, MAX_LINK)) target = bytes.slice();
    return target;
  }

  /** Numbers of a device: those of Linux's new_encode_dev. */
  device({ union }: ErofsInode): { major: number; minor: number } {
    return { major: (union >>> 8) & 0xfff, minor: (union & 0xff) | ((union >>> 12) & 0xfff00) };
  }

  /** All attributes of an inode, the shared ones first. */
  async xattrs(inode: ErofsInode): Promise<ImageXattr[]> {
    const body = await readXattrIbody(this.image, inode);
    if (body === undefined) return [];
    const found: ImageXattr[] = [];
    const { bytes } = this.image;
    for (const { entryAt } of body.shared)
      found.push(await this.#whole(await readXattrEntry(bytes, entryAt, bytes.size)));
    for (const entry of body.own) found.push(await this.#whole(entry));
    return found;
  }

  pieces(file: ErofsInode): AsyncGenerator<ImagePiece> {
    return this.#data.pieces(file);
  }

  open(file: ErofsInode): Promise<ByteSource> {
    return this.#data.open(file);
  }

  async #whole({ at, index, prefix, name, value }: XattrEntry): Promise<ImageXattr> {
    const isUsual = index > 0 && index <= LAST_PREFIX;
    if (!isUsual && index < LONG_PREFIX) throw damaged(at, `no attribute has the prefix ${index}`);
    const start = (index & LONG_PREFIX) === 0 ? encodeUtf8(prefix) : await this.#longPrefix(index - LONG_PREFIX);
    const whole = new Uint8Array(start.length + name.length);
    whole.set(start);
    whole.set(name, start.length);
    return { name: whole, value };
  }

  async #longPrefix(number: number): Promise<Uint8Array> {
    this.#prefixes ??= await this.#readPrefixes();
    const prefix = this.#prefixes[number];
    if (prefix === undefined) throw unsupported(`attributes with the long prefix ${number}, whose table is elsewhere`);
    return prefix;
  }

  async #readPrefixes(): Promise<Uint8Array[]> {
    const { bytes, box, prefixes } = this.image;
    const space: ImageBytes = prefixes.isInBox && box ? box : bytes;
    const found: Uint8Array[] = [];
    for (let at = prefixes.at; found.length < prefixes.count; ) {
      const { base, infix, end } = await readLongPrefix(space, at);
      const whole = new Uint8Array(base.length + infix.length);
      whole.set(encodeUtf8(base));
      whole.set(infix, base.length);
      found.push(whole);
      at = end;
    }
    return found;
  }
}
