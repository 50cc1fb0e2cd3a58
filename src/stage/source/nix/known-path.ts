/** What a list says of the paths that it names: all that Nix knows of them, some of it, or nothing but their names. */
import { ImageError } from "../../../core/error.ts";
import type { PathInfo } from "./path-info.ts";

/** A path of a closure, and what is known of it. */
export type KnownPath = { [Key in keyof Omit<PathInfo, "path">]?: PathInfo[Key] | undefined } & {
  path: string;
  /** The line of the list on which it stands, from 1; undefined where lines say nothing. */
  line?: number | undefined;
};

/** Texts each once and in byte order; store paths and signatures are ASCII. */
export function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
}

/**
 * Throws `INPUT` for a path that refers to one which is not in the closure, naming both. What is not known of references is
 * not asked for.
 *
 * @param where what messages call the list
 */
export function checkReferences(known: Iterable<KnownPath>, where: string): void {
  const paths = new Set<string>();
  for (const { path } of known) paths.add(path);
  for (const { path, references } of known) {
    const missing = references?.find((reference) => !paths.has(reference));
    if (missing === undefined) continue;
    throw new ImageError("INPUT", `${where}: ${path} refers to ${missing}, which is not in the closure`, { path });
  }
}
