/** How hard each level of LZMA tries, which is what `xz` means by it. */
import { ImageError } from "../../core/error.ts";

/** How an encoder works. */
export interface LzmaWay {
  /** Matches are looked for in a binary tree; else in a chain. */
  readonly isTree: boolean;
  /** What comes is planned by what it costs; else it is decided from byte to byte. */
  readonly isOptimal: boolean;
  /** A match of so many bytes is taken without a look at others, 2 to 273. */
  readonly nice: number;
  /** How many places are looked at for a match. */
  readonly depth: number;
}

/** From this level on: those from 0 on, but "extreme". */
export const EXTREME = 100;
const MOST = 9;
const LONGEST = 273;

function chain(nice: number, depth: number): LzmaWay {
  return { isTree: false, isOptimal: false, nice, depth };
}

function tree(nice: number, depth = 16 + nice / 2): LzmaWay {
  return { isTree: true, isOptimal: true, nice, depth: Math.floor(depth) };
}

/** By level. From 6 on they differ in their dictionaries alone, of which a block has its own. */
const WAYS = [
  chain(128, 4),
  chain(128, 8),
  chain(LONGEST, 24),
  chain(LONGEST, 48),
  tree(16),
  tree(32),
  tree(64),
  tree(64),
  tree(64),
  tree(64),
];
const EXTREME_WAY = tree(LONGEST, 512);
const QUICK_EXTREME_WAY = tree(192);

/**
 * How a level works.
 *
 * @param level 0 to 9, or 100 to 109
 * @throws ImageError `INPUT` when there is no such level
 */
export function wayOfLevel(name: string, level: number): LzmaWay {
  const base = level < EXTREME ? level : level - EXTREME;
  const way = WAYS[base];
  if (way === undefined) {
    throw new ImageError("INPUT", `${name} has levels 0 to ${MOST} and 100 to ${EXTREME + MOST}, not ${level}`);
  }
  if (level < EXTREME) return way;
  return base === 3 || base === 5 ? QUICK_EXTREME_WAY : EXTREME_WAY;
}
