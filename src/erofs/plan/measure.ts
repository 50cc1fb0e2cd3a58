/** How large an inode is in each zone, given its form and layout. Every size that planning uses is derived here once. */
import { roundUp } from "../../core/bytes.ts";
import { S_IFDIR, S_IFLNK, type Tree } from "../../stage/tree/tree.ts";
import { type ChunkMap, chunkUnit, countChunks } from "../disk/chunk.ts";
import { measureDirectory } from "../disk/dirent.ts";
import {
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  isCompressed,
  LAYOUT_COMPRESSED_COMPACT,
  LAYOUT_COMPRESSED_FULL,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  MAP_HEADER,
} from "../disk/format.ts";
import { measureInode } from "../disk/inode.ts";
import { mapHeaderAt, measureExtents, measureIndex } from "../disk/lcluster.ts";
import type { XattrBodies } from "../disk/xattr.ts";
import type { ErofsSettings } from "../options.ts";
import type { StoredFiles } from "./stored.ts";

/** Bytes of content that lie in whole blocks; the rest, if any, is inline. */
export function bodyBytes(size: number, format: number, blockSize: number): number {
  return format >> FORMAT_LAYOUT_SHIFT === LAYOUT_INLINE ? size - (size % blockSize) : size;
}

/** Sizes of the inodes of one image, by entry. */
export class InodeSizes {
  readonly #tree: Tree;
  readonly #settings: ErofsSettings;
  readonly #xattrs: XattrBodies;
  /** Bits 0..3 of i_format: filled in while layouts are chosen. */
  formats: Uint8Array;
  /** How files with holes are cut: filled in while layouts are chosen. */
  readonly chunkMaps = new Map<number, ChunkMap>();
  /** How files were compressed, once they are. */
  stored: StoredFiles | undefined;
  #directory = -1;
  #directorySize = 0;

  constructor(
    tree: Tree,
    settings: ErofsSettings,
    xattrs: XattrBodies,
    formats: Uint8Array = new Uint8Array(new SharedArrayBuffer(tree.length)),
  ) {
    this.#tree = tree;
    this.#settings = settings;
    this.#xattrs = xattrs;
    this.formats = formats;
  }

  /** Forgets what is known of entries, whose numbers are used again. */
  clear(): void {
    this.chunkMaps.clear();
    this.#directory = -1;
  }

  /** i_size. */
  size(entry: number): number {
    if (this.#tree.kind(entry) !== S_IFDIR) return this.#tree.size.view[entry]!;
    // asked for several times in a row
    if (entry !== this.#directory) {
      const { blockSize, omitsDot } = this.#settings;
      this.#directory = entry;
      this.#directorySize = measureDirectory(this.#tree, entry, blockSize, !omitsDot);
    }
    return this.#directorySize;
  }

  /** Bytes of the inode and its attributes. */
  headBytes(entry: number, extended: boolean): number {
    const ibody = this.#xattrs.ibodies[this.#tree.xattrs.view[entry]!];
    return measureInode(extended) + (ibody?.length ?? 0);
  }

  /** Bytes that lie together at the inode's place: head, and inline tail or chunk array. */
  itemBytes(entry: number): number {
    const format = this.formats[entry]!;
    const head = this.headBytes(entry, (format & FORMAT_EXTENDED) !== 0);
    const layout = format >> FORMAT_LAYOUT_SHIFT;
    if (layout === LAYOUT_PLAIN) return head;
    const size = this.size(entry);
    const { blockSize, chunkBits, chunkIndexes } = this.#settings;
    if (layout === LAYOUT_COMPRESSED_FULL || layout === LAYOUT_COMPRESSED_COMPACT) {
      return this.#indexEnd(entry, head, size, layout) + this.stored!.shared.inlineLen[entry]!;
    }
    if (layout === LAYOUT_INLINE) return head + (size % blockSize);
    const unit = chunkUnit(chunkIndexes);
    const bits = this.chunkMaps.get(entry)?.bits ?? this.stored?.shared.chunkBits?.[entry] ?? chunkBits!;
    return roundUp(head, unit) + unit * countChunks(Math.ceil(size / blockSize), bits);
  }

  #indexEnd(entry: number, head: number, size: number, layout: number): number {
    const header = mapHeaderAt(head);
    if (this.stored!.isFragment(entry)) return header + MAP_HEADER.byteSize;
    if (this.stored!.hasRecords(entry)) {
      const count = this.stored!.shared.extents[entry]! + Number(this.stored!.hasFragment(entry));
      return measureExtents(header, size, count);
    }
    return measureIndex(header, size, layout, Math.log2(this.#settings.blockSize));
  }

  /** Whole blocks in the metadata zone: those of directories and of symbolic links. */
  metaBodyBlocks(entry: number): number {
    // a directory that is compressed lies in the packed inode
    if (isCompressed(this.formats[entry]!)) return 0;
    const kind = this.#tree.kind(entry);
    return kind === S_IFDIR || kind === S_IFLNK ? Math.ceil(this.bodyBytes(entry) / this.#settings.blockSize) : 0;
  }

  /** Blocks of a regular file in the data zone. */
  dataBlocks(entry: number): number {
    return this.chunkMaps.get(entry)?.blocks ?? Math.ceil(this.bodyBytes(entry) / this.#settings.blockSize);
  }

  /** Bytes in whole blocks, holes included. */
  bodyBytes(entry: number): number {
    return bodyBytes(this.size(entry), this.formats[entry]!, this.#settings.blockSize);
  }
}
