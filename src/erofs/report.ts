/** What can be said of an image from its plan. */
import { showBytes } from "../core/bytes.ts";
import { FIRST_KERNEL, latestKernel } from "../core/kernel.ts";
import { countInodes } from "../stage/tree/counts.ts";
import type { Tree } from "../stage/tree/tree.ts";
import { ALGORITHMS, type AlgorithmRow } from "./disk/algorithms.ts";
import { COMPAT_FEATURES, FEATURES, type Feature } from "./disk/features.ts";
import { INCOMPAT_COMPR_CFGS } from "./disk/format.ts";
import { compatBits, type Superblock } from "./disk/superblock.ts";
import { showUuid } from "./options.ts";
import type { ErofsPlan } from "./plan/plan.ts";

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
    features: [...namesOf(COMPAT_FEATURES, compatBits(superblock)), ...namesOf(FEATURES, superblock.incompat)],
    algorithms: [...algorithms.keys()],
    minimumKernel: latestKernel([
      FIRST_KERNEL,
      ...Object.values(FEATURES).flatMap((feature) => (isUsed(feature, plan) ? [feature.since] : [])),
      ...algorithms.values(),
    ]),
  };
}

/** Names of the features whose bits are set. */
function namesOf(features: Readonly<Record<string, { bit: number }>>, bits: number): string[] {
  return Object.entries(features).flatMap(([name, { bit }]) => ((bits & bit) !== 0 ? [name] : []));
}

/** Of what no bit tells, the sizes of blocks do. */
function isUsed({ bit, isNeeded }: Feature, { blockSize, superblock }: ErofsPlan): boolean {
  if (bit !== 0) return (superblock.incompat & bit) !== 0;
  return isNeeded({ blockSize, isCompressed: superblock.compression !== undefined });
}
