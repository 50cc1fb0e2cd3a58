/**
 * The map header of a compressed file: how its index is read, and where that lies. See docs/erofs-format.md, section 10.
 * Source: Linux fs/erofs/zmap.c.
 */
import { roundUp } from "../../../core/bytes.ts";
import type { StructView } from "../../../core/struct.ts";
import {
  ADVISE_COMPACTED_2B,
  ADVISE_FRAGMENT_PCLUSTER,
  ADVISE_INLINE_PCLUSTER,
  ADVISE_INTERLACED_PCLUSTER,
  LAYOUT_COMPRESSED_FULL,
  LCLUSTER_INDEX,
  MAP_HEADER,
  MAP_HEADER_FRAGMENT,
  MAP_HEADER_IDATA,
  MAX_COMPACT_2B_BITS,
  MAX_COMPACT_BITS,
  WHOLE_FRAGMENT,
} from "../../../erofs/disk/format.ts";
import type { ImageBytes } from "../../image.ts";
import type { ErofsImage } from "../image.ts";
import { type ErofsInode, mapHeaderOff } from "../inode.ts";
import { packsEnd } from "./packs.ts";

/** What a map header says, and where what it heads lies. */
export interface FileIndex {
  /** What describes the extents: nothing, as all is one fragment; entries of lclusters; records of extents. */
  readonly kind: "fragment" | "full" | "compact" | "records";
  /** In what all of this lies. */
  readonly space: ImageBytes;
  /** Where the map header lies. */
  readonly headerAt: number;
  /** Where the entries or records start and end. */
  readonly at: number;
  readonly end: number;
  /** log2 of the bytes of an lcluster. */
  readonly lclusterBits: number;
  /** Lclusters, or records. */
  readonly entries: number;
  /** Bytes of a record. */
  readonly recordBytes: number;
  /** Algorithms of the first and second kind of heads. */
  readonly algorithms: readonly [number, number];
  /** Pclusters may have several blocks: those of the first kind of heads, and of the second or uncompressed. */
  readonly isBig: readonly [boolean, boolean];
  /** 16 entries stand in 32 bytes where they can. */
  readonly isDense: boolean;
  /** Uncompressed blocks are turned. */
  readonly isTurned: boolean;
  /** The last extent is in the packed inode, at this byte; of its full index' head it is the low half. */
  readonly fragmentOff: number | undefined;
  /** The last extent's bytes stand behind the index, so many. */
  readonly inlineBytes: number | undefined;
}

/** h_advise: pclusters may have several blocks, of either kind of heads. */
const [ADVISE_BIG_FIRST, ADVISE_BIG_SECOND] = [0x02, 0x04] as const;
/** h_clusterbits: lclusters are so many bits larger than blocks. */
const LCLUSTER_MASK = 0xf;
/** h_advise with a full index: there are records of extents instead; the next two bits are log2 of their size, less 2. */
const [ADVISE_EXTENTS, RECORD_SHIFT, RECORD_MASK] = [0x01, 1, 3] as const;
/** The smallest record that says where its extent starts. */
export const LISTED_RECORD = 16;
/** Bytes between the map header and a full index. */
const FULL_GAP = 8;

/**
 * Reads the map header of a compressed inode.
 *
 * @throws ImageError `DAMAGED` where it cannot be
 */
export async function readIndex(image: ErofsImage, inode: ErofsInode): Promise<FileIndex> {
  const headerAt = mapHeaderOff(inode);
  const { space } = inode;
  const view = await space.view(headerAt, MAP_HEADER.byteSize);
  const advise = view.getU16(0, MAP_HEADER.h_advise);
  const types = view.getU8(0, MAP_HEADER.h_algorithmtype);
  const bits = view.getU8(0, MAP_HEADER.h_clusterbits);
  const isFull = inode.layout === LAYOUT_COMPRESSED_FULL;
  const common: FileIndex = {
    kind: isFull ? "full" : "compact",
    space,
    headerAt,
    ...{ at: headerAt + MAP_HEADER.byteSize, end: headerAt + MAP_HEADER.byteSize, entries: 0, recordBytes: 0 },
    lclusterBits: image.blockBits + (bits & LCLUSTER_MASK),
    algorithms: [types & 0xf, types >> 4],
    isBig: [(advise & ADVISE_BIG_FIRST) !== 0, (advise & ADVISE_BIG_SECOND) !== 0],
    isDense: !isFull && (advise & ADVISE_COMPACTED_2B) !== 0,
    isTurned: (advise & ADVISE_INTERLACED_PCLUSTER) !== 0,
    fragmentOff: (advise & ADVISE_FRAGMENT_PCLUSTER) === 0 ? undefined : view.getU32(0, MAP_HEADER.h_fragmentoff),
    inlineBytes: undefined,
  };
  if ((bits & WHOLE_FRAGMENT) !== 0) return { ...common, kind: "fragment", fragmentOff: wholeFragmentOff(view) };
  if (isFull && (advise & ADVISE_EXTENTS) !== 0) return withRecords(inode, common, view);
  const hasInline = (advise & ADVISE_INLINE_PCLUSTER) !== 0;
  const inlineBytes = hasInline ? view.getU16(0, MAP_HEADER_IDATA.h_idata_size) || undefined : undefined;
  return withEntries(image, inode, { ...common, inlineBytes });
}

function wholeFragmentOff(view: StructView): number {
  return Number(BigInt.asUintN(63, view.getU64(0, MAP_HEADER_FRAGMENT.h_fragmentoff)));
}

function withEntries(image: ErofsImage, inode: ErofsInode, common: FileIndex): FileIndex {
  const { kind, lclusterBits, isDense, headerAt } = common;
  if (kind === "compact" && lclusterBits > (isDense ? MAX_COMPACT_2B_BITS : MAX_COMPACT_BITS)) {
    throw common.space.damaged(headerAt, `there is no compact index of lclusters of 2^${lclusterBits} bytes`);
  }
  if (kind === "compact" && common.isBig[0] !== common.isBig[1])
    throw common.space.damaged(headerAt, "a compact index has big pclusters of one kind of heads only");
  const at = common.at + (kind === "full" ? FULL_GAP : 0);
  const entries = Math.ceil(inode.size / (kind === "full" ? 2 ** lclusterBits : image.blockSize));
  const end = kind === "full" ? at + entries * LCLUSTER_INDEX.byteSize : packsEnd({ at, entries, isDense });
  common.space.check(at, end - at);
  return { ...common, at, end, entries };
}

/** The number of extents stands in the header where records say where their extents start; else there is one an lcluster. */
function withRecords(inode: ErofsInode, common: FileIndex, view: StructView): FileIndex {
  const advise = view.getU16(0, MAP_HEADER.h_advise);
  const recordBytes = 4 << ((advise >> RECORD_SHIFT) & RECORD_MASK);
  const high = view.getU8(0, MAP_HEADER.h_algorithmtype) + view.getU8(0, MAP_HEADER.h_clusterbits) * 0x100;
  const entries =
    recordBytes >= LISTED_RECORD
      ? view.getU32(0, MAP_HEADER.h_fragmentoff) + high * 2 ** 32
      : Math.ceil(inode.size / 2 ** common.lclusterBits);
  // in front of records of four bytes stands where all data starts
  const at = roundUp(common.at, recordBytes) + (recordBytes === 4 ? 8 : 0);
  const end = at + entries * recordBytes;
  common.space.check(at, end - at);
  return { ...common, kind: "records", at, end, entries, recordBytes };
}
