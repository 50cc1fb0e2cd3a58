/** Store paths of a staged tree that are hashed while a plain EROFS image is made of it. */
import { shareUint32 } from "../../core/shared.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { SegmentOrder } from "./order.ts";

/** Segments at which pieces of work start, and their number: all of a path is in one piece, since its hash is a stream. */
export function choosePieces(
  tree: Tree,
  paths: ReadonlySet<number>,
  { order, starts }: Pick<SegmentOrder, "order" | "starts">,
): Uint32Array {
  const pathOf = (entry: number) => {
    let above = entry;
    while (above !== 0 && !paths.has(above)) above = tree.parent.view[above]!;
    return above;
  };
  const pieces: number[] = [];
  const segments = starts.length - 1;
  for (let segment = 0; segment < segments; segment++) {
    const before = segment === 0 ? 0 : pathOf(order[starts[segment]! - 1]!);
    if (before === 0 || before !== pathOf(order[starts[segment]!]!)) pieces.push(segment);
  }
  return shareUint32([...pieces, segments]);
}
