/** What the thread that places segments keeps of a row from one job to the next. */
import { KnownFiles } from "./known-files.ts";
import type { LateFile } from "./late-files.ts";
import type { SharedRow } from "./row.ts";

/** What has been placed. */
export interface Placed {
  /** Files that later ones may be equal to. */
  known: KnownFiles;
  /** Files whose contents are to come. */
  late: LateFile[];
}

const placed = new WeakMap<SharedRow, Placed>();

/** What has been placed in a row so far; in the thread that places. */
export function placedOf(row: SharedRow): Placed {
  const known = placed.get(row);
  if (known) return known;
  const made: Placed = { known: new KnownFiles(), late: [] };
  placed.set(row, made);
  return made;
}
