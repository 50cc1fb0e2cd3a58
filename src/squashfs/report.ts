/** What can be said of an image once it is finished. */
import { countInodes } from "../stage/tree/counts.ts";
import type { InodeOrder } from "../stage/tree/order.ts";
import type { Tree } from "../stage/tree/tree.ts";
import type { CompressorName } from "./compressor.ts";
import type { FinishedImage } from "./emit.ts";
import type { SquashfsLayout } from "./options.ts";
import type { DataPlan } from "./plan.ts";

/** The first Linux version with each decompressor. */
const KERNEL: Readonly<Record<CompressorName, string>> = {
  none: "2.6.29",
  gzip: "2.6.29",
  xz: "2.6.38",
  lz4: "3.19",
  lz4hc: "3.19",
  zstd: "4.14",
};

/** Sizes, counts and requirements of a finished image. */
export function describeSquashfs(
  tree: Tree,
  inodes: InodeOrder,
  layout: SquashfsLayout,
  data: DataPlan,
  image: FinishedImage,
) {
  return {
    bytes: image.bytes,
    bytesUsed: image.bytesUsed,
    blockSize: layout.blockSize,
    dataBytes: image.bytesUsed - image.metaBytes,
    metaBytes: image.metaBytes,
    fragments: image.fragments,
    ids: image.ids,
    compressor: layout.level > 0 ? `${layout.compressor},${layout.level}` : layout.compressor,
    counts: countInodes(inodes, tree),
    savedByDedupe: data.savedByDedupe,
    savedByHoles: image.savedByHoles,
    clampedTimes: image.clampedTimes,
    minimumKernel: KERNEL[layout.compressor],
  };
}
