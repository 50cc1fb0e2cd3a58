/**
 * A reader of EROFS images that shares nothing with the product: it goes by docs/erofs-format.md alone, sections 2 to 9,
 * decodes what it meets, and notes where everything lies.
 */

/** Something's place in the image; only extents of the same kind that are equal may lie at one place. */
export interface Extent {
  from: number;
  to: number;
  sharedAs: "data" | "attribute" | undefined;
}

/** One inode with all that hangs on it. */
export interface ReadInode {
  nid: number;
  mode: number;
  nlink: number;
  uid: number;
  size: number;
  extended: boolean;
  /** i_format >> 1. */
  layout: number;
  /** i_u. */
  startBlk: number;
  contents: Buffer;
  xattrs: Record<string, string>;
  extents: Extent[];
}

const XATTR_PREFIXES = [
  "",
  "user.",
  "system.posix_acl_access",
  "system.posix_acl_default",
  "trusted.",
  "",
  "security.",
];

/** Reads plain EROFS images: layouts 0, 2 and 4, both forms, both kinds of attributes. */
export class ImageReader {
  readonly image: Uint8Array;
  readonly #view: DataView;
  readonly blockSize: number;

  constructor(image: Uint8Array) {
    this.image = image;
    this.#view = new DataView(image.buffer, image.byteOffset, image.length);
    this.blockSize = 1 << this.#u8(1024 + 12);
  }

  #u8 = (at: number) => this.#view.getUint8(at);
  #u16 = (at: number) => this.#view.getUint16(at, true);
  #u32 = (at: number) => this.#view.getUint32(at, true);
  #u64 = (at: number) => Number(this.#view.getBigUint64(at, true));

  /** Some of what the superblock says. */
  get superblock() {
    const [seconds, nsec] = [Number(this.#view.getBigInt64(1024 + 24, true)), this.#u32(1024 + 32)];
    return {
      rootNid: this.#u16(1024 + 14),
      inodes: this.#u64(1024 + 16),
      epoch: seconds,
      fixedNsec: nsec,
      blocks: this.#u32(1024 + 36),
      xattrBlk: this.#u32(1024 + 44),
      buildTime: this.#u32(1024 + 108),
      compat: this.#u32(1024 + 8),
      incompat: this.#u32(1024 + 80),
    };
  }

  /** All inodes by path; of a hard link, one object under each path. */
  tree(): Map<string, ReadInode> {
    const paths = new Map<string, ReadInode>();
    const known = new Map<number, ReadInode>();
    const visit = (nid: number, path: string) => {
      const inode = known.get(nid) ?? this.#inode(nid);
      known.set(nid, inode);
      paths.set(path, inode);
      if ((inode.mode & 0o170000) !== 0o040000) return;
      for (let block = 0; block < inode.size; block += this.blockSize) {
        const bytes = inode.contents.subarray(block, block + this.blockSize);
        const end = bytes.readUInt16LE(8);
        for (let at = 0; at < end; at += 12) {
          const to = at + 12 < end ? bytes.readUInt16LE(at + 20) : undefined;
          const name = bytes.toString("latin1", bytes.readUInt16LE(at + 8), to).replace(/\0+$/, "");
          if (name === "." || name === "..") continue;
          visit(Number(bytes.readBigUInt64LE(at)), path === "" ? name : `${path}/${name}`);
        }
      }
    };
    visit(this.#u16(1024 + 14), "");
    return paths;
  }

  #inode(nid: number): ReadInode {
    // NIDs count from the block meta_blkaddr, which may be in front of the image
    const at = this.#view.getInt32(1024 + 40, true) * this.blockSize + nid * 32;
    const format = this.#u16(at);
    const extended = (format & 1) === 1;
    const icount = this.#u16(at + 2);
    const head = at + (extended ? 64 : 32);
    const end = head + (icount === 0 ? 0 : 12 + 4 * (icount - 1));
    const mode = this.#u16(at + 4);
    const size = extended ? this.#u64(at + 8) : this.#u32(at + 8);
    const extents: Extent[] = [{ from: at, to: end, sharedAs: undefined }];
    const isReg = (mode & 0o170000) === 0o100000;
    const contents = this.#contents(format >> 1, size, this.#u32(at + 16), end, isReg, extents);
    const xattrs = icount === 0 ? {} : this.#xattrs(head, end, extents);
    const [nlink, uid] = extended ? [this.#u32(at + 44), this.#u32(at + 24)] : [this.#u16(at + 6), this.#u16(at + 24)];
    const [layout, startBlk] = [format >> 1, this.#u32(at + 16)];
    return { nid, mode, nlink, uid, size, extended, layout, startBlk, contents, xattrs, extents };
  }

  #contents(layout: number, size: number, union: number, end: number, isReg: boolean, extents: Extent[]): Buffer {
    const out = Buffer.alloc(size);
    const take = (from: number, imageOff: number, length: number, wholeBlocks: boolean) => {
      if (length === 0) return;
      out.set(this.image.subarray(imageOff, imageOff + length), from);
      const room = wholeBlocks ? Math.ceil(length / this.blockSize) * this.blockSize : length;
      extents.push({ from: imageOff, to: imageOff + room, sharedAs: wholeBlocks && isReg ? "data" : undefined });
    };
    if (layout === 4) {
      const unit = union & 0x20 ? 8 : 4;
      const chunk = this.blockSize * 2 ** (union & 0x1f);
      const array = Math.ceil(end / unit) * unit;
      const count = Math.ceil(size / chunk);
      extents.push({ from: end, to: array + unit * count, sharedAs: undefined });
      for (let index = 0; index < count; index++) {
        const blk = this.#u32(array + unit * index + unit - 4);
        if (blk !== 0xffffffff) take(index * chunk, blk * this.blockSize, Math.min(chunk, size - index * chunk), true);
      }
      return out;
    }
    const tail = layout === 2 ? size % this.blockSize : 0;
    take(0, union * this.blockSize, size - tail, true);
    take(size - tail, end, tail, false);
    if (tail > 0 && Math.floor(end / this.blockSize) !== Math.floor((end + tail - 1) / this.blockSize)) {
      throw new Error(`inline tail at ${end} crosses a block`);
    }
    return out;
  }

  #xattrs(head: number, end: number, extents: Extent[]): Record<string, string> {
    const found: Record<string, string> = {};
    const entry = (at: number) => {
      const [nameLength, index, valueSize] = [this.#u8(at), this.#u8(at + 1), this.#u16(at + 2)];
      const valueAt = at + 4 + nameLength;
      const name = XATTR_PREFIXES[index]! + Buffer.from(this.image.subarray(at + 4, valueAt)).toString("latin1");
      found[name] = Buffer.from(this.image.subarray(valueAt, valueAt + valueSize)).toString("hex");
      return Math.ceil((valueAt + valueSize) / 4) * 4;
    };
    let at = head + 12;
    for (let left = this.#u8(head + 4); left > 0; left--, at += 4) {
      const from = this.#u32(1024 + 44) * this.blockSize + 4 * this.#u32(at);
      extents.push({ from, to: entry(from), sharedAs: "attribute" });
    }
    while (at < end) at = entry(at);
    if (at !== end) throw new Error(`attributes end at ${at}, not ${end}`);
    return found;
  }
}

/**
 * Throws unless the extents of an image tile it: none overlaps another, no block is left out, and what lies between
 * them is zero.
 *
 * @param unit alignment of data runs, and of the image's length, in blocks
 */
export function checkTiling(image: Uint8Array, blockSize: number, inodes: Iterable<ReadInode>, unit: number): void {
  const superblock: Extent = { from: 1024, to: 1152, sharedAs: undefined };
  const extents = [superblock, ...[...new Set(inodes)].flatMap((inode) => inode.extents)];
  extents.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  let previous: Extent | undefined;
  for (const extent of extents) {
    const isAgain =
      previous?.from === extent.from && previous.to === extent.to && previous.sharedAs === extent.sharedAs;
    if (extent.from < end && !(isAgain && extent.sharedAs)) throw new Error(`overlap at ${extent.from}`);
    if (extent.to > image.length) throw new Error(`${extent.to} lies behind the end`);
    if (image.subarray(end, extent.from).some((byte) => byte !== 0))
      throw new Error(`leftovers in front of ${extent.from}`);
    // between two extents there is no room for a whole block, besides the boot sector
    const gap = Math.floor(extent.from / blockSize) - Math.ceil(end / blockSize);
    if (gap >= unit && extent !== superblock) throw new Error(`${gap} unused blocks in front of ${extent.from}`);
    [previous, end] = [extent, Math.max(end, extent.to)];
  }
  if (image.subarray(end).some((byte) => byte !== 0)) throw new Error(`leftovers behind ${end}`);
  if (image.length - end >= unit * blockSize) throw new Error(`unused blocks from ${end} to ${image.length}`);
}
