/**
 * The places of inodes in the metabox: an inode whose data they are, and which is compressed. They lie there as they would
 * in an image, from its first byte on, or where it is compressed in the order of the tree. What directories and links have
 * in whole blocks lies in the image itself, uncompressed.
 *
 *     metabox:  | shared attributes, table of long prefixes | blocks of inodes | … |
 *     image:    … | blocks of directories and long links | the inodes that no directory names | …
 */
import { sharedUint32 } from "../../core/shared.ts";
import { COMPAT_SHARED_EA_IN_METABOX, SLOT } from "../disk/format.ts";
import { checkNid } from "../disk/limits.ts";
import type { PrefixPlace } from "../disk/superblock.ts";
import { takeTable, type XattrPlan } from "../disk/xattr.ts";
import { type BatchPlan, planBatches, planInOrder } from "./inode-batches.ts";
import type { InodeSizes } from "./measure.ts";

/** What is placed, and what is filled in. */
export interface BoxInput {
  /** The inodes. */
  order: Uint32Array;
  sizes: InodeSizes;
  blockSize: number;
  /** The metabox is compressed. */
  isCompressed: boolean;
  /** Bytes in front of the inodes. */
  reserved: number;
  /** By entry. */
  nids: Uint32Array;
  startBlk: Uint32Array;
}

/** Where everything is. */
export interface BoxPlace {
  /** Indexes into the order, in the order of the inodes' places. */
  packed: Uint32Array;
  /** Records of BATCH_FIELDS; blocks count from the metabox's start. */
  batches: BatchPlan["batches"];
  /** Bytes of the metabox. */
  bytes: number;
  /** Blocks of directories and links, in the image. */
  bodyBlocks: number;
  /** First block behind these. */
  endBlk: number;
}

/** Gives inodes their places, and their whole blocks those from `firstBlk` of the image on. */
export function placeBox(input: BoxInput, firstBlk: number): BoxPlace {
  const { order, sizes, blockSize, isCompressed, reserved, nids, startBlk } = input;
  const packed = sharedUint32(order.length);
  let placed = 0;
  let bodyBlk = firstBlk;
  const bodyBlocks = (index: number) => sizes.metaBodyBlocks(order[index]!);
  const { batches, endBlk } = (isCompressed ? planInOrder : planBatches)({
    count: order.length,
    blockSize,
    firstBlk: 0,
    nidBlk: 0,
    reserved,
    measureItem: (index) => sizes.itemBytes(order[index]!),
    measureBody: bodyBlocks,
    bodiesElsewhere: true,
    placeItem: (index, offset) => {
      nids[order[index]!] = checkNid(offset / SLOT);
      packed[placed++] = index;
    },
    placeBody: (index) => {
      startBlk[order[index]!] = bodyBlk;
      bodyBlk += bodyBlocks(index);
    },
  });
  return { packed, batches, bytes: endBlk * blockSize, bodyBlocks: bodyBlk - firstBlk, endBlk: bodyBlk };
}

/** Attributes that lie in the metabox, and what is left of them. */
export interface BoxXattrs {
  /** What lies in front of the inodes. */
  head: Uint8Array;
  /** Where in the metabox the table of long prefixes is; undefined: not there. */
  table: PrefixPlace | undefined;
  /** What lies in the image itself. */
  left: XattrPlan;
  /** COMPAT_ bits that tell of it. */
  compat: number;
}

/**
 * Has the shared attributes lie in the metabox, and behind them the table of long prefixes, unless that is to be in the image
 * itself. Shared attributes in the image itself are not found by Linux 6.17 and 6.18 where those that an inode has beside it
 * end in a page of the metabox with the number of the page that they are in: it looks into the page that it has at hand.
 */
export function boxXattrs(xattrs: XattrPlan, isPlain: boolean): BoxXattrs {
  const { prefixes, shared } = xattrs;
  const { plan, table } = takeTable(xattrs);
  const compat = plan.shared.length > 0 ? COMPAT_SHARED_EA_IN_METABOX : 0;
  if (isPlain && prefixes) {
    return {
      head: plan.shared,
      table: undefined,
      left: { ...plan, shared: table, prefixes: { ...prefixes, off: 0 } },
      compat,
    };
  }
  return { head: shared, table: prefixes, left: { ...plan, shared: NO_BYTES }, compat };
}

const NO_BYTES = new Uint8Array(0);
