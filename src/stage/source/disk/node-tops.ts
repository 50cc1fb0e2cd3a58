/** What the tops of a closure are: files, whose sizes tell how much work they make, or directories. */
import { lstatSync, type Stats } from "node:fs";
import { showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { systemMessage } from "../../../core/node/node-errors.ts";
import { FLAG_LATE, S_IFMT, S_IFREG, type Tree } from "../../tree/tree.ts";
import { type SharedPaths, withShortPath } from "./node-paths.ts";

/** Notes mode and, of files, size of each top: top k is entry k + 1. Throws `INPUT` for a path that is not there. */
export function askTops(tree: Tree, paths: SharedPaths): void {
  for (let top = 0; top < paths.from.length; top++) {
    // none on disk
    if ((tree.flags.view[top + 1]! & FLAG_LATE) !== 0) continue;
    const stats = askTop(tree.names.view.subarray(paths.from[top]!, paths.to[top]!));
    tree.mode.view[top + 1] = stats.mode;
    if ((stats.mode & S_IFMT) === S_IFREG) tree.size.view[top + 1] = stats.size;
  }
}

/** Asks for a top by its path. */
export function askTop(path: Uint8Array): Stats {
  try {
    return withShortPath(Buffer.from(path), (short) => lstatSync(short));
  } catch (cause) {
    const shown = showBytes(path);
    throw new ImageError("INPUT", `${shown}: ${systemMessage(cause)}`, { path: shown, cause });
  }
}
