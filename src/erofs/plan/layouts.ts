/**
 * The choice of form (compact or extended) and data layout for every inode. An equal file takes over its original's
 * layout, since they share blocks.
 */
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { InodeOrder } from "../../stage/tree/order.ts";
import type { DataRanges } from "../../stage/tree/sparse.ts";
import { NONE, S_IFLNK, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
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
import type { ErofsLayout } from "../options.ts";
import type { InodeSizes } from "./measure.ts";
import type { ImageTime } from "./time.ts";

/** What the choice depends on. */
export interface LayoutInput {
  tree: Tree;
  inodes: InodeOrder;
  layout: ErofsLayout;
  time: ImageTime;
  sharesWith: Uint32Array | undefined;
  holes: ReadonlyMap<number, DataRanges>;
}

/** Zeros compress to about a 250th, other data to a half: from this ratio on, holes beside plain data are smaller. */
const MOSTLY_HOLE = 125;

/** Fills in `sizes.formats` and `sizes.chunkMaps`; returns the bytes that holes save. Throws `LIMIT` naming the path. */
export function chooseLayouts(input: LayoutInput, sizes: InodeSizes): number {
  const { inodes, layout, sharesWith } = input;
  const plain = sharesWith ? chooseSharedPlain(input, sizes, sharesWith) : new Set<number>();
  let savedByHoles = 0;
  for (const entry of inodes.order) {
    const extended = needsExtended(input, sizes, entry);
    const original = sharesWith?.[entry] ?? NONE;
    let chosen: number;
    if (original !== NONE) chosen = inheritLayout(sizes, entry, original);
    else {
      const saved = planHoles(input, sizes, entry);
      savedByHoles += saved ?? 0;
      chosen = saved === undefined ? chooseLayout(input, sizes, entry, extended, plain.has(entry)) : LAYOUT_CHUNK;
    }
    sizes.formats[entry] = (chosen << FORMAT_LAYOUT_SHIFT) | (extended ? FORMAT_EXTENDED : 0);
  }
  if (layout.inodes === "compact") checkForced(input, sizes);
  return savedByHoles;
}

/**
 * Originals whose group is smaller without inline tails: each of its inodes would carry the tail, while one more
 * shared block holds it once.
 */
function chooseSharedPlain(input: LayoutInput, sizes: InodeSizes, sharesWith: Uint32Array): Set<number> {
  const { blockSize } = input.layout;
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

function needsExtended({ tree, inodes, layout, time }: LayoutInput, sizes: InodeSizes, entry: number): boolean {
  if (layout.inodes !== "auto") return layout.inodes === "extended";
  if (!holdsCompact(tree, inodes, sizes, entry)) return true;
  if (layout.ignoreMtime) return false;
  return tree.mtime.view[entry] !== time.epoch || tree.mtimeNsec.view[entry] !== time.fixedNsec;
}

function holdsCompact(tree: Tree, { nlink }: InodeOrder, sizes: InodeSizes, entry: number): boolean {
  return fitsCompact(sizes.size(entry), tree.uid.view[entry]!, tree.gid.view[entry]!, nlink[entry]!);
}

function checkForced({ tree, inodes }: LayoutInput, sizes: InodeSizes): void {
  for (const entry of inodes.order) {
    if (holdsCompact(tree, inodes, sizes, entry)) continue;
    const path = showBytes(tree.path(entry)) || "/";
    throw new ImageError("LIMIT", `${path}: its size, owner or link count does not fit a compact inode`, { path });
  }
}

function inheritLayout(sizes: InodeSizes, entry: number, original: number): number {
  const map = sizes.chunkMaps.get(original);
  if (map) sizes.chunkMaps.set(entry, map);
  return sizes.formats[original]! >> FORMAT_LAYOUT_SHIFT;
}

/** Cuts a file with holes, and returns the bytes saved; undefined where there are none, or cutting saves nothing. */
function planHoles({ tree, layout, holes }: LayoutInput, sizes: InodeSizes, entry: number): number | undefined {
  const runs = holes.get(entry);
  if (!runs) return undefined;
  const { blockSize, chunkBits, chunkIndexes } = layout;
  const blocks = Math.ceil(tree.size.view[entry]! / blockSize);
  const unit = chunkUnit(chunkIndexes);
  const map = planChunks(runs, blocks, blockSize, unit, chunkBits);
  const saved = (blocks - map.blocks) * blockSize;
  // what saves less than a block may cost more in the packing of inodes
  if (chunkBits === undefined && saved - unit * countChunks(blocks, map.bits) < blockSize) return undefined;
  if (layout.compression && saved < MOSTLY_HOLE * map.blocks * blockSize) return undefined;
  sizes.chunkMaps.set(entry, map);
  return saved;
}

function chooseLayout(
  { tree, layout }: LayoutInput,
  sizes: InodeSizes,
  entry: number,
  extended: boolean,
  sharesPlain: boolean,
): number {
  const size = sizes.size(entry);
  const kind = tree.kind(entry);
  if (kind === S_IFLNK && size > MAX_LINK) {
    const path = showBytes(tree.path(entry));
    throw new ImageError("LIMIT", `${path}: a symbolic link of ${size} bytes; EROFS holds ${MAX_LINK}`, { path });
  }
  if (kind === S_IFREG && size > 0) {
    if (layout.chunkBits !== undefined) return LAYOUT_CHUNK;
    if (!layout.inlineData || sharesPlain) return LAYOUT_PLAIN;
  }
  const tail = size % layout.blockSize;
  return tail > 0 && sizes.headBytes(entry, extended) + tail <= layout.blockSize ? LAYOUT_INLINE : LAYOUT_PLAIN;
}
