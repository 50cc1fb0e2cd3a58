/** Where the bytes of a file lie, whatever its data layout: a row of extents. Source: Linux fs/erofs/{data,zmap}.c. */
import { LAYOUT_CHUNK, LAYOUT_INLINE, LAYOUT_PLAIN, NULL_BLOCK } from "../../../erofs/disk/format.ts";
import type { ErofsImage } from "../image.ts";
import type { ErofsInode } from "../inode.ts";
import { IndexRoom } from "./array-window.ts";
import { ChunkMap } from "./chunk-map.ts";
import { blockExtent, type Extent, type FileMap, holeExtent, inodeExtent, packedExtent } from "./extent.ts";
import { readIndex } from "./file-index.ts";
import { IndexMap } from "./index-map.ts";
import { RecordMap } from "./record-map.ts";

/** The address of an inode without blocks, in its upper half. */
const NULL_HIGH = 0xffff;

/**
 * Finds out how the extents of a file are told.
 *
 * @param room in which its index is read; files whose extents are not asked for at the same time may have one
 * @throws ImageError `DAMAGED` where that cannot be
 */
export function mapFile(image: ErofsImage, inode: ErofsInode, room: IndexRoom): FileMap | Promise<FileMap> {
  const { layout } = inode;
  if (layout === LAYOUT_PLAIN || layout === LAYOUT_INLINE) return mapFlat(image, inode);
  return layout === LAYOUT_CHUNK ? new ChunkMap(image, inode) : mapCompressed(image, inode, room);
}

/** Is told the extents of a file, from its first byte to its last. @param room see {@link mapFile} */
export async function eachExtent(
  image: ErofsImage,
  inode: ErofsInode,
  visit: (extent: Extent) => void,
  room: IndexRoom = new IndexRoom(),
): Promise<void> {
  if (inode.size === 0) return;
  // what is known at once is not waited for
  const mapping = mapFile(image, inode, room);
  const map = mapping instanceof Promise ? await mapping : mapping;
  for (let at = 0; at < inode.size; ) {
    const finding = map.extentAt(at);
    const extent = finding instanceof Promise ? await finding : finding;
    visit(extent);
    at = extent.start + extent.length;
  }
}

async function mapCompressed(image: ErofsImage, inode: ErofsInode, room: IndexRoom): Promise<FileMap> {
  const index = await readIndex(image, inode);
  if (index.kind === "fragment") return new ListedMap(packedExtent(0, inode.size, index.fragmentOff!));
  return index.kind === "records" ? new RecordMap(image, inode, index, room) : new IndexMap(image, inode, index, room);
}

function mapFlat(image: ErofsImage, { layout, size, startBlk, end, at, space }: ErofsInode): FileMap {
  const { blockSize } = image;
  const whole = layout === LAYOUT_PLAIN ? size : Math.floor((size - 1) / blockSize) * blockSize;
  const tail = size - whole;
  const high = Math.floor(startBlk / 2 ** 32);
  const isHole = startBlk % 2 ** 32 === NULL_BLOCK && (high === 0 || high === NULL_HIGH);
  const first = isHole || whole === 0 ? holeExtent(0, whole) : blockExtent(image, 0, whole, startBlk);
  if (tail === 0) return new ListedMap(first);
  if (Math.floor(end / blockSize) !== Math.floor((end + tail - 1) / blockSize))
    throw space.damaged(at, "its tail crosses a block");
  return new ListedMap(first, inodeExtent(whole, tail, space, end));
}

/** One extent, or two. */
class ListedMap implements FileMap {
  readonly #first: Extent;
  readonly #second: Extent;

  constructor(first: Extent, second = first) {
    this.#first = first;
    this.#second = second;
  }

  extentAt(offset: number): Extent {
    return offset < this.#first.length ? this.#first : this.#second;
  }
}
