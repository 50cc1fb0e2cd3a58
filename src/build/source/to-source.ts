/** What may be given as a source. */
import { ImageError } from "../../core/error.ts";
import { paths } from "../../stage/source/node-sources.ts";
import type { Source } from "../../stage/source/source.ts";

/** What callers give as a source: a list of paths stands for `paths()` of it. Throws `INPUT` for anything else. */
export function toSource(source: readonly (string | Uint8Array)[] | Source): Source {
  if (typeof source !== "object" || source === null) {
    throw new ImageError(
      "INPUT",
      "the source is neither an array of paths nor one that directory(), closure() or entries() made",
    );
  }
  return Array.isArray(source) ? paths(source as readonly (string | Uint8Array)[]) : (source as Source);
}
