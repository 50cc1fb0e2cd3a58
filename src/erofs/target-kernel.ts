/** Whether the kernel that is to read an image can do so (`--target-kernel`). */
import { checkKernel, parseKernel } from "../core/kernel.ts";
import { type Compression, hasPackedInode } from "./compress-options.ts";
import { ALGORITHMS } from "./disk/algorithms.ts";
import { type Demands, FEATURES } from "./disk/features.ts";

/** Throws `INPUT` where the options ask for what the target kernel does not read. */
export function checkTargetKernel(
  targetKernel: string | undefined,
  blockSize: number,
  compression: Compression | undefined,
  hasChunks: boolean,
): void {
  if (targetKernel === undefined) return;
  const target = parseKernel(targetKernel);
  const demands = demandsOf(blockSize, compression, hasChunks);
  for (const { since, what, isNeeded } of Object.values(FEATURES)) {
    if (isNeeded(demands)) checkKernel(target, what(demands), since);
  }
  for (const { algorithm } of compression?.algorithms ?? []) {
    const { reader, since } = ALGORITHMS[algorithm];
    checkKernel(target, reader, since);
  }
}

function demandsOf(blockSize: number, compression: Compression | undefined, hasChunks: boolean): Demands {
  if (!compression) return { blockSize, hasChunks, isCompressed: false };
  return {
    blockSize,
    hasChunks,
    isCompressed: true,
    hasBigPclusters: compression.maxPclusterSize > blockSize,
    hasTailPacking: compression.tailPacking,
    hasPackedInode: hasPackedInode(compression),
    hasLinks: compression.dedupeExtents === true,
    hasExtentRecords: compression.extentRecords === true,
  };
}
