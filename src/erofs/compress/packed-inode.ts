/**
 * The packed inode: a file that no directory names, and whose contents are the ends of other files, whole small files
 * and directories. It is an entry of the tree like any other; what it holds is gathered while files are compressed, and
 * then it is staged. The metabox is one more: what it holds are all other inodes but the packed one.
 */
import { roundUp } from "../../core/bytes.ts";
import { StructView } from "../../core/struct.ts";
import type { InodeOrder } from "../../stage/tree/order.ts";
import { NONE, S_IFDIR, S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import { type Compression, hasPackedInode } from "../compress-options.ts";
import { DirectoryBlocks, type DirentOptions } from "../disk/dirent.ts";
import type { SharedStored } from "../plan/stored.ts";
import type { ImageTime } from "../plan/time.ts";

/** Permissions of an inode that nobody sees. */
const UNNAMED_MODE = S_IFREG | 0o644;

/** Entries of inodes that no directory names, or NONE. */
export interface UnnamedInodes {
  packedEntry: number;
  boxEntry: number;
}

/** Makes room in the tree for the packed inode, before inodes are ordered; NONE where there will be none. */
export function allocatePackedInode(tree: Tree, compression: Compression | undefined): number {
  return compression && hasPackedInode(compression) ? tree.allocate(1) : NONE;
}

/** Makes room in the tree for the metabox, as for the packed inode; NONE where there will be none. */
export function allocateMetabox(tree: Tree, { metabox }: Compression): number {
  return metabox ? tree.allocate(1) : NONE;
}

/** Stages an inode that no directory names, and that holds `bytes` bytes; it gets the time that needs no room. */
export function stageUnnamed(tree: Tree, inodes: InodeOrder, entry: number, bytes: number, time: ImageTime): void {
  tree.mode.view[entry] = UNNAMED_MODE;
  tree.mtime.view[entry] = time.epoch;
  tree.mtimeNsec.view[entry] = time.fixedNsec;
  tree.size.view[entry] = bytes;
  inodes.nlink[entry] = 1;
  if (inodes.inodeOf) inodes.inodeOf[entry] = entry;
}

/** Writes all directories to where the packed inode has them, when all inodes have their numbers. */
export function writePackedDirectories(
  tree: Tree,
  order: Uint32Array,
  nids: Uint32Array,
  { blockSize, fragmentLen, fragmentOff }: SharedStored,
  options: DirentOptions,
  writeAt: (bytes: Uint8Array, offset: number) => void,
): void {
  for (const entry of order) {
    if (tree.kind(entry) !== S_IFDIR) continue;
    const bytes = new Uint8Array(roundUp(fragmentLen[entry]!, blockSize));
    const view = new StructView(bytes.buffer);
    const blocks = new DirectoryBlocks(tree, entry, nids, blockSize, options);
    for (let at = 0; at < bytes.length; at += blockSize) blocks.emit(bytes, view, at);
    writeAt(bytes.subarray(0, fragmentLen[entry]!), fragmentOff[entry]!);
  }
}
