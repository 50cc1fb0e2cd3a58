/** What can be said of an image once it is finished. */
import { countInodes } from "../stage/tree/counts.ts";
import type { InodeOrder } from "../stage/tree/order.ts";
import type { Tree } from "../stage/tree/tree.ts";
import { COMPRESSORS } from "./disk/compressors.ts";
import type { FinishedImage } from "./emit.ts";
import type { SquashfsSettings } from "./options.ts";
import type { DataPlan } from "./plan.ts";

/** Sizes, counts and requirements of a finished image. */
export function describeSquashfs(
  tree: Tree,
  inodes: InodeOrder,
  settings: SquashfsSettings,
  data: DataPlan,
  image: FinishedImage,
) {
  const {
    compressor,
    settings: { level, extreme },
  } = settings.compression;
  const hasLevels = (COMPRESSORS[compressor].settings.level?.highest ?? 0) > 0;
  return {
    format: "squashfs" as const,
    bytes: image.bytes,
    bytesUsed: image.bytesUsed,
    blockSize: settings.blockSize,
    dataBytes: image.bytesUsed - image.metaBytes,
    metaBytes: image.metaBytes,
    fragments: image.fragments,
    ids: image.ids,
    compressor: hasLevels ? `${compressor},${level}${extreme ? "e" : ""}` : compressor,
    counts: countInodes(inodes, tree),
    savedByDedupe: data.savedByDedupe,
    savedByHoles: image.savedByHoles,
    clampedTimes: image.clampedTimes,
    minimumKernel: COMPRESSORS[compressor].since,
  };
}
