/** What can be said of an image from its plan. */
import { showBytes } from "../core/bytes.ts";
import { countInodes } from "../stage/counts.ts";
import type { Tree } from "../stage/tree.ts";
import { INCOMPAT_CHUNKED_FILE } from "./disk.ts";
import { showUuid } from "./options.ts";
import type { ErofsPlan } from "./plan.ts";

/** Linux reads smaller blocks than its pages since 6.4. */
const COMMON_PAGE = 4096;

/** Sizes, counts and requirements of a planned image. */
export function describeImage(plan: ErofsPlan, tree: Tree) {
  const { superblock } = plan;
  const isChunked = (superblock.incompat & INCOMPAT_CHUNKED_FILE) !== 0;
  const features = [
    ...(superblock.hasChecksum ? ["sb_chksum"] : []),
    "mtime",
    ...(plan.xattrs.hasFilter ? ["xattr_filter"] : []),
    ...(isChunked ? ["chunked_file"] : []),
  ];
  return {
    bytes: plan.blocks * plan.blockSize,
    blockSize: plan.blockSize,
    blocks: plan.blocks,
    metaBlocks: plan.metaBlocks,
    uuid: showUuid(superblock.uuid),
    label: showBytes(superblock.label),
    counts: countInodes(plan, tree),
    savedByDedupe: plan.savedByDedupe,
    savedByHoles: plan.savedByHoles,
    features,
    minimumKernel: plan.blockSize < COMMON_PAGE ? "6.4" : isChunked ? "5.15" : "5.4",
  };
}
