/** SELinux labels from a file_contexts file of this machine, for the entries of a tree. */
import { readFileSync } from "node:fs";
import { bytesFromLatin1 } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { systemMessage } from "../../../core/node/node-errors.ts";
import type { Amending } from "../node-amend.ts";
import { type ContextsText, FileContexts } from "./file-contexts.ts";

const NAME = bytesFromLatin1("security.selinux");

/** Reads a file_contexts file, and like libselinux those that stand beside it under its name and a suffix. */
export function readFileContexts(path: string): FileContexts {
  const beside = (suffixes: readonly string[]) => suffixes.flatMap((suffix) => read(path + suffix, false));
  return new FileContexts([...read(path, true), ...beside([".homedirs", ".local"])], beside([".subs", ".subs_dist"]));
}

function read(path: string, isNeeded: boolean): ContextsText[] {
  try {
    return [{ text: readFileSync(path), name: path }];
  } catch (cause) {
    if (!isNeeded && (cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

/**
 * Labels all entries; one with several names by the first of them.
 *
 * @param otherwise the label of those for which there is none
 */
export function labelEntries(work: Amending, contexts: FileContexts, otherwise: string): void {
  const labelled = new Set<number>();
  for (const [path, entry] of work.entries()) {
    if (labelled.has(entry)) continue;
    for (const name of work.editor.namesOf(entry)) labelled.add(name);
    const label = contexts.label(`/${path}`, work.tree.mode.view[entry]!) ?? otherwise;
    work.addXattr(entry, { name: NAME, value: bytesFromLatin1(label) });
  }
}
