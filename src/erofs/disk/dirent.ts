/**
 * Directories. A directory's data is a row of blocks, each complete in itself; the last one may be short:
 *
 *     | dirent 0 | dirent 1 | … | dirent n-1 | name 0 | name 1 | … | name n-1 | zeros |
 *       12 bytes   nameoff ------------------^
 *
 * Linux looks a name up by binary search, first over the first names of the blocks, then inside one, so the order is
 * that of the bytes over all entries: "." and ".." stand where their bytes put them, which is behind "!" and "-".
 * fsck.erofs insists that names follow each other without gaps.
 */
import type { StructView } from "../../core/struct.ts";
import { S_IFMT, type Tree } from "../../stage/tree/tree.ts";
import { DIRENT } from "./format.ts";

const DOT = 0x2e;

/** dirent.file_type by the type bits of st_mode (mode >> 12). */
const FILE_TYPES = new Uint8Array(16);
FILE_TYPES[0o10] = 1; // regular file
FILE_TYPES[0o04] = 2; // directory
FILE_TYPES[0o02] = 3; // character device
FILE_TYPES[0o06] = 4; // block device
FILE_TYPES[0o01] = 5; // FIFO
FILE_TYPES[0o14] = 6; // socket
FILE_TYPES[0o12] = 7; // symbolic link

/** Number of the directory's own children that sort before a name of `dots` dots. */
function childrenBefore(tree: Tree, directory: number, dots: number): number {
  const first = tree.ref.view[directory]!;
  const count = tree.count.view[directory]!;
  const names = tree.names.view;
  for (let index = 0; index < count; index++) {
    const at = tree.nameOff.view[first + index]!;
    const length = tree.nameLen.view[first + index]!;
    let same = 0;
    while (same < dots && same < length && names[at + same] === DOT) same++;
    // a prefix sorts first; "." itself is no child's name
    const isBefore = same === length || (same < dots && names[at + same]! < DOT);
    if (!isBefore) return index;
  }
  return count;
}

/**
 * Bytes of a directory's data: full blocks, then the used part of the last.
 *
 * @param hasDot it has an entry for itself
 */
export function measureDirectory(tree: Tree, directory: number, blockSize: number, hasDot = true): number {
  let full = 0;
  let used = 0;
  forEachEntry(tree, directory, hasDot, (length) => {
    const need = DIRENT.byteSize + length;
    if (used + need > blockSize) {
      full += blockSize;
      used = 0;
    }
    used += need;
  });
  return full + used;
}

/** Stands for "." where a child is meant: minus the length of its name. */
const SELF = -1;
/** Stands for "..". */
const PARENT = -2;

/** Calls `visit` with the length of every name in byte order, those of "." and ".." among them. */
function forEachEntry(tree: Tree, directory: number, hasDot: boolean, visit: (nameLength: number) => void): void {
  const first = tree.ref.view[directory]!;
  const count = tree.count.view[directory]!;
  const lengths = tree.nameLen.view;
  const dotAt = hasDot ? childrenBefore(tree, directory, 1) : -1;
  const dotDotAt = childrenBefore(tree, directory, 2);
  for (let index = 0; index <= count; index++) {
    if (index === dotAt) visit(1);
    if (index === dotDotAt) visit(2);
    if (index < count) visit(lengths[first + index]!);
  }
}

/** What a directory's entries say besides their names. */
export interface DirentOptions {
  /** It has an entry for itself. Default: true. */
  hasDot?: boolean;
  /** What ".." names. Default: the directory's parent. */
  parentNid?: number | undefined;
  /** All NIDs are of inodes in the metabox. Default: false. */
  inBox?: boolean;
}

/** A directory's blocks, one after the other: the directory of a whole store is never in memory at once. */
export class DirectoryBlocks {
  readonly #tree: Tree;
  readonly #directory: number;
  readonly #nids: Uint32Array | Float64Array;
  readonly #blockSize: number;
  readonly #dotAt: number;
  readonly #dotDotAt: number;
  readonly #entries: number;
  readonly #parentNid: number;
  readonly #inBox: boolean;
  #next = 0;
  /** Where the block that was written last has the entry "..", or -1. */
  parentAt = -1;

  /** @param nids NID of every entry */
  constructor(
    tree: Tree,
    directory: number,
    nids: Uint32Array | Float64Array,
    blockSize: number,
    { hasDot = true, parentNid = nids[tree.parent.view[directory]!]!, inBox = false }: DirentOptions = {},
  ) {
    this.#parentNid = parentNid;
    this.#inBox = inBox;
    this.#tree = tree;
    this.#directory = directory;
    this.#nids = nids;
    this.#blockSize = blockSize;
    // behind all entries: nowhere
    this.#dotAt = hasDot ? childrenBefore(tree, directory, 1) : Number.MAX_SAFE_INTEGER;
    this.#dotDotAt = childrenBefore(tree, directory, 2) + Number(hasDot);
    this.#entries = tree.count.view[directory]! + 1 + Number(hasDot);
  }

  /** Passes over the next block; returns the bytes used in it, 0 behind the last. */
  skip(): number {
    let used = 0;
    for (; this.#next < this.#entries; this.#next++) {
      const child = this.#childAt(this.#next);
      const need = DIRENT.byteSize + (child < 0 ? -child : this.#tree.nameLen.view[child]!);
      if (used + need > this.#blockSize) break;
      used += need;
    }
    return used;
  }

  /** Writes the next block into zeroed bytes at `at`; returns as {@link skip} does. */
  emit(out: Uint8Array, view: StructView, at: number): number {
    const tree = this.#tree;
    const names = tree.names.view;
    const first = this.#next;
    const used = this.skip();
    let dirent = at;
    let nameAt = at + (this.#next - first) * DIRENT.byteSize;
    this.parentAt = -1;
    for (let index = first; index < this.#next; index++) {
      const child = this.#childAt(index);
      if (child === PARENT) this.parentAt = dirent;
      const entry = child === SELF ? this.#directory : child === PARENT ? tree.parent.view[this.#directory]! : child;
      view.setU64(dirent, DIRENT.nid, child === PARENT ? this.#parentNid : this.#nids[entry]!);
      if (this.#inBox) view.setTopBit(dirent, DIRENT.nid);
      view.setU16(dirent, DIRENT.nameoff, nameAt - at);
      view.setU8(dirent, DIRENT.file_type, FILE_TYPES[(tree.mode.view[entry]! & S_IFMT) >> 12]!);
      dirent += DIRENT.byteSize;
      if (child < 0) {
        for (let dots = child; dots < 0; dots++) out[nameAt++] = DOT;
        continue;
      }
      const from = tree.nameOff.view[entry]!;
      const to = from + tree.nameLen.view[entry]!;
      for (let i = from; i < to; i++) out[nameAt++] = names[i]!;
    }
    return used;
  }

  /** The child at a place among all entries in byte order, or SELF, or PARENT. */
  #childAt(index: number): number {
    if (index === this.#dotAt) return SELF;
    if (index === this.#dotDotAt) return PARENT;
    const dots = (index > this.#dotAt ? 1 : 0) + (index > this.#dotDotAt ? 1 : 0);
    return this.#tree.ref.view[this.#directory]! + index - dots;
  }
}
