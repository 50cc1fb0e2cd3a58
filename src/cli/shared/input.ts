/** Files that command lines name: lists, hints, orders. */
import { readFileSync } from "node:fs";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";
import { absolutePath } from "../../core/node/node-folder.ts";

/** All of a file. Throws `INPUT` where it cannot be read. */
export function readInput(path: string): Buffer {
  const at = absolutePath(path);
  try {
    return readFileSync(at);
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}
