/** What can be said of an image from its plan. */
import { showBytes } from "../core/bytes.ts";
import { latestKernel } from "../core/kernel.ts";
import { countInodes } from "../stage/tree/counts.ts";
import type { Tree } from "../stage/tree/tree.ts";
import { ALGORITHMS, type AlgorithmRow } from "./disk/algorithms.ts";
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

/** What readers call the algorithms in use, and the Linux versions that they came with. */
function usedAlgorithms({ compression, incompat }: Superblock): Map<string, string> {
  if (!compression) return new Map();
  // without configurations the field has another meaning
  const isDescribed = (incompat & INCOMPAT_COMPR_CFGS) !== 0;
  const isUsed = ({ id, isFirst }: AlgorithmRow) => (isDescribed ? (compression.algorithms >> id) & 1 : isFirst);
  return new Map(Object.values(ALGORITHMS).flatMap((row) => (isUsed(row) ? [[row.reader, row.since]] : [])));
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
    algorithms: [...algorithms.keys()],
    minimumKernel: latestKernel([
      "5.4",
      ...(plan.blockSize < COMMON_PAGE ? [algorithms.size > 0 ? "6.8" : "6.4"] : []),
      ...used.map(({ since }) => since),
      ...algorithms.values(),
    ]),
  };
}
