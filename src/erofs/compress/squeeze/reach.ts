/** How much of a file is looked at for one pcluster: as much as may fit, since to look at more takes time. */
import type { FillNotes } from "../../../codec/codec.ts";
import { USUAL_EXTENT } from "../../disk/algorithms.ts";

/** Of contents that shrink to one of so many parts more is looked at than usual: where that is one compression, or not. */
const LONG_RATIO_AT_ONCE = 4;
const LONG_RATIO = 16;
/** Contents are looked at as far as they will fit if what comes is like what was, and a little farther. */
const FARTHER = 5 / 4;

/** Decides it for one codec. */
export class ReachRule {
  readonly #longRatio: number;
  /** Contents of so many times a pcluster's size are looked at in any case. */
  readonly #usualRatio: number;

  /** @param fillsAtOnce see AlgorithmRow */
  constructor(fillsAtOnce: boolean) {
    this.#longRatio = fillsAtOnce ? LONG_RATIO_AT_ONCE : LONG_RATIO;
    this.#usualRatio = fillsAtOnce ? LONG_RATIO_AT_ONCE : 0;
  }

  /** Bytes for the next pcluster, going by what the codec knows of those before it. */
  expect({ ratio }: FillNotes, pclusterSize: number): number {
    const usual = Math.max(USUAL_EXTENT, this.#usualRatio * pclusterSize);
    return ratio < this.#longRatio ? usual : Math.max(usual, Math.ceil(FARTHER * ratio * pclusterSize));
  }

  /**
   * To one of how many parts `whole` must shrink so that more is looked at; infinity where there is no more than that:
   * `longest` is what there is.
   */
  longRatio(whole: number, longest: number): number {
    return whole < longest ? this.#longRatio : Number.POSITIVE_INFINITY;
  }

  /** The same where only what is in front of a link has been looked at: see Linker.enough. */
  longRatioAtLink(enough: number, pclusterSize: number): number {
    return Math.max(LONG_RATIO, enough / pclusterSize);
  }

  /** Bytes for another attempt, when all of `whole` was too little. */
  extend(whole: number, notes: FillNotes, pclusterSize: number): number {
    return Math.max(this.expect(notes, pclusterSize), Math.ceil(FARTHER * whole));
  }
}
