/** What can be said of an image. */
import { showBytes } from "../core/bytes.ts";
import { FIRST_KERNEL, latestKernel } from "../core/kernel.ts";
import { showUuid } from "../core/options/uuid.ts";
import type { InodeCounts } from "../stage/tree/counts.ts";
import { ALGORITHMS, type AlgorithmRow } from "./disk/algorithms.ts";
import { COMPAT_FEATURES, FEATURES, type Feature } from "./disk/features.ts";
import { COMPAT_PLAIN_XATTR_PFX, INCOMPAT_COMPR_CFGS } from "./disk/format.ts";
import { compatBits, type Superblock } from "./disk/superblock.ts";

/** What readers call the algorithms in use, and the Linux versions that they came with. */
function usedAlgorithms({ compression, incompat }: Superblock): Map<string, string> {
  if (!compression) return new Map();
  // without configurations the field has another meaning
  const isDescribed = (incompat & INCOMPAT_COMPR_CFGS) !== 0;
  const isUsed = ({ id, isFirst }: AlgorithmRow) => (isDescribed ? (compression.algorithms >> id) & 1 : isFirst);
  return new Map(Object.values(ALGORITHMS).flatMap((row) => (isUsed(row) ? [[row.reader, row.since]] : [])));
}

/** What has been written, besides what its superblock says. */
export interface WrittenImage {
  superblock: Superblock;
  metaBlocks: number;
  counts: InodeCounts;
  savedByDedupe: number;
  savedByHoles: number;
}

/** Sizes, counts and requirements of an image. */
export function describeImage({ superblock, ...written }: WrittenImage) {
  const { blockSize, blocks } = superblock;
  const algorithms = usedAlgorithms(superblock);
  return {
    format: "erofs" as const,
    ...written,
    bytes: blocks * blockSize,
    blockSize,
    blocks,
    uuid: showUuid(superblock.uuid),
    label: showBytes(superblock.label),
    devices: (superblock.devices ?? []).map((each) => ({
      bytes: each.blocks * blockSize,
      tag: showTag(each.tag),
      path: each.path,
    })),
    features: [...namesOf(COMPAT_FEATURES, compatBits(superblock)), ...namesOf(FEATURES, superblock.incompat)],
    algorithms: [...algorithms.keys()],
    minimumKernel: latestKernel([
      FIRST_KERNEL,
      ...Object.values(FEATURES).flatMap((feature) => (isUsed(feature, superblock) ? [feature.since] : [])),
      ...algorithms.values(),
    ]),
  };
}

function showTag(tag: Uint8Array): string {
  const end = tag.indexOf(0);
  return showBytes(end < 0 ? tag : tag.subarray(0, end));
}

/** Names of the features whose bits are set. */
function namesOf(features: Readonly<Record<string, { bit: number }>>, bits: number): string[] {
  return Object.entries(features).flatMap(([name, { bit }]) => ((bits & bit) !== 0 ? [name] : []));
}

/** Of what no bit tells, other fields do. */
function isUsed({ bit, isNeeded }: Feature, superblock: Superblock): boolean {
  const { blockSize, compat, incompat, compression, metaboxNid } = superblock;
  if (bit !== 0) return (incompat & bit) !== 0;
  const hasOtherPlace = metaboxNid > 0 || (compression !== undefined && compression.packedNid > 0);
  const hasPlainPrefixes = hasOtherPlace && (compat & COMPAT_PLAIN_XATTR_PFX) !== 0;
  return isNeeded({ blockSize, isCompressed: compression !== undefined, hasPlainPrefixes });
}
