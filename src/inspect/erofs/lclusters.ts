/** The entries of an index, one for each lcluster, in whichever form they are. */
import {
  CBLKCNT,
  LCLUSTER_DELTAS,
  LCLUSTER_INDEX,
  LCLUSTER_NONHEAD,
  LCLUSTER_PARTIAL_REF,
} from "../../erofs/disk/format.ts";
import type { FileIndex } from "./file-index.ts";
import { packsOf, readPack } from "./packs.ts";

/** What starts in an lcluster, or goes on. */
export interface Lcluster {
  /** LCLUSTER_ number. */
  readonly type: number;
  /** Of a head: the byte of the lcluster at which its extent starts. */
  readonly clusterOfs: number;
  /** Of a head: its address; of a fragment's in a full index the upper half of its offset. */
  readonly blk: number;
  /** Of what is none: blocks of the pcluster, where that is said here. */
  readonly blocks: number | undefined;
  /** The extent is but the start of what its pcluster holds. */
  readonly isPartial: boolean;
}

/** di_advise: the type. */
export const LCLUSTER_TYPE_MASK = 3;
/** Bytes of an index that are read at once. */
const READ_BYTES = 1 << 15;

/**
 * Reads the entries of an index, from the first on.
 *
 * @throws ImageError `DAMAGED` where one cannot be
 */
export async function* readLclusters(index: FileIndex): AsyncGenerator<Lcluster> {
  const entries = index.kind === "full" ? fullEntries(index) : compactEntries(index);
  for await (const entry of entries) {
    if (entry.type !== LCLUSTER_NONHEAD && entry.clusterOfs >= 2 ** index.lclusterBits) {
      throw index.space.damaged(index.at, `an extent starts at byte ${entry.clusterOfs} of an lcluster`);
    }
    yield entry;
  }
}

async function* fullEntries({ at, end, space }: FileIndex): AsyncGenerator<Lcluster> {
  for (let from = at; from < end; from += READ_BYTES) {
    const bytes = Math.min(READ_BYTES, end - from);
    const view = await space.view(from, bytes);
    for (let entry = 0; entry < bytes; entry += LCLUSTER_INDEX.byteSize) {
      const advise = view.getU16(entry, LCLUSTER_INDEX.di_advise);
      const type = advise & LCLUSTER_TYPE_MASK;
      const delta = view.getU16(entry, LCLUSTER_DELTAS.delta_0);
      yield {
        type,
        clusterOfs: view.getU16(entry, LCLUSTER_INDEX.di_clusterofs),
        blk: view.getU32(entry, LCLUSTER_INDEX.blkaddr),
        blocks: type === LCLUSTER_NONHEAD ? blocksOf(delta) : undefined,
        isPartial: (advise & LCLUSTER_PARTIAL_REF) !== 0,
      };
    }
  }
}

async function* compactEntries(index: FileIndex): AsyncGenerator<Lcluster> {
  for (const pack of packsOf(index.entries, index.at, index.isDense)) {
    const view = await index.space.view(pack.at, pack.bytes);
    const left = index.entries - pack.first;
    for (const { type, value, isCount, blk } of readPack(view, 0, pack, index).slice(0, left)) {
      const isHead = type !== LCLUSTER_NONHEAD;
      yield {
        type,
        clusterOfs: isHead ? value : 0,
        blk,
        blocks: isCount ? value : undefined,
        isPartial: false,
      };
    }
  }
}

/** What a distance says of blocks. */
function blocksOf(delta: number): number | undefined {
  return (delta & CBLKCNT) === 0 ? undefined : delta - CBLKCNT;
}
