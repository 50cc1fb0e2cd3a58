/** The extended attributes of one entry, as formats write them: in the order of their names, each once. */
import { compareBytes, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";

/**
 * Puts encoded attributes in the byte order of their full names.
 *
 * @param path for messages
 * @throws ImageError `INPUT` when a name is there twice
 */
export function orderSet<T extends { readonly fullName: Uint8Array }>(set: readonly T[], path: string): T[] {
  const ordered = [...set].sort((a, b) => compareBytes(a.fullName, b.fullName));
  ordered.forEach(({ fullName }, i) => {
    if (i > 0 && compareBytes(ordered[i - 1]!.fullName, fullName) === 0) {
      throw new ImageError("INPUT", `${path}: attribute ${showBytes(fullName)} is given twice`, { path });
    }
  });
  return ordered;
}
