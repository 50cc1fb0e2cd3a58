/**
 * What the bytes of a decoded space cost in the image: metadata, fragments and packed inodes are stored compressed, several
 * owners' in one piece, and each owner pays in proportion to its bytes of that piece.
 *
 *     decoded | a | b        | c    | d |        stored | a, b, c | d |
 *
 * A cost function tells what all bytes up to a place cost. It never falls, so whatever the ranges are that a space is
 * divided into, together they cost what the space does, to the byte.
 */

/** What the bytes in front of a place cost together. */
export type CostTo = (at: number) => number;

/** Of the image itself, whose bytes cost what they are. */
export const PLAIN: CostTo = (at) => at;

/** A piece of a space as it is stored. */
export interface StoredPiece {
  /** Bytes of the space, and how many are stored for them. */
  readonly length: number;
  readonly stored: number;
}

/**
 * The costs of a space that is stored piece by piece.
 *
 * @param total what all of it costs, if that is not what its pieces say: others may pay for some of these
 */
export function costsOf(pieces: Iterable<StoredPiece>, total?: number): CostTo {
  const starts: number[] = [0];
  const sums: number[] = [0];
  for (const { length, stored } of pieces) {
    if (length === 0) continue;
    starts.push(starts.at(-1)! + length);
    sums.push(sums.at(-1)! + stored);
  }
  const [size, sum] = [starts.at(-1)!, sums.at(-1)!];
  const whole = total ?? sum;
  return (at) => {
    if (at >= size || sum === 0) return at === 0 ? 0 : whole;
    const piece = pieceOf(starts, at);
    const part = (at - starts[piece]!) / (starts[piece + 1]! - starts[piece]!);
    const cost = sums[piece]! + part * (sums[piece + 1]! - sums[piece]!);
    return Math.floor(total === undefined ? cost : whole * (cost / sum));
  };
}

/** The last piece that starts at a place or in front of it. */
function pieceOf(starts: readonly number[], at: number): number {
  let [from, to] = [0, starts.length - 1];
  while (to - from > 1) {
    const middle = (from + to) >>> 1;
    if (starts[middle]! <= at) from = middle;
    else to = middle;
  }
  return from;
}
