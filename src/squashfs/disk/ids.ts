/** The id table: user and group ids alike, each once; inodes hold indexes into it. */
import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import { MAX_IDS } from "./format.ts";

/** Ids in the order of their first use. */
export class IdTable {
  readonly ids: number[] = [];
  readonly #indexes = new Map<number, number>();

  /** The index of an id that `entry` has. Throws `LIMIT` where there are too many. */
  index(id: number, tree: Tree, entry: number): number {
    const known = this.#indexes.get(id);
    if (known !== undefined) return known;
    if (this.ids.length === MAX_IDS) {
      const path = showBytes(tree.path(entry)) || "/";
      throw new ImageError(
        "LIMIT",
        `${path}: owner ${id} would be one more than the ${MAX_IDS} different ids that SquashFS holds`,
        { path },
      );
    }
    const index = this.ids.push(id) - 1;
    this.#indexes.set(id, index);
    return index;
  }
}
