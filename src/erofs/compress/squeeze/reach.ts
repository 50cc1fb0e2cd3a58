/** How much of a file is looked at for one pcluster: as much as may fit, since to look at more takes time. */
import type { FillNotes } from "../../../codec/codec.ts";
import { USUAL_EXTENT } from "../../disk/algorithms.ts";

/** Contents of so many pclusters are looked at in any case. */
const USUAL_PCLUSTERS = 4;
/** Contents that shrink to one of so many parts are looked at farther than usual. */
const LONG_RATIO = USUAL_PCLUSTERS;
/** The same where that is more than one compression, unless the usual is no more than such contents come to. */
const LONG_RATIO_BY_TRIES = 16;
/** Contents are looked at as far as they will fit if what comes is like what was, and a little farther. */
const FARTHER = 5 / 4;
/** Where nothing is known of contents, they are taken to shrink to one of so many parts. */
const USUAL_RATIO = 3;

/** Decides it for one codec. */
export class ReachRule {
  readonly #fillsAtOnce: boolean;

  /** @param fillsAtOnce see AlgorithmRow */
  constructor(fillsAtOnce: boolean) {
    this.#fillsAtOnce = fillsAtOnce;
  }

  /** Bytes for the next pcluster, going by what the codec knows of those before it. */
  expect({ ratio }: FillNotes, pclusterSize: number): number {
    const usual = Math.max(USUAL_EXTENT, USUAL_PCLUSTERS * pclusterSize);
    return ratio < this.#longRatio(pclusterSize) ? usual : Math.max(usual, Math.ceil(FARTHER * ratio * pclusterSize));
  }

  /** Bytes that the next pcluster will hold, going by the same. */
  expectHeld({ ratio }: FillNotes, pclusterSize: number): number {
    return (ratio || USUAL_RATIO) * pclusterSize;
  }

  /**
   * To one of how many parts `whole` must shrink so that more is looked at; infinity where there is no more than that:
   * `longest` is what there is.
   */
  longRatio(whole: number, longest: number, pclusterSize: number): number {
    return whole < longest ? this.#longRatio(pclusterSize) : Number.POSITIVE_INFINITY;
  }

  /** The same where only what is in front of a link has been looked at: see Linker.enough. */
  longRatioAtLink(enough: number, pclusterSize: number): number {
    return Math.max(LONG_RATIO_BY_TRIES, enough / pclusterSize);
  }

  /** Bytes for another attempt, when all of `whole` was too little. */
  extend(whole: number, notes: FillNotes, pclusterSize: number): number {
    return Math.max(this.expect(notes, pclusterSize), Math.ceil(FARTHER * whole));
  }

  #longRatio(pclusterSize: number): number {
    const isLarge = USUAL_PCLUSTERS * pclusterSize > USUAL_EXTENT;
    return this.#fillsAtOnce || isLarge ? LONG_RATIO : LONG_RATIO_BY_TRIES;
  }
}
