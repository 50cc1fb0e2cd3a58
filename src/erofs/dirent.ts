/**
 * Directories. A directory's data is a run of blocks, each complete in itself; the last one may be short:
 *
 *     | dirent 0 | dirent 1 | … | dirent n-1 | name 0 | name 1 | … | name n-1 | zeros |
 *       12 bytes   nameoff ------------------^
 *
 * Linux looks a name up by binary search, first over the first names of the blocks, then inside one, so the order is
 * that of the bytes over all entries: "." and ".." stand where their bytes put them, which is behind "!" and "-".
 * fsck.erofs insists that names follow each other without gaps.
 */
import { setU64 } from "../core/struct.ts";
import { S_IFMT, type Tree } from "../stage/tree.ts";
import { DIRENT } from "./disk.ts";

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

/** Bytes of a directory's data: full blocks, then the used part of the last. */
export function measureDirectory(tree: Tree, directory: number, blockSize: number): number {
  let full = 0;
  let used = 0;
  forEachEntry(tree, directory, (_child, length) => {
    const need = DIRENT.byteSize + length;
    if (used + need > blockSize) {
      full += blockSize;
      used = 0;
    }
    used += need;
  });
  return full + used;
}

/** `child` of "." in {@link forEachEntry}. */
const SELF = -1;
/** `child` of "..". */
const PARENT = -2;

/** Calls `visit` for every entry in byte order, "." and ".." among them. */
function forEachEntry(tree: Tree, directory: number, visit: (child: number, nameLength: number) => void): void {
  const first = tree.ref.view[directory]!;
  const count = tree.count.view[directory]!;
  const lengths = tree.nameLen.view;
  const dotAt = childrenBefore(tree, directory, 1);
  const dotDotAt = childrenBefore(tree, directory, 2);
  for (let index = 0; index <= count; index++) {
    if (index === dotAt) visit(SELF, 1);
    if (index === dotDotAt) visit(PARENT, 2);
    if (index < count) visit(first + index, lengths[first + index]!);
  }
}

/**
 * Writes a directory's data into zeroed bytes; returns its size.
 *
 * @param runAt where whole blocks go
 * @param tailAt where the last block goes, if it lies apart
 * @param nids NID of every entry
 */
export function emitDirectory(
  out: Uint8Array,
  view: DataView,
  runAt: number,
  tailAt: number | undefined,
  tree: Tree,
  directory: number,
  nids: Uint32Array,
  blockSize: number,
): number {
  const inBlock: number[] = [];
  let full = 0;
  let used = 0;
  forEachEntry(tree, directory, (child, length) => {
    const need = DIRENT.byteSize + length;
    if (used + need > blockSize) {
      emitBlock(out, view, runAt + full, tree, directory, nids, inBlock);
      inBlock.length = 0;
      full += blockSize;
      used = 0;
    }
    inBlock.push(child);
    used += need;
  });
  emitBlock(out, view, tailAt ?? runAt + full, tree, directory, nids, inBlock);
  return full + used;
}

function emitBlock(
  out: Uint8Array,
  view: DataView,
  at: number,
  tree: Tree,
  directory: number,
  nids: Uint32Array,
  inBlock: readonly number[],
): void {
  const names = tree.names.view;
  let dirent = at;
  let nameAt = at + inBlock.length * DIRENT.byteSize;
  for (const child of inBlock) {
    const entry = child === SELF ? directory : child === PARENT ? tree.parent.view[directory]! : child;
    setU64(view, dirent + DIRENT.nid, nids[entry]!);
    view.setUint16(dirent + DIRENT.nameoff, nameAt - at, true);
    view.setUint8(dirent + DIRENT.file_type, FILE_TYPES[(tree.mode.view[entry]! & S_IFMT) >> 12]!);
    dirent += DIRENT.byteSize;
    if (child < 0) {
      for (let dots = child; dots < 0; dots++) out[nameAt++] = DOT;
      continue;
    }
    const from = tree.nameOff.view[entry]!;
    const to = from + tree.nameLen.view[entry]!;
    for (let i = from; i < to; i++) out[nameAt++] = names[i]!;
  }
}
