/** What can be said of an image from its plan. */
import { showBytes } from "../core/bytes.ts";
import { latestKernel } from "../core/kernel.ts";
import { countInodes } from "../stage/tree/counts.ts";
import type { Tree } from "../stage/tree/tree.ts";
import {
  INCOMPAT_48BIT,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_COMPR_CFGS,
  INCOMPAT_FRAGMENTS,
  INCOMPAT_ZERO_PADDING,
  INCOMPAT_ZTAILPACKING,
} from "./disk/format.ts";
import type { Superblock } from "./disk/superblock.ts";
import { showUuid } from "./options.ts";
import type { ErofsPlan } from "./plan/plan.ts";

/** Linux reads smaller blocks than its pages since 6.4. */
const COMMON_PAGE = 4096;

/** Bits of feature_incompat, as the kernel spells them, and the Linux versions that they came with. */
const FEATURES = [
  { bit: INCOMPAT_ZERO_PADDING, name: "lz4_0padding", since: "5.4" },
  { bit: INCOMPAT_COMPR_CFGS, name: "compr_cfgs", since: "5.13" },
  { bit: INCOMPAT_CHUNKED_FILE, name: "chunked_file", since: "5.15" },
  { bit: INCOMPAT_ZTAILPACKING, name: "ztailpacking", since: "5.17" },
  { bit: INCOMPAT_FRAGMENTS, name: "fragments", since: "6.1" },
  { bit: INCOMPAT_48BIT, name: "48bit", since: "6.15" },
];

/** Bits of available_compr_algs. */
const ALGORITHMS = [
  { bit: 1, name: "lz4", since: "5.4" },
  { bit: 4, name: "deflate", since: "6.6" },
  { bit: 8, name: "zstd", since: "6.10" },
];

function usedAlgorithms({ compression, incompat }: Superblock) {
  if (!compression) return [];
  // without configurations the field has another meaning
  const bits = (incompat & INCOMPAT_COMPR_CFGS) !== 0 ? compression.algorithms : 1;
  return ALGORITHMS.filter(({ bit }) => (bits & bit) !== 0);
}

/** Sizes, counts and requirements of a planned image. */
export function describeImage(plan: ErofsPlan, tree: Tree) {
  const { superblock } = plan;
  const used = FEATURES.filter(({ bit }) => (superblock.incompat & bit) !== 0);
  const features = [
    ...(superblock.hasChecksum ? ["sb_chksum"] : []),
    "mtime",
    ...(plan.xattrs.hasFilter ? ["xattr_filter"] : []),
    ...used.map(({ name }) => name),
  ];
  const algorithms = usedAlgorithms(superblock);
  return {
    bytes: plan.blocks * plan.blockSize,
    blockSize: plan.blockSize,
    blocks: plan.blocks,
    metaBlocks: plan.metaBlocks,
    uuid: showUuid(superblock.uuid),
    label: showBytes(superblock.label),
    counts: countInodes(plan, tree, plan.packedEntry),
    savedByDedupe: plan.savedByDedupe,
    savedByHoles: plan.savedByHoles,
    features,
    algorithms: algorithms.map(({ name }) => name),
    minimumKernel: latestKernel([
      "5.4",
      ...(plan.blockSize < COMMON_PAGE ? [algorithms.length > 0 ? "6.8" : "6.4"] : []),
      ...[...used, ...algorithms].map(({ since }) => since),
    ]),
  };
}
