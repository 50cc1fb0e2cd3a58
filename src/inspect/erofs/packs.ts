/**
 * Compact indexes: packs of entries that share one address.
 *
 *     | packs of 2, up to 32-byte alignment | packs of 16 | packs of 2 |        8, 32, 8 bytes each
 *     pack: entries from the lowest bit on, each a type above a value | u32 base
 */
import { roundUp } from "../../core/bytes.ts";
import type { StructView } from "../../core/struct.ts";
import { CBLKCNT, LCLUSTER_NONHEAD, PACK_BASE, PACK_BYTE } from "../../erofs/disk/format.ts";

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

/** The packs of an index of so many entries from `at` on. */
export function* packsOf(entries: number, at: number, isDense: boolean): Generator<Pack> {
  const before = ((32 - (at % 32)) / 4) % 8;
  for (let first = 0, from = at; first < entries; ) {
    const isLarge = isDense && before <= entries && first >= before && entries - first >= LARGE;
    const pack = { at: from, bytes: isLarge ? LARGE_BYTES : SMALL_BYTES, first, entries: isLarge ? LARGE : SMALL };
    yield pack;
    first += pack.entries;
    from += pack.bytes;
  }
}

/** Where they end. */
export function packsEnd(entries: number, at: number, isDense: boolean): number {
  const before = ((32 - (at % 32)) / 4) % 8;
  if (!isDense || before > entries) return at + roundUp(entries, SMALL) * 4;
  const dense = Math.floor((entries - before) / LARGE);
  return at + before * 4 + dense * LARGE_BYTES + roundUp(entries - before - dense * LARGE, SMALL) * 4;
}

/** An entry of a pack. */
export interface PackedEntry {
  /** LCLUSTER_ number. */
  readonly type: number;
  /** `clusterofs` of a head; of what is none the blocks of the pcluster, or a distance. */
  readonly value: number;
  /** It is those blocks. */
  readonly isCount: boolean;
  /** Address of a head's pcluster. */
  readonly blk: number;
}

/** Reads a pack that lies at `at` of a view. */
export function readPack(
  view: StructView,
  at: number,
  { bytes, entries }: Pack,
  { lclusterBits, isBig }: { lclusterBits: number; isBig: boolean },
): PackedEntry[] {
  const valueBits = Math.max(lclusterBits, Math.log2(CBLKCNT) + 1);
  const bits = (bytes * 8 - 32) / entries;
  let blk = view.getU32(at + bytes - PACK_BASE.byteSize, PACK_BASE.blkaddr);
  let followsHead = false;
  const list: PackedEntry[] = [];
  for (let entry = 0; entry < entries; entry++) {
    // an entry has at most 16 bits, so it lies in three bytes; behind those of the last entry comes the base
    const bit = entry * bits;
    const from = at + (bit >> 3);
    const byte = (index: number) => view.getU8(from + index, PACK_BYTE.bits);
    const word = byte(0) | (byte(1) << 8) | (byte(2) << 16);
    const packed = (word >>> (bit & 7)) & (2 ** bits - 1);
    const type = packed >>> valueBits;
    const isHead = type !== LCLUSTER_NONHEAD;
    const bare = packed & (2 ** valueBits - 1);
    const isCount = !isHead && (bare & CBLKCNT) !== 0;
    const value = isCount ? bare - CBLKCNT : bare;
    if (isBig && isCount) blk += value;
    else if (isHead && (followsHead || !isBig)) blk++;
    list.push({ type, value, isCount, blk });
    followsHead = isHead;
  }
  return list;
}
