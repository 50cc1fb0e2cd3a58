/** Whether the kernel that is to read an image can do so (`--target-kernel`). */
import { checkKernel, parseKernel } from "../core/kernel.ts";
import { type Compression, hasPackedInode } from "./compress-options.ts";
import { ALGORITHMS } from "./disk/algorithms.ts";
import { type Demands, FEATURES } from "./disk/features.ts";

/** What options ask for that are not about compression. */
type PlainDemands = Pick<
  Demands,
  "blockSize" | "hasChunks" | "omitsDot" | "hasMetabox" | "hasXattrPrefixes" | "hasPlainPrefixes" | "hasDevices"
>;

/** Throws `INPUT` where the options ask for what the target kernel does not read. */
export function checkTargetKernel(
  targetKernel: string | undefined,
  compression: Compression | undefined,
  plain: PlainDemands,
): void {
  if (targetKernel === undefined) return;
  const target = parseKernel(targetKernel);
  const demands = demandsOf(compression, plain);
  for (const { since, what, isNeeded } of Object.values(FEATURES)) {
    if (isNeeded(demands)) checkKernel(target, what(demands), since);
  }
  for (const { algorithm } of compression?.algorithms ?? []) {
    const { reader, since } = ALGORITHMS[algorithm];
    checkKernel(target, reader, since);
  }
}

function demandsOf(compression: Compression | undefined, plain: PlainDemands): Demands {
  if (!compression) return { ...plain, isCompressed: false };
  return {
    ...plain,
    isCompressed: true,
    hasBigPclusters: compression.maxPclusterSize > plain.blockSize,
    hasTailPacking: compression.tailPacking,
    hasPackedInode: hasPackedInode(compression),
    hasLinks: compression.dedupeExtents === true,
    hasExtentRecords: compression.extentRecords === true,
  };
}
