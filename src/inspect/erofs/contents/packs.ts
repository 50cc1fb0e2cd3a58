/**
 * Compact indexes: packs of entries that share one address.
 *
 *     | packs of 2, up to 32-byte alignment | packs of 16 | packs of 2 |        8, 32, 8 bytes each
 *     pack: entries from the lowest bit on, each a type above a value | u32 base
 */
import { roundUp } from "../../../core/bytes.ts";
import type { StructView } from "../../../core/struct.ts";
import { CBLKCNT, LCLUSTER_NONHEAD, PACK_BASE } from "../../../erofs/disk/format.ts";

/** Entries of a small pack and of a large one, and the bytes of both. */
const [SMALL, LARGE, SMALL_BYTES, LARGE_BYTES] = [2, 16, 8, 32] as const;

/** A pack of a compact index. */
export interface Pack {
  readonly at: number;
  readonly bytes: number;
  /** Number of the first entry, and how many there are; the last pack may have one that is filler. */
  readonly first: number;
  readonly entries: number;
}

/** An index as far as its packs hang on it. */
interface PackedIndex {
  readonly at: number;
  readonly entries: number;
  readonly isDense: boolean;
}

/** How many entries are in small packs in front of the large ones, and how many are in these. */
function denseRange({ at, entries, isDense }: PackedIndex): { before: number; dense: number } {
  const before = ((32 - (at % 32)) / 4) % 8;
  if (!isDense || before > entries) return { before, dense: 0 };
  return { before, dense: Math.floor((entries - before) / LARGE) * LARGE };
}

/** The pack in which an entry of an index is. */
export function packOf(index: PackedIndex, entry: number): Pack {
  const { before, dense } = denseRange(index);
  const isLarge = entry >= before && entry < before + dense;
  // small packs behind the large ones stand as if these had two bytes an entry less
  const base = index.at - (entry >= before + dense ? dense * 2 : isLarge ? -before * 2 : 0);
  const entries = isLarge ? LARGE : SMALL;
  const skipped = isLarge ? before : 0;
  const first = skipped + Math.floor((entry - skipped) / entries) * entries;
  return isLarge
    ? { at: base + first * 2, bytes: LARGE_BYTES, first, entries }
    : { at: base + first * 4, bytes: SMALL_BYTES, first, entries };
}

/** The packs of an index. */
export function* packsOf(index: PackedIndex): Generator<Pack> {
  for (let first = 0; first < index.entries; ) {
    const pack = packOf(index, first);
    yield pack;
    first += pack.entries;
  }
}

/** Where they end. */
export function packsEnd(index: PackedIndex): number {
  const { dense } = denseRange(index);
  return index.at + dense * 2 + roundUp(index.entries - dense, SMALL) * 4;
}

/** The entries of a pack, by their places in it. */
export class PackEntries {
  /** LCLUSTER_ numbers. */
  readonly types = new Uint8Array(LARGE);
  /** `clusterofs` of a head; of what is none the blocks of the pcluster, or a distance. */
  readonly values = new Uint16Array(LARGE);
  /** 1: it is those blocks. */
  readonly isCount = new Uint8Array(LARGE);
  /** Addresses of heads' pclusters. */
  readonly blks = new Float64Array(LARGE);

  /** Reads a pack that lies at `at` of a view. */
  read(
    view: StructView,
    at: number,
    { bytes, entries }: Pack,
    { lclusterBits, isBig }: { lclusterBits: number; isBig: boolean },
  ): void {
    const valueBits = Math.max(lclusterBits, Math.log2(CBLKCNT) + 1);
    const bits = (bytes * 8 - 32) / entries;
    const mask = (1 << valueBits) - 1;
    let blk = view.getU32(at + bytes - PACK_BASE.byteSize, PACK_BASE.blkaddr);
    let followsHead = false;
    for (let entry = 0; entry < entries; entry++) {
      // an entry has at most 16 bits: four bytes from its first one on are there, as the base is behind the last one
      const bit = entry * bits;
      const packed = view.getU32(at + (bit >> 3), PACK_BASE.blkaddr) >>> (bit & 7);
      const type = (packed & ((1 << bits) - 1)) >>> valueBits;
      const isHead = type !== LCLUSTER_NONHEAD;
      const bare = packed & mask;
      const isCount = !isHead && (bare & CBLKCNT) !== 0;
      const value = isCount ? bare - CBLKCNT : bare;
      if (isBig && isCount) blk += value;
      else if (isHead && (followsHead || !isBig)) blk++;
      this.types[entry] = type;
      this.values[entry] = value;
      this.isCount[entry] = isCount ? 1 : 0;
      this.blks[entry] = blk;
      followsHead = isHead;
    }
  }
}
