/** How DEFLATE's symbols are chosen: see encode/encode.as. */

import type { Ways } from "../second-look.ts";

/** A way of parsing, how many places are looked at for each match, and what length is taken at once. */
export type Way = readonly [method: number, attempts: number, enough: number];

const FAST = 0;
const SHORT = 1;
const GREEDY = 2;
const LAZY = 3;
const LAZIER = 4;
/** Parses once; what is above this, so many times more. */
const OPTIMAL = 5;

/** By level, from 1 on. */
export const LEVELS: readonly Way[] = [
  [FAST, 2, 32],
  [GREEDY, 6, 10],
  [GREEDY, 12, 14],
  [GREEDY, 16, 30],
  [LAZY, 16, 30],
  [LAZY, 35, 65],
  [LAZY, 100, 130],
  [LAZIER, 300, 258],
  [LAZIER, 600, 258],
  [OPTIMAL + 1, 60, 80],
  [OPTIMAL + 2, 150, 150],
  [OPTIMAL + 4, 600, 258],
];

/** A search for matches of three bytes too, all of which are worth it. */
const SHORT_WAY: Way = [SHORT, 6, 10];
/** That of level 6, for rows of one length: the distance is told with next to no bits if it is always the nearest. */
const LAZY_WAY: Way = [LAZY, 35, 65];

/** Ways that may be better than the first level's, by what its matches have said of it: see encode/advice.as. */
export const BETTER_WAYS: Readonly<Record<number, readonly Way[]>> = {
  [SHORT]: [SHORT_WAY],
  [LAZY]: [LAZY_WAY, SHORT_WAY],
};

/** Those of the first level. */
export const FIRST_WAYS: Ways<Way> = { usual: LEVELS[0]!, others: [SHORT_WAY, LAZY_WAY], leastGain: 1 / 24 };
