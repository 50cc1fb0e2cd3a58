/**
 * The choice of form (compact or extended) and data layout for every inode. An equal file takes over its original's
 * layout, since they share blocks.
 */
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { InodeOrder } from "../../stage/tree/order.ts";
import type { DataRanges } from "../../stage/tree/sparse.ts";
import { NONE, S_IFLNK, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import { leastHoles } from "../compress-options.ts";
import { chunkUnit, countChunks, planChunks } from "../disk/chunk.ts";
import {
  FORMAT_EXTENDED,
  FORMAT_LAYOUT_SHIFT,
  LAYOUT_CHUNK,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  MAX_LINK,
} from "../disk/format.ts";
import { fitsCompact } from "../disk/inode.ts";
import type { ErofsSettings } from "../options.ts";
import type { InodeSizes } from "./measure.ts";
import type { ImageTime } from "./time.ts";

/** What the choice depends on. */
export interface LayoutInput {
  tree: Tree;
  inodes: InodeOrder;
  settings: ErofsSettings;
  time: ImageTime;
  sharesWith: Uint32Array | undefined;
  holes: ReadonlyMap<number, DataRanges>;
}

/** Fills in `sizes.formats` and `sizes.chunkMaps`; returns the bytes that holes save. Throws `LIMIT` naming the path. */
export function chooseLayouts(input: LayoutInput, sizes: InodeSizes): number {
  const { inodes, sharesWith, holes } = input;
  const chooser = new FormatChooser(input, sizes);
  const plain = sharesWith ? chooseSharedPlain(input, sizes, sharesWith) : new Set<number>();
  let savedByHoles = 0;
  for (const entry of inodes.order) {
    const original = sharesWith?.[entry] ?? NONE;
    if (original !== NONE) chooser.inherit(entry, original);
    else savedByHoles += chooser.choose(entry, holes.get(entry), plain.has(entry));
  }
  return savedByHoles;
}

/**
 * Originals whose group is smaller without inline tails: each of its inodes would carry the tail, while one more
 * shared block holds it once.
 */
export function chooseSharedPlain(
  input: Pick<LayoutInput, "tree" | "settings"> & { inodes: Pick<InodeOrder, "order"> },
  sizes: InodeSizes,
  sharesWith: Uint32Array,
): Set<number> {
  const { blockSize } = input.settings;
  const members = new Map<number, number>();
  const plain = new Set<number>();
  for (const entry of input.inodes.order) {
    const original = sharesWith[entry]!;
    if (original === NONE) continue;
    const count = (members.get(original) ?? 1) + 1;
    members.set(original, count);
    const tail = input.tree.size.view[entry]! % blockSize;
    // a tail that may not fit beside one of the inodes is beside none
    if (tail * count >= blockSize || sizes.headBytes(entry, true) + tail > blockSize) plain.add(original);
  }
  return plain;
}

/** What {@link FormatChooser} goes by. */
export interface FormatInput {
  tree: Tree;
  settings: ErofsSettings;
  time: ImageTime;
  /** Link counts by entry. */
  inodes: { readonly nlink: Uint32Array };
}

/** Chooses the format of one inode after another. */
export class FormatChooser {
  readonly #input: FormatInput;
  readonly #sizes: InodeSizes;

  constructor(input: FormatInput, sizes: InodeSizes) {
    this.#input = input;
    this.#sizes = sizes;
  }

  /**
   * Chooses for an inode with data of its own, and returns the bytes that holes save.
   *
   * @param ranges what of the file is no hole, if it has been looked through
   * @param isPlain a file's end shall not be beside its inode
   */
  choose(entry: number, ranges: DataRanges | undefined, isPlain = false): number {
    const extended = this.#needsExtended(entry);
    const saved = ranges && this.#planHoles(entry, ranges);
    const layout = saved === undefined ? this.#chooseLayout(entry, extended, isPlain) : LAYOUT_CHUNK;
    this.#sizes.formats[entry] = (layout << FORMAT_LAYOUT_SHIFT) | (extended ? FORMAT_EXTENDED : 0);
    return saved ?? 0;
  }

  /** Chooses for a file that has the data of another. */
  inherit(entry: number, original: number): void {
    const { formats, chunkMaps } = this.#sizes;
    const map = chunkMaps.get(original);
    if (map) chunkMaps.set(entry, map);
    formats[entry] = (formats[original]! & ~FORMAT_EXTENDED) | (this.#needsExtended(entry) ? FORMAT_EXTENDED : 0);
  }

  #needsExtended(entry: number): boolean {
    const { tree, settings, time, inodes } = this.#input;
    const { uid, gid, mtime, mtimeNsec } = tree;
    const size = this.#sizes.size(entry);
    const isCompact = fitsCompact(size, uid.view[entry]!, gid.view[entry]!, inodes.nlink[entry]!);
    if (settings.inodes === "compact" && !isCompact) {
      const path = showBytes(tree.path(entry)) || "/";
      throw new ImageError("LIMIT", `${path}: its size, owner or link count does not fit a compact inode`, { path });
    }
    if (settings.inodes !== "auto") return settings.inodes === "extended";
    if (!isCompact) return true;
    if (settings.ignoreMtime) return false;
    return mtime.view[entry] !== time.epoch || mtimeNsec.view[entry] !== time.fixedNsec;
  }

  /** Cuts a file with holes, and returns the bytes saved; undefined where there are none, or cutting saves nothing. */
  #planHoles(entry: number, ranges: DataRanges): number | undefined {
    const { tree, settings } = this.#input;
    const { blockSize, chunkBits, chunkIndexes, hasBlobDevice } = settings;
    const blocks = Math.ceil(tree.size.view[entry]! / blockSize);
    const unit = chunkUnit(chunkIndexes);
    // where chunks are put together afterwards, their size is what is looked for, no more
    const map = planChunks(ranges, blocks, blockSize, unit, hasBlobDevice ? undefined : chunkBits);
    const saved = (blocks - map.blocks) * blockSize;
    // what saves less than a block may cost more in how inodes fit into blocks
    if (chunkBits === undefined && saved - unit * countChunks(blocks, map.bits) < blockSize) return undefined;
    const { compression } = settings;
    if (compression && saved < leastHoles(compression, blockSize) * map.blocks * blockSize) return undefined;
    this.#sizes.chunkMaps.set(entry, map);
    return saved;
  }

  #chooseLayout(entry: number, extended: boolean, isPlain: boolean): number {
    const { tree, settings } = this.#input;
    const sizes = this.#sizes;
    const size = sizes.size(entry);
    const kind = tree.kind(entry);
    if (kind === S_IFLNK && size > MAX_LINK) {
      const path = showBytes(tree.path(entry));
      throw new ImageError("LIMIT", `${path}: a symbolic link of ${size} bytes; EROFS holds ${MAX_LINK}`, { path });
    }
    if (kind === S_IFREG && size > 0) {
      // what becomes compressed shows later
      if (settings.chunkBits !== undefined && !settings.compression) return LAYOUT_CHUNK;
      if (!settings.inlineData || isPlain) return LAYOUT_PLAIN;
    }
    const tail = size % settings.blockSize;
    return tail > 0 && sizes.headBytes(entry, extended) + tail <= settings.blockSize ? LAYOUT_INLINE : LAYOUT_PLAIN;
  }
}
