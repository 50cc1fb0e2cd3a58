/** The entries of an index, one for each lcluster, in whichever form they are. Source: Linux fs/erofs/zmap.c. */
import {
  CBLKCNT,
  LCLUSTER_DELTAS,
  LCLUSTER_INDEX,
  LCLUSTER_NONHEAD,
  LCLUSTER_PARTIAL_REF,
} from "../../../erofs/disk/format.ts";
import { ArrayWindow, type IndexRoom } from "./array-window.ts";
import type { FileIndex } from "./file-index.ts";
import { type Pack, type PackEntries, packOf } from "./packs.ts";

/** di_advise: the type. */
export const LCLUSTER_TYPE_MASK = 3;
/** What is shown of none. */
const NO_PACK: Pack = { at: 0, bytes: 0, first: 0, entries: 0 };

/** Shows one entry at a time, in its own fields: there are too many for an object each. */
export class Lclusters {
  /** LCLUSTER_ number. */
  type = LCLUSTER_NONHEAD;
  /** Of a head: the byte of the lcluster at which its extent starts. */
  clusterOfs = 0;
  /** Of a head: its address; of a fragment's in a full index the upper half of its offset. */
  blk = 0;
  /** Of a head: the extent is but the start of what its pcluster holds. */
  isPartial = false;
  /** Of what is none: blocks of the pcluster; undefined where that is not said here. */
  blocks: number | undefined = undefined;
  /** Of what is none: how many lclusters before it the head is; 0 where that is not said here. */
  back = 0;
  readonly #index: FileIndex;
  readonly #window: ArrayWindow;
  /** Of a compact index: the pack that was read last. */
  #pack = NO_PACK;
  readonly #packed: PackEntries;

  constructor(index: FileIndex, room: IndexRoom) {
    this.#index = index;
    this.#window = new ArrayWindow(index.space, index.at, index.end, room);
    this.#packed = room.packed;
  }

  /**
   * Shows an entry; false where it has to be loaded first.
   *
   * @throws ImageError `DAMAGED` where it cannot be
   */
  see(number: number): boolean {
    const index = this.#index;
    if (!(index.kind === "full" ? this.#seeFull(number) : this.#seePacked(number))) return false;
    if (this.type !== LCLUSTER_NONHEAD) {
      if (this.clusterOfs < 2 ** index.lclusterBits) return true;
      throw index.space.damaged(index.at, `an extent starts at byte ${this.clusterOfs} of an lcluster`);
    }
    if (this.blocks !== undefined && !index.isBig.some(Boolean)) {
      throw index.space.damaged(index.at, "an index without big pclusters tells how big one is");
    }
    return true;
  }

  /** Loads an entry, and those around it. */
  load(number: number): undefined | Promise<void> {
    const index = this.#index;
    this.#pack = NO_PACK;
    return this.#window.load(index.kind === "full" ? this.#fullAt(number) : packOf(index, number).at);
  }

  #fullAt(number: number): number {
    return this.#index.at + number * LCLUSTER_INDEX.byteSize;
  }

  #seeFull(number: number): boolean {
    const from = this.#fullAt(number);
    if (!this.#window.has(from, LCLUSTER_INDEX.byteSize)) return false;
    const { view } = this.#window;
    const at = this.#window.offsetOf(from);
    const advise = view.getU16(at, LCLUSTER_INDEX.di_advise);
    const delta = view.getU16(at, LCLUSTER_DELTAS.delta_0);
    this.type = advise & LCLUSTER_TYPE_MASK;
    this.clusterOfs = view.getU16(at, LCLUSTER_INDEX.di_clusterofs);
    this.blk = view.getU32(at, LCLUSTER_INDEX.blkaddr);
    this.isPartial = (advise & LCLUSTER_PARTIAL_REF) !== 0;
    const isCount = (delta & CBLKCNT) !== 0;
    this.blocks = isCount ? delta - CBLKCNT : undefined;
    this.back = isCount ? 1 : delta;
    return true;
  }

  #seePacked(number: number): boolean {
    const { first, entries } = this.#pack;
    if (number < first || number >= first + entries || !this.#window.has(this.#pack.at, this.#pack.bytes)) {
      const pack = packOf(this.#index, number);
      if (!this.#window.has(pack.at, pack.bytes)) return false;
      const isBig = this.#index.isBig[0];
      const { lclusterBits } = this.#index;
      this.#packed.read(this.#window.view, this.#window.offsetOf(pack.at), pack, { lclusterBits, isBig });
      this.#pack = pack;
    }
    const place = number - this.#pack.first;
    const { types, values, isCount, blks } = this.#packed;
    this.type = types[place]!;
    this.clusterOfs = values[place]!;
    this.blk = blks[place]!;
    this.isPartial = false;
    this.blocks = isCount[place] === 1 ? values[place]! : undefined;
    // the last of a pack tells how far the next head is
    this.back = isCount[place] === 1 ? 1 : place === this.#pack.entries - 1 ? 0 : values[place]!;
    return true;
  }
}
