/** The lines of a space of bytes, in order: those of its structures, and of what lies between them. */
import { count, type LineAt, line } from "./text.ts";
import type { Gap, StructureKind, Tile, Tiles } from "./tiles.ts";

/** Fewer zeros than this only fill up: they are told at the end of the line before them. */
const LEAST_ZEROS = 64;

/** How one kind of space is shown. */
export interface Shown<P extends StructureKind> {
  /** The lines of a structure. */
  lines(tile: Tile<P>): AsyncIterable<string>;
  /** A checksum of what no structure claims; undefined where it is all zero. */
  rest(gap: Gap): Promise<string | undefined>;
  /** How a line shows its place. Default: {@link line}. */
  lineAt?: LineAt;
}

/**
 * Goes through a space.
 *
 * @throws ImageError `DAMAGED` where structures overlap that share nothing
 */
export async function* tileLines<P extends StructureKind>(tiles: Tiles<P>, shown: Shown<P>): AsyncGenerator<string> {
  // a line waits until what follows it is known
  let last: string | undefined;
  for (const tile of tiles.inOrder()) {
    if (!tile.isGap) {
      for await (const next of shown.lines(tile)) {
        if (last !== undefined) yield last;
        last = next;
      }
      continue;
    }
    const bytes = tile.end - tile.at;
    const rest = await shown.rest(tile);
    if (rest === undefined && bytes < LEAST_ZEROS && last !== undefined) last += `, then ${count(bytes, "zero")}`;
    else {
      if (last !== undefined) yield last;
      last = (shown.lineAt ?? line)(tile.at, bytes, rest === undefined ? "zeros" : `unknown, ${rest}`);
    }
  }
  if (last !== undefined) yield last;
}
