/** Files in chunks of one size, each with an address. Source: Linux fs/erofs/data.c. */
import { roundUp } from "../../../core/bytes.ts";
import type { StructView } from "../../../core/struct.ts";
import { CHUNK_ADDRESS, CHUNK_INDEX, CHUNK_INDEXES, MAX_CHUNK_BITS, NULL_BLOCK } from "../../../erofs/disk/format.ts";
import { viewOf } from "../../image.ts";
import type { ErofsImage } from "../image.ts";
import type { ErofsInode } from "../inode.ts";
import { blockExtent, type Extent, type FileMap, holeExtent } from "./extent.ts";

/** Chunk format: all bits that mean something, and that addresses have an upper half. */
const [CHUNK_KNOWN, CHUNK_48BIT] = [0x7f, 0x40] as const;
/** Bytes of the list that are looked at for chunks that go on. */
const MOST_LIST_BYTES = 4096;

/** Where the chunks of a file are listed, and how. */
export function chunkList(image: ErofsImage, { union, size, end, at, space }: ErofsInode) {
  if ((union & ~CHUNK_KNOWN) !== 0) throw space.damaged(at, `chunks have no format ${union}`);
  const shape = (union & CHUNK_INDEXES) === 0 ? CHUNK_ADDRESS : CHUNK_INDEX;
  const chunkBytes = image.blockSize * 2 ** (union & MAX_CHUNK_BITS);
  const entries = Math.ceil(size / chunkBytes);
  const from = roundUp(end, shape.byteSize);
  space.check(from, entries * shape.byteSize);
  return { at: from, end: from + entries * shape.byteSize, shape, chunkBytes, isWide: (union & CHUNK_48BIT) !== 0 };
}

/** An address of a chunk. */
interface ChunkPlace {
  readonly device: number;
  /** Undefined: there is nothing. */
  readonly blk: number | undefined;
}

/** The extents of a file in chunks: those that go on are one. */
export class ChunkMap implements FileMap {
  readonly #image: ErofsImage;
  readonly #inode: ErofsInode;
  readonly #list: ReturnType<typeof chunkList>;
  /** As many of the bits of a device's number count as are needed. */
  readonly #deviceMask: number;

  constructor(image: ErofsImage, inode: ErofsInode) {
    this.#image = image;
    this.#inode = inode;
    this.#list = chunkList(image, inode);
    this.#deviceMask = 2 ** Math.ceil(Math.log2(image.devices.length + 1)) - 1;
  }

  extentAt(offset: number): Extent | Promise<Extent> {
    const { at, end, shape, chunkBytes } = this.#list;
    const first = Math.floor(offset / chunkBytes);
    const from = at + first * shape.byteSize;
    const bytes = this.#inode.space.borrow(from, Math.min(end - from, MOST_LIST_BYTES));
    return bytes instanceof Promise
      ? bytes.then((known) => this.#extent(first * chunkBytes, viewOf(known)))
      : this.#extent(first * chunkBytes, viewOf(bytes));
  }

  #extent(start: number, view: StructView): Extent {
    const { shape, chunkBytes } = this.#list;
    const { device, blk } = this.#place(view, 0);
    const blocks = chunkBytes / this.#image.blockSize;
    // where an address may be that of any device, chunks that go on need not lie in one
    const most = device === 0 && this.#image.devices.length > 0 ? 1 : view.byteLength / shape.byteSize;
    let chunks = 1;
    for (; chunks < most; chunks++) {
      const next = this.#place(view, chunks * shape.byteSize);
      if (next.device !== device || next.blk !== (blk === undefined ? undefined : blk + chunks * blocks)) break;
    }
    const length = Math.min(chunks * chunkBytes, this.#inode.size - start);
    return blk === undefined ? holeExtent(start, length) : blockExtent(this.#image, start, length, blk, device);
  }

  #place(view: StructView, at: number): ChunkPlace {
    const { shape, isWide } = this.#list;
    const low = view.getU32(at, shape.startblk_lo);
    if (shape !== CHUNK_INDEX) return { device: 0, blk: low === NULL_BLOCK ? undefined : low };
    const high = isWide ? view.getU16(at, CHUNK_INDEX.startblk_hi) : 0;
    // holes are of no device
    if (low === NULL_BLOCK && (!isWide || high === 0xffff)) return { device: 0, blk: undefined };
    return { device: view.getU16(at, CHUNK_INDEX.device_id) & this.#deviceMask, blk: low + high * 2 ** 32 };
  }
}
