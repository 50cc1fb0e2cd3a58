/**
 * The end of a file that comes to more than a block, but to no whole number of them: what does not fill the last one may go
 * behind the inode.
 *
 *     | pcluster of whole blocks | what is left, compressed by itself: behind the inode |
 */
import type { Codec, FillNotes } from "../../../codec/codec.ts";
import type { PartInput } from "./part-input.ts";

/** Whether the end of the file goes behind its index if it fits there. */
export function goesInline({ end, inlineRoom }: PartInput): boolean {
  return (end === "inline" || end === "indexed") && inlineRoom > 0;
}

/**
 * Whether it does so where it is not compressed, too. Not where such bytes are turned by where they stand in their block:
 * readers take what is behind an index for a whole block then, and find zeros.
 */
export function staysInline(part: PartInput, interlaced: boolean): boolean {
  return goesInline(part) && !interlaced;
}

/** An output of a codec, and what it holds. */
export interface Output {
  length: number;
  consumed: number;
}

/**
 * Cuts `plain[from, to)`, whose output `all` is in `codec`, so that what is behind the cut comes to `room` bytes at most. The
 * output up to there takes the other's place; undefined, and nothing has changed, where that cannot be.
 */
export function cutForInline(
  codec: Codec,
  from: number,
  to: number,
  all: Output,
  sizes: { blockSize: number; room: number },
  notes: FillNotes,
): Output | undefined {
  const whole = all.length - (all.length % sizes.blockSize);
  if (whole === 0 || whole === all.length) return undefined;
  const kept = codec.compressed.slice(0, all.length);
  const length = codec.compressInto(from, to, 0, whole, { ...notes });
  const { consumed } = codec;
  const front = codec.compressed.slice(0, length);
  const room = Math.min(sizes.room, sizes.blockSize - 1);
  if (length > 0 && consumed < to - from) {
    const rest = to - from - consumed;
    const isInside =
      rest <= room || (codec.compressInto(from + consumed, to, 0, room, { ...notes }) > 0 && codec.consumed === rest);
    if (isInside) {
      codec.compressed.set(front);
      return { length, consumed };
    }
  }
  codec.compressed.set(kept);
  return undefined;
}
