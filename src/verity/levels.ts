/** Where the levels of a tree of hashes lie. */
import { HASHES_A_BLOCK } from "./format.ts";

/** A level: a row of blocks with the hashes of all blocks below. */
export interface Level {
  /** Blocks whose hashes it has: of the data, or of the level below. */
  hashed: number;
  /** Its first block, counted from the tree's start. */
  first: number;
  /** Its blocks. */
  blocks: number;
}

/** A tree of hashes. */
export interface HashTree {
  /** From the lowest to the top, which has one block; none where the data is a single block. */
  levels: readonly Level[];
  /** Blocks of all levels. */
  blocks: number;
}

/** The tree over so many blocks of data; what is nearer to the root lies farther in front. */
export function planHashTree(dataBlocks: number): HashTree {
  const counts: number[] = [];
  for (let hashed = dataBlocks; hashed > 1; hashed = counts.at(-1)!) counts.push(Math.ceil(hashed / HASHES_A_BLOCK));
  const blocks = counts.reduce((sum, count) => sum + count, 0);
  let end = blocks;
  const levels = counts.map((count, index) => {
    end -= count;
    return { hashed: counts[index - 1] ?? dataBlocks, first: end, blocks: count };
  });
  return { levels, blocks };
}
